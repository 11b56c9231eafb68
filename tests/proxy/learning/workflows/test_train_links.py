from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path

import pytest
from communities import write_communities
from written_export import Kind, write_export

from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph import BadExport
from gremlink.proxy.learning.events import EpochDone, Event, MethodCompared, PhaseStarted
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.processing.processed import UnusableExport
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows import train_links
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import OutputInTheWay, read_artifact

QUICK = TrainingSettings(epochs=10, width=16, folds=2, networks=2, threads=1)
SPLIT = TrainingSettings(epochs=20, width=16, cross_validate_up_to=0, threads=1)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_communities(tmp_path_factory.mktemp("export"))


def checksums(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.iterdir()
        if not path.name.startswith("report.")
    }


def test_of_very_many_test_edges_some_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gremlink.proxy.learning.links.training.holdout.TEST_SCORES", 0)
    export = write_communities(tmp_path / "export", people=60)
    report = train(export, tmp_path / "model", model="popularity", settings=SPLIT)
    found = re.match(r"(\d+) test edges \(drawn from (\d+)\), held out", report.protocol)
    assert found is not None
    assert 16 <= int(found[1]) < int(found[2])


@pytest.mark.parametrize("settings", [QUICK, SPLIT], ids=["cross-validation", "split"])
def test_training_finds_the_groups(
    export: Path, tmp_path: Path, settings: TrainingSettings
) -> None:
    events: list[Event] = []
    report = train(export, tmp_path / "model", settings=settings, progress=events.append)
    assert report.rows[0].method == "auto"
    chance = 0.2  # about the harmonic mean rank among the 24 or 8 candidates
    assert report.row("auto").metrics["mrr"] > chance
    assert {row.method for row in report.rows} >= {
        "auto",
        "rgcn",
        "popularity",
        "common-neighbours",
        "adamic-adar",
        "personalised-pagerank",
        "feature-similarity",
    }
    assert all(row.weights for row in report.blend)
    assert any(isinstance(event, PhaseStarted) for event in events)
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert epochs[0].epoch == 1
    assert all(event.seconds_left >= 0 for event in epochs)
    assert any(event.validation is not None for event in epochs)
    compared = {event.method: event for event in events if isinstance(event, MethodCompared)}
    assert compared.keys() >= {row.method for row in report.rows} - {"random"}
    popularity = report.row("popularity").metrics["mrr"]
    assert compared["popularity"].value == pytest.approx(popularity, rel=0.2)
    assert report.row("segment-popularity").metrics["mrr"] > popularity
    best = report.best_alone()
    assert best is not None
    assert best.method != "segment-popularity"  # no model has it
    assert all("segment-popularity" not in row.weights for row in report.blend)
    document = json.loads((tmp_path / "model" / "report.json").read_text())
    assert document["rows"][0]["metrics"] == report.rows[0].metrics
    predictor = LinkPredictor.load(tmp_path / "model")
    (answers,) = predictor.predict(
        edge_label="knows",
        direction="out",
        target_label="Person",
        inputs=[Literal.string("p0")],
        known=[[]],
        limit=6,
    )
    own = [answer for answer in answers if int(answer.id.value[1:]) % 2 == 0]
    assert len(own) >= 5, "nearly all answers are of the same group"


@pytest.mark.slow
@pytest.mark.parametrize(("model", "settings"), [("auto", QUICK), ("auto", SPLIT), ("rgcn", QUICK)])
def test_the_same_seed_gives_the_same_artifact(
    export: Path, tmp_path: Path, model: str, settings: TrainingSettings
) -> None:
    for name in ("one", "two"):
        train(export, tmp_path / name, seed=5, model=model, settings=settings)
    assert checksums(tmp_path / "one") == checksums(tmp_path / "two")
    train(export, tmp_path / "three", seed=6, model=model, settings=settings)
    assert checksums(tmp_path / "one") != checksums(tmp_path / "three")


@pytest.mark.slow
def test_a_clock_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that is too small for all, used up to the end, on a machine that is slow today."""
    export = write_communities(tmp_path / "export", people=60)
    settings = TrainingSettings(width=8, cross_validate_up_to=0, threads=1, budget=4.0)
    seen: list[list[str]] = []
    for name in ("quiet", "busy"):
        phases: list[str] = []

        def listen(event: Event, phases: list[str] = phases, name: str = name) -> None:
            if isinstance(event, PhaseStarted):
                phases.append(event.phase)
            if name == "busy":
                time.sleep(0.002)

        report = train(export, tmp_path / name, settings=settings, progress=listen)
        assert report.planned <= 1.1 * report.budget
        assert any("no room in the budget" in warning for warning in report.warnings)
        seen.append(phases)
    assert seen[0] == seen[1]
    assert checksums(tmp_path / "quiet") == checksums(tmp_path / "busy")


def test_only_the_configured_relation_is_a_target(tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export", only="likes")
    train(export, tmp_path / "model", settings=QUICK)
    relations = LinkPredictor.load(tmp_path / "model").relations
    assert [relation.label for relation in relations] == ["likes"]


def test_a_single_method_can_be_asked_for(export: Path, tmp_path: Path) -> None:
    report = train(export, tmp_path / "model", model="adamic-adar", settings=QUICK)
    assert report.rows[0].method == "adamic-adar"
    assert "rgcn" not in {row.method for row in report.rows}
    assert "network" not in read_artifact(tmp_path / "model").tensors


def test_a_method_that_does_not_apply_is_refused(export: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableExport, match=r"reciprocity says nothing about \(Person\)-likes"):
        train(export, tmp_path / "model", model="reciprocity", settings=QUICK)


def test_the_artifact_knows_every_edge(export: Path, tmp_path: Path) -> None:
    train(export, tmp_path / "model", model="popularity", settings=SPLIT)
    artifact = read_artifact(tmp_path / "model")
    lines = (export / "Person-knows-Person.csv").read_text().splitlines()
    assert len(artifact.tensors["graph"]["edges.0.heads"]) == len(lines) - 1


def test_an_unknown_model_is_refused(export: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match="the model 'magic' does not learn link prediction: choose one of auto, rgcn",
    ):
        train(export, tmp_path / "model", model="magic")


def test_too_few_edges_are_refused(tmp_path: Path) -> None:
    export = write_export(
        tmp_path / "export",
        {"P": Kind([{"~id": "a"}, {"~id": "b"}])},
        {("P", "knows", "P"): Kind([{"~id": "1", "~from": "a", "~to": "b"}])},
    )
    with pytest.raises(UnusableExport, match="at least 3"):
        train(export, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_an_edge_to_nowhere_is_refused(tmp_path: Path) -> None:
    export = write_export(
        tmp_path / "export",
        {"P": Kind([{"~id": "a"}, {"~id": "b"}])},
        {("P", "knows", "P"): Kind([{"~id": "1", "~from": "a", "~to": "zoe"}])},
    )
    with pytest.raises(BadExport, match="'zoe', which is no vertex of type 'P'"):
        train(export, tmp_path / "model")


def test_an_output_that_is_in_the_way_stops_before_the_work(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(train_links, "load_dataset", lambda *_: pytest.fail("it went on"))
    with pytest.raises(OutputInTheWay):
        train(export, tmp_path / "file")


def test_an_interrupted_training_leaves_nothing(export: Path, tmp_path: Path) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, EpochDone) and event.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(export, tmp_path / "model", settings=QUICK, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
