"""What the API refuses, and how boto3 raises it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from api_requests import LOAD, PROCESSING, TRAINING, TRANSFORM, done, send
from running_api import RunningApi
from service_model import ERRORS

from gremlink.proxy.management import errors
from gremlink.proxy.management import http as management_http
from gremlink.proxy.store.artifacts import Artifact, write_artifact
from gremlink.proxy.store.jobs import JobRecords, State
from gremlink.proxy.store.records import Store


def test_our_errors_are_those_of_the_model() -> None:
    ours = errors.ManagementError.__subclasses__()
    assert len(ours) > 10
    for error in ours:
        assert ERRORS[error.code] == error.http_status


Request = tuple[str, dict[str, Any]]


def call(operation: str, **arguments: Any) -> Request:
    """An operation of boto3's client with its arguments."""
    return operation, arguments


def processing(**arguments: Any) -> Request:
    return call("start_ml_data_processing_job", **PROCESSING | arguments)


def training(**arguments: Any) -> Request:
    return call("start_ml_model_training_job", **TRAINING | arguments)


def transform(**arguments: Any) -> Request:
    return call("start_ml_model_transform_job", **TRANSFORM | arguments)


def load(**arguments: Any) -> Request:
    return call("start_loader_job", **LOAD | arguments)


@pytest.mark.parametrize(
    ("operation", "exception", "said"),
    [
        (
            call("get_ml_data_processing_job", id="no"),
            "MLResourceNotFound",
            "no dataprocessing job",
        ),
        (call("get_ml_model_training_job", id="no"), "MLResourceNotFound", "modeltraining job no"),
        (
            call("get_ml_model_transform_job", id="no"),
            "MLResourceNotFound",
            "no modeltransform job",
        ),
        (call("get_ml_endpoint", id="no"), "MLResourceNotFound", "no endpoint no"),
        (call("cancel_ml_data_processing_job", id="no"), "MLResourceNotFound", ""),
        (call("cancel_ml_model_training_job", id="no"), "MLResourceNotFound", ""),
        (call("cancel_ml_model_transform_job", id="no"), "MLResourceNotFound", ""),
        (call("delete_ml_endpoint", id="no"), "MLResourceNotFound", ""),
        (processing(id="data"), "ConstraintViolation", "data"),
        (processing(id="a/b"), "InvalidParameter", "a/b"),
        (processing(configFileName="../x"), "InvalidParameter", "without a path"),
        (processing(inputDataS3Location="/etc"), "InvalidParameter", "storage.roots"),
        (processing(modelType="odd"), "InvalidParameter", "modelType"),
        (processing(previousDataProcessingJobId="no"), "MLResourceNotFound", ""),
        (training(dataProcessingJobId="no"), "MLResourceNotFound", ""),
        (
            training(dataProcessingJobId="failed"),
            "PreconditionsFailed",
            "Failed, not Completed: why",
        ),
        (
            training(customModelTrainingParameters={"sourceS3DirectoryPath": "s3://b/x"}),
            "UnsupportedOperation",
            "scripts",
        ),
        (training(previousModelTrainingJobId="no"), "MLResourceNotFound", ""),
        (call("create_ml_endpoint", id="e"), "MissingParameter", "mlModelTrainingJobId"),
        (
            call("create_ml_endpoint", mlModelTrainingJobId="model", mlModelTransformJobId="model"),
            "InvalidParameter",
            "Only one",
        ),
        (
            call("create_ml_endpoint", id="no", mlModelTrainingJobId="model", update=True),
            "MLResourceNotFound",
            "to update",
        ),
        (
            call("create_ml_endpoint", mlModelTrainingJobId="failed"),
            "PreconditionsFailed",
            "Failed",
        ),
        (load(source="s3://b/nothing"), "S3", "nothing at s3://b/nothing"),
        (load(source="/etc/passwd"), "LoadUrlAccessDenied", "roots"),
        (load(source="ftp://h/x"), "InvalidParameter", "ftp://h/x"),
        (load(source="s3://b/x", format="turtle"), "UnsupportedOperation", "turtle"),
        (call("get_loader_job_status", loadId="no"), "BulkLoadIdNotFound", "no load no"),
        (call("cancel_loader_job", loadId="no"), "BulkLoadIdNotFound", ""),
        (call("get_gremlin_query_status", queryId="no"), "BadRequest", "no running query"),
        (call("cancel_gremlin_query", queryId="no"), "BadRequest", "no running query"),
        (call("list_ml_endpoints", maxItems=1025), "InvalidArgument", "from 1 to 1024"),
        (transform(), "MissingParameter", "or trainingJobName"),
        (transform(mlModelTrainingJobId="model"), "MissingParameter", "dataProcessingJobId and"),
        (
            transform(mlModelTrainingJobId="model", trainingJobName="model"),
            "InvalidParameter",
            "Only trainingJobName",
        ),
        (
            transform(mlModelTrainingJobId="no", dataProcessingJobId="data"),
            "MLResourceNotFound",
            "modeltraining job no",
        ),
        (
            transform(mlModelTrainingJobId="model", dataProcessingJobId="no"),
            "MLResourceNotFound",
            "dataprocessing job no",
        ),
        (
            transform(mlModelTrainingJobId="failed", dataProcessingJobId="data"),
            "PreconditionsFailed",
            "Failed, not Completed",
        ),
        (transform(trainingJobName="no"), "MLResourceNotFound", "model named no"),
        (
            transform(customModelTransformParameters={"sourceS3DirectoryPath": "s3://b/x"}),
            "UnsupportedOperation",
            "scripts",
        ),
        (
            call("create_ml_endpoint", mlModelTransformJobId="no"),
            "MLResourceNotFound",
            "modeltransform job no",
        ),
    ],
)
def test_boto3_raises_its_own_exceptions(
    neptune: Any,
    records: JobRecords,
    operation: Request,
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
        getattr(neptune, operation[0])(**operation[1])
    response = caught.value.response
    assert said in response["detailedMessage"]
    assert response["code"] == response["Error"]["Code"] == f"{exception}Exception"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == ERRORS[f"{exception}Exception"]
    assert response["requestId"] == response["ResponseMetadata"]["RequestId"]


def test_an_endpoint_that_is_being_made(neptune: Any, records: JobRecords) -> None:
    done(records, "modeltraining", "ready")
    job = records.add("endpoints", "busy", {}, after=[records.add("export", "long", {}).number])
    with pytest.raises(neptune.exceptions.ConstraintViolationException, match="is being made"):
        neptune.create_ml_endpoint(id="busy", mlModelTrainingJobId="ready")
    records.ask_to_stop(job.number)


@pytest.mark.parametrize(
    ("of", "how"), [({}, "jobs cancel served"), ({"pipeline": "p-1"}, "DELETE /ml/pipelines/p-1")]
)
def test_an_endpoint_that_is_being_updated_is_not_deleted(
    neptune: Any, api: RunningApi, records: JobRecords, tmp_path: Path, of: dict[str, str], how: str
) -> None:
    write_artifact(tmp_path / "artifact", Artifact({"task": "link_prediction"}, {}, {}))
    store = Store(api.configuration.store.directory)
    store.create_endpoint("served", tmp_path / "artifact", replace=True)
    before = records.add("export", f"long-{how}", {})
    asked = {"update": True, **of}
    job = records.add(
        "endpoints",
        "served",
        {},
        request=asked,
        after=[before.number],
        replace=True,
    )
    assert neptune.get_ml_endpoint(id="served")["status"] == "Updating"
    with pytest.raises(neptune.exceptions.ConstraintViolationException, match="being upd") as told:
        neptune.delete_ml_endpoint(id="served")
    assert how in told.value.response["detailedMessage"]
    assert store.endpoint("served") is not None
    records.ask_to_stop(job.number)
    assert neptune.get_ml_endpoint(id="served")["status"] == "InService"
    assert neptune.delete_ml_endpoint(id="served")["status"] == "200 OK"
    assert store.endpoint("served") is None


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
        (b"[" * 100_000, "BadRequestException", "nested too deeply"),
        (b'{"a": ' * 100_000, "BadRequestException", "nested too deeply"),
        (b"\xff\xfe{}", "BadRequestException", "not JSON"),
        (
            PROCESSING | {"previousDataProcessingJobId": "\ud800"},
            "BadRequestException",
            "surrogates not allowed",
        ),
        (
            PROCESSING | {"processedDataS3Location": f"s3://b/{'x' * 300}"},
            "InvalidParameterException",
            "a name of this length",
        ),
        (
            PROCESSING | {"processedDataS3Location": f"s3://b{'/abcdefghi' * 500}"},
            "InvalidParameterException",
            "a path or a name of this length",
        ),
    ],
)
def test_wrong_bodies(api: RunningApi, body: Any, code: str, said: str) -> None:
    status, document = send(api.address, "POST", "/ml/dataprocessing", body)
    assert (status, document["code"]) == (400, code)
    assert said in document["detailedMessage"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/loader", {"parserConfiguration": {"allowEmptyString": True}}, "allowEmptyStrings"),
        (
            "/ml/modeltraining",
            {"customModelTrainingParameters": {"sourceS3DirectoryPaths": "s3://b/x"}},
            "sourceS3DirectoryPath",
        ),
        ("/v1/neptune-export", {"outputS3Path": "s3://b/x", "param": {}}, "params"),
    ],
)
def test_typing_errors_at_any_depth(api: RunningApi, path: str, body: Any, field: str) -> None:
    status, document = send(api.address, "POST", path, body)
    assert (status, document["code"]) == (400, "IllegalArgumentException")
    assert f"did you mean {field}?" in document["detailedMessage"]


