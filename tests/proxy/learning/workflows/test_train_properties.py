"""From an export to answers: every task learns far more than the baseline that looks at nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from teams import PEOPLE, team, write_teams

from gremlink.grammar.lazy import UniformLiterals
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.graph import BadExport
from gremlink.proxy.learning.events import EpochDone, Event, MethodCompared, PhaseStarted
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import DamagedArtifact

QUICK = TrainingSettings(epochs=20, width=16, folds=2, networks=2, threads=1)
SPLIT = TrainingSettings(epochs=20, width=16, cross_validate_up_to=0, threads=1)
TEAM = {"label": ["team", "classification"]}
UNTOLD = [Literal.string(f"p{person}") for person in range(0, PEOPLE, 5)]


@dataclass
class Lent:
    """An edge of a query."""

    id: Literal
    label: str
    source: Literal
    target: Literal
    values: None = None


def lent(head: int, tail: int, id: str = "new", label: str = "lends") -> Lent:
    ends = (Literal.string(f"p{end}") for end in (head, tail))
    return Lent(Literal.string(id), label, *ends)


def checksums(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.iterdir()
        if not path.name.startswith("report.")
    }


@pytest.mark.parametrize("settings", [QUICK, SPLIT], ids=["cross-validation", "split"])
def test_teams(tmp_path: Path, settings: TrainingSettings) -> None:
    export = write_teams(tmp_path / "export", of_people=TEAM)
    report = train(export, tmp_path / "artifact", settings=settings)
    assert report.rows[0].method == "auto"
    assert {row.method for row in report.rows} == {
        "auto", "rgcn", "majority", "neighbours", "linear", "hops", "collective", "boosting",
        "boosting+neighbours",
    }  # fmt: skip
    assert report.rows[0].metrics["accuracy"] >= 0.85
    assert report.row("majority").metrics["accuracy"] <= 0.5
    assert report.row("rgcn").metrics["accuracy"] >= 0.7
    assert sum(report.weights.values()) == pytest.approx(1.0)
    assert json.loads((tmp_path / "artifact" / "report.json").read_text())["metric"] == "accuracy"
    predictor = PropertyPredictor.load(tmp_path / "artifact")
    assert (predictor.element, predictor.task, predictor.key) == ("node", "classification", "team")
    found = predictor.predict(UNTOLD, 3)
    right = [
        values[0].value == Literal.string(team(int(vertex.value[1:])))
        for vertex, values in zip(UNTOLD, found, strict=True)
    ]
    assert sum(right) >= 0.85 * len(right)
    for values in found:
        scores = [value.score for value in values]
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1.0)


def test_limit_threshold_and_the_unknown(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people=TEAM)
    train(export, tmp_path / "artifact", model="neighbours", settings=QUICK)
    predictor = PropertyPredictor.load(tmp_path / "artifact")
    inputs = [Literal.string("p0"), Literal.string("nobody"), Literal(Kind.INT, 0), lent(0, 3)]
    assert [len(values) for values in predictor.predict(inputs, 2)] == [2, 0, 0, 0]
    assert predictor.predict(inputs, 0) == [[], [], [], []]
    (every,) = predictor.predict(inputs[:1], 100)
    second = every[1].score
    assert predictor.predict(inputs[:1], 100, second) == [every[:2]]
    assert predictor.predict(inputs[:1], 100, second + 1e-9) == [every[:1]]
    assert predictor.predict([], 5) == []
    for asked in (inputs, UNTOLD, []):
        for limit, threshold in ((1, None), (1, second), (100, None), (2, second), (0, None)):
            found = predictor.predict(asked, limit, threshold)
            values = Counter(each.value for answers in found for each in answers)
            counted = predictor.counted(asked, limit, threshold)
            assert counted == list(values.items())


def test_ids_that_were_read_together(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people=TEAM)
    train(export, tmp_path / "artifact", model="neighbours", settings=QUICK)
    predictor = PropertyPredictor.load(tmp_path / "artifact")
    for ids in (["p0", "p5"], ["p0", "nobody", "p5"], ["nobody"]):
        together = UniformLiterals(Kind.STRING, ids)
        apart = predictor.predict(list(map(Literal.string, ids)), 2)
        assert predictor.predict(together, 2) == apart
        assert predictor.predict(together, 2) == apart  # their rows are known by now
    assert predictor.predict(UniformLiterals(Kind.LONG, [0, 5]), 2) == [[], []]


def test_several_classes_have_confidences_of_their_own(tmp_path: Path) -> None:
    label = {"label": ["tags", "classification"], "separator": ";"}
    export = write_teams(tmp_path / "export", of_people=label)
    report = train(export, tmp_path / "artifact", settings=QUICK)
    assert report.metric == "macro_f1"
    for metric in ("macro_f1", "auc"):
        assert report.rows[0].metrics[metric] > report.row("majority").metrics[metric] + 0.2
    assert set(report.thresholds) == {"red", "green", "blue", "warm", "cold"}
    page = (tmp_path / "artifact" / "report.html").read_text()
    for piece in ("Calibration", "Named from", "Examples", "Learning", "warm"):
        assert piece in page
    predictor = PropertyPredictor.load(tmp_path / "artifact")
    found = predictor.predict(UNTOLD, 5)
    # One of three teams, and warm or cold: two are named, while a soft-max would name one at most.
    named = sum(value.score >= 0.5 for values in found for value in values)
    assert named == pytest.approx(2 * len(found), rel=0.2)


@pytest.mark.slow
def test_numbers_of_vertices(tmp_path: Path) -> None:
    label = {"label": ["score", "regression"]}
    export = write_teams(tmp_path / "export", of_people=label)
    settings = TrainingSettings(epochs=60, width=32, networks=2, threads=1)
    report = train(export, tmp_path / "artifact", settings=settings)
    assert report.task == "node_regression"
    assert report.rows[0].metrics["rmse"] < 0.6 * report.row("mean").metrics["rmse"]
    assert report.details is not None
    low, high = report.details.intervals["auto"]
    assert low < report.rows[0].metrics["rmse"] < high
    assert len(report.details.examples) == 10
    page = (tmp_path / "artifact" / "report.html").read_text()
    assert "True and predicted" in page
    assert "Confusion" not in page
    predictor = PropertyPredictor.load(tmp_path / "artifact")
    assert predictor.task == "regression"
    found = predictor.predict(UNTOLD, 0, 5.0)
    assert predictor.counted(UNTOLD, 0, 5.0) == [(answer.value, 1) for (answer,) in found]
    for vertex, values in zip(UNTOLD, found, strict=True):
        (answer,) = values
        assert answer.value.kind is Kind.DOUBLE
        assert answer.score == 1.0
        assert answer.value.value == pytest.approx(10 * (int(vertex.value[1:]) % 3), abs=8)


@pytest.mark.parametrize("model", ["auto", "rgcn", "boosting", "linear", "majority"])
def test_classes_of_edges(tmp_path: Path, model: str) -> None:
    label = {"label": ["trusted", "classification"]}
    export = write_teams(tmp_path / "export", of_lending=label)
    report = train(export, tmp_path / "artifact", model=model, settings=QUICK)
    assert report.task == "edge_classification"
    assert report.rows[0].method == model
    predictor = PropertyPredictor.load(tmp_path / "artifact")
    assert (predictor.element, predictor.key) == ("edge", "trusted")
    asked = [lent(0, 3), lent(0, 4), lent(0, 3, label="knows"), lent(0, PEOPLE)]
    found = predictor.predict(asked, 5)
    assert [len(values) for values in found] == [2, 2, 0, 0]
    assert {value.value.kind for values in found for value in values} == {Kind.BOOLEAN}
    if model == "auto":
        assert report.rows[0].metrics["auc"] > 0.9


def test_features_of_a_known_edge_count(tmp_path: Path) -> None:
    label = {"label": ["trusted", "classification"]}
    export = write_teams(tmp_path / "export", of_lending=label)
    train(export, tmp_path / "artifact", model="boosting", settings=QUICK)
    predictor = PropertyPredictor.load(tmp_path / "artifact")
    rows = (export / "Person-lends-Person.csv").read_text().splitlines()[1:]
    cells = [row.split(",") for row in rows]
    told = [row for row in cells if row[3] != "never"]
    edges = [lent(int(row[1][1:]), int(row[2][1:]), row[0]) for row in told]
    found = predictor.predict(edges, 1)
    right = [str(v[0].value.value).lower() == row[5] for v, row in zip(found, told, strict=True)]
    assert all(right)


def test_numbers_of_edges(tmp_path: Path) -> None:
    label = {"label": ["sum", "regression"]}
    export = write_teams(tmp_path / "export", of_lending=label)
    report = train(export, tmp_path / "artifact", settings=QUICK)
    assert report.rows[0].metrics["rmse"] < 0.7 * report.row("mean").metrics["rmse"]
    predictor = PropertyPredictor.load(tmp_path / "artifact")
    rows = (export / "Person-lends-Person.csv").read_text().splitlines()[1:]
    cells = [row.split(",") for row in rows]
    edges = [lent(int(row[1][1:]), int(row[2][1:]), row[0]) for row in cells]
    missed = [
        abs(values[0].value.value - float(row[4]))
        for values, row in zip(predictor.predict(edges, 1), cells, strict=True)
    ]
    assert sum(missed) / len(missed) < 20


@pytest.mark.parametrize("model", ["auto", "rgcn"])
def test_the_seed_decides(tmp_path: Path, model: str) -> None:
    export = write_teams(tmp_path / "export", of_lending={"label": ["sum", "regression"]})
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        train(export, tmp_path / name, model=model, seed=seed, settings=QUICK)
    assert checksums(tmp_path / "one") == checksums(tmp_path / "again")
    assert checksums(tmp_path / "one") != checksums(tmp_path / "other")


def test_a_graph_without_edges_is_a_table(tmp_path: Path) -> None:
    from written_export import Kind as File
    from written_export import write_export

    rows = [{"~id": f"v{n}", "size": n, "big": "yes" if n > 20 else "no"} for n in range(40)]
    kind = File(rows, [("size", "numerical")], [{"label": ["big", "classification"]}])
    export = write_export(tmp_path / "export", {"V": kind})
    report = train(export, tmp_path / "artifact", settings=QUICK)
    assert {row.method for row in report.rows} == {"auto", "majority", "linear", "boosting"}
    assert report.rows[0].metrics["accuracy"] > 0.85


def test_progress(tmp_path: Path) -> None:
    events: list[Event] = []
    export = write_teams(tmp_path / "export", of_people=TEAM)
    report = train(export, tmp_path / "artifact", settings=QUICK, progress=events.append)
    compared = {event.method: event for event in events if isinstance(event, MethodCompared)}
    assert compared.keys() == {row.method for row in report.rows}
    assert compared["auto"].value == pytest.approx(report.rows[0].metrics["accuracy"])
    assert all(event.metric == "accuracy" for event in compared.values())
    phases = [event.phase for event in events if isinstance(event, PhaseStarted)]
    assert phases[0] == "reading the export"
    assert "cross-validation, part 1 of 2" in phases
    assert phases[-1] == "writing the artifact"
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert {event.metric for event in epochs} == {"log loss"}
    assert any(event.validation is not None for event in epochs)


def test_a_method_that_does_not_apply(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people=TEAM)
    with pytest.raises(
        ValueError, match="'mean' cannot learn 'team' of Person: choose one of auto"
    ):
        train(export, tmp_path / "artifact", model="mean")
    assert not (tmp_path / "artifact").exists()


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people={"label": ["team", "regression"]})
    with pytest.raises(BadExport, match="is not a number"):
        train(export, tmp_path / "artifact")
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_the_configuration_decides_what_is_trained(tmp_path: Path) -> None:
    from gremlink.proxy.learning.reports.link_report import LinkReport

    export = write_teams(tmp_path / "export", of_lending={"label": ["", "link_prediction"]})
    links = train(export, tmp_path / "links", model="common-neighbours", settings=QUICK)
    assert isinstance(links, LinkReport)
    export = write_teams(tmp_path / "other", of_people=TEAM)
    report = train(export, tmp_path / "teams", model="majority", settings=QUICK)
    assert not isinstance(report, LinkReport)
    assert report.task == "node_classification"


def test_an_artifact_of_another_task_is_refused(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_lending={"label": ["", "link_prediction"]})
    train(export, tmp_path / "links", model="common-neighbours", settings=QUICK)
    with pytest.raises(DamagedArtifact, match="not a model of a property"):
        PropertyPredictor.load(tmp_path / "links")


def test_prediction_loads_no_learning_library(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_lending={"label": ["sum", "regression"]})
    train(export, tmp_path / "artifact", settings=QUICK)
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor\n"
        "PropertyPredictor.load(Path(sys.argv[1]))\n"
        "print([name for name in ('torch', 'dgl', 'sklearn') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "artifact")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert found.stdout.strip() == "[]"
