"""A stock Gremlin Server and an RDF store as child processes, and the sample graph."""

from __future__ import annotations

from gremlink.proxy.embedded.certificates import embedded_upstream
from gremlink.proxy.embedded.errors import (
    DataInUse,
    DownloadFailed,
    EmbeddedServerError,
    GraphNotSaved,
    GraphUnreadable,
    JavaNotUsable,
    NotEnoughMemory,
    PortInUse,
    RdfUnreadable,
    ServerFailed,
)
from gremlink.proxy.embedded.rdf_store import EmbeddedRdfStore, embedded_sparql
from gremlink.proxy.embedded.server import QUICK_TO_START, EmbeddedServer

__all__ = [
    "QUICK_TO_START",
    "DataInUse",
    "DownloadFailed",
    "EmbeddedRdfStore",
    "EmbeddedServer",
    "EmbeddedServerError",
    "GraphNotSaved",
    "GraphUnreadable",
    "JavaNotUsable",
    "NotEnoughMemory",
    "PortInUse",
    "RdfUnreadable",
    "ServerFailed",
    "embedded_sparql",
    "embedded_upstream",
]
