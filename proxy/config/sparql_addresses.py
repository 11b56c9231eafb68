"""Addresses of an RDF store for queries, updates and whole graphs, guessed from one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

NEPTUNE_HOSTS = (".neptune.amazonaws.com", ".neptune.amazonaws.com.cn")
"""Ends of the names that Neptune's clusters have."""

_OXIGRAPH = ("query", "update", "store")
_FUSEKI = ("sparql", "query", "update", "data")
_ONE_ADDRESS = ("blazegraph", "bigdata")
"""First parts of Blazegraph's paths, which would look like a dataset of Fuseki."""
_REPOSITORY = re.compile(r"(.*/repositories/[^/]+)(/statements|/rdf-graphs/service)?")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of a store by the protocol that they take (SPARQL 1.1): queries, updates, and
    whole graphs (graph store protocol).

    They hold the credentials that the settings give, if any.
    """

    query: str
    update: str
    store: str


def guessed(address: str) -> Addresses:
    """Return the addresses of the store of which `address` is the base or one of the three.

    The path tells the kind of store. One that tells nothing takes all three.
    """
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    names = path.split("/")[1:]
    last = names[-1] if names else ""
    if (parts.hostname or "").endswith(NEPTUNE_HOSTS) or names[:1] == ["sparql"]:
        return _at(parts, "/sparql", "/sparql", "/sparql/gsp/")
    if (found := _REPOSITORY.fullmatch(path)) is not None:  # GraphDB, RDF4J
        base = found[1]
        return _at(parts, base, f"{base}/statements", f"{base}/rdf-graphs/service")
    if not path or (len(names) == 1 and last in _OXIGRAPH):
        return _at(parts, "/query", "/update", "/store")
    if names[0] not in _ONE_ADDRESS:
        if len(names) == 1:
            return _fuseki(parts, path)
        if len(names) == 2 and last in _FUSEKI:
            return _fuseki(parts, path.rpartition("/")[0])
    return Addresses(address, address, address)


def _fuseki(parts: SplitResult, dataset: str) -> Addresses:
    return _at(parts, f"{dataset}/sparql", f"{dataset}/update", f"{dataset}/data")


def _at(parts: SplitResult, query: str, update: str, store: str) -> Addresses:
    return Addresses(*(urlunsplit(parts._replace(path=path)) for path in (query, update, store)))
