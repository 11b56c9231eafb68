"""A database behind TLS of a private authority: every part of the API takes the settings."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from api_requests import LOAD
from export_service import export
from managed_proxy import Proxy, serving, wait_for
from tls_front import tls_front

from gremlink.proxy.config import Upstream
from gremlink.proxy.config.tls import client_context
from gremlink.proxy.graph import ConnectionFailed, Server, discover_schema


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def address(authority: trustme.CA, graph_url: str) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    port = urlsplit(graph_url).port
    assert port is not None
    with tls_front(port, context) as front:
        yield f"wss://localhost:{front}/gremlin"


@pytest.fixture(scope="module")
def authorities(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture(scope="module")
def proxy(
    address: str, authorities: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    directory = tmp_path_factory.mktemp("tls")
    settings = {"GREMLINK_UPSTREAM_TLS_AUTHORITIES": str(authorities)}
    with serving(address, directory, settings) as running:
        yield running


def test_load_statistics_export_and_status(proxy: Proxy) -> None:
    neptune: Any = proxy.client()
    neptune.execute_gremlin_query(gremlinQuery="g.V().drop()")
    folder = proxy.store.parent / "s3" / "b" / "load"
    folder.mkdir(parents=True)
    (folder / "v.csv").write_text("~id,~label\na,x\nb,x\n")
    load = neptune.start_loader_job(source="s3://b/load", **LOAD)["payload"]["loadId"]
    ended = wait_for(
        lambda: neptune.get_loader_job_status(loadId=load)["payload"]["overallStatus"],
        "LOAD_COMPLETED",
        "LOAD_FAILED",
    )
    assert ended["status"] == "LOAD_COMPLETED", ended
    neptune.manage_propertygraph_statistics(mode="refresh")
    statistics = neptune.get_propertygraph_statistics()["payload"]
    assert statistics["signatureInfo"]["instanceCount"] == 2
    status = neptune.get_engine_status()
    assert status["gremlin"]["version"].startswith("tinkerpop-3.")
    assert export(proxy, "s3://b/export").startswith("s3://b/export/")


def test_without_the_authority_the_database_is_not_believed(
    address: str, authorities: Path
) -> None:
    with pytest.raises(ConnectionFailed, match="certificate"):
        discover_schema(address)
    upstream = Upstream.model_validate({"url": address, "tls_authorities": authorities})
    discover_schema(Server(address, client_context(upstream)))
