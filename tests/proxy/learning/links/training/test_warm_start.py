"""A training that begins where an earlier one, on a smaller graph, has ended."""

from __future__ import annotations

import csv
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from communities import write_communities
from numpy.testing import assert_allclose
from teams import write_teams

from gremlink.proxy.learning.links.training.experiment import LinkExperiment
from gremlink.proxy.learning.links.training.holdout import held_out
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS, Run
from gremlink.proxy.learning.links.training.warm_start import read_earlier, warm_start
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.fitting import fit
from gremlink.proxy.learning.models.gnn.messages import message_types
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings, RelationalEncoder
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.train_links import load_dataset
from gremlink.proxy.store.artifacts import UnsupportedArtifact, read_manifest

SETTINGS = TrainingSettings(epochs=60, width=16, cross_validate_up_to=0, threads=1)
GONE = 60


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A graph, and what it was before its newest edges and its newest person."""
    directory = tmp_path_factory.mktemp("exports")
    now = write_communities(directory / "now", people=40, only="knows")
    before = write_communities(directory / "before", people=40, only="knows")
    file = before / "Person-knows-Person.csv"
    with file.open(newline="") as opened:
        header, *rows = list(csv.reader(opened))
    random = np.random.default_rng(1)
    known = [rows[place] for place in np.sort(random.permutation(len(rows))[GONE:])]
    ends = [header.index("~from"), header.index("~to")]
    known = [row for row in known if "p39" not in (row[ends[0]], row[ends[1]])]
    write(file, [header, *known])
    for name in ("Person.csv", "Person-likes-Thing.csv"):
        with (before / name).open(newline="") as opened:
            header, *rows = list(csv.reader(opened))
        write(before / name, [header, *(row for row in rows if "p39" not in row)])
    return before, now


def write(file: Path, rows: list[list[str]]) -> None:
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)


@pytest.fixture(scope="module")
def earlier(exports: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("earlier") / "model"
    train(exports[0], directory, settings=SETTINGS)
    return directory


def test_an_encoder_begins_where_another_ended(exports: tuple[Path, Path]) -> None:
    dataset = load_dataset(exports[1])
    for bases in (1, 8):
        encoder = EncoderSettings(width=16, layer_norm=True, bases=bases)
        settings = FitSettings(encoder, epochs=5)
        (last,) = deque(fit(dataset.graph, list(dataset.targets), settings, seed=0), maxlen=1)
        assert last.encoder is not None
        stored = last.encoder()
        widths = {name: each.values.shape[1] for name, each in dataset.graph.features.items()}
        messages = message_types(dataset.graph)
        other = RelationalEncoder(dataset.graph.counts, widths, messages, encoder)
        other.begin(stored)
        again = other.stored()
        for name, values in stored.embeddings.items():
            assert_allclose(again.embeddings[name], values)
        for one, two in zip(again.layers, stored.layers, strict=True):
            assert_allclose(one.loop, two.loop)
            assert one.gain is not None
            assert_allclose(one.gain, two.gain)
            for kind, matrix in two.transforms.items():
                assert_allclose(one.transforms[kind], matrix, atol=1e-5)


@pytest.mark.parametrize("name", ["rgcn", "transe", "distmult", "complex", "rotate"])
def test_networks_know_at_once_what_was_learned(
    exports: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    train(exports[0], tmp_path / "model", model=name, settings=SETTINGS)
    dataset = load_dataset(exports[1])
    warm = warm_start(read_earlier(tmp_path / "model"), dataset)
    losses = []
    for begin in (None, warm):
        found = NETWORK_METHODS[name].checkpoints(
            Run(dataset.graph, list(dataset.targets), SETTINGS, 1, 0, small=False, warm=begin)
        )
        losses.append(next(found).loss)
    cold, first = losses
    assert first < 0.985 * cold


def test_known_edges_are_not_held_out(exports: tuple[Path, Path], earlier: Path) -> None:
    dataset = load_dataset(exports[1])
    experiment = LinkExperiment(dataset, "rgcn", SETTINGS, 0, lambda _: None)
    experiment.warm = warm_start(read_earlier(earlier), dataset)
    train_graph, valid, test = held_out(experiment)
    (relation,) = dataset.targets
    edges = dataset.graph.edges[relation]
    seen = experiment.warm.seen[relation]
    base = dataset.graph.counts["Person"]
    known = set((edges.heads * base + edges.tails)[seen].tolist())
    for part in (valid[relation], test[relation]):
        assert len(part)
        assert not known & set((part.heads * base + part.tails).tolist())
    assert 2 * (len(valid[relation]) + len(test[relation])) <= int((~seen).sum())
    assert len(train_graph.edges[relation]) + len(valid[relation]) + len(test[relation]) == len(
        edges
    )


def test_a_warm_training_keeps_the_settings(
    exports: tuple[Path, Path], earlier: Path, tmp_path: Path
) -> None:
    settings = TrainingSettings(cross_validate_up_to=0, threads=1)
    search = SearchSettings(previous=earlier, trials=3)
    report = train(exports[1], tmp_path / "model", settings=settings, search=search)
    assert "that the earlier training did not know" in report.protocol
    assert any("there was no search" in warning for warning in report.warnings)
    kept = read_manifest(tmp_path / "model")["settings"]
    assert (kept["width"], kept["epochs"]) == (16, 60)


def test_without_new_edges_networks_begin_anew(
    exports: tuple[Path, Path], earlier: Path, tmp_path: Path
) -> None:
    search = SearchSettings(previous=earlier)
    report = train(exports[0], tmp_path / "model", settings=SETTINGS, search=search)
    assert any("0 edges are new" in warning for warning in report.warnings)
    assert "did not know" not in report.protocol


def test_properties_keep_the_settings_alone(earlier: Path, tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people={"label": ["team", "classification"]})
    quick = TrainingSettings(epochs=5, width=8, folds=2, networks=1, threads=1)
    train(export, tmp_path / "one", settings=quick)
    search = SearchSettings(previous=tmp_path / "one")
    folds = TrainingSettings(folds=2, networks=1, threads=1)
    report = train(export, tmp_path / "two", settings=folds, search=search)
    assert any("only the settings are used" in warning for warning in report.warnings)
    assert read_manifest(tmp_path / "two")["settings"]["width"] == 8
    with pytest.raises(UnsupportedArtifact, match="begins with one of links"):
        read_earlier(tmp_path / "one")
