"""SageMaker's side of endpoints as boto3's clients call it, held to AWS's models."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError
from running_api import RunningApi
from service_model import RUNTIME, SAGEMAKER, faults, judged

from gremlink.proxy.inference import errors
from gremlink.proxy.management.jobs.recovery import take_lock
from gremlink.proxy.store.artifacts import Artifact, write_artifact
from gremlink.proxy.store.jobs import JobRecords, State
from gremlink.proxy.store.records import Store

ANSWER = {"output": {"nodes": [{"nodeId": "a", "mlResults": [{"inferredValue": 1}]}]}}
FAILING = {
    "unknown": errors.BadRequest("Endpoint unknown not found."),
    "wrong": errors.InvalidParameter("topk must be a whole number."),
    "broken": errors.InternalFailure("The model of endpoint broken cannot be loaded."),
    "slow": errors.TimeLimitExceeded(30000, "{}"),
    "busy": errors.TooManyRequests("1024 predictions wait already."),
    "defect": ZeroDivisionError("division by zero"),
}
"""What the models of some endpoints raise."""


async def invoke(endpoint: str, body: bytes) -> dict[str, Any]:
    if endpoint in FAILING:
        raise FAILING[endpoint]
    return {**ANSWER, "asked": json.loads(body), "of": endpoint}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    directory = tmp_path_factory.mktemp("sagemaker")
    records = JobRecords(directory / "store")
    # Somebody else runs the jobs, so that one stays where it is.
    with take_lock(records), RunningApi(directory, invoke=invoke) as running:
        store = Store(directory / "store")
        write_artifact(directory / "artifact", Artifact({"task": "link_prediction"}, {}, {}))
        for name in ("ann", "bob", "Bobby"):
            store.create_endpoint(name, directory / "artifact")
        request = {"mlModelTrainingJobId": "training", "instanceType": "ml.r5.large"}
        for name, reason in (("bob", ""), ("failed", "no such file " * 200)):
            job = records.add("endpoints", name, {}, request=request)
            records.end(job.number, State.FAILED if reason else State.COMPLETED, reason=reason)
        records.add("endpoints", "made", {})
        yield running


@pytest.fixture(scope="module")
def wire() -> list[tuple[str, int, dict[str, str], bytes]]:
    """Operation, status, headers and body of every reply."""
    return []


@pytest.fixture(scope="module")
def sagemaker(api: RunningApi, wire: list[Any]) -> Any:
    return watched(api.client(service="sagemaker"), wire)


@pytest.fixture(scope="module")
def runtime(api: RunningApi, wire: list[Any]) -> Any:
    return watched(api.client(service="sagemaker-runtime"), wire)


def watched(client: Any, wire: list[Any]) -> Any:
    """The client; what it gets is held to AWS's model."""
    service = client.meta.service_model

    def judge(operation_model: Any, response_dict: Any, **_: Any) -> None:
        status, body = response_dict["status_code"], response_dict["body"]
        if not isinstance(body, bytes) and status < 300:
            return  # the body is the model's own
        wire.append((operation_model.name, status, response_dict["headers"], body))
        assert response_dict["headers"]["x-amzn-RequestId"]
        document = json.loads(body) if body else None
        if status < 300:
            assert faults(operation_model.name, document, service) == []
        elif service is RUNTIME or service.service_name == "sagemaker-runtime":
            shapes = {shape.name: shape for shape in operation_model.error_shapes}
            shape = shapes[document.pop("__type")]
            assert judged(shape, document, shape.name) == []
            assert shape.metadata["error"]["httpStatusCode"] == status

    client.meta.events.register("before-parse", judge)
    return client


def test_an_endpoint_is_described(sagemaker: Any) -> None:
    found = sagemaker.describe_endpoint(EndpointName="bob")
    assert found["EndpointStatus"] == "InService"
    assert found["EndpointArn"].endswith(":endpoint/bob")
    (variant,) = found["ProductionVariants"]
    assert variant["VariantName"] == "AllTraffic"
    assert found["CreationTime"] <= found["LastModifiedTime"]
    age = datetime.now(timezone.utc) - found["CreationTime"]
    assert 0 <= age.total_seconds() < 600
    config = sagemaker.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
    (variant,) = config["ProductionVariants"]
    assert (variant["ModelName"], variant["InstanceType"]) == ("training", "ml.r5.large")


