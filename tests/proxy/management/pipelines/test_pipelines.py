"""`/ml/pipelines`: what is refused, and what becomes of one that does not come to its end."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_requests import send
from running_api import RunningApi

from gremlink.proxy.store.jobs import FIGURES, JobRecords

LINKS = {"edge": ["User", "FRIEND", "User"], "type": "link_prediction"}
STAGES = ["export", "dataprocessing", "modeltraining", "endpoints"]


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a database that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ws://127.0.0.1:{server.getsockname()[1]}/gremlin"


def records_of(api: RunningApi) -> JobRecords:
    return JobRecords(api.configuration.store.directory)


def status_of(api: RunningApi, id: str, *finals: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        status, found = send(api.address, "GET", f"/ml/pipelines/{id}")
        assert status == 200, found
        if found["status"] in finals:
            return dict(found)
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def until_it_exports(api: RunningApi, id: str) -> None:
    deadline = time.monotonic() + 60
    while not send(api.address, "GET", f"/ml/pipelines/{id}")[1]["stages"][0]["startTimeInMillis"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_that_fails_says_at_which_stage_and_why(tmp_path: Path) -> None:
    with RunningApi(tmp_path) as api:
        asked = {"id": "mine", "endpoint": "friends", "target": LINKS, "seed": 7}
        status, started = send(api.address, "POST", "/ml/pipelines", asked)
        assert (status, started["id"], started["endpoint"]) == (200, "mine", "friends")
        found = status_of(api, "mine", "Failed")
        assert [stage["kind"] for stage in found["stages"]] == STAGES
        assert "connect" in found["failureReason"]
        assert found["failureReason"] == found["stages"][0]["failureReason"]
        assert found["request"] == asked
        assert found["progress"]["curves"] == []
        deadline = time.monotonic() + 30
        while any(stage["waits"] for stage in found["stages"]):
            assert time.monotonic() < deadline
            found = status_of(api, "mine", "Failed")
        reasons = [stage["failureReason"] for stage in found["stages"][1:]]
        assert reasons == ["the job mine it depends on did not complete"] * 3
        assert send(api.address, "GET", "/ml/pipelines")[1] == {"ids": ["mine"]}
        # Its jobs are jobs as all others.
        neptune = api.client()
        assert neptune.get_ml_model_training_job(id="mine")["status"] == "Failed"
        status, _ = send(api.address, "DELETE", "/ml/pipelines/mine?clean=true")
        assert status == 200
        assert records_of(api).jobs() == []
        assert send(api.address, "GET", "/ml/pipelines/mine")[0] == 404


def test_a_cancelled_one_leaves_nothing_that_runs_and_no_endpoint(
    tmp_path: Path, silent: str
) -> None:
    with RunningApi(tmp_path, upstream={"url": silent}) as api:
        send(api.address, "POST", "/ml/pipelines", {"id": "mine", "endpoint": "friends"})
        until_it_exports(api, "mine")
        assert send(api.address, "GET", "/ml/endpoints/friends")[1]["status"] == "Creating"
        assert send(api.address, "DELETE", "/ml/pipelines/mine")[0] == 200
        found = status_of(api, "mine", "Stopped")
        assert {stage["status"] for stage in found["stages"]} == {"Stopped"}
        assert records_of(api).open() == []
        assert send(api.address, "GET", "/ml/endpoints")[1] == {"ids": []}
        assert not list((tmp_path / "store" / "files").glob("*/*"))


def test_a_restart_ends_what_ran_and_the_rest_says_so(tmp_path: Path, silent: str) -> None:
    with RunningApi(tmp_path, upstream={"url": silent}) as api:
        send(api.address, "POST", "/ml/pipelines", {"id": "mine"})
        until_it_exports(api, "mine")
    with RunningApi(tmp_path, upstream={"url": silent}) as api:
        found = status_of(api, "mine", "Failed")
        assert "stopped while the job was running" in found["failureReason"]
        assert found["endpoint"] == "mine"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"id": "a b c/"}, None),
        ({"id": "-"}, "letter or a digit"),
        ({"endpoint": "x y"}, None),
        ({"target": {**LINKS, "edge": ["User", "FRIEND"]}}, "Expected [from label"),
        ({"target": {"node": "User", "type": "classification"}}, "Missing or empty 'property'"),
        ({"target": {**LINKS, "type": "link"}}, "Invalid 'type'"),
        ({"target": LINKS, "modelName": "linear"}, "for link prediction there are"),
        ({"target": {"node": "A", "property": "b"}, "modelName": "rgcn2"}, "for classification"),
        ({"features": [{"node": "A", "property": "b", "type": "number"}]}, "Invalid 'type'"),
        ({"budgetInSeconds": 0}, "budgetInSeconds"),
        ({"deadlineInSeconds": -1}, "deadlineInSeconds"),
        ({"memoryLimitInMiB": 0}, "memoryLimitInMiB"),
        ({"maxHPONumberOfTrainingJobs": 1001}, "maxHPONumberOfTrainingJobs"),
        ({"seed": -1}, "seed"),
        ({"seeds": 1}, "did you mean seed?"),
        ({"command": "export-rdf"}, "sparql.url"),
        ({"outputS3Location": "/etc"}, "/etc"),
        ({"update": True, "endpoint": "none"}, "no endpoint none to update"),
    ],
)
def test_wrong_input_starts_nothing(
    tmp_path: Path, silent: str, body: dict[str, Any], words: str | None
) -> None:
    with RunningApi(tmp_path, upstream={"url": silent}) as api:
        status, answer = send(api.address, "POST", "/ml/pipelines", body)
        if words is None:  # a sentence in place of an id gets an id
            assert status == 200
            return
        assert 400 <= status < 500
        assert words in answer["detailedMessage"]
        assert records_of(api).jobs() == []


def test_a_full_queue_keeps_nothing_of_a_pipeline(tmp_path: Path, silent: str) -> None:
    with RunningApi(tmp_path, upstream={"url": silent}, jobs={"queue": 2}) as api:
        status, answer = send(api.address, "POST", "/ml/pipelines", {"id": "mine"})
        assert (status, answer["code"]) == (429, "TooManyRequestsException")
        deadline = time.monotonic() + 30
        while records_of(api).open():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_two_pipelines_for_one_endpoint(tmp_path: Path, silent: str) -> None:
    with RunningApi(tmp_path, upstream={"url": silent}) as api:
        assert send(api.address, "POST", "/ml/pipelines", {"endpoint": "friends"})[0] == 200
        status, answer = send(api.address, "POST", "/ml/pipelines", {"endpoint": "friends"})
        assert status == 400
        assert "is being made or updated" in answer["detailedMessage"]
        assert len(send(api.address, "GET", "/ml/pipelines")[1]["ids"]) == 1


def test_progress_has_curves_methods_and_the_time_left(tmp_path: Path, silent: str) -> None:
    with RunningApi(tmp_path, upstream={"url": silent}) as api:
        send(api.address, "POST", "/ml/pipelines", {"id": "mine"})
        job = records_of(api).job("modeltraining", "mine")
        assert job is not None
        lines: list[dict[str, Any]] = [
            {"time": 1.0, "phase": "rgcn"},
            {"curve": "rgcn", "epoch": 1, "loss": 0.5, "metric": "gain", "value": None},
            {"curve": "rgcn", "epoch": 2, "loss": 0.4, "metric": "gain", "value": 0.1},
            {"method": "popularity", "metric": "mrr", "value": 0.1},
            {"method": "katz", "metric": "mrr", "value": 0.1},
            {"method": "katz", "metric": "mrr", "value": 0.3},
            {"time": 2.0, "share": 0.25, "left": 30.0},
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (job.directory / FIGURES).write_text(text + '{"half', encoding="utf-8")
        found = send(api.address, "GET", "/ml/pipelines/mine")[1]["progress"]
        assert found["methods"] == [
            {"name": "katz", "metric": "mrr", "value": 0.3},
            {"name": "popularity", "metric": "mrr", "value": 0.1},
        ]
        assert found["curves"] == [
            {
                "phase": "rgcn",
                "metric": "gain",
                "epochs": [1, 2],
                "losses": [0.5, 0.4],
                "values": [None, 0.1],
            }
        ]
        assert (found["share"], found["secondsLeft"]) == (0.25, 30.0)
