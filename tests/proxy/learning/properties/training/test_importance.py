"""Importance of features by permutation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from written_export import Kind, write_export

from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.properties.dataset import PropertyDataset, load_property
from gremlink.proxy.learning.properties.training.cross_validation import cross_validate
from gremlink.proxy.learning.properties.training.experiment import (
    PropertyExperiment,
    PropertyResults,
)
from gremlink.proxy.learning.properties.training.holdout import evaluate_holdout
from gremlink.proxy.learning.properties.training.importance import (
    PERMUTATIONS,
    dealt,
    feature_importance,
)
from gremlink.proxy.learning.settings import TrainingSettings

QUICK = TrainingSettings(epochs=5, width=8, threads=1, networks=1, folds=2, budget=60.0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> PropertyDataset:
    """Sixty people whose side is told by their colour, and not by their size."""
    random = np.random.default_rng(0)
    people = [
        {
            "~id": f"p{number}",
            "side": "left" if number % 2 else "right",
            "colour": ("red", "blue")[number % 2],
            "size": float(random.normal()),
        }
        for number in range(60)
    ]
    links = [{"~id": f"e{n}", "~from": f"p{n}", "~to": f"p{(n * 7 + 3) % 60}"} for n in range(60)]
    export = write_export(
        tmp_path_factory.mktemp("importance"),
        {
            "Person": Kind(
                people,
                [("colour", "category"), ("size", "numerical")],
                [{"label": ["side", "classification"], "split_rate": [0.6, 0.2, 0.2]}],
            )
        },
        {("Person", "knows", "Person"): Kind(links)},
    )
    return load_property(export)


def experiment(dataset: PropertyDataset, model: str, **changed: int) -> PropertyExperiment:
    settings = replace(QUICK, **changed)  # type: ignore[arg-type]
    return PropertyExperiment.planned(dataset, model, settings, 0, unheard)


def last_fold(asked: PropertyExperiment, results: PropertyResults) -> float:
    """The accuracy on the rows that were held out from the methods of the last fold."""
    assert asked.fitted is not None
    truth, answers = results.metrics[asked.model].rows()
    mine = np.isin(results.tested, asked.fitted.held)
    return float((truth[mine].argmax(1) == answers[mine].argmax(1)).mean())


def test_what_tells_the_property_is_important_and_nothing_else(dataset: PropertyDataset) -> None:
    asked = experiment(dataset, "linear")
    results = cross_validate(asked)
    found = feature_importance(asked, results)
    assert found is not None
    assert (found.metric, found.elements, found.untried) == ("accuracy", 30, 0)
    assert found.figure == pytest.approx(last_fold(asked, results))
    colour, size = found.features
    assert (colour.of, colour.property, colour.times) == ("Person", "colour", PERMUTATIONS)
    assert colour.drop > 0.25
    assert 0.0 < colour.spread < 0.3
    assert size.property == "size"
    assert abs(size.drop) < 0.15


def test_a_network_looks_at_features_that_are_dealt_out_anew(dataset: PropertyDataset) -> None:
    asked = experiment(dataset, "rgcn", cross_validate_up_to=0)
    results = evaluate_holdout(asked)
    found = feature_importance(asked, results)
    assert found is not None
    assert found.elements == len(results.tested)
    assert {each.property for each in found.features} == {"colour", "size"}


def test_it_takes_a_share_of_the_budget(dataset: PropertyDataset) -> None:
    """The clock ticks once a look: after the first one the time is over."""
    asked = experiment(dataset, "linear")
    results = cross_validate(asked)
    ticks = iter([0.0, 1.0, 1e6, 1e6])
    found = feature_importance(asked, results, lambda: next(ticks, 1e6))
    assert found is not None
    assert [each.times for each in found.features] == [1]
    assert found.features[0].spread == 0.0
    assert found.untried == 1


def test_values_are_dealt_out_and_none_is_lost(dataset: PropertyDataset) -> None:
    graph = dataset.graph
    found = dealt(graph, "Person", "colour", np.random.default_rng(1))
    (features, other) = (each.features["Person"] for each in (graph, found))
    for block in features.blocks:
        own, dealt_out = (each.values[:, block.start : block.stop] for each in (features, other))
        assert np.array_equal(own, dealt_out) == (block.property != "colour")
        assert np.array_equal(own.sum(axis=0), dealt_out.sum(axis=0))
    terms, others = (each.terms["Person"].values for each in (graph, found))
    assert terms.shape == others.shape
    assert terms.sum(axis=0).tolist() == others.sum(axis=0).tolist()
    assert (terms != others).nnz > 0


def test_without_features_there_is_none(dataset: PropertyDataset) -> None:
    bare = replace(dataset, stored=replace(dataset.stored, graph=dataset.graph.describing({}, {})))
    asked = experiment(bare, "majority")
    assert feature_importance(asked, cross_validate(asked)) is None
