"""A trained model on a graph that has grown."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from communities import write_communities
from teams import write_teams

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.processing.processed import UnusableExport
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.load import model_in
from gremlink.proxy.learning.workflows.process import prepare
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.transform import transform
from gremlink.proxy.store.artifacts import read_artifact

QUICK = TrainingSettings(epochs=3, width=8, networks=2, folds=2, threads=1)
LATE = {"p24", "p25"}
TEAM = {"label": ["team", "classification"], "split_rate": [0.8, 0.1, 0.1]}


def without(export: Path, directory: Path, late: set[str]) -> Path:
    """The export as it was before some vertices came."""
    shutil.copytree(export, directory)
    for path in directory.glob("*.csv"):
        with path.open(newline="") as file:
            header, *rows = csv.reader(file)
        ends = [header.index(name) for name in ("~id", "~from", "~to") if name in header]
        kept = [row for row in rows if not late & {row[end] for end in ends}]
        assert len(kept) < len(rows) or "Person" not in path.name
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header, *kept])
    return directory


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_communities(tmp_path_factory.mktemp("whole") / "export", people=26)


@pytest.fixture(scope="module")
def early(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return without(whole, tmp_path_factory.mktemp("early") / "export", LATE)


@pytest.fixture(scope="module")
def trained(early: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on what there was before."""
    artifact = tmp_path_factory.mktemp("model") / "artifact"
    train(early, artifact, model="rgcn", settings=QUICK)
    return artifact


def asked(predictor: LinkPredictor, who: str) -> list[str]:
    (answers,) = predictor.predict(
        edge_label="knows",
        direction="out",
        target_label="Person",
        inputs=[Literal.string(who)],
        known=[()],
        limit=100,
    )
    return [answer.id.value for answer in answers]


def test_new_vertices_are_inputs_and_answers(trained: Path, whole: Path, tmp_path: Path) -> None:
    assert asked(LinkPredictor.load(trained), "p24") == []
    found = transform(trained, whole, tmp_path / "new")
    assert (found.drift.new_vertices, found.drift.changed_vertices) == (2, 0)
    predictor = LinkPredictor.load(tmp_path / "new")
    answers = asked(predictor, "p24")
    assert len(answers) == 25
    assert set(asked(predictor, "p0")) >= LATE
    # p24 knows people of its group alone, and so they come first.
    assert np.mean([int(who[1:]) % 2 == 0 for who in answers[:8]]) > 0.7


def test_nothing_new_changes_nothing(trained: Path, early: Path, tmp_path: Path) -> None:
    found = transform(trained, early, tmp_path / "new")
    assert found.drift.share == 0
    before, after = read_artifact(trained), read_artifact(tmp_path / "new")
    assert before.documents == after.documents
    assert before.manifest["seed"] == after.manifest["seed"]
    for name, tensors in before.tensors.items():
        for key, values in tensors.items():
            assert after.tensors[name][key] == pytest.approx(values, abs=1e-5), (name, key)


def test_a_processed_graph_has_to_be_of_the_same_encodings(
    trained: Path, early: Path, whole: Path, tmp_path: Path
) -> None:
    prepare(early, tmp_path / "first")
    prepare(whole, tmp_path / "second", previous=tmp_path / "first")
    transform(trained, tmp_path / "second", tmp_path / "new")
    transform(trained, whole, tmp_path / "direct")
    first, second = (tmp_path / name / "artifact.json" for name in ("new", "direct"))
    assert first.read_bytes() == second.read_bytes()
    prepare(whole, tmp_path / "alone")
    with pytest.raises(UnusableExport, match="was not processed with the encodings of this model"):
        transform(trained, tmp_path / "alone", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_deleted_vertices_are_refused(whole: Path, early: Path, tmp_path: Path) -> None:
    train(whole, tmp_path / "model", model="common-neighbours", settings=QUICK)
    with pytest.raises(UnusableExport, match="2 of 26 vertices of type 'Person' are no longer"):
        transform(tmp_path / "model", early, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("model", ["boosting+neighbours", "rgcn"])
def test_classes_of_vertices(tmp_path: Path, model: str) -> None:
    export = write_teams(tmp_path / "whole", of_people=TEAM)
    with (export / "Person.csv").open(newline="") as file:
        people = list(csv.DictReader(file))
    late = {person["~id"] for person in people[:4]}
    before = without(export, tmp_path / "early", late)
    train(before, tmp_path / "model", model=model, settings=QUICK)
    transform(tmp_path / "model", export, tmp_path / "new")

    def answered(artifact: str) -> list[Any]:
        predictor = PropertyPredictor.load(tmp_path / artifact)
        ids = [Literal.string(person["~id"]) for person in people]
        return predictor.predict(ids, limit=1)

    assert [bool(each) for each in answered("model")] == [p["~id"] not in late for p in people]
    assert all(answered("new"))
    transform(tmp_path / "model", before, tmp_path / "same")
    first, second = read_artifact(tmp_path / "model"), read_artifact(tmp_path / "same")
    assert second.tensors["answers"]["answers"] == pytest.approx(
        first.tensors["answers"]["answers"], abs=1e-5
    )


def test_numbers_of_edges(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_lending={"label": ["sum", "regression"]})
    train(export, tmp_path / "model", model="linear", settings=QUICK)
    transform(tmp_path / "model", export, tmp_path / "same")
    first, second = read_artifact(tmp_path / "model"), read_artifact(tmp_path / "same")
    assert first.documents == second.documents
    assert (
        second.tensors["edges"]["features"].tolist() == first.tensors["edges"]["features"].tolist()
    )


def test_another_target_is_refused(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people=TEAM)
    other = write_teams(tmp_path / "other", of_people={"label": ["level", "classification"]})
    train(export, tmp_path / "model", model="majority", settings=QUICK)
    with pytest.raises(UnusableExport, match=r"predicts 'team' of Person, and .* 'level'"):
        transform(tmp_path / "model", other, tmp_path / "new")


@pytest.mark.parametrize("model", ["rgcn", "lightgcn", "distmult"])
def test_a_new_vertex_without_features_begins_with_the_mean_of_its_type(
    early: Path, tmp_path: Path, model: str
) -> None:
    """Without rounds of messages, and without edges, that is all that is known of it."""
    settings = replace(QUICK, layers=0)
    train(early, tmp_path / "model", model=model, settings=settings)
    now = tmp_path / "now"
    shutil.copytree(early, now)
    with (now / "Thing.csv").open("a", newline="") as file:
        csv.writer(file).writerow(["late"])
    found = transform(tmp_path / "model", now, tmp_path / "new")
    assert (found.drift.new_vertices, found.drift.limit) == (1, 0.1), "things have no features"
    old = read_artifact(tmp_path / "model")
    new = model_in(read_artifact(tmp_path / "new"), tmp_path / "new").vertex_embeddings()
    place = [str(id.value) for id in new.stored.ids["Thing"]].index("late")
    own = new.tables["Thing"][place]
    if model == "rgcn":
        loaded = model_in(old, tmp_path / "model")
        assert isinstance(loaded, LinkModel)
        # Two networks side by side, each with its own mean.
        means = [each.embeddings["Thing"].mean(axis=0) for each in loaded.encoders]
        expected = np.concatenate([mean / np.linalg.norm(mean) for mean in means])
    else:
        before = model_in(old, tmp_path / "model").vertex_embeddings().tables["Thing"]
        expected = before.mean(axis=0)
    cosine = own @ expected / np.linalg.norm(own) / np.linalg.norm(expected)
    assert cosine == pytest.approx(1.0, abs=1e-4)
