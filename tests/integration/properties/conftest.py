"""The graph of three teams in the session's server, one deployment for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gremlin_python.driver.client import Client
from three_teams import QUICK, TARGETS, fill

from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.graph import ExportParameters, export_graph
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store
from tests.support.served import served


@pytest.fixture(scope="package")
def address(
    gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A proxy with an endpoint for each of `TARGETS`."""
    directory = tmp_path_factory.mktemp("properties")
    url = gremlin_server.url
    direct = Client(url, "g")
    fill(direct)
    direct.close()
    jobs = [{"name": name, "targets": [target]} for name, (target, _) in TARGETS.items()]
    export_graph(url, directory / "export", parameters=ExportParameters.parse({"jobs": jobs}))
    store = Store(directory / "store")
    for name, (_, model) in TARGETS.items():
        train(
            directory / "export",
            directory / name,
            model=model,
            settings=QUICK,
            configuration=f"{name}.json",
        )
        store.create_endpoint(name, directory / name)
    with served(url, directory / "store") as found:
        yield found


@pytest.fixture(scope="package")
def client(address: str) -> Iterator[Client]:
    client = Client(address, "g")
    yield client
    client.close()
