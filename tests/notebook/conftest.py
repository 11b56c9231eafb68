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

from proxy.embedded import QUICK_TO_START, EmbeddedServer
from proxy.embedded.sample import FRIENDS

collect_ignore_glob = [] if PYTHON else ["test_*"]


@pytest.fixture(scope="session")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """In front of a server of its own; a folder stands for S3, its bucket with the sample graph."""
    directory = tmp_path_factory.mktemp("notebook")
    target = directory / "s3" / "bucket" / "friends"
    shutil.copytree(FRIENDS, target, ignore=shutil.ignore_patterns("__*"))
    with (
        EmbeddedServer(port=0, jvm_options=QUICK_TO_START) as server,
        serving(server.url, directory, {"GREMLINK_JOBS_STATUS_WAIT": "30"}) as running,
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
