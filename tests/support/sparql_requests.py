"""Requests of the SPARQL 1.1 protocol as bytes, and all that a server says to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

from gremlink.proxy.config.sparql_addresses import guessed

FORM = "application/x-www-form-urlencoded"
JSON = "application/sparql-results+json"
QUERY_FORMS = ("get", "form", "direct")
UPDATE_FORMS = ("form", "direct")


@dataclass(frozen=True)
class Reply:
    """Status, type and body of a response."""

    status: int
    type: str
    body: bytes


class Sparql:
    """A connection that is kept; `query` and `update` are the addresses of a store or a proxy."""

    def __init__(self, query: str, update: str) -> None:
        self.paths = {False: urlsplit(query).path, True: urlsplit(update).path}
        parts = urlsplit(query)
        self._connection = HTTPConnection(parts.netloc, timeout=60)

    @classmethod
    def of_store(cls, address: str) -> Sparql:
        """A connection to the store of that base address."""
        found = guessed(address)
        return cls(found.query, found.update)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Sparql:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self,
        text: str,
        form: str = "form",
        *,
        is_update: bool = False,
        accept: str = JSON,
        parameters: Mapping[str, str] | None = None,
    ) -> Reply:
        """The reply to a query or an update in one of the forms, or `curl`: not encoded at all."""
        operation = "update" if is_update else "query"
        path, more = self.paths[is_update], urlencode(parameters or {})
        given = text.encode("utf-8", "surrogateescape")
        headers = {"Accept": accept}
        match form:
            case "get":
                query = urlencode({operation: given, **(parameters or {})})
                return self.send("GET", f"{path}?{query}", headers)
            case "direct":
                headers["Content-Type"] = f"application/sparql-{operation}"
                return self.send("POST", f"{path}?{more}" if more else path, headers, given)
            case "curl":
                body = f"{operation}=".encode() + given + (f"&{more}".encode() if more else b"")
            case _:
                body = urlencode({operation: given, **(parameters or {})}).encode()
        return self.send("POST", path, {**headers, "Content-Type": FORM}, body)

    def fill(self, quads: bytes) -> None:
        """Let the store have these N-Quads and nothing else."""
        by_graph: dict[str, list[ox.Triple]] = {}
        for quad in ox.parse(quads, format=ox.RdfFormat.N_QUADS):
            name = "" if isinstance(quad.graph_name, ox.DefaultGraph) else str(quad.graph_name)
            by_graph.setdefault(name, []).append(quad.triple)
        parts = []
        for name, triples in by_graph.items():
            text = "\n".join(f"{each.subject} {each.predicate} {each.object} ." for each in triples)
            parts.append(f"GRAPH {name} {{\n{text}\n}}" if name else text)
        data = f"; INSERT DATA {{\n{' '.join(parts)}\n}}" if parts else ""
        reply = self.ask(f"DROP ALL {data}", "direct", is_update=True)
        assert reply.status in (200, 204), reply

    def content(self) -> ox.Dataset:
        """All that is stored, with canonical names of blank nodes."""
        reply = self.ask("SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }", "direct")
        assert reply.status == 200, reply
        found = ox.parse_query_results(reply.body, format=ox.QueryResultsFormat.JSON)
        assert isinstance(found, ox.QuerySolutions)
        dataset = ox.Dataset(ox.Quad(row["s"], row["p"], row["o"], row["g"]) for row in found)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        return dataset

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """The reply to a request as it is given."""
        self._connection.request(method, path, body, dict(headers))
        response = self._connection.getresponse()
        return Reply(response.status, response.getheader("Content-Type", ""), response.read())
