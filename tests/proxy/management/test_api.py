"""What the API refuses, and how boto3 raises it; what it tolerates."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from running_api import Query, RunningApi
from service_model import ERRORS

from proxy.management import errors
from proxy.management import http as management_http
from proxy.store.jobs import JobRecords, State

LOAD = {"format": "csv", "s3BucketRegion": "us-east-1", "iamRoleArn": "arn:aws:iam::1:role/x"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with RunningApi(
        tmp_path_factory.mktemp("api"), Query("q-1", script="g.V().count()")
    ) as running:
        yield running


@pytest.fixture(scope="module")
def neptune(api: RunningApi) -> Any:
    return api.client()


@pytest.fixture(scope="module")
def records(api: RunningApi) -> JobRecords:
    return JobRecords(api.configuration.store.directory)


def done(records: JobRecords, kind: str, id: str, state: State = State.COMPLETED) -> None:
    """A job that has ended, without anybody having run it."""
    job = records.add(kind, id, {}, outputs=[f"s3://b/{id}/output"])
    result = {"task": "link_prediction"}
    records.end(job.number, state, reason="" if state is State.COMPLETED else "why", result=result)


def send(
    api: RunningApi, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(api.address + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_our_errors_are_those_of_the_model() -> None:
    ours = errors.ManagementError.__subclasses__()
    assert len(ours) > 10
    for error in ours:
        assert ERRORS[error.code] == error.http_status


PROCESSING = {"inputDataS3Location": "s3://b/in", "processedDataS3Location": "s3://b/out"}
TRAINING = {"dataProcessingJobId": "data", "trainModelS3Location": "s3://b/out"}
TRANSFORM = {"modelTransformOutputS3Location": "s3://b/out"}


@pytest.mark.parametrize(
    ("operation", "arguments", "exception", "said"),
    [
        ("get_ml_data_processing_job", {"id": "no"}, "MLResourceNotFound", "no dataprocessing job"),
        ("get_ml_model_training_job", {"id": "no"}, "MLResourceNotFound", "modeltraining job no"),
        ("get_ml_model_transform_job", {"id": "no"}, "MLResourceNotFound", "no modeltransform job"),
        ("get_ml_endpoint", {"id": "no"}, "MLResourceNotFound", "no endpoint no"),
        ("cancel_ml_data_processing_job", {"id": "no"}, "MLResourceNotFound", ""),
        ("cancel_ml_model_training_job", {"id": "no"}, "MLResourceNotFound", ""),
        ("cancel_ml_model_transform_job", {"id": "no"}, "MLResourceNotFound", ""),
        ("delete_ml_endpoint", {"id": "no"}, "MLResourceNotFound", ""),
        (
            "start_ml_data_processing_job",
            PROCESSING | {"id": "data"},
            "ConstraintViolation",
            "data",
        ),
        ("start_ml_data_processing_job", PROCESSING | {"id": "a/b"}, "InvalidParameter", "a/b"),
        (
            "start_ml_data_processing_job",
            PROCESSING | {"configFileName": "../x"},
            "InvalidParameter",
            "without a path",
        ),
        (
            "start_ml_data_processing_job",
            PROCESSING | {"inputDataS3Location": "/etc"},
            "InvalidParameter",
            "storage.roots",
        ),
        (
            "start_ml_data_processing_job",
            PROCESSING | {"modelType": "kge"},
            "UnsupportedOperation",
            "modelType",
        ),
        (
            "start_ml_data_processing_job",
            PROCESSING | {"previousDataProcessingJobId": "no"},
            "MLResourceNotFound",
            "",
        ),
        (
            "start_ml_model_training_job",
            TRAINING | {"dataProcessingJobId": "no"},
            "MLResourceNotFound",
            "",
        ),
        (
            "start_ml_model_training_job",
            TRAINING | {"dataProcessingJobId": "failed"},
            "PreconditionsFailed",
            "Failed, not Completed: why",
        ),
        (
            "start_ml_model_training_job",
            TRAINING | {"customModelTrainingParameters": {"sourceS3DirectoryPath": "s3://b/x"}},
            "UnsupportedOperation",
            "scripts",
        ),
        (
            "start_ml_model_training_job",
            TRAINING | {"previousModelTrainingJobId": "no"},
            "MLResourceNotFound",
            "",
        ),
        ("create_ml_endpoint", {"id": "e"}, "MissingParameter", "mlModelTrainingJobId"),
        (
            "create_ml_endpoint",
            {"mlModelTrainingJobId": "model", "mlModelTransformJobId": "model"},
            "InvalidParameter",
            "Only one",
        ),
        (
            "create_ml_endpoint",
            {"id": "no", "mlModelTrainingJobId": "model", "update": True},
            "MLResourceNotFound",
            "to update",
        ),
        (
            "create_ml_endpoint",
            {"mlModelTrainingJobId": "failed"},
            "PreconditionsFailed",
            "Failed",
        ),
        (
            "start_loader_job",
            LOAD | {"source": "s3://b/nothing"},
            "S3",
            "nothing at s3://b/nothing",
        ),
        ("start_loader_job", LOAD | {"source": "/etc/passwd"}, "LoadUrlAccessDenied", "roots"),
        ("start_loader_job", LOAD | {"source": "ftp://h/x"}, "InvalidParameter", "ftp://h/x"),
        (
            "start_loader_job",
            LOAD | {"source": "s3://b/x", "format": "turtle"},
            "UnsupportedOperation",
            "turtle",
        ),
        ("get_loader_job_status", {"loadId": "no"}, "BulkLoadIdNotFound", "no load no"),
        ("cancel_loader_job", {"loadId": "no"}, "BulkLoadIdNotFound", ""),
        ("get_gremlin_query_status", {"queryId": "no"}, "BadRequest", "no running query"),
        ("cancel_gremlin_query", {"queryId": "no"}, "BadRequest", "no running query"),
        ("list_ml_endpoints", {"maxItems": 1025}, "InvalidArgument", "from 1 to 1024"),
    ],
)
def test_boto3_raises_its_own_exceptions(
    neptune: Any,
    records: JobRecords,
    operation: str,
    arguments: dict[str, Any],
    exception: str,
    said: str,
) -> None:
    for kind, id, state in (
        ("dataprocessing", "data", State.COMPLETED),
        ("dataprocessing", "failed", State.FAILED),
        ("modeltraining", "model", State.COMPLETED),
        ("modeltraining", "failed", State.FAILED),
    ):
        if records.job(kind, id) is None:
            done(records, kind, id, state)
    with pytest.raises(getattr(neptune.exceptions, f"{exception}Exception")) as caught:
        getattr(neptune, operation)(**arguments)
    response = caught.value.response
    assert said in response["detailedMessage"]
    assert response["code"] == response["Error"]["Code"] == f"{exception}Exception"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == ERRORS[f"{exception}Exception"]
    assert response["requestId"] == response["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"{", "BadRequestException", "not JSON"),
        ([1], "BadRequestException", "JSON object"),
        ({}, "MissingParameterException", "inputDataS3Location is required"),
        (PROCESSING | {"processedDataS3Location": ""}, "MissingParameterException", "processed"),
        (
            PROCESSING | {"processingTimeOutInSecond": 5},
            "IllegalArgumentException",
            "did you mean processingTimeOutInSeconds?",
        ),
        (
            PROCESSING | {"processingTimeOutInSeconds": "soon"},
            "InvalidParameterException",
            "'soon'",
        ),
        (PROCESSING | {"id": 7}, "InvalidParameterException", "id has the value 7"),
    ],
)
def test_wrong_bodies(api: RunningApi, body: Any, code: str, said: str) -> None:
    status, document = send(api, "POST", "/ml/dataprocessing", body)
    assert (status, document["code"]) == (400, code)
    assert said in document["detailedMessage"]


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
        status, started = send(api, "POST", "/ml/dataprocessing", document)
        assert status == 200
        assert len(started["id"]) == 36
        while neptune.get_ml_data_processing_job(id=started["id"])["status"] == "InProgress":
            time.sleep(0.1)
        job = neptune.get_ml_data_processing_job(id=started["id"])
        assert job["status"] == "Failed"
        assert "s3://b/in" not in job["processingJob"]["outputLocation"]
        reason = job["processingJob"]["failureReason"]
        assert "no such file" in reason


@pytest.mark.parametrize("clean", ["TRUE", "true", "True", "False", "FALSE", "false"])
def test_clean_in_any_spelling(
    api: RunningApi, records: JobRecords, neptune: Any, clean: str
) -> None:
    id = f"cleaned-{clean}"
    done(records, "modeltraining", id)
    folder = api.configuration.storage.s3_folder / "b" / id / "output"  # type: ignore[operator]
    folder.mkdir(parents=True)
    (folder / "artifact.json").write_text("{}")
    status, document = send(api, "DELETE", f"/ml/modeltraining/{id}?clean={clean}")
    assert (status, document) == (200, {"status": "200 OK"})
    gone = clean.lower() == "true"
    assert folder.exists() is not gone
    assert (id in neptune.list_ml_model_training_jobs(maxItems=1024)["ids"]) is not gone


def test_clean_that_is_neither_yes_nor_no(api: RunningApi, records: JobRecords) -> None:
    done(records, "modeltraining", "kept")
    status, document = send(api, "DELETE", "/ml/modeltraining/kept?clean=perhaps")
    assert (status, document["code"]) == (400, "InvalidArgumentException")


def test_queries_are_listed_and_cancelled(neptune: Any, api: RunningApi) -> None:
    listed = neptune.list_gremlin_queries(includeWaiting=True)
    assert listed["runningQueryCount"] == 1
    assert listed["queries"][0]["queryString"] == "g.V().count()"
    assert neptune.get_gremlin_query_status(queryId="q-1")["queryEvalStats"]["elapsed"] > 0
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, one = send(api, "POST", "/gremlin/status", b"queryId=q-1", **form)
    assert (status, one["queryId"]) == (200, "q-1")
    body = b"queryId=q-1&cancelQuery=True"
    assert send(api, "POST", "/gremlin/status", body, **form)[1]["status"] == "200 OK"
    assert send(api, "POST", "/gremlin/status", b"", **form)[1]["queries"] == []
    assert send(api, "POST", "/gremlin/status", b"cancelQuery=True", **form)[0] == 400


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "outputS3Path is required"),
        ({"outputS3Path": "s3://b/x", "command": "export-rdf"}, "export-pg"),
        ({"outputS3Path": "/etc/x"}, "storage.roots"),
        ({"outputS3Path": "s3://b/x", "params": {"filterConfigFile": "f"}}, "filterConfigFile"),
        ({"outputS3Path": "s3://b/x", "params": {"gremlinFilter": "drop()"}}, "the step drop"),
        ({"outputS3Path": "s3://b/x", "createExportSubdirectory": False}, "folder of its own"),
        (
            {
                "outputS3Path": "s3://b/x",
                "additionalParams": {"neptune_ml": {"targets": [{"node": "a", "type": "x"}]}},
            },
            "'classification', 'regression'",
        ),
    ],
)
def test_exports_that_are_refused(api: RunningApi, document: Any, said: str) -> None:
    status, answer = send(api, "POST", "/v1/neptune-export", document)
    assert status == 400
    assert said in answer["detailedMessage"]


def test_an_export_of_an_unreachable_graph_fails_with_the_reason(api: RunningApi) -> None:
    """And never calls where the request says."""
    body = {"outputS3Path": "s3://b/x", "params": {"endpoint": "10.0.0.1", "format": "csv"}}
    _, started = send(api, "POST", "/neptune-export", body)
    path = f"/neptune-export/{started['jobId']}"
    while (answer := send(api, "GET", path)[1])["status"] in ("pending", "running"):
        time.sleep(0.1)
    assert answer["status"] == "failed"
    assert (
        "no connection to the Gremlin server at ws://127.0.0.1:9/gremlin" in answer["failureReason"]
    )
    assert send(api, "DELETE", path)[0] == 200
    assert send(api, "GET", "/neptune-export/no")[1]["code"] == "MLResourceNotFoundException"


def test_exports_of_one_moment_have_folders_of_their_own(
    api: RunningApi, records: JobRecords
) -> None:
    body = {"outputS3Path": "s3://b/many"}
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, api, "POST", "/neptune-export", body) for _ in range(16)]
    ids = [each.result()[1]["jobId"] for each in sent]
    jobs = [records.job("export", id) for id in ids]
    assert len({job.outputs for job in jobs if job is not None}) == 16
    for job in jobs:
        assert job is not None
        records.ask_to_stop(job.number)


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


def test_a_full_queue(tmp_path: Path) -> None:
    with RunningApi(tmp_path, jobs={"running": 1, "queue": 1}) as api:
        neptune = api.client()
        directory = api.configuration.store.directory
        records = JobRecords(directory)
        # Waits for what never ends, and so stays in the queue.
        records.add("export", "waiting", {}, after=[records.add("export", "open", {}).number])
        with pytest.raises(neptune.exceptions.TooManyRequestsException, match=r"jobs\.queue"):
            neptune.start_ml_data_processing_job(**PROCESSING)


def test_a_second_proxy_of_one_store_starts_no_jobs(tmp_path: Path) -> None:
    with RunningApi(tmp_path), RunningApi(tmp_path) as second:
        neptune = second.client()
        assert neptune.list_ml_data_processing_jobs()["ids"] == []
        with pytest.raises(
            neptune.exceptions.UnsupportedOperationException, match="nother gremlink runs"
        ):
            neptune.start_ml_data_processing_job(**PROCESSING)


def test_a_body_that_does_not_come(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(management_http, "BODY_TIMEOUT", 0.2)
    host, port = api.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /loader HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"ClientTimeoutException" in answer


def test_transform_is_refused_loudly(neptune: Any) -> None:
    with pytest.raises(ClientError, match="UnsupportedOperation"):
        neptune.start_ml_model_transform_job(**TRANSFORM)


def test_health_without_a_database(api: RunningApi) -> None:
    assert urllib.request.urlopen(f"{api.address}/health/live").status == 200
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{api.address}/health/ready")
    assert caught.value.code == 503
    caught.value.close()
    assert send(api, "GET", "/status")[1]["status"] == "unhealthy"
