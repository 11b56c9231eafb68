"""Graphs with too little of something end well, or in a sentence that says what there is too little
of; with every way of learning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from degenerate import LINKS, friends, write_links

from gremlink.grammar.traversal import Literal
from gremlink.proxy.cli import main
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.methods import LIGHTGCN, NETWORK
from gremlink.proxy.learning.processing.processed import UnusableExport
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.load import model_in
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.transform import transform
from gremlink.proxy.store.artifacts import read_artifact

QUICK = TrainingSettings(epochs=2, width=8, threads=1, networks=1, budget=60.0)
WAYS = {
    "cross-validation": QUICK,
    "one split": replace(QUICK, cross_validate_up_to=0),
    "mini-batches": replace(QUICK, mini_batches="always"),
    "mini-batches of one split": replace(
        QUICK, mini_batches="always", cross_validate_up_to=0, hard_negatives=0.5
    ),
}
TOO_LITTLE = {
    "one edge of four kinds": r"\(User\)-A->\(User\) has 1",
    "two vertices": r"\(User\)-C->\(User\) has 0",
    "one edge": r"\(User\)-FRIEND->\(User\) has 1.* at least 3, and 2 of a kind; parallel edges",
    "loops only": "has 0",
    "no edges": "has 0",
    "one vertex": "has 0",
}
"""Graphs from which nobody could learn links, with what is said of them."""

ONE = "(User)-ONE->(User) is left out of what is predicted: it has 1 edge, and at least 2"


def check(model_directory: Path) -> LinkModel:
    """The model of an artifact: all of its numbers are finite, and it answers."""
    artifact = read_artifact(model_directory)
    for name, tensors in artifact.tensors.items():
        for key, values in tensors.items():
            assert values.dtype.kind != "f" or np.isfinite(values).all(), f"{name}: {key}"
    model = model_in(artifact, model_directory)
    assert isinstance(model, LinkModel)
    for each in model.relations:
        (answers,) = LinkPredictor(model).predict(
            edge_label=each.relation.label,
            direction="out",
            target_label="User",
            inputs=[Literal.string("u0")],
            known=[[]],
            limit=3,
        )
        assert all(0.0 <= answer.score <= 1.0 for answer in answers)
    return model


ENOUGH = sorted(LINKS.keys() - TOO_LITTLE.keys())
FEW = ("two edges of two kinds", "two edges of a kind", "a complete kind")


@pytest.mark.parametrize(
    ("way", "name"),
    [
        *(("cross-validation", name) for name in ENOUGH),
        *((way, name) for way in list(WAYS)[1:] for name in FEW),
    ],
)
def test_links(tmp_path: Path, name: str, way: str) -> None:
    export = write_links(tmp_path / "export", LINKS[name])
    model = NETWORK if "mini" in way else "auto"
    train(export, tmp_path / "model", model=model, settings=WAYS[way])
    check(tmp_path / "model")


@pytest.mark.parametrize("model", [LIGHTGCN, "transe", "rotate", "complex", "distmult", "ials"])
def test_one_edge_of_a_kind_by_every_network(tmp_path: Path, model: str) -> None:
    export = write_links(tmp_path / "export", LINKS["one edge of a kind"], alone=True)
    for settings in (WAYS["cross-validation"], WAYS["one split"]):
        report = train(export, tmp_path / "model", model=model, settings=settings)
        assert any(warning.startswith(ONE) for warning in report.warnings)
        assert [each.relation.label for each in check(tmp_path / "model").relations] == ["FRIEND"]


@pytest.mark.parametrize("name", TOO_LITTLE)
def test_nothing_to_learn_from(tmp_path: Path, name: str) -> None:
    export = write_links(tmp_path / "export", LINKS[name])
    with pytest.raises(UnusableExport, match=TOO_LITTLE[name]):
        train(export, tmp_path / "model", settings=QUICK)
    assert not (tmp_path / "model").exists()


def test_the_only_target_has_one_edge(tmp_path: Path) -> None:
    export = write_links(tmp_path / "export", LINKS["one edge of a kind"], targets=["ONE"])
    with pytest.raises(UnusableExport, match=r"few edges .*: \(User\)-ONE->\(User\) has 1\."):
        train(export, tmp_path / "model", settings=QUICK)


def test_a_target_of_one_edge_beside_another(tmp_path: Path) -> None:
    kinds = LINKS["parallel edges that fold into one"]
    export = write_links(tmp_path / "export", kinds, targets=kinds)
    report = train(export, tmp_path / "model", settings=QUICK)
    assert any(warning.startswith(ONE) for warning in report.warnings)


@pytest.mark.parametrize("feature", [[1], ["x"], [1, 2]], ids=["one number", "one word", "two"])
def test_features_that_say_little(tmp_path: Path, feature: list[int | str]) -> None:
    kinds = LINKS["one edge of a kind"]
    export = write_links(tmp_path / "export", kinds, feature=feature, alone=True)
    train(export, tmp_path / "model", settings=QUICK)
    check(tmp_path / "model")


def test_a_search(tmp_path: Path) -> None:
    export = write_links(tmp_path / "export", LINKS["one edge of a kind"])
    search = SearchSettings(trials=2)
    report = train(export, tmp_path / "model", settings=QUICK, search=search)
    assert report.search is not None
    assert [row.state for row in report.search.trials] == ["complete", "complete"]


def test_a_warm_start_and_a_transform(tmp_path: Path) -> None:
    before = write_links(tmp_path / "before", {"FRIEND": friends(), "ONE": [(0, 3), (3, 1)]})
    train(before, tmp_path / "first", settings=QUICK)
    after = write_links(tmp_path / "after", LINKS["one edge of a kind"])
    search = SearchSettings(previous=tmp_path / "first")
    for settings in (QUICK, WAYS["one split"]):
        train(after, tmp_path / "second", settings=settings, search=search)
        check(tmp_path / "second")
    for kinds in (LINKS["one edge of a kind"], {"FRIEND": [(0, 1)], "ONE": []}, {"FRIEND": []}):
        newer = write_links(tmp_path / "newer", kinds)
        transform(tmp_path / "first", newer, tmp_path / "moved")
        check(tmp_path / "moved")


def test_as_a_user_meets_it(tmp_path: Path) -> None:
    export = write_links(tmp_path / "export", LINKS["one edge of a kind"])
    data, model = str(tmp_path / "data"), str(tmp_path / "model")
    done = CliRunner().invoke(main, ["process", str(export), "--output", data])
    assert done.exit_code == 0, done.output
    quick = ["--epochs", "2", "--width", "8", "--threads", "1"]
    done = CliRunner().invoke(main, ["train", data, "--output", model, *quick])
    assert done.exit_code == 0, done.output
    assert f"gremlink: warning: {ONE}" in done.stderr
