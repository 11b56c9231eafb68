"""The endpoint of the workflow as SageMaker's: made by Neptune's API, waited for, asked and deleted
by boto3's other clients, and what came over the wire as AWS's models say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from managed_proxy import Proxy
from service_model import SAGEMAKER, faults

ASKED = """g.with("Neptune#ml.endpoint", "people").with("Neptune#ml.limit", 8).
  V("user_19").out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").id()"""


@pytest.fixture(scope="module")
def sagemaker(proxy: Proxy) -> Any:
    client = proxy.client("sagemaker")

    def judge(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
        if response_dict["status_code"] < 300:
            document = json.loads(response_dict["body"]) if response_dict["body"] else None
            assert faults(operation_model.name, document, SAGEMAKER) == []

    client.meta.events.register("before-parse.sagemaker", judge)
    return client


def test_an_endpoint_is_waited_for_and_deleted(neptune: Any, sagemaker: Any, trained: str) -> None:
    id = neptune.create_ml_endpoint(mlModelTrainingJobId=trained)["id"]
    assert sagemaker.describe_endpoint(EndpointName=id)["EndpointStatus"] in (
        "Creating",
        "InService",
    )
    often = {"Delay": 1, "MaxAttempts": 300}
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=id, WaiterConfig=often)
    assert id in [each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]]
    name = sagemaker.describe_endpoint(EndpointName=id)["EndpointConfigName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert config["ProductionVariants"][0]["ModelName"] == trained
    assert neptune.get_ml_endpoint(id=id)["endpointConfig"]["name"] == name
    sagemaker.delete_endpoint(EndpointName=id)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=id, WaiterConfig=often)
    assert id not in neptune.list_ml_endpoints()["ids"]
    with pytest.raises(neptune.exceptions.MLResourceNotFoundException):
        neptune.get_ml_endpoint(id=id)


def test_the_runtime_gives_what_gremlin_gives(proxy: Proxy, neptune: Any, endpoint: str) -> None:
    found = neptune.execute_gremlin_query(gremlinQuery=ASKED)
    right = found["result"]["data"]["@value"]
    parameters = {"topk": 8, "edgeType": "FRIEND", "tailNodeType": "User", "exclude_flag": "mask"}
    data = {"globalParameters": parameters, "edges": [{"headNodeId": "user_19"}]}
    payload = json.dumps({"version": "v1", "mode": "predict_tail", "data": data})
    runtime = proxy.client("sagemaker-runtime")
    reply = runtime.invoke_endpoint(EndpointName=endpoint, Body=payload)
    (edge,) = json.loads(reply["Body"].read())["output"]["edges"]
    assert [each["inferredValue"] for each in edge["mlResults"]] == right
    assert len(right) == 8


def test_queries_at_the_root_and_operations_do_not_meet(proxy: Proxy, sagemaker: Any) -> None:
    """What stands in the header decides, whatever the database does with the root."""
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.describe_endpoint(EndpointName="nobody")
    with pytest.raises(ClientError, match="SageMaker has DescribeEndpoint"):
        sagemaker.list_training_jobs()
