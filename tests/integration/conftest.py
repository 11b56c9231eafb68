"""One real Gremlin Server for the whole test session, and one of the newest version for those tests
that ask for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from gremlin_python.driver.client import Client

from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer

NEWEST = ("org.apache.tinkerpop:gremlin-server:3.8.1", "ch.qos.logback:logback-classic:1.2.13")


@pytest.fixture(scope="module", autouse=True)
def nothing_stays_open() -> Iterator[None]:
    """What a module leaves open warns in its own last test, not in whichever one comes after."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def gremlin_server() -> Iterator[EmbeddedServer]:
    """A server on a free port with a graph that nobody keeps."""
    with EmbeddedServer(port=0, jvm_options=QUICK_TO_START) as server:
        yield server


@pytest.fixture(scope="session")
def newest_server() -> Iterator[EmbeddedServer]:
    """A server of the newest version, as `gremlin_server`."""
    with EmbeddedServer(
        port=0, memory="400m", jvm_options=QUICK_TO_START, coordinates=NEWEST
    ) as server:
        yield server


@pytest.fixture(scope="session")
def graph_url(gremlin_server: EmbeddedServer) -> str:
    """The address of the session's server; what earlier tests wrote may still be in its graph."""
    return gremlin_server.url


@pytest.fixture
def empty_graph(graph_url: str) -> str:
    """The address of the session's server, its graph emptied before the test."""
    client = Client(graph_url, "g")
    try:
        client.submit("g.V().drop().iterate()").all().result()
    finally:
        client.close()
    return graph_url
