"""A proxy that is killed or stopped while a training runs, and a training that is cancelled."""

from __future__ import annotations

import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from managed_proxy import KEYS, Proxy, serving, wait_for
from s3_server import bad_store
from teams import write_teams

from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.jobs import JobRecords, State

NOWHERE = "ws://127.0.0.1:9/gremlin"
QUICK = TrainingSettings(epochs=2, width=4, folds=2, networks=1, threads=1)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A store in which the processing `data` has completed."""
    export = tmp_path / "s3" / "bucket" / "export"
    write_teams(export, of_people={"label": ["team", "classification"]})
    records = JobRecords(tmp_path / "store")
    job = records.add("dataprocessing", "data", {}, outputs=["s3://bucket/export"])
    records.end(job.number, State.COMPLETED, result={"task": "classification"})
    return tmp_path


@pytest.fixture
def training(directory: Path) -> Iterator[Proxy]:
    """A proxy with a training `long` that runs, and one `next` that waits for its turn."""
    with serving(NOWHERE, directory, {"GREMLINK_JOBS_RUNNING": "1"}) as proxy:
        neptune = proxy.client()
        for id in ("long", "next"):
            neptune.start_ml_model_training_job(
                id=id, dataProcessingJobId="data", trainModelS3Location="s3://bucket/trained"
            )
        job = JobRecords(proxy.store).job("modeltraining", "long")
        assert job is not None
        deadline = time.monotonic() + 60
        while not job.log.exists() or "trying the output" not in job.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield proxy


def child(proxy: Proxy) -> psutil.Process:
    job = JobRecords(proxy.store).job("modeltraining", "long")
    assert job is not None
    assert job.pid is not None
    return psutil.Process(job.pid)


def left(directory: Path) -> list[str]:
    """What there is below the output of trainings."""
    trained = directory / "s3" / "bucket" / "trained"
    return [path.name for path in trained.rglob("*")] if trained.exists() else []


def test_a_killed_proxy_leaves_no_job_stuck_and_no_process(
    training: Proxy, directory: Path
) -> None:
    process = child(training)
    training.process.kill()
    training.process.wait()
    _, alive = psutil.wait_procs([process], timeout=60)
    assert not alive
    with serving(NOWHERE, directory, {"GREMLINK_JOBS_RUNNING": "1"}) as again:
        neptune = again.client()
        job: Any = neptune.get_ml_model_training_job(id="long")
        assert job["status"] == "Failed"
        assert "gremlink ended while the job was running" in job["processingJob"]["failureReason"]
        kept = neptune.get_ml_data_processing_job(id="data")
        assert kept["status"] == "Completed"
        assert left(directory) == []
        assert neptune.get_ml_model_training_job(id="next")["status"] == "InProgress"
        assert neptune.list_ml_model_training_jobs()["ids"] == ["next", "long"]


def test_an_endpoint_comes_back_loaded(directory: Path) -> None:
    """After a kill, before anybody has asked it."""
    made = directory / "s3" / "bucket" / "model"
    export = write_teams(directory / "links")
    train(export, made, model="popularity", settings=QUICK)
    records = JobRecords(directory / "store")
    job = records.add("modeltraining", "quick", {}, outputs=["s3://bucket/model"])
    records.end(job.number, State.COMPLETED, result={})
    with serving(NOWHERE, directory) as proxy:
        neptune = proxy.client()
        neptune.create_ml_endpoint(id="people", mlModelTrainingJobId="quick")
        wait_for(lambda: neptune.get_ml_endpoint(id="people"), "InService")
        proxy.process.kill()
        proxy.process.wait()
    with serving(NOWHERE, directory) as again:
        assert again.client().get_ml_endpoint(id="people")["status"] == "InService"
        deadline = time.monotonic() + 60
        while 'gremlink_model_info{endpoint="people"' not in figures(again):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def figures(proxy: Proxy) -> str:
    with urllib.request.urlopen(f"{proxy.address}/metrics", timeout=10) as response:
        return str(response.read().decode())


def test_a_stopped_proxy_ends_its_jobs(training: Proxy, directory: Path) -> None:
    process = child(training)
    training.process.send_signal(signal.SIGTERM)
    assert training.process.wait(timeout=60) == 0
    assert not process.is_running()
    job = JobRecords(training.store).job("modeltraining", "long")
    assert job is not None
    assert "gremlink was stopped" in job.reason
    assert left(directory) == []


def test_a_cancelled_training_ends_within_seconds(training: Proxy, directory: Path) -> None:
    neptune = training.client()
    process = child(training)
    before = time.monotonic()
    assert neptune.cancel_ml_model_training_job(id="long", clean=True)["status"] == "200 OK"
    job = wait_for(lambda: neptune.get_ml_model_training_job(id="long"), "Stopped")
    assert time.monotonic() - before < 60
    assert job["processingJob"]["failureReason"] == "it was cancelled"
    assert not psutil.pid_exists(process.pid) or process.status() == psutil.STATUS_ZOMBIE
    assert [name for name in left(directory) if name.startswith("long")] == []
    neptune.cancel_ml_model_training_job(id="next")


def test_a_job_that_waits_for_a_silent_store_is_cancelled_within_seconds(tmp_path: Path) -> None:
    with bad_store(b"") as address:
        settings = {
            "GREMLINK_STORAGE_S3_FOLDER": "",
            "GREMLINK_STORAGE_S3_ENDPOINT": address,
            "AWS_DEFAULT_REGION": "us-east-1",
            **{name.upper(): value for name, value in KEYS.items()},
        }
        with serving(NOWHERE, tmp_path, settings) as proxy:
            neptune = proxy.client()
            neptune.start_ml_data_processing_job(
                id="slow", inputDataS3Location="s3://b/in", processedDataS3Location="s3://b/out"
            )
            job = JobRecords(proxy.store).job("dataprocessing", "slow")
            assert job is not None
            deadline = time.monotonic() + 60
            while not job.log.exists() or "trying the output" not in job.log.read_text():
                assert time.monotonic() < deadline
                time.sleep(0.1)
            before = time.monotonic()
            neptune.cancel_ml_data_processing_job(id="slow")
            wait_for(lambda: neptune.get_ml_data_processing_job(id="slow"), "Stopped")
            assert time.monotonic() - before < 60
