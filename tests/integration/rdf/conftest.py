"""Two stores of RDF: the embedded one, and `oxigraph` without a union default graph."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oxigraph_server import oxigraph_server

from gremlink.proxy.config import Sparql, Upstream
from gremlink.proxy.embedded import EmbeddedRdfStore
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.management.tasks.description import rdf_store


@pytest.fixture(scope="package", params=["embedded", "oxigraph"])
def sparql(request: pytest.FixtureRequest) -> Iterator[Sparql]:
    """Settings of a store."""
    if request.param == "embedded":
        with EmbeddedRdfStore() as store:
            yield store.settings
    else:
        with oxigraph_server(union=False) as addresses:
            yield Sparql(url=addresses.query)


@pytest.fixture
def store(sparql: Sparql) -> RdfStore:
    found = rdf_store(sparql, Upstream())
    found.update("CLEAR ALL")
    return found
