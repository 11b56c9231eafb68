"""Every sub-command of `%neptune_ml`: line and cell form, waiting, wrong arguments."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from notebook_kernel import Kernel

SERVICE = "--export-url {export_url} --export-no-ssl"
NO_ERROR = "graph_notebook_error = None"


def error_of(kernel: Kernel, cell: str) -> str:
    """What a magic has to say of what went wrong."""
    kernel.run(NO_ERROR)
    text = kernel.run(cell)
    return text + str(kernel.run("1", "str(graph_notebook_error)"))


# Cells --------------------------------------------------------------------------------------------


def test_cells_with_json(kernel: Kernel, exported: str) -> None:
    body = {
        "dataprocessing": {
            "id": "cell",
            "inputDataS3Location": exported,
            "processedDataS3Location": "s3://bucket/preloading",
            "wait_interval": 1,
            "wait_timeout": 120,
        }
    }
    magic = "%%neptune_ml dataprocessing start --wait --store-to found"
    assert kernel.run(f"{magic}\n{json.dumps(body)}", "found")["status"] == "Completed"
    body = {
        "training": {
            "id": "cell",
            "dataProcessingJobId": "cell",
            "trainModelS3Location": "s3://bucket/training",
            "modelName": "popularity",
            "wait_interval": 1,
        }
    }
    magic = "%%neptune_ml training start --wait --store-to found"
    assert kernel.run(f"{magic}\n{json.dumps(body)}", "found")["status"] == "Completed"
    body = {"endpoint": {"id": "cell", "mlModelTrainingJobId": "cell", "wait_interval": 1}}
    magic = "%%neptune_ml endpoint create --wait --store-to found"
    assert kernel.run(f"{magic}\n{json.dumps(body)}", "found")["status"] == "InService"


@pytest.fixture(scope="module")
def transformed(kernel: Kernel, trained: str) -> str:
    """A transform of the data that the model was trained on; nothing is new in it."""
    found = kernel.run(
        "%neptune_ml modeltransform start --wait --store-to found --job-id line "
        "--s3-output-uri s3://bucket/transforms --data-processing-job-id friends "
        "--model-training-job-id friends",
        "found",
    )
    assert found["status"] == "Completed", found
    return "line"


def test_a_transform_in_a_cell(kernel: Kernel, trained: str) -> None:
    model = kernel.run("%neptune_ml training status --job-id friends --store-to f", "f")
    body = {
        "modeltransform": {
            "id": "cell",
            "trainingJobName": model["mlModels"][0]["name"],
            "modelTransformOutputS3Location": "s3://bucket/transforms",
        }
    }
    magic = "%%neptune_ml modeltransform start --wait --store-to found"
    found = kernel.run(f"{magic}\n{json.dumps(body)}", "found")
    assert found["status"] == "Completed", found
    assert found["models"]


# Lines --------------------------------------------------------------------------------------------


def test_list_stop_and_status_of_transforms(kernel: Kernel, transformed: str) -> None:
    found = kernel.run("%neptune_ml modeltransform list --max-items 5 --store-to found", "found")
    assert transformed in found["ids"]
    for wait in ("", "--wait"):
        line = f"%neptune_ml modeltransform status --job-id {transformed} {wait} --store-to found"
        assert kernel.run(line, "found")["status"] == "Completed"
    line = f"%neptune_ml modeltransform stop --job-id {transformed} --clean --store-to found"
    assert "Job cancelled" in kernel.run(line, "found")


def test_an_endpoint_of_a_transform_and_its_update(kernel: Kernel, transformed: str) -> None:
    for model, update in (("transform", ""), ("training", "--update")):
        name = transformed if model == "transform" else "friends"
        found = kernel.run(
            f"%neptune_ml endpoint create --wait --wait-interval 1 --store-to found --id other "
            f"--model-{model}-job-id {name} {update} --instance-count 1",
            "found",
        )
        assert (found["status"], found["endpoint"]["name"]) == ("InService", "other")


@pytest.mark.parametrize(
    ("line", "final"),
    [
        ("dataprocessing status --job-id friends", "Completed"),
        ("training status --job-id friends", "Completed"),
        ("endpoint status --id friends", "InService"),
        (f"export status {SERVICE} --job-id {{export_results['jobId']}}", "succeeded"),
    ],
)
@pytest.mark.parametrize("wait", ["", "--wait --wait-interval 1"])
def test_status(kernel: Kernel, endpoint: str, line: str, final: str, wait: str) -> None:
    found = kernel.run(f"%neptune_ml {line} {wait} --store-to found", "found")
    assert found["status"] == final


def test_starts_that_nobody_waits_for(kernel: Kernel, exported: str) -> None:
    found = kernel.run(
        f"%%neptune_ml export start {SERVICE} --store-to found\n${{export_params}}", "found"
    )
    assert found["jobId"]
    found = kernel.run(
        "%neptune_ml dataprocessing start --store-to found --s3-input-uri "
        f"{exported} --s3-processed-uri s3://bucket/preloading --model-type kge "
        "--instance-type ml.r5.large --prev-job-id friends --subnets subnet-1",
        "found",
    )
    id = found["id"]
    assert len(id) == 36
    status = f"%neptune_ml dataprocessing status --job-id {id} --wait --store-to found"
    assert kernel.run(status, "found")["status"] == "Completed"
    found = kernel.run(
        f"%neptune_ml training start --store-to found --data-processing-id {id} --prev-job-id "
        "friends --s3-output-uri s3://bucket/training --max-hpo-number 1 --max-hpo-parallel 1 "
        "--model_name popularity",
        "found",
    )
    status = f"%neptune_ml training status --job-id {found['id']} --wait --store-to found"
    ended = kernel.run(status, "found")
    assert ended["status"] == "Completed", ended


def test_an_endpoint_without_an_id(kernel: Kernel, trained: str) -> None:
    """The magic then sends a sentence of its help as the id."""
    found = kernel.run(
        f"%neptune_ml endpoint create --store-to found --model-training-job-id {trained}", "found"
    )
    assert found["id"].startswith("endpoint-")


# What is wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dataprocessing status --job-id none", "404"),
        ("training status --job-id none", "404"),
        ("endpoint status --id none", "404"),
        ("modeltransform status --job-id none", "404"),
        ("modeltransform stop --job-id none", "404"),
        (f"export status {SERVICE} --job-id none", "404"),
        ("training start --job-id x --data-processing-id none --s3-output-uri s3://b/x", "404"),
        ("dataprocessing start --s3-input-uri /etc --s3-processed-uri s3://b/x", "400"),
        ("dataprocessing start --job-id friends --s3-input-uri s3://b/x "
         "--s3-processed-uri s3://b/x", "400"),
        ("modeltransform start --job-id x --s3-output-uri s3://b/x --data-processing-job-id none "
         "--model-training-job-id friends", "404"),
        ("modeltransform start --job-id x --s3-output-uri s3://b/x --training-job-name none",
         "404"),
        ("endpoint create --id x --model-transform-job-id none", "404"),
        ("endpoint create --id none --update --model-training-job-id friends", "404"),
    ],
)  # fmt: skip
def test_what_the_proxy_refuses_is_shown(
    kernel: Kernel, endpoint: str, line: str, said: str
) -> None:
    assert said in error_of(kernel, f"%neptune_ml {line}")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%neptune_ml dataprocessing list", "invalid choice"),
        ("%neptune_ml training stop --job-id x", "invalid choice"),
        ("%neptune_ml nothing", "invalid choice"),
        ("%neptune_ml modeltransform status", "--job-id"),
        ("%neptune_ml training start --max-hpo-number many", "invalid int"),
    ],
)
def test_what_the_magic_refuses_itself(kernel: Kernel, cell: str, said: str) -> None:
    """And sends nothing: there is no new job."""
    listed = "%neptune_ml modeltransform list --store-to found"
    before = kernel.run(listed, "found")
    kernel.run(cell, error=said)
    assert kernel.run(listed, "found") == before


def test_an_export_without_a_body(kernel: Kernel) -> None:
    found = kernel.run(f"%neptune_ml export start {SERVICE} --store-to found", "found")
    assert "json payload" in found


def test_a_variable_that_there_is_not(kernel: Kernel) -> None:
    text = kernel.run(f"%%neptune_ml export start {SERVICE}\n${{not_there}}")
    assert "undefined variable" in text


def test_a_wrong_field_is_named(kernel: Kernel, exported: str) -> None:
    body = {
        "dataprocessing": {
            "inputDataS3Location": exported,
            "processedDataS3Location": "s3://bucket/x",
            "configFilename": "other.json",
        }
    }
    assert "400" in error_of(kernel, f"%%neptune_ml dataprocessing start\n{json.dumps(body)}")
    said: Any = kernel.run("1", "graph_notebook_error.response.text")
    assert "did you mean configFileName?" in said


def test_a_wait_that_is_too_long_ends(kernel: Kernel, exported: str) -> None:
    """The magic asks once; the proxy answers when the job has ended, or `status_wait` is over."""
    begun = time.monotonic()
    found = kernel.run(
        "%neptune_ml dataprocessing start --wait --wait-interval 1 --wait-timeout 0 "
        f"--job-id hurried --s3-input-uri {exported} --s3-processed-uri s3://bucket/x "
        "--store-to found",
        "found",
    )
    assert found is None
    assert time.monotonic() - begun < 60
