"""Jobs on an object store that is slow, and on one that breaks in the middle of an upload."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from managed_proxy import KEYS, serving, wait_for
from s3_server import s3_server
from teams import write_teams
from unsteady_store import unsteady_store

NOWHERE = "ws://127.0.0.1:9/gremlin"


@pytest.fixture(scope="module")
def storage() -> Iterator[Any]:
    """An S3 server, an export in its bucket."""
    with (
        s3_server() as address,
        closing(boto3.client("s3", endpoint_url=address, region_name="us-east-1", **KEYS)) as s3,
    ):
        s3.create_bucket(Bucket="bucket")
        yield s3


@pytest.fixture(scope="module")
def exported(storage: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = write_teams(
        tmp_path_factory.mktemp("teams"), of_people={"label": ["team", "classification"]}
    )
    for file in directory.iterdir():
        storage.upload_file(str(file), "bucket", f"export/{file.name}")
    return "s3://bucket/export"


@contextmanager
def processing(address: str, exported: str, directory: Path, output: str) -> Iterator[Any]:
    """How a data processing on a store ended."""
    settings = {
        "GREMLINK_STORAGE_S3_FOLDER": "",
        "GREMLINK_STORAGE_S3_ENDPOINT": address,
        "AWS_DEFAULT_REGION": "us-east-1",
        **{name.upper(): value for name, value in KEYS.items()},
    }
    with serving(NOWHERE, directory, settings) as proxy:
        neptune = proxy.client()
        neptune.start_ml_data_processing_job(
            id="data", inputDataS3Location=exported, processedDataS3Location=f"s3://bucket/{output}"
        )
        yield wait_for(lambda: neptune.get_ml_data_processing_job(id="data"), "Completed", "Failed")


def objects(storage: Any, prefix: str) -> list[str]:
    found = storage.list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", [])
    return [each["Key"] for each in found]


def test_a_slow_store_is_waited_for(storage: Any, exported: str, tmp_path: Path) -> None:
    with (
        unsteady_store(storage.meta.endpoint_url, delay=0.1) as address,
        processing(address, exported, tmp_path, "slow") as ended,
    ):
        assert ended["status"] == "Completed", ended
    assert any(key.endswith("/model-hpo-configuration.json") for key in objects(storage, "slow/"))


def test_an_upload_that_breaks_is_reported_and_leaves_no_half_artifact(
    storage: Any, exported: str, tmp_path: Path
) -> None:
    with (
        unsteady_store(storage.meta.endpoint_url, takes=2) as address,
        processing(address, exported, tmp_path, "broken") as ended,
    ):
        assert ended["status"] == "Failed", ended
        assert "s3://bucket/broken/" in ended["processingJob"]["failureReason"]
        assert "We encountered an error" in ended["processingJob"]["failureReason"]
    assert objects(storage, "broken/") == []
