from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from communities import write_communities
from teams import write_teams

from gremlink.proxy.cli import main
from gremlink.proxy.store.artifacts import Artifact, read_artifact, write_artifact

TEAM = {"label": ["team", "classification"], "split_rate": [0.8, 0.1, 0.1]}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_teams(tmp_path / "export", of_people=TEAM)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_what_became_of_the_properties(export: Path, tmp_path: Path) -> None:
    done = run("process", export, "--output", tmp_path / "processed")
    assert done.exit_code == 0, done.output
    assert "To predict: classification of property 'team' of 'Person'" in done.stdout
    assert any("age" in line and "numerical" in line for line in done.stdout.splitlines())
    assert read_artifact(tmp_path / "processed").manifest["task"] == "processed"


def test_a_processed_graph_takes_the_place_of_an_export(tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export")
    done = run("process", export, "--output", tmp_path / "processed")
    assert done.exit_code == 0, done.output
    trained = []
    for source in (tmp_path / "processed", export):
        output = tmp_path / f"model-{source.name}"
        method = ["--model", "common-neighbours", "--epochs", "1", "--threads", "1"]
        done = run("train", source, "--output", output, *method)
        assert done.exit_code == 0, done.output
        trained.append((output / "artifact.json").read_bytes())
    assert trained[0] == trained[1]


def test_processing_again_tells_what_has_changed(export: Path, tmp_path: Path) -> None:
    assert run("process", export, "--output", tmp_path / "first").exit_code == 0
    again = ["process", export, "--output", tmp_path / "second", "--previous", tmp_path / "first"]
    done = run(*again)
    assert done.exit_code == 0, done.output
    assert "Changed: 0 new and 0 changed vertices, 0 new and 0 deleted edges: 0.0%" in done.stdout
    people = export / "Person.csv"
    header, *rows = people.read_text().splitlines()
    more = [f"{number}-{row}" for row in rows for number in range(9)]
    people.write_text("\n".join([header, *rows, *more, ""]))
    done = run(*again)
    assert f"Changed: {len(more)} new and 0 changed vertices" in done.stdout
    assert "training anew is advised" in done.stderr


def test_a_model_is_no_processed_graph(tmp_path: Path) -> None:
    write_artifact(tmp_path / "model", Artifact({"task": "node_classification"}, {}, {}))
    done = run("train", tmp_path / "model", "--output", tmp_path / "again")
    assert done.exit_code == 1
    assert "holds a model for 'node_classification', not a processed graph" in done.stderr
