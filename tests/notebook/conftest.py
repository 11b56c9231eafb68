"""A proxy, and a notebook kernel with graph-notebook in front of it; `make notebooks` runs this.

The kernel lives in an environment of its own, named by NOTEBOOK_PYTHON. Without that
nothing here is collected.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from managed_proxy import Proxy, serving
from notebook_kernel import PYTHON, Kernel

from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
from gremlink.proxy.embedded.sample import FRIENDS

SERVICE = "--export-url {export_url} --export-no-ssl"
EXPORT = {
    "command": "export-pg",
    "params": {"endpoint": "localhost", "profile": "neptune_ml", "cloneCluster": False},
    "outputS3Path": "s3://bucket/neptune-export",
    "additionalParams": {"neptune_ml": {"version": "v2.0"}},
    "jobSize": "medium",
}

collect_ignore_glob = [] if PYTHON else ["test_*"]


@pytest.fixture(scope="session")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """In front of a server of its own; a folder stands for S3, its bucket with the sample graph."""
    directory = tmp_path_factory.mktemp("notebook")
    target = directory / "s3" / "bucket" / "friends"
    shutil.copytree(FRIENDS, target, ignore=shutil.ignore_patterns("__*"))
    with (
        EmbeddedServer(port=0, jvm_options=QUICK_TO_START) as server,
        serving(server.url, directory, {"GREMLINK_JOBS_STATUS_WAIT": "60"}) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def kernel(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A notebook that is configured for the proxy, as docs/notebook.md tells."""
    running = Kernel(tmp_path_factory.mktemp("kernel") / "home")
    port = int(proxy.address.rpartition(":")[2])
    configuration = {
        "host": "localhost",
        "neptune_service": "neptune-db",
        "port": port,
        "ssl": False,
        "auth_mode": "DEFAULT",
        "aws_region": "us-east-1",
        "load_from_s3_arn": "arn:aws:iam::000000000000:role/local",
        "gremlin": {"traversal_source": "g"},
    }
    try:
        running.run("%load_ext graph_notebook.magics")
        running.run("%%neptune_config_allowlist\nlocalhost", error="neptune")
        running.run(f"%%graph_notebook_config\n{json.dumps(configuration)}")
        running.run(f"export_url = 'localhost:{port}/v1'")
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def loaded(kernel: Kernel) -> str:
    kernel.run("%load -s s3://bucket/friends -f csv -p OVERSUBSCRIBE --run --store-to load")
    ids = kernel.run("%load_ids --store-to ids", "ids")
    id = ids["payload"]["loadIds"][0]
    assert kernel.run("%%gremlin --store-to count\ng.V().count()", "count") == [20]
    return str(id)


@pytest.fixture(scope="session")
def exported(kernel: Kernel, loaded: str) -> str:
    kernel.run(f"export_params = {EXPORT!r}")
    started = f"%%neptune_ml export start {SERVICE} --wait --store-to export_results"
    found = kernel.run(f"{started}\n${{export_params}}", "export_results")
    assert found["status"] == "succeeded", found
    return str(found["outputS3Uri"])


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def trained(kernel: Kernel, processed: str) -> str:
    found = kernel.run(
        f"%neptune_ml training start --wait --store-to results --job-id friends "
        f"--data-processing-id {processed} --instance-type ml.g5.2xlarge "
        "--s3-output-uri s3://bucket/training --max-hpo-number 2 --max-hpo-parallel 2",
        "results",
    )
    assert found["status"] == "Completed", found
    return "friends"


@pytest.fixture(scope="session")
def endpoint(kernel: Kernel, trained: str) -> str:
    found = kernel.run(
        "%neptune_ml endpoint create --wait --store-to endpoint_results --id friends "
        f"--model-training-job-id {trained}",
        "endpoint_results",
    )
    assert found["status"] == "InService", found
    return str(kernel.run("endpoint = endpoint_results['endpoint']['name']", "endpoint"))