def test_what_the_command_line_has_made_is_there_too(sagemaker: Any) -> None:
    assert sagemaker.describe_endpoint(EndpointName="ann")["EndpointStatus"] == "InService"
    name = sagemaker.describe_endpoint(EndpointName="ann")["EndpointConfigName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert config["ProductionVariants"][0]["ModelName"] == "ann"


def test_states(sagemaker: Any) -> None:
    assert sagemaker.describe_endpoint(EndpointName="made")["EndpointStatus"] == "Creating"
    failed = sagemaker.describe_endpoint(EndpointName="failed")
    assert failed["EndpointStatus"] == "Failed"
    assert len(failed["FailureReason"]) == 1024
    assert "ProductionVariants" not in failed


def names(found: Any) -> list[str]:
    return [each["EndpointName"] for each in found["Endpoints"]]


def test_a_list_and_its_pages(sagemaker: Any) -> None:
    every = sagemaker.list_endpoints(SortBy="Name", SortOrder="Ascending")
    assert names(every) == ["Bobby", "ann", "bob", "failed", "made"]
    assert "NextToken" not in every
    assert names(sagemaker.list_endpoints(NameContains="BOB", SortBy="Name")) == ["bob", "Bobby"]
    assert names(sagemaker.list_endpoints(StatusEquals="Creating")) == ["made"]
    assert names(sagemaker.list_endpoints(CreationTimeBefore=datetime(2020, 1, 1))) == []
    assert len(names(sagemaker.list_endpoints(LastModifiedTimeAfter=datetime(2020, 1, 1)))) == 5
    assert [
        each["EndpointStatus"] for each in sagemaker.list_endpoints(SortBy="Status")["Endpoints"]
    ] == ["InService"] * 3 + ["Failed", "Creating"]
    pages = sagemaker.get_paginator("list_endpoints").paginate(
        SortBy="Name", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["Endpoints"]) for page in pages] == [2, 2, 1]
    created = sagemaker.list_endpoints()["Endpoints"]
    assert [each["CreationTime"] for each in created] == sorted(
        (each["CreationTime"] for each in created), reverse=True
    )
    for wrong in (
        {"NextToken": "x"},
        {"NextToken": "9" * 40},
        {"MaxResults": 101},
    ):
        with pytest.raises(ClientError, match="ValidationException"):
            sagemaker.list_endpoints(**wrong)


def test_an_endpoint_is_deleted_and_waited_for(api: RunningApi, sagemaker: Any) -> None:
    store = Store(api.configuration.store.directory)
    store.create_endpoint("gone", api.configuration.store.directory.parent / "artifact")
    fast = {"Delay": 0, "MaxAttempts": 2}
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="gone", WaiterConfig=fast)
    reply = sagemaker.delete_endpoint(EndpointName="gone")
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 200
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="gone", WaiterConfig=fast)
    sagemaker.delete_endpoint_config(EndpointConfigName="gone-configuration")
    assert store.endpoint("gone") is None
    for asked in (sagemaker.delete_endpoint, sagemaker.describe_endpoint):
        with pytest.raises(ClientError, match=r"Could not find endpoint \"arn:aws:") as caught:
            asked(EndpointName="gone")
        assert caught.value.response["Error"]["Code"] == "ValidationException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    for name in ("gone-configuration", "bob"):
        with pytest.raises(ClientError, match="Could not find endpoint configuration"):
            sagemaker.describe_endpoint_config(EndpointConfigName=name)
    with pytest.raises(WaiterError):
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="failed", WaiterConfig=fast)


def test_other_operations_are_refused_with_what_there_is(sagemaker: Any) -> None:
    for call in (
        sagemaker.list_models,
        lambda: sagemaker.delete_model(ModelName="x"),
        lambda: sagemaker.describe_training_job(TrainingJobName="x"),
    ):
        with pytest.raises(ClientError, match="SageMaker has DescribeEndpoint") as caught:
            call()
        assert caught.value.response["Error"]["Code"] == "UnknownOperationException"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"EndpointName": 7}', b'{"EndpointName": ""}']
)
def test_operations_with_wrong_bodies(api: RunningApi, body: bytes) -> None:
    headers = {
        "X-Amz-Target": "SageMaker.DescribeEndpoint",
        "Content-Type": "application/x-amz-json-1.1",
    }
    status, document = posted(api, "/", body, headers)
    assert (status, document["__type"]) == (400, "ValidationException")
    assert document["Message"]


