"""`gremlink train` on a property: the table, and what it says of the choice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from teams import write_teams

from gremlink.proxy.cli import main
from gremlink.proxy.learning.reports.property_report import PropertyReport
from gremlink.proxy.learning.reports.property_table import property_table
from gremlink.proxy.learning.reports.report import MethodRow


def row(method: str, f1: float) -> MethodRow:
    return MethodRow(method, {"accuracy": 0.5, "macro_f1": f1, "auc": 0.75}, 1.25)


REPORT = PropertyReport(
    model="auto",
    task="node_classification",
    target="'team' of Person",
    protocol="10 test rows",
    metric="macro_f1",
    rows=(row("auto", 0.625), row("linear", 0.5)),
    weights={"rgcn": 0.75, "linear": 0.25},
    classes={"red": 9, "blue": 1},
    balance=0.5,
    thresholds={},
    confusion=[[9, 0], [1, 0]],
    warnings=(),
    graph={"vertices": 10, "edges": 20},
    labelled=10,
    epochs=5,
    remembers=True,
    networks=1,
    seed=7,
    device="cpu",
    budget=60.0,
    planned=1.0,
    seconds=1.5,
    peak_memory=100.0,
)


def shown(report: PropertyReport) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(property_table(report))
    return captured.get()


def test_table() -> None:
    text = shown(REPORT)
    assert "node classification: 'team' of Person" in text
    for piece in ("Macro F1", "0.6250", "0.5000", "1.2", "Protocol: 10 test rows."):
        assert piece in text
    assert "Chosen by Macro F1: rgcn 0.75, linear 0.25." in text
    assert "The classes are uneven" in text
    assert "to the power 0.5" in text
    assert "Classes: red 9, blue 1." in text
    assert "Note:" not in text


def test_a_better_method_is_named() -> None:
    text = shown(replace(REPORT, rows=(row("auto", 0.5), row("linear", 0.625))))
    assert "Note: linear alone does better on these rows than auto (0.6250 against 0.5000)." in text


def test_one_method_that_stands_for_all_is_said() -> None:
    text = shown(replace(REPORT, weights={"linear": 1.0}, balance=0.0))
    assert "linear alone is served: no blend of methods was clearly better." in text
    assert "uneven" not in text


def test_the_method_that_is_served_does_not_beat_itself() -> None:
    """Its own figure and that of `auto` differ where the choice was judged, too."""
    report = replace(REPORT, rows=(row("auto", 0.9487), row("neighbours", 1.0)), balance=0.0)
    report = replace(report, weights={"neighbours": 1.0})
    text = shown(report)
    assert "Note:" not in text
    told = " ".join(text.split())
    assert (
        "neighbours alone is served: no blend of methods was clearly better. The row of auto "
        "(0.9487) judges the choice, too: each part of the rows was answered by what was chosen on "
        "the others, not everywhere neighbours. That of neighbours (1.0000) is what it reaches"
    ) in told
    assert report.verdict() == (
        "Macro F1 of auto: 0.9487; of neighbours, which is all of it: 1.0000."
    )
    # Another one that does better is still named.
    better = replace(report, rows=(*report.rows[:1], row("neighbours", 0.9), row("linear", 1.0)))
    assert "Note: linear alone does better on these rows than auto" in shown(better)


def test_command(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people={"label": ["team", "classification"]})
    arguments = ["train", str(export), "--output", str(tmp_path / "artifact"), "--epochs", "2"]
    found = CliRunner().invoke(main, [*arguments, "--width", "4", "--model", "neighbours"])
    assert found.exit_code == 0
    assert "Accuracy" in found.output
    assert "Chosen by Accuracy: neighbours 1.00." in found.output
    assert (tmp_path / "artifact" / "artifact.json").exists()


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (["team", "regression"], "Person.csv:3:7: the target 'team' is 'green' here, which is not"),
        (["nobody", "regression"], "Person.csv: there is no column 'nobody', only 'age', 'team'"),
    ],
)
def test_a_target_that_cannot_be_learned(tmp_path: Path, label: list[str], message: str) -> None:
    export = write_teams(tmp_path / "export", of_people={"label": label})
    found = CliRunner().invoke(main, ["train", str(export), "--output", str(tmp_path / "out")])
    assert found.exit_code == 1
    assert found.output.startswith("gremlink: ")
    assert message in found.output
    assert not (tmp_path / "out").exists()
