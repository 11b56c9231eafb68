"""The endpoint of blocks alone, with films told beforehand, and queries of stores to it."""

from __future__ import annotations

import csv
import io
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from running_api import RunningApi

from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import KnownLinks, ListVertices, PredictLinks, PrepareLinks
from gremlink.proxy.inference.errors import BadRequest
from gremlink.proxy.relay.offload import Offload
from gremlink.proxy.relay.sparql.federation import Federation

SPACE = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
BLOCK = """ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:endpoint "people" ; ml:input ?who ;
  ml:predicate <http://x/likes> ; ml:output ?film ; ml:outputClass <http://x/Film> ;
  ml:outputScore ?score ; ml:limit 2 ."""
PREFIX = f"PREFIX ml: <{SPACE}> "
FILMS = [Literal.string("http://x/film1"), Literal.string("http://x/film2")]


async def predict(work: Any) -> Any:
    match work:
        case PrepareLinks(name):
            if name != "people":
                raise BadRequest(f"Endpoint {name} not found.")
        case ListVertices():
            return tuple(Literal.string(f"http://x/{name}") for name in ("ann", "tom", "sue"))
        case KnownLinks():
            return [frozenset() for _ in work.inputs]
        case PredictLinks():
            return [[(film, 0.5) for film in FILMS] for _ in work.inputs]
    return None


@contextmanager
def api(directory: Path, **settings: Any) -> Iterator[RunningApi]:
    offload = Offload()
    federate = Federation(predict, Settings(), offload, 30.0)
    with RunningApi(directory, federate=federate, **settings) as running:
        yield running
    offload.close()


PEOPLE = """INSERT DATA { GRAPH <http://x/graph> {
  <http://x/ann> a <http://x/Person> . <http://x/tom> a <http://x/Person> .
  <http://x/film2> a <http://x/Film> ; <http://x/of> <http://x/ann> } }"""
QUERIES = [
    ("SELECT ?who ?film { ?who a <http://x/Person> . SERVICE }", 4),
    ("SELECT ?who ?film { VALUES ?who { <http://x/ann> } SERVICE }", 2),
    ("SELECT ?who ?film { ?who a <http://x/Person> . SERVICE ?film a <http://x/Film> }", 2),
    ("SELECT ?who ?film { ?film <http://x/of> ?who . SERVICE }", 1),
    ("SELECT ?who ?film { ?who a <http://x/Person> OPTIONAL { SERVICE } }", 4),
    (
        "SELECT * { ?who a <http://x/Person> OPTIONAL { ?film <http://x/of> ?who } SERVICE }",
        3,
    ),
    ("SELECT ?who ?film { SERVICE }", 6),
    ("SELECT ?who (COUNT(*) AS ?n) { SERVICE } GROUP BY ?who", 3),
]
"""Queries of a store with `PEOPLE`, and the number of their solutions."""


def solutions(store: str, endpoint: str, query: str) -> list[dict[str, str]]:
    """The solutions of a query that the store at one address answers with the endpoint at
    another."""
    service = f"SERVICE <{endpoint}/sparql/inference> {{ {BLOCK} }}"
    _, content = send(store, PREFIX + query.replace("SERVICE", service), Accept="text/csv")
    return list(csv.DictReader(io.StringIO(content)))


def send(address: str, text: str, *, kind: str = "query", **headers: str) -> tuple[str, str]:
    """Content type and content."""
    request = urllib.request.Request(
        address,
        urlencode({kind: text}).encode(),
        {k.replace("_", "-"): v for k, v in headers.items()},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.headers.get("Content-Type", ""), answer.read().decode()
