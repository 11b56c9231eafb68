"""What a budget of time has room for."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from teams import write_teams

from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.processing.processed import CustomSplit
from gremlink.proxy.learning.properties.dataset import PropertyDataset, load_property
from gremlink.proxy.learning.properties.methods import METHODS
from gremlink.proxy.learning.properties.training.plan import (
    LEAST_EPOCHS,
    LONGER,
    PropertyPlan,
    epoch_cost,
    planned,
)
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.train import train

NAMES = (NETWORK, *(name for name in METHODS if name != "mean"))
ALWAYS = tuple(name for name, method in METHODS.items() if method.always)
TEAM = {"label": ["team", "classification"]}
ROOM = 1e6


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_teams(tmp_path_factory.mktemp("teams") / "export", of_people=TEAM)


@pytest.fixture(scope="module")
def dataset(export: Path) -> PropertyDataset:
    return load_property(export)


def plan(dataset: PropertyDataset, budget: float, model: str = "auto") -> PropertyPlan:
    return planned(dataset, NAMES, TrainingSettings(budget=budget), model)


def test_with_time_enough_all_is_done_as_it_was_asked(dataset: PropertyDataset) -> None:
    found = plan(dataset, ROOM)
    settings = TrainingSettings()
    assert (found.names, found.effort) == (NAMES, found.wanted)
    assert found.effort.parts == settings.folds
    # A network that still improves goes on; one of other settings, in a search, does as it is told.
    assert found.epochs(settings.epochs) == LONGER * settings.epochs
    assert found.epochs(7) == 7
    assert found.count_networks(ran=1000, best=100) == settings.networks
    assert found.warnings() == ()


def test_less_time_is_less_effort_and_never_more_than_the_budget(dataset: PropertyDataset) -> None:
    full = plan(dataset, ROOM).full
    plans = [plan(dataset, full * share) for share in (1.0, 0.7, 0.5, 0.3, 0.1, 0.03, 0.01)]
    efforts = [found.effort for found in plans]
    for more, less in itertools.pairwise(efforts):
        assert more.parts >= less.parts
        assert more.networks >= less.networks
        assert more.epochs >= less.epochs
    assert {effort.parts for effort in efforts} >= {5, 0}
    assert efforts[-1].epochs == LEAST_EPOCHS
    for found in plans:
        assert found.seconds <= found.budget
        # Before anything is left out, all that can be is done with less effort.
        assert not found.left_out or found.effort.epochs == LEAST_EPOCHS


def test_networks_are_averaged_in_the_room_that_is_left(dataset: PropertyDataset) -> None:
    full = plan(dataset, ROOM).full
    found = plan(dataset, 0.5 * full)
    assert found.effort.networks < found.wanted.networks
    epochs = found.effort.epochs
    counts = [found.count_networks(ran, best=20) for ran in (20, epochs, 1000 * epochs)]
    assert counts[0] > counts[-1] == found.effort.networks
    assert counts == sorted(counts, reverse=True)
    assert found.count_networks(20, best=5) >= counts[0]
    simple = sum(found.simple.values()) * (found.effort.parts + 1)
    for ran in (20, epochs):
        count = found.count_networks(ran, best=20)
        spent = simple + found.epoch * (ran + 20 * count)
        assert spent <= found.budget or count == found.effort.networks


def test_epochs_are_never_planned_beyond_the_budget(dataset: PropertyDataset) -> None:
    full = plan(dataset, ROOM).full
    for share in (0.02, 0.1, 0.5, 1.0, 2.0, 5.0, 50.0):
        found = plan(dataset, share * full)
        simple = sum(found.simple[name] for name in found.names if name != NETWORK)
        times = found.effort.parts or 1
        longest = found.epochs(TrainingSettings().epochs)
        if longest > found.wanted.epochs:
            worst = found.epoch * longest * (2 * times + found.effort.networks)
            assert simple * (times + 1) + worst <= found.budget
    stays = planned(dataset, NAMES, TrainingSettings(budget=ROOM, early_stop=False), "auto")
    assert stays.epochs(200) == 200


def test_what_only_counts_stays_and_so_does_what_was_asked_for(dataset: PropertyDataset) -> None:
    found = plan(dataset, 1e-6)
    assert set(found.names) == set(ALWAYS) & set(NAMES)
    assert set(plan(dataset, 1e-6, NETWORK).names) == {*found.names, NETWORK}
    assert set(found.left_out) == set(NAMES) - set(found.names)


def test_what_is_done_otherwise_is_told(dataset: PropertyDataset) -> None:
    full = plan(dataset, ROOM).full
    (split,) = plan(dataset, 0.15 * full).warnings()
    assert "one split instead of 5 parts" in split
    assert "1 network at least instead of 10" in split
    less, without = plan(dataset, 1e-6, NETWORK).warnings()
    assert f"up to {LEAST_EPOCHS} epochs instead of 200" in less
    assert "no room for" in without
    assert "boosting" in without


def test_a_split_of_the_user_is_not_cross_validated(dataset: PropertyDataset) -> None:
    rows = dataset.labelled
    chosen = replace(dataset, split=CustomSplit(rows[4:], rows[:2], rows[2:4]))
    found = plan(chosen, ROOM)
    assert (found.effort.parts, found.warnings()) == (0, ())


def test_mini_batches_cost_what_they_read(dataset: PropertyDataset) -> None:
    few, many, whole = (
        epoch_cost(dataset, settings).seconds()
        for settings in (
            TrainingSettings(mini_batches="always", batch_size=8),
            TrainingSettings(mini_batches="always", batch_size=32),
            TrainingSettings(),
        )
    )
    assert few > many > whole


def test_a_training_keeps_to_its_plan(export: Path, tmp_path: Path) -> None:
    dataset = load_property(export)
    settings = TrainingSettings(width=16, threads=1)
    full = planned(dataset, NAMES, settings, "auto").full
    settings = replace(settings, budget=0.1 * full)
    search = SearchSettings(trials=2)
    report = train(export, tmp_path / "artifact", settings=settings, search=search)
    found = planned(dataset, NAMES, settings, "auto")
    assert found.effort.parts == 0
    assert (report.budget, report.planned) == (round(found.budget, 1), round(found.seconds, 1))
    assert found.warnings()[0] in report.warnings
    for row in report.rows:
        assert row.estimate > 0 or METHODS.get(row.method) is METHODS["majority"]
    assert "test rows" in report.protocol
    assert report.epochs <= found.effort.epochs < 200
    assert report.details is not None
    assert all(
        epoch <= found.effort.epochs for line in report.details.losses.values() for epoch, _ in line
    )
    assert report.search is not None
    # Trials look at validation rows alone, which the study leaves as they are.
    assert np.isfinite([row.value for row in report.search.trials if row.value is not None]).all()