def posted(
    api: RunningApi, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(api.address + path, body, headers)
    try:
        with urllib.request.urlopen(request) as response:
            return int(response.status), json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


# The runtime -------------------------------------------------------------------------------------


def test_a_payload_goes_to_the_model(runtime: Any) -> None:
    reply = runtime.invoke_endpoint(EndpointName="ann", Body=b'{"vertices": []}')
    assert json.loads(reply["Body"].read()) == {**ANSWER, "asked": {"vertices": []}, "of": "ann"}
    assert reply["InvokedProductionVariant"] == "AllTraffic"
    assert reply["ResponseMetadata"]["RequestId"]
    for more in (
        {"ContentType": "application/json", "Accept": "application/json"},
        {"ContentType": "application/json; charset=utf-8", "Accept": "application/*;verbose=True"},
        {"TargetVariant": "AllTraffic", "CustomAttributes": "x", "InferenceId": "x"},
    ):
        assert runtime.invoke_endpoint(EndpointName="ann", Body=b"{}", **more)["Body"].read()


@pytest.mark.parametrize("name", ["application/x-www-form-urlencoded", "text/plain", "*/*"])
def test_a_type_that_a_client_puts_there_by_itself(api: RunningApi, name: str) -> None:
    """As `curl -d` does."""
    status, found = posted(api, "/endpoints/ann/invocations", b"{}", {"Content-Type": name})
    assert (status, found["of"]) == (200, "ann")


@pytest.mark.parametrize(
    ("endpoint", "exception", "status", "original", "said"),
    [
        ("unknown", "ValidationError", 400, None, "Endpoint unknown of account 0+ not found."),
        ("wrong", "ModelError", 424, 400, "topk must be a whole number."),
        ("broken", "ModelError", 424, 500, "cannot be loaded"),
        ("slow", "ModelError", 424, 500, "threshold of 30000 ms"),
        ("busy", "ModelNotReadyException", 429, None, "1024 predictions wait"),
        ("defect", "InternalFailure", 500, None, "the proxy's log says why"),
    ],
)
def test_errors_are_those_of_the_model(
    runtime: Any, endpoint: str, exception: str, status: int, original: int | None, said: str
) -> None:
    with pytest.raises(getattr(runtime.exceptions, exception), match=said) as caught:
        runtime.invoke_endpoint(EndpointName=endpoint, Body=b"{}")
    response = caught.value.response
    assert response["Error"]["Code"] == exception
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert response.get("OriginalStatusCode") == original


@pytest.mark.parametrize(
    ("arguments", "exception", "said"),
    [
        ({"Accept": "text/csv"}, "ModelError", "The reply is JSON"),
        ({"TargetModel": "a.tar.gz"}, "ValidationError", "There are no models in an endpoint"),
        ({"TargetVariant": "other"}, "ValidationError", "The one variant"),
        ({"InferenceComponentName": "x"}, "ValidationError", "no inference components"),
    ],
)
def test_what_an_endpoint_here_has_one_of(
    runtime: Any, arguments: dict[str, str], exception: str, said: str
) -> None:
    with pytest.raises(getattr(runtime.exceptions, exception), match=said):
        runtime.invoke_endpoint(EndpointName="ann", Body=b"{}", **arguments)


def test_the_rest_of_the_runtime_is_refused(runtime: Any) -> None:
    for call, more in (
        (runtime.invoke_endpoint_async, {"InputLocation": "s3://b/x"}),
        (runtime.invoke_endpoint_with_response_stream, {"Body": b"{}"}),
    ):
        with pytest.raises(runtime.exceptions.ValidationError, match="at once and as a whole"):
            call(EndpointName="ann", **more)


def test_other_paths_and_methods(api: RunningApi) -> None:
    for path, method, code in (
        ("/endpoints/ann/invocations", "GET", "MethodNotAllowedException"),
        ("/endpoints/ann", "GET", "BadRequestException"),
        ("/endpoints", "GET", "BadRequestException"),
    ):
        request = urllib.request.Request(api.address + path, method=method)
        with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(request):
            pass
        with caught.value as error:
            assert json.load(error)["code"] == code


# Access ------------------------------------------------------------------------------------------

KEY, SECRET = "AKIDEXAMPLE", "secret/with+signs"


def test_credentials_are_demanded_as_everywhere(tmp_path: Path) -> None:
    access = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    with RunningApi(tmp_path, invoke=invoke, listen={"host": "0.0.0.0"}, access=access) as api:
        for key, secret, admitted in (
            (KEY, SECRET, True),
            (KEY, "other", False),
            ("x", SECRET, False),
        ):
            runtime = api.client(key, secret, "sagemaker-runtime")
            sagemaker = api.client(key, secret, "sagemaker")
            calls = (
                lambda r=runtime: r.invoke_endpoint(EndpointName="a", Body=b"{}"),
                lambda s=sagemaker: s.list_endpoints(),
            )
            for call in calls:
                if admitted:
                    assert call()
                    continue
                with pytest.raises(ClientError, match="no valid credentials") as caught:
                    call()
                assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
                assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert posted(api, "/endpoints/a/invocations", b"{}", {})[0] == 403
        assert posted(api, "/", b"{}", {"X-Amz-Target": "SageMaker.ListEndpoints"})[0] == 403


def test_elsewhere_without_credentials_everything_is_refused(tmp_path: Path) -> None:
    with RunningApi(tmp_path, invoke=invoke, listen={"host": "0.0.0.0"}) as api:
        for service, call in (
            ("sagemaker", lambda client: client.list_endpoints()),
            ("sagemaker-runtime", lambda c: c.invoke_endpoint(EndpointName="a", Body=b"{}")),
        ):
            with pytest.raises(ClientError, match=r"set access\.token"):
                call(api.client(service=service))


def test_the_judge_knows_both_services() -> None:
    assert faults("DescribeEndpoint", {}, SAGEMAKER) != []
    assert faults("DeleteEndpoint", {}, SAGEMAKER) != []
    assert "ModelError" in [shape.name for shape in RUNTIME.error_shapes]