def test_a_question_is_the_end_of_a_sentence(api: RunningApi) -> None:
    target = {"nodes": "Person", "property": "age", "type": "regression"}
    parameters = {"additionalParams": {"neptune_ml": {"targets": [target]}}}
    body = {"command": "export-pg", "outputS3Path": "s3://b/x", **parameters}
    status, document = send(api.address, "POST", "/v1/neptune-export", body)
    assert status == 400
    assert document["detailedMessage"].endswith("There is no 'nodes' field; did you mean 'node'?")


@pytest.mark.parametrize("most", ["0", "-1", "1.5", "", "many", "1025", "9" * 4400])
def test_numbers_that_are_none(api: RunningApi, most: str) -> None:
    status, document = send(api.address, "GET", f"/ml/endpoints?maxItems={most}")
    assert (status, document["code"]) == (400, "InvalidArgumentException")
    assert len(document["detailedMessage"]) < 120


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/ml", "/ml/endpoints"),
        ("/ml/endpoint", "/ml/endpoints"),
        ("/ml/endpoints/", "/ml/endpoints/{id}"),
        ("/ml/endpoints/a/b", "/ml/endpoints/{id}"),
        ("/loader/", "/loader"),
        ("/v1/neptune_export", "/v1/neptune-export"),
        ("/neptune-export/a/b", "/neptune-export/{id}"),
        ("/pg/summary", "/pg/statistics/summary"),
        ("/propertygraph", "/propertygraph/statistics"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_addresses_that_there_are_not(api: RunningApi, method: str, path: str, there: str) -> None:
    status, document = send(api.address, method, path)
    assert (status, document["code"]) == (400, "BadRequestException")
    assert document["detailedMessage"].startswith(f"Bad route: {path}. There are /")
    assert there in document["detailedMessage"].replace(",", " ").rstrip(".").split()


def test_an_address_in_a_message_stays_as_it_is(tmp_path: Path) -> None:
    storage = {"s3_endpoint": "http://127.0.0.1:9"}
    with RunningApi(tmp_path, storage=storage) as api:
        body = {"source": "s3://b/x", "format": "csv"}
        status, document = send(api.address, "POST", "/loader", body)
    assert (status, document["code"]) == (400, "S3Exception")
    assert document["detailedMessage"].startswith("s3://b/x: ")


def test_a_body_that_does_not_come(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(management_http, "BODY_TIMEOUT", 0.2)
    host, port = api.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /loader HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{"
        )
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"ClientTimeoutException" in answer


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (call("cancel_open_cypher_query", queryId="q"), "speaks Gremlin"),
        (call("execute_open_cypher_query", openCypherQuery="MATCH (n)"), "speaks Gremlin"),
        (
            call("execute_open_cypher_explain_query", openCypherQuery="x", explainMode="static"),
            "speaks Gremlin",
        ),
        (call("get_open_cypher_query_status", queryId="q"), "speaks Gremlin"),
        (call("list_open_cypher_queries"), "speaks Gremlin"),
        (call("get_sparql_statistics"), "statistics of RDF"),
        (call("manage_sparql_statistics", mode="refresh"), "statistics of RDF"),
        (call("delete_sparql_statistics"), "statistics of RDF"),
        (call("get_rdf_graph_summary"), "statistics of RDF"),
        (call("get_sparql_stream"), "stream of changes"),
        (call("get_propertygraph_stream"), "stream of changes"),
        (call("execute_fast_reset", action="initiateDatabaseReset"), "drop()"),
    ],
)
def test_operations_that_there_are_not(neptune: Any, operation: Request, said: str) -> None:
    with pytest.raises(neptune.exceptions.UnsupportedOperationException) as caught:
        getattr(neptune, operation[0])(**operation[1])
    assert said in caught.value.response["detailedMessage"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/openCypher/", "speaks Gremlin"),
        ("/opencypher/explain/", "speaks Gremlin"),
        ("/rdf", "statistics of RDF"),
        ("/pg/stream/", "stream of changes"),
        ("/system/", "drop()"),
    ],
)
def test_nor_are_their_addresses_queries_in_gremlin(api: RunningApi, path: str, said: str) -> None:
    status, document = send(api.address, "POST", path, b"query=x")
    assert (status, document["code"]) == (400, "UnsupportedOperationException")
    assert said in document["detailedMessage"]


@pytest.mark.parametrize(
    ("method", "path", "takes"),
    [
        ("PUT", "/ml/endpoints", "POST, GET"),
        ("PATCH", "/ml/modeltraining/x", "GET, DELETE"),
        ("DELETE", "/status", "GET"),
    ],
)
def test_methods_that_a_path_does_not_take(
    api: RunningApi, method: str, path: str, takes: str
) -> None:
    status, document = send(api.address, method, path)
    assert (status, document["code"]) == (405, "MethodNotAllowedException")
    assert document["detailedMessage"] == f"{path} takes {takes}, not {method}."
