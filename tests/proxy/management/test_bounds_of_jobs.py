"""Jobs and commands read no more at one time than the settings say."""

from __future__ import annotations

import csv
import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_requests import LOAD
from click.testing import CliRunner
from running_api import RunningApi
from teams import write_teams

from gremlink.proxy.cli import main
from gremlink.proxy.graph.limits import limits, use_limits

LIMITS = {"max_cell_characters": 1024}
LONG = "y" * 2000


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """ReadLimits are those of the process."""
    before, limit = limits(), csv.field_size_limit()
    yield
    use_limits(before)
    csv.field_size_limit(limit)


def export(directory: Path) -> Path:
    written = write_teams(directory)
    people = written / "Person.csv"
    header, first, *rows = people.read_text().splitlines()
    cells = first.split(",")
    cells[-1] = LONG
    people.write_text("\n".join([header, ",".join(cells), *rows, ""]))
    return written


@pytest.mark.slow
def test_jobs_hold_the_bounds_of_the_settings(tmp_path: Path) -> None:
    with RunningApi(tmp_path, limits=LIMITS) as api:
        neptune = api.client()
        bucket = tmp_path / "s3" / "b"
        (bucket / "load").mkdir(parents=True)
        packed = gzip.compress(f"~id,~label,t:String\n1,a,{LONG}\n".encode())
        (bucket / "load" / "v.csv.gz").write_bytes(packed)
        export(bucket / "export")
        load = neptune.start_loader_job(source="s3://b/load", **LOAD)["payload"]["loadId"]
        processing = neptune.start_ml_data_processing_job(
            inputDataS3Location="s3://b/export", processedDataS3Location="s3://b/processed"
        )["id"]
        deadline = time.monotonic() + 60
        while True:
            loaded = neptune.get_loader_job_status(loadId=load)["payload"]["overallStatus"]
            processed = neptune.get_ml_data_processing_job(id=processing)
            if loaded["status"] == "LOAD_FAILED" and processed["status"] == "Failed":
                break
            assert time.monotonic() < deadline, (loaded, processed)
            time.sleep(0.1)
    assert "s3://b/load/v.csv.gz:2:5: a cell has more than 1,024" in loaded["failureReason"]
    reason = processed["processingJob"]["failureReason"]
    assert "Person.csv:2:" in reason
    assert "limits.max_cell_characters" in reason


@pytest.mark.parametrize("command", ["process", "train"])
def test_commands_hold_them(tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREMLINK_LIMITS_MAX_CELL_CHARACTERS", "1024")
    source, output = str(export(tmp_path / "export")), str(tmp_path / "out")
    done = CliRunner().invoke(main, [command, source, "--output", output])
    assert done.exit_code == 1, done.output
    assert "Person.csv:2:" in done.stderr
    assert "a cell has more than 1,024 characters" in done.stderr
