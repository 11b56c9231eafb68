"""Loads: the queue, errors by file and line."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from api_requests import LOAD
from running_api import RunningApi


def test_loads_wait_in_a_queue_or_are_refused(
    api: RunningApi, neptune: Any, tmp_path: Path
) -> None:
    folder = api.configuration.storage.s3_folder / "b" / "load"  # type: ignore[operator]
    folder.mkdir(parents=True)
    (folder / "v.csv").write_text("~id,~label,age:Int\na,x,1\nb,x,old\n")
    first = neptune.start_loader_job(source="s3://b/load", **LOAD)["payload"]["loadId"]
    with pytest.raises(neptune.exceptions.BadRequestException, match="another load"):
        neptune.start_loader_job(source="s3://b/load", **LOAD)
    second = neptune.start_loader_job(
        source="s3://b/load", queueRequest=True, dependencies=[first], **LOAD
    )["payload"]["loadId"]
    assert neptune.list_loader_jobs()["payload"]["loadIds"][:2] == [second, first]

    def overall(id: str) -> Any:
        reply = neptune.get_loader_job_status(loadId=id, details=True, errors=True)
        return reply["payload"]

    while overall(second)["overallStatus"]["status"] in ("LOAD_IN_QUEUE", "LOAD_IN_PROGRESS"):
        time.sleep(0.1)
    found = overall(first)
    assert found["overallStatus"]["status"] == "LOAD_FAILED"
    assert found["overallStatus"]["parsingErrors"] == 1
    (error,) = found["errors"]["errorLogs"]
    assert (error["fileName"], error["recordNum"]) == ("s3://b/load/v.csv", 3)
    assert "'old' is not a whole number" in error["errorMessage"]
    assert found["failedFeeds"][0]["fullUri"] == "s3://b/load/v.csv"
    assert (
        overall(second)["overallStatus"]["status"] == "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED"
    )


def test_a_load_of_a_file_whose_name_is_not_utf_8_ends(
    api: RunningApi, neptune: Any, tmp_path: Path
) -> None:
    folder = api.configuration.storage.s3_folder / "b" / "names"  # type: ignore[operator]
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"caf\xe9.csv")).write_text("~id,~label,age:Int\na,x,old\n")
    load = neptune.start_loader_job(source="s3://b/names", queueRequest=True, **LOAD)
    id = load["payload"]["loadId"]
    deadline = time.monotonic() + 30
    while True:
        overall = neptune.get_loader_job_status(loadId=id)["payload"]["overallStatus"]
        if overall["status"] == "LOAD_FAILED":
            break
        assert time.monotonic() < deadline, overall
        time.sleep(0.1)
    assert r"caf\udce9.csv:2:" in overall["failureReason"]
