"""RDF stores that are not ours, and the proxy in front of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rdf_stores import oxigraph


@pytest.fixture(scope="session")
def plain_store() -> Iterator[str]:
    """An Oxigraph whose default graph is one of its own."""
    with oxigraph(union_default_graph=False) as address:
        yield address
