from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from communities import write_communities
from teams import write_teams

from gremlink.proxy.cli import main
from gremlink.proxy.store.artifacts import read_artifact


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_communities(tmp_path / "export")


def test_the_table_shows_every_method_and_the_weights(export: Path, tmp_path: Path) -> None:
    output = tmp_path / "model"
    arguments = [str(export), "--output", str(output), "--epochs", "3", "--width", "8"]
    done = CliRunner().invoke(main, ["train", *arguments, "--threads", "1"])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    for method in ("auto", "rgcn", "popularity", "adamic-adar", "personalised-pagerank"):
        assert any(method in line for line in lines)
    assert any(line.startswith("Protocol: cross-validation") for line in lines)
    assert any(line.startswith("Weights of (Person)-knows->(Person) out:") for line in lines)
    assert any("peak memory" in line and "on cpu" in line for line in lines)
    assert "\x1b" not in done.stdout
    assert read_artifact(output).manifest["task"] == "link_prediction"
    page = output / "report.html"
    assert f"Report: {page}, and for programs report.json beside it" in lines
    assert page.is_file()
    assert (output / "report.json").is_file()


def test_a_pipe_gets_a_line_for_each_stage_and_the_time_of_each_part(
    export: Path, tmp_path: Path
) -> None:
    output = tmp_path / "model"
    quick = ["--epochs", "3", "--width", "8", "--threads", "1"]
    done = CliRunner().invoke(main, ["train", str(export), "--output", str(output), *quick])
    assert done.exit_code == 0, done.output
    lines = done.stderr.splitlines()
    assert lines[:4] == [
        "gremlink: reading the export",
        "gremlink: reading the files",
        "gremlink: learning how to encode the properties",
        "gremlink: encoding the properties",
    ]
    told = [re.fullmatch(r"gremlink: (\d+)%, \d+:\d\d left: (.+)", line) for line in lines[4:]]
    shares = [int(line[1]) for line in told if line is not None]
    assert len(shares) == len(lines) - 4
    assert shares == sorted(shares)
    phases = [line[2] for line in told if line is not None]
    assert "cross-validation, part 2, rgcn" in phases
    assert phases[-1] == "writing the artifact"
    (time,) = [line for line in done.stdout.splitlines() if line.startswith("Time: ")]
    for part in ("reading the files", "trying methods", "the blend", "learning from all edges"):
        assert re.search(rf"{part} \d+\.\d s", time), time
    parts = json.loads((output / "report.json").read_text())["parts"]
    assert {"trying methods", "the blend"} <= parts.keys()


@pytest.mark.parametrize("of", ["links", "a property"])
def test_a_deadline(export: Path, tmp_path: Path, of: str) -> None:
    """Without one this would take hours."""
    if of == "a property":
        team = {"label": ["team", "classification"]}
        export = write_teams(tmp_path / "teams", of_people=team)
    output = str(tmp_path / "model")
    asked = ["train", str(export), "--output", output, "--deadline", "6s", "--threads", "1"]
    begun = time.monotonic()
    long = ["--model", "rgcn", "--epochs", "1000000", "--budget", "100h"]
    done = CliRunner().invoke(main, [*asked, *long])
    assert done.exit_code == 0, done.output
    assert time.monotonic() - begun < 60
    assert read_artifact(tmp_path / "model").manifest["model"] == "rgcn"


def test_a_deadline_begins_with_the_command(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries take seconds to load, on a busy machine many."""
    now = [100.0]

    @contextmanager
    def importing() -> Iterator[None]:
        yield
        now[0] += 7.0

    monkeypatch.setattr("gremlink.proxy.cli.output.console.importing", importing)
    monkeypatch.setattr("gremlink.proxy.cli.train.monotonic", lambda: now[0])
    output = tmp_path / "model"
    asked = ["train", str(export), "--output", str(output), "--deadline", "6s", "--threads", "1"]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    assert "no room in the budget of 0 s (--budget, --deadline) for" in done.stderr
    assert "rgcn" in done.stderr
    assert "Time: loading the libraries 7.0 s, " in done.stdout
    assert read_artifact(output).manifest["task"] == "link_prediction"


def test_an_unknown_model_is_wrong_usage(export: Path, tmp_path: Path) -> None:
    arguments = [str(export), "--output", str(tmp_path / "model"), "--model", "magic"]
    done = CliRunner().invoke(main, ["train", *arguments])
    assert done.exit_code == 2
    assert "adamic-adar" in done.stderr


def test_an_output_in_the_way_is_one_line(export: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("long work")
    done = CliRunner().invoke(main, ["train", str(export), "--output", str(tmp_path / "thesis")])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "choose another output directory" in done.stderr


def test_a_directory_without_an_export_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["train", str(tmp_path), "--output", str(tmp_path / "model")])
    assert done.exit_code == 1
    assert "training-data-configuration.json" in done.stderr


@pytest.mark.slow
def test_a_search_and_a_warm_start(export: Path, tmp_path: Path) -> None:
    data, model = str(tmp_path / "data"), str(tmp_path / "model")
    done = CliRunner().invoke(
        main, ["process", str(export), "--output", data, "--model-type", "heterogeneous"]
    )
    assert done.exit_code == 0, done.output
    quick = ["--epochs", "3", "--threads", "1"]
    done = CliRunner().invoke(main, ["train", data, "--output", model, "--trials", "2", *quick])
    assert done.exit_code == 0, done.output
    assert "Search of settings for rgcn: 2 trials" in done.stdout
    assert read_artifact(tmp_path / "model").manifest["model"] == "rgcn"
    file = tmp_path / "mine.json"
    file.write_text("{}")
    again = ["train", data, "--output", model, *quick]
    done = CliRunner().invoke(main, [*again, "--hpo", str(file)])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "gremlink: reading the export"
    assert 'mine.json: "models" has no entries' in done.stderr
    done = CliRunner().invoke(main, [*again, "--model", "rgcn", "--warm-start", model])
    assert done.exit_code == 0, done.output
    assert "networks begin anew: the graph is small" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--model", "majority"], "the model 'majority' does not learn link prediction: choose"),
        (["--model", "boosting+neighbours"], "does not learn link prediction"),
        (["--device", "cuda"], "device is 'cuda', but torch finds no GPU here"),
        (["--model", "rgcn", "--device", "cuda"], "torch finds no GPU here"),
    ],
)
def test_impossible_settings_fail_before_the_rows_are_read(
    export: Path,
    tmp_path: Path,
    options: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (export / "Person.csv").write_text("no rows")
    arguments = ["train", str(export), "--output", str(tmp_path / "model"), *options]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert "defect" not in done.stderr


def test_a_model_of_links_for_a_property(tmp_path: Path) -> None:
    team = {"label": ["team", "classification"]}
    export = write_teams(tmp_path / "export", of_people=team)
    output = str(tmp_path / "model")
    for model in ("ease", "transe", "lightgcn"):
        done = CliRunner().invoke(
            main, ["train", str(export), "--output", output, "--model", model]
        )
        assert done.exit_code == 2
        assert f"the model {model!r} does not learn a property" in done.stderr


def test_a_method_without_predictions_fails_before_the_work(export: Path, tmp_path: Path) -> None:
    arguments = ["train", str(export), "--output", str(tmp_path / "model"), "--trials", "5"]
    done = CliRunner().invoke(main, [*arguments, "--model", "weighted-ease"])
    assert done.exit_code == 1
    assert "weighted-ease says nothing about (Person)-knows->(Person)" in done.stderr
