"""The friends graph from load to prediction, with boto3 alone, on a real S3 server.

Every reply is held to AWS's model.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from gremlin_python.driver.client import Client
from managed_proxy import KEYS, Proxy, serving, wait_for
from s3_server import s3_server

from proxy.embedded.sample import FRIENDS

pytestmark = pytest.mark.integration

QUESTION = """g.with("Neptune#ml.endpoint", "people").with("Neptune#ml.limit", 8).
  V().hasLabel("User").has("name", "Henry").
  out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")"""
REGION = {"s3BucketRegion": "us-east-1", "iamRoleArn": "arn:aws:iam::1:role/any", "format": "csv"}


def post(url: str, document: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(document).encode(), method="POST")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def fetch(url: str) -> Any:
    with urllib.request.urlopen(url) as response:
        return json.load(response)


@pytest.fixture(scope="module")
def storage() -> Iterator[Any]:
    """A real S3 server, its bucket with the sample graph."""
    with s3_server() as address:
        s3 = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **KEYS)
        s3.create_bucket(Bucket="bucket")
        for file in FRIENDS.glob("*.csv"):
            s3.upload_file(str(file), "bucket", f"friends/{file.name}")
        yield s3


@pytest.fixture(scope="module")
def proxy(
    storage: Any, graph_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    settings = {
        "GREMLINK_STORAGE_S3_FOLDER": "",
        "AWS_ENDPOINT_URL_S3": storage.meta.endpoint_url,
        "AWS_DEFAULT_REGION": "us-east-1",
        **{name.upper(): value for name, value in KEYS.items()},
    }
    with serving(graph_url, tmp_path_factory.mktemp("workflow"), settings) as running:
        yield running


@pytest.fixture(scope="module")
def neptune(proxy: Proxy) -> Any:
    return proxy.client()


@pytest.fixture(scope="module")
def bucket() -> str:
    return "s3://bucket"


@pytest.fixture(scope="module")
def loaded(neptune: Any, bucket: str, graph_url: str) -> str:
    client = Client(graph_url, "g")
    client.submit("g.V().drop().iterate()").all().result()
    client.close()
    started = neptune.start_loader_job(source=f"{bucket}/friends", failOnError=True, **REGION)
    assert started["status"] == "200 OK"
    id = started["payload"]["loadId"]
    status = wait_for(
        lambda: neptune.get_loader_job_status(loadId=id)["payload"]["overallStatus"],
        "LOAD_COMPLETED",
        "LOAD_FAILED",
    )
    assert status["status"] == "LOAD_COMPLETED", status
    assert status["totalRecords"] == 45
    return id


@pytest.fixture(scope="module")
def exported(proxy: Proxy, bucket: str, loaded: str) -> str:
    service = f"{proxy.address}/v1/neptune-export"
    body = {
        "command": "export-pg",
        "outputS3Path": f"{bucket}/neptune-export",
        "params": {"endpoint": "nowhere.example", "profile": "neptune_ml", "cloneCluster": False},
        "additionalParams": {"neptune_ml": {"version": "v2.0", "targets": [], "features": []}},
        "jobSize": "medium",
    }
    started = post(service, body)
    assert started["jobName"].startswith("neptune-export-")
    ended = wait_for(
        lambda: fetch(f"{service}/{started['jobId']}"), "succeeded", "failed", seconds=60
    )
    assert ended["status"] == "succeeded", ended
    return str(ended["outputS3Uri"])


@pytest.fixture(scope="module")
def processed(neptune: Any, bucket: str, exported: str) -> str:
    started = neptune.start_ml_data_processing_job(
        id="people",
        inputDataS3Location=exported,
        processedDataS3Location=f"{bucket}/preloading",
        configFileName="training-data-configuration.json",
        processingInstanceType="ml.r5.large",
        subnets=["subnet-1"],
    )
    assert started["id"] == "people"
    assert started["arn"].startswith("arn:aws:")
    assert started["creationTimeInMillis"] > 0
    ended = wait_for(lambda: neptune.get_ml_data_processing_job(id="people"), "Completed", "Failed")
    assert ended["status"] == "Completed", ended
    assert ended["processingJob"]["outputLocation"].startswith(f"{bucket}/preloading/people-")
    return "people"


@pytest.fixture(scope="module")
def trained(neptune: Any, bucket: str, processed: str) -> str:
    neptune.start_ml_model_training_job(
        id="people",
        dataProcessingJobId=processed,
        trainModelS3Location=f"{bucket}/training",
        maxHPONumberOfTrainingJobs=2,
        trainingInstanceType="ml.g5.2xlarge",
    )
    ended = wait_for(lambda: neptune.get_ml_model_training_job(id="people"), "Completed", "Failed")
    assert ended["status"] == "Completed", ended
    assert [model["name"] for model in ended["mlModels"]] == [ended["processingJob"]["name"]]
    return "people"


@pytest.fixture(scope="module")
def endpoint(neptune: Any, trained: str) -> str:
    neptune.create_ml_endpoint(id="people", mlModelTrainingJobId=trained, instanceCount=1)
    ended = wait_for(lambda: neptune.get_ml_endpoint(id="people"), "InService", "Failed")
    assert ended["status"] == "InService", ended
    return str(ended["endpoint"]["name"])


def names(reply: Any) -> list[str]:
    data = reply["result"]["data"]
    return list(data["@value"])


def test_the_prediction_is_there(neptune: Any, endpoint: str) -> None:
    reply = neptune.execute_gremlin_query(gremlinQuery=QUESTION.replace("people", endpoint))
    assert reply["status"]["code"] == 200
    found = names(reply)
    assert len(found) == 8
    assert "Henry" not in found
    assert "Bill" in found


def test_the_artifact_carries_its_figures(neptune: Any, storage: Any, trained: str) -> None:
    job = neptune.get_ml_model_training_job(id=trained)["processingJob"]
    folder = job["outputLocation"].removeprefix("s3://bucket/")
    found = storage.get_object(Bucket="bucket", Key=f"{folder}/eval_metrics_info.json")
    figures = json.load(found["Body"])
    assert 0 < figures["metrics"]["mrr"] <= 1
    assert figures["best alone"]


def test_an_endpoint_is_updated_without_a_gap(neptune: Any, endpoint: str, trained: str) -> None:
    neptune.create_ml_endpoint(id=endpoint, mlModelTrainingJobId=trained, update=True)
    statuses = set()
    while True:
        assert len(names(neptune.execute_gremlin_query(gremlinQuery=QUESTION))) == 8
        statuses.add(neptune.get_ml_endpoint(id=endpoint)["status"])
        if "InService" in statuses:
            break
    assert statuses <= {"Updating", "InService"}


def test_a_later_export_is_processed_by_the_earlier_encodings(
    neptune: Any, bucket: str, exported: str, processed: str
) -> None:
    neptune.start_ml_data_processing_job(
        id="later",
        inputDataS3Location=exported,
        processedDataS3Location=f"{bucket}/preloading",
        previousDataProcessingJobId=processed,
    )
    ended = wait_for(lambda: neptune.get_ml_data_processing_job(id="later"), "Completed", "Failed")
    assert ended["status"] == "Completed", ended
    neptune.cancel_ml_data_processing_job(id="later", clean=True)


def test_lists_have_the_ids_and_their_number_is_limited(
    neptune: Any, endpoint: str, trained: str
) -> None:
    assert neptune.list_ml_data_processing_jobs()["ids"] == ["people"]
    assert neptune.list_ml_model_training_jobs(maxItems=5)["ids"] == ["people"]
    assert neptune.list_ml_model_transform_jobs()["ids"] == []
    assert neptune.list_ml_endpoints()["ids"] == ["people"]
    assert neptune.list_loader_jobs(limit=1)["payload"]["loadIds"]


def test_a_second_endpoint_is_deleted_and_gone(neptune: Any, trained: str) -> None:
    made = neptune.create_ml_endpoint(mlModelTrainingJobId=trained)
    wait_for(lambda: neptune.get_ml_endpoint(id=made["id"]), "InService", "Failed")
    assert made["id"] in neptune.list_ml_endpoints()["ids"]
    assert neptune.delete_ml_endpoint(id=made["id"], clean=True)["status"] == "200 OK"
    with pytest.raises(neptune.exceptions.MLResourceNotFoundException):
        neptune.get_ml_endpoint(id=made["id"])
    assert made["id"] not in neptune.list_ml_endpoints()["ids"]


def test_explain_and_profile(neptune: Any, endpoint: str) -> None:
    explained = neptune.execute_gremlin_explain_query(gremlinQuery=QUESTION)["output"].read()
    assert b"Neptune Gremlin Explain" in explained
    profiled = neptune.execute_gremlin_profile_query(gremlinQuery=QUESTION, results=True)
    assert b"Neptune Gremlin Profile" in profiled["output"].read()


def test_status(neptune: Any) -> None:
    status = neptune.get_engine_status()
    assert status["status"] == "healthy"
    assert status["gremlin"]["version"].startswith("tinkerpop-3.7")
    assert status["role"] == "writer"


def test_statistics_and_summary(neptune: Any, loaded: str) -> None:
    refreshed = neptune.manage_propertygraph_statistics(mode="refresh")
    found = neptune.get_propertygraph_statistics()["payload"]
    assert found["statisticsId"] == refreshed["payload"]["statisticsId"]
    assert found["signatureInfo"]["instanceCount"] == 20
    summary = neptune.get_propertygraph_summary(mode="detailed")["payload"]["graphSummary"]
    assert (summary["numNodes"], summary["numEdges"]) == (20, 25)
    assert summary["edgeLabels"] == ["FRIEND"]
    assert summary["nodeStructures"][0]["distinctOutgoingEdgeLabels"] == ["FRIEND"]
    assert {"name": 20} in summary["nodeProperties"]


def test_deleted_statistics_are_not_available(neptune: Any, loaded: str) -> None:
    assert neptune.delete_propertygraph_statistics()["payload"]["active"] is False
    with pytest.raises(neptune.exceptions.StatisticsNotAvailableException):
        neptune.get_propertygraph_statistics()
    neptune.manage_propertygraph_statistics(mode="enableAutoCompute")
    assert neptune.get_propertygraph_statistics()["payload"]["autoCompute"] is True
