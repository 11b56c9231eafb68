"""AWS's notebook magics, from load to prediction, in the order of a notebook."""

from __future__ import annotations

import json

import pytest
from notebook_kernel import Kernel

HENRY = """g.with("Neptune#ml.endpoint","${endpoint}").with("Neptune#ml.limit",8).
  V().has("name","Henry").out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")
"""
SERVICE = "--export-url {export_url} --export-no-ssl"
EXPORT = {
    "command": "export-pg",
    "params": {"endpoint": "localhost", "profile": "neptune_ml", "cloneCluster": False},
    "outputS3Path": "s3://bucket/neptune-export",
    "additionalParams": {"neptune_ml": {"version": "v2.0"}},
    "jobSize": "medium",
}


@pytest.fixture(scope="module")
def loaded(kernel: Kernel) -> str:
    kernel.run("%load -s s3://bucket/friends -f csv -p OVERSUBSCRIBE --run --store-to load")
    ids = kernel.run("%load_ids --store-to ids", "ids")
    id = ids["payload"]["loadIds"][0]
    assert kernel.run("%%gremlin --store-to count\ng.V().count()", "count") == [20]
    return str(id)


@pytest.fixture(scope="module")
def exported(kernel: Kernel, loaded: str) -> str:
    kernel.run(f"export_params = {EXPORT!r}")
    started = f"%%neptune_ml export start {SERVICE} --wait --store-to export_results"
    found = kernel.run(f"{started}\n${{export_params}}", "export_results")
    assert found["status"] == "succeeded", found
    return str(found["outputS3Uri"])


@pytest.fixture(scope="module")
def processed(kernel: Kernel, exported: str) -> str:
    kernel.run(
        'params = f"""--config-file-name training-data-configuration.json --job-id friends\n'
        "--s3-input-uri {export_results['outputS3Uri']}\n"
        '--s3-processed-uri s3://bucket/preloading"""'
    )
    started = "%neptune_ml dataprocessing start --wait --store-to results {params}"
    found = kernel.run(started, "results")
    assert found["status"] == "Completed", found
    return "friends"


@pytest.fixture(scope="module")
def trained(kernel: Kernel, processed: str) -> str:
    found = kernel.run(
        f"%neptune_ml training start --wait --store-to results --job-id friends "
        f"--data-processing-id {processed} --instance-type ml.g5.2xlarge "
        "--s3-output-uri s3://bucket/training --max-hpo-number 2 --max-hpo-parallel 2",
        "results",
    )
    assert found["status"] == "Completed", found
    return "friends"


@pytest.fixture(scope="module")
def endpoint(kernel: Kernel, trained: str) -> str:
    found = kernel.run(
        "%neptune_ml endpoint create --wait --store-to endpoint_results --id friends "
        f"--model-training-job-id {trained}",
        "endpoint_results",
    )
    assert found["status"] == "InService", found
    return str(kernel.run("endpoint = endpoint_results['endpoint']['name']", "endpoint"))


def test_the_prediction(kernel: Kernel, endpoint: str) -> None:
    found = kernel.run(f"%%gremlin --store-to names\n{HENRY}", "names")
    assert len(found) == 8
    assert found[0] == "Bill"


def test_over_http(kernel: Kernel, endpoint: str) -> None:
    found = kernel.run(f"%%gremlin -cp http --store-to names\n{HENRY}", "names")
    assert found[0] == "Bill"


@pytest.mark.parametrize(("mode", "title"), [("explain", "Explain"), ("profile", "Profile")])
def test_explain_and_profile(kernel: Kernel, endpoint: str, mode: str, title: str) -> None:
    found = kernel.run(f"%%gremlin {mode} --store-to text\n{HENRY}", "text")
    assert f"Neptune Gremlin {title}" in found


def test_status(kernel: Kernel) -> None:
    assert kernel.run("%status --store-to found", "found")["status"] == "healthy"
    assert kernel.run("%gremlin_status --store-to found", "found")["queries"] == []


def test_statistics(kernel: Kernel, loaded: str) -> None:
    kernel.run("%statistics -m refresh")
    found = kernel.run("%statistics --store-to found", "found")
    assert found["payload"]["signatureInfo"]["instanceCount"] == 20
    found = kernel.run("%summary --detailed --store-to found", "found")
    assert found["payload"]["graphSummary"]["numEdges"] == 25


def test_load_status(kernel: Kernel, loaded: str) -> None:
    found = kernel.run(f"%load_status {loaded} --details --store-to found", "found")
    assert found["payload"]["overallStatus"]["status"] == "LOAD_COMPLETED"


@pytest.mark.parametrize("kind", ["dataprocessing", "training"])
def test_job_status(kernel: Kernel, trained: str, kind: str) -> None:
    found = kernel.run(f"%neptune_ml {kind} status --job-id friends --store-to found", "found")
    assert found["status"] == "Completed"


def test_endpoint_status(kernel: Kernel, endpoint: str) -> None:
    found = kernel.run(f"%neptune_ml endpoint status --id {endpoint} --store-to found", "found")
    assert found["endpoint"]["name"] == endpoint


def test_export_status(kernel: Kernel, exported: str) -> None:
    job = "{export_results['jobId']}"
    found = kernel.run(f"%neptune_ml export status {SERVICE} --job-id {job} --store-to f", "f")
    assert found["outputS3Uri"] == exported


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


def test_modeltransform(kernel: Kernel) -> None:
    assert "ids" in kernel.run("%neptune_ml modeltransform list --store-to found", "found")
    kernel.run("%neptune_ml modeltransform status --job-id none")
    assert "404" in kernel.run("1", "str(graph_notebook_error)")
    kernel.run("%neptune_ml modeltransform stop --job-id none")
    assert "404" in kernel.run("1", "str(graph_notebook_error)")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dataprocessing status --job-id none", "404"),
        ("training status --job-id none", "404"),
        ("endpoint status --id none", "404"),
        ("training start --job-id x --data-processing-id none --s3-output-uri s3://b/x", "404"),
        ("dataprocessing start --s3-input-uri /etc --s3-processed-uri s3://b/x", "400"),
    ],
)
def test_what_is_wrong_is_shown(kernel: Kernel, line: str, said: str) -> None:
    kernel.run("graph_notebook_error = None")
    kernel.run(f"%neptune_ml {line}")
    assert said in kernel.run("1", "str(graph_notebook_error)")


def test_a_load_that_fails_is_told(kernel: Kernel) -> None:
    kernel.run("%load -s s3://bucket/nothing -f csv --run --store-to found")
    assert "S3Exception" in kernel.run("1", "str(found)")


def test_seed(kernel: Kernel) -> None:
    before = kernel.run("%%gremlin --store-to count\ng.V().count()", "count")
    text = kernel.run(
        "%seed --model propertygraph --language gremlin --dataset games-social-graph --run"
    )
    assert "Done." in text
    after = kernel.run("%%gremlin --store-to count\ng.V().count()", "count")
    assert after[0] - before[0] == 100
