"""No reply, record or log of a job tells a password, wherever it stood."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_requests import LOAD, send
from running_api import RunningApi

from gremlink.proxy.management.jobs.job_process import reason_of
from gremlink.proxy.store.errors import LocationUnreachable
from gremlink.proxy.store.jobs import JobRecords

UPSTREAM = "ws://ann:hunter2@127.0.0.1:9/gremlin"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """In front of a database that is not there, behind a password."""
    with RunningApi(tmp_path_factory.mktemp("secret"), upstream={"url": UPSTREAM}) as running:
        yield running


ADDRESS = "https://ann:hunter2@host/x"
REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/status", None),
    ("GET", "/propertygraph/statistics", None),
    ("GET", "/propertygraph/statistics/summary", None),
    ("POST", "/loader", {"source": ADDRESS, **LOAD}),
    ("POST", "/loader", {"source": ADDRESS, "format": ADDRESS}),
    ("POST", "/loader", {"source": [ADDRESS], **LOAD}),
    ("POST", "/loader", {"sourcee": ADDRESS}),
    ("POST", "/loader", f'{{"source": "{ADDRESS}"'.encode()),
    ("POST", "/v1/neptune-export", {"outputS3Path": ADDRESS, "command": "export-pg"}),
    ("POST", "/v1/neptune-export", {"outputS3Path": "/x", "params": {"endpoint": ADDRESS}}),
    ("POST", "/v1/neptune-export", {"outputS3Path": "/x", "params": ADDRESS}),
    ("POST", "/ml/dataprocessing", {"inputDataS3Location": ADDRESS}),
    ("POST", "/ml/dataprocessing", {"id": ADDRESS, "inputDataS3Location": ADDRESS,
                                    "processedDataS3Location": ADDRESS}),
    ("POST", "/ml/modeltraining", {"dataProcessingJobId": ADDRESS, "trainModelS3Location": "/x"}),
    ("POST", "/ml/endpoints", {"mlModelTrainingJobId": ADDRESS}),
    ("GET", "/ml/endpoints/https%3A%2F%2Fann%3Ahunter2%40host", None),
    ("GET", "/ml/endpoints?maxItems=https%3A%2F%2Fann%3Ahunter2%40host", None),
    ("GET", "/ml/https%3A%2F%2Fann%3Ahunter2%40host", None),
    ("POST", "/propertygraph/statistics", {"mode": ADDRESS}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_no_reply_tells_a_password(api: RunningApi, method: str, path: str, body: Any) -> None:
    _, document = send(api.address, method, path, body)
    assert "hunter2" not in json.dumps(document), document


def test_no_job_tells_the_password_of_the_database(api: RunningApi) -> None:
    folder = api.configuration.storage.s3_folder / "b" / "v"  # type: ignore[operator]
    folder.mkdir(parents=True)
    (folder / "v.csv").write_text("~id,~label\n1,a\n")
    send(api.address, "POST", "/loader", {"source": "s3://b/v", **LOAD})
    send(api.address, "POST", "/v1/neptune-export", {"outputS3Path": "s3://b/out"})
    records = JobRecords(api.configuration.store.directory)
    deadline = time.monotonic() + 60
    while records.open():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    jobs = [job for job in records.jobs() if job.kind in ("loader", "export")]
    assert len(jobs) >= 2
    for job in jobs:
        assert "no connection to the Gremlin server at ws://127.0.0.1:9/gremlin" in job.reason
        assert "hunter2" not in job.reason + json.dumps(dict(job.result)) + job.log.read_text()


@pytest.mark.parametrize(
    "error",
    [
        LocationUnreachable("s3://b", 'cannot reach "http://AKID:hunter2@minio:9000/b"'),
        OSError("cannot reach http://AKID:hunter2@minio:9000/b"),
        ValueError("http://AKID:hunter2@minio:9000/b"),
    ],
)
def test_no_reason_tells_the_key_of_a_store(error: Exception) -> None:
    assert "hunter2" not in reason_of(error)
    assert "minio:9000" in reason_of(error)


def test_a_job_s_folder_is_its_user_s_alone(api: RunningApi, tmp_path: Path) -> None:
    """Its description has what it needs to reach the database."""
    job = JobRecords(tmp_path).add("load", "x", {"graph": {"url": UPSTREAM}})
    assert job.directory.stat().st_mode & 0o777 == 0o700
