"""Clients of SPARQL endpoints, each with the way in which it asks."""

from __future__ import annotations

import json
import subprocess
import warnings
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError

from rdflib import Graph
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from sparql_requests import Sparql
from SPARQLWrapper import GET, JSON, POST, POSTDIRECTLY, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException
from told_rdf import term

Rows = list[dict[str, str]]
"""Solutions: terms as N-Triples by variables, sorted; unbound variables are not there."""

Client = Callable[[str, str], Rows]
"""Asks a query of an address."""


class Refusal(Exception):
    """An error of the server: `status` and `text` of its response, which rdflib may not tell."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status, self.text = status, text


def rows_of(body: bytes | str) -> Rows:
    """The solutions of a JSON result."""
    found = json.loads(body)["results"]["bindings"]
    return ordered({name: term(value) for name, value in row.items()} for row in found)


def ordered(rows: object) -> Rows:
    return sorted(rows, key=lambda row: sorted(row.items()))  # type: ignore[call-overload, no-any-return]


def plain(form: str) -> Client:
    """Requests of ours in one of the protocol's forms."""

    def ask(address: str, query: str) -> Rows:
        with Sparql(address, address) as connection:
            reply = connection.ask(query, form)
        if reply.status != 200:
            raise Refusal(reply.status, reply.body.decode())
        return rows_of(reply.body)

    return ask


def curl(*options: str) -> Client:
    """The program, as AWS's guide and others use it; `{}` in an option is the query."""

    def ask(address: str, query: str) -> Rows:
        given = [option.replace("{}", query) for option in options]
        accept = "Accept: application/sparql-results+json"
        done = subprocess.run(
            ["curl", "-sS", "-w", "\n%{http_code}", "-H", accept, *given, address],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        body, _, status = done.stdout.rpartition("\n")
        if status != "200":
            raise Refusal(int(status), body)
        return rows_of(body)

    return ask


def wrapper(method: str, request: str = "", returned: str = JSON) -> Client:
    """SPARQLWrapper, as graph-notebook uses it, too."""

    def ask(address: str, query: str) -> Rows:
        asking = SPARQLWrapper(address)
        asking.setMethod(method)
        if request:
            asking.setRequestMethod(request)
        asking.setReturnFormat(returned)
        asking.setQuery(query)
        try:
            result = asking.query()
            body = result.response.read()
            result.response.close()
        except SPARQLWrapperException as error:
            raise Refusal(400, str(error)) from None
        except HTTPError as error:
            with error:
                raise Refusal(error.code, error.read().decode()) from None
        return rows_of(body)

    return ask


def rdflib_store(method: str) -> Client:
    """rdflib's graph over a SPARQLStore, which writes thirty prefixes before each query."""

    def ask(address: str, query: str) -> Rows:
        store = SPARQLStore(address, method=method, returnFormat="json")
        refusal: HTTPError
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                found: Any = Graph(store).query(query)
                if isinstance(found, tuple):  # so it tells an error of a POST request
                    raise Refusal(found[0], "")
                return ordered(
                    {
                        str(name): _spelt(value)
                        for name, value in zip(found.vars or (), row, strict=True)
                        if value is not None
                    }
                    for row in found
                )
        except HTTPError as error:
            refusal = error
        except ValueError as error:  # rdflib's own words for whatever a GET request gives
            if not isinstance(error.__context__, HTTPError):
                raise
            refusal = error.__context__
        with refusal:
            raise Refusal(refusal.code, refusal.read().decode())

    return ask


def _spelt(value: object) -> str:
    from rdflib import BNode, Literal, URIRef

    if isinstance(value, URIRef):
        return f"<{value}>"
    if isinstance(value, BNode):
        return "_:b"
    assert isinstance(value, Literal)
    found = {"type": "literal", "value": str(value)}
    if value.language:
        found["xml:lang"] = value.language
    elif value.datatype is not None:
        found["datatype"] = str(value.datatype)
    return term(found)


UNENCODED = ("-X", "POST", "--data-binary", "query={}")
CLIENTS: dict[str, Client] = {
    **{form: plain(form) for form in ("get", "form", "direct")},
    "curl": plain("curl"),
    "curl --data-binary": curl(*UNENCODED),
    "curl --data-urlencode": curl("--data-urlencode", "query={}"),
    "curl -G": curl("-G", "--data-urlencode", "query={}"),
    "curl direct": curl("-H", "Content-Type: application/sparql-query", "--data-binary", "{}"),
    "SPARQLWrapper": wrapper(GET),
    "SPARQLWrapper POST": wrapper(POST),
    "SPARQLWrapper direct": wrapper(POST, POSTDIRECTLY),
    "rdflib": rdflib_store("GET"),
    "rdflib POST": rdflib_store("POST"),
    "rdflib direct": rdflib_store("POST_FORM"),
}
