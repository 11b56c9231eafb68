"""Addresses of an `oxigraph` server, as the client of stores takes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rdf_stores import oxigraph


@dataclass(frozen=True, slots=True)
class StoreAddresses:
    """Addresses of a running store."""

    query: str
    update: str | None
    store: str | None


@contextmanager
def oxigraph_server(*, union: bool = True, port: int = 0) -> Iterator[StoreAddresses]:
    """The addresses of a server in memory, its default graph the union of all."""
    with oxigraph(union_default_graph=union, port=port) as base:
        yield StoreAddresses(f"{base}/query", f"{base}/update", f"{base}/store")
