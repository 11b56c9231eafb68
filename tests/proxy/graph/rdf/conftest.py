"""One store for all tests of the folder, emptied for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oxigraph_server import StoreAddresses, oxigraph_server

from gremlink.proxy.graph.rdf.client import RdfStore


@pytest.fixture(scope="package")
def addresses() -> Iterator[StoreAddresses]:
    with oxigraph_server() as found:
        yield found


@pytest.fixture(params=["graph store", "update"])
def store(addresses: StoreAddresses, request: pytest.FixtureRequest) -> RdfStore:
    """A store with the graph store protocol, and without."""
    found = RdfStore(
        addresses
        if request.param == "graph store"
        else StoreAddresses(addresses.query, addresses.update, None)
    )
    found.update("CLEAR ALL")
    return found
