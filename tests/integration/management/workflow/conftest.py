"""The friends graph from load to prediction, with boto3 alone, on a real S3 server.

Every reply is held to AWS's model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest
from export_service import export
from gremlin_python.driver.client import Client
from managed_proxy import KEYS, Proxy, serving, wait_for
from s3_server import s3_server

from gremlink.proxy.embedded.sample import FRIENDS

REGION = {"s3BucketRegion": "us-east-1", "iamRoleArn": "arn:aws:iam::1:role/any", "format": "csv"}


@pytest.fixture(scope="package")
def storage() -> Iterator[Any]:
    """A real S3 server, its bucket with the sample graph."""
    with (
        s3_server() as address,
        closing(boto3.client("s3", endpoint_url=address, region_name="us-east-1", **KEYS)) as s3,
    ):
        s3.create_bucket(Bucket="bucket")
        for file in FRIENDS.glob("*.csv"):
            s3.upload_file(str(file), "bucket", f"friends/{file.name}")
        yield s3


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def neptune(proxy: Proxy) -> Any:
    return proxy.client()


@pytest.fixture(scope="package")
def bucket() -> str:
    return "s3://bucket"


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def exported(proxy: Proxy, bucket: str, loaded: str) -> str:
    return export(proxy, f"{bucket}/neptune-export")


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
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
    assert ":hyper-parameter-tuning-job/people-" in ended["hpoJob"]["arn"]
    assert ended["hpoJob"]["status"] == ended["modelTransformJob"]["status"] == "Completed"
    return "people"


@pytest.fixture(scope="package")
def endpoint(neptune: Any, trained: str) -> str:
    neptune.create_ml_endpoint(id="people", mlModelTrainingJobId=trained, instanceCount=1)
    ended = wait_for(lambda: neptune.get_ml_endpoint(id="people"), "InService", "Failed")
    assert ended["status"] == "InService", ended
    return str(ended["endpoint"]["name"])
