"""Requests about jobs: what is tolerated, what `clean` removes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from api_requests import PROCESSING, done, send
from running_api import RunningApi

from gremlink.proxy.store.jobs import JobRecords


def test_what_clients_send_beside_is_tolerated(api: RunningApi, neptune: Any) -> None:
    """As the notebooks do: empty texts, their own settings, a wrapper, a sentence for an id."""
    body = {
        **PROCESSING,
        "id": "A unique identifier of the job.",
        "configFileName": "",
        "wait_interval": 5,
        "somethingElse": {"x": 1},
        "subnets": ["s", "u", "b"],
        "enableInterContainerTrafficEncryption": "True",
        "processingTimeOutInSeconds": "86400",
    }
    for document in (body, {"dataprocessing": body}):
        status, started = send(api.address, "POST", "/ml/dataprocessing", document)
        assert status == 200
        assert len(started["id"]) == 36
        assert started["message"] == (
            "The id 'A unique identifier of the job.' has blanks, which an id cannot have: "
            f"it is {started['id']}."
        )
        while neptune.get_ml_data_processing_job(id=started["id"])["status"] == "InProgress":
            time.sleep(0.1)
        job = neptune.get_ml_data_processing_job(id=started["id"])
        assert job["status"] == "Failed"
        assert "s3://b/in" not in job["processingJob"]["outputLocation"]
        reason = job["processingJob"]["failureReason"]
        assert "no such file" in reason


@pytest.mark.parametrize("id", [None, "", "mine"])
def test_an_id_that_is_taken_as_it_is_needs_no_words(api: RunningApi, id: str | None) -> None:
    body = PROCESSING if id is None else {**PROCESSING, "id": id}
    status, started = send(api.address, "POST", "/ml/dataprocessing", body)
    assert status == 200
    assert started.keys() == {"id", "arn", "creationTimeInMillis"}
    assert not id or started["id"] == id


def test_an_endpoint_with_blanks_in_its_id(api: RunningApi, records: JobRecords) -> None:
    done(records, "modeltraining", "trained")
    body = {"mlModelTrainingJobId": "trained", "id": "my endpoint"}
    status, started = send(api.address, "POST", "/ml/endpoints", body)
    assert status == 200
    assert started["id"].startswith("endpoint-")
    assert "'my endpoint' has blanks" in started["message"]
    status, refused = send(api.address, "POST", "/ml/endpoints", {**body, "update": True})
    assert (status, refused["code"]) == (404, "MLResourceNotFoundException")
    assert "'my endpoint' to update" in refused["message"]


@pytest.mark.parametrize("clean", ["TRUE", "true", "True", "False", "FALSE", "false"])
def test_clean_in_any_spelling(
    api: RunningApi, records: JobRecords, neptune: Any, clean: str
) -> None:
    id = f"cleaned-{clean}"
    done(records, "modeltraining", id)
    folder = api.configuration.storage.s3_folder / "b" / id / "output"  # type: ignore[operator]
    folder.mkdir(parents=True)
    (folder / "artifact.json").write_text("{}")
    status, document = send(api.address, "DELETE", f"/ml/modeltraining/{id}?clean={clean}")
    assert (status, document) == (200, {"status": "200 OK"})
    gone = clean.lower() == "true"
    assert folder.exists() is not gone
    assert (id in neptune.list_ml_model_training_jobs(maxItems=1024)["ids"]) is not gone


def test_clean_that_is_neither_yes_nor_no(api: RunningApi, records: JobRecords) -> None:
    done(records, "modeltraining", "kept")
    status, document = send(api.address, "DELETE", "/ml/modeltraining/kept?clean=perhaps")
    assert (status, document["code"]) == (400, "InvalidArgumentException")


@pytest.mark.parametrize(
    ("given", "limit"), [({}, 86400), ({"processingTimeOutInSeconds": 60}, 60)]
)
def test_the_time_limit_of_a_request_is_that_of_its_job(
    api: RunningApi, records: JobRecords, given: dict[str, int], limit: float
) -> None:
    _, started = send(api.address, "POST", "/ml/dataprocessing", PROCESSING | given)
    job = records.job("dataprocessing", started["id"])
    assert job is not None
    assert job.time_limit == limit
    records.ask_to_stop(job.number)


def test_a_limit_that_no_clock_reaches_is_that_of_the_settings(api: RunningApi) -> None:
    body = PROCESSING | {"processingTimeOutInSeconds": 10**400}
    assert send(api.address, "POST", "/ml/dataprocessing", body)[0] == 200
