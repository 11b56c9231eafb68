"""A query with an inference gives what it gives as a federation of the store and the answers.

The same request runs twice: through the proxy with inferences in it, whose answers are told
beforehand, and directly on the store with `SERVICE <address>` in their place, an endpoint that has
just these answers, evaluated by the store's own engine. `make sparql-semantics` asks many more.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from running_proxy import RunningProxy
from sparql_places import Request, request
from sparql_requests import JSON, QUERY_FORMS, UPDATE_FORMS, Reply, Sparql
from told_rdf import ToldModels, answers_endpoint, quads, term

from gremlink.proxy.config import Configuration
from gremlink.proxy.config import Sparql as SparqlSettings

EXAMPLES = int(os.environ.get("SPARQL_EXAMPLES", "300"))
NOWHERE = "ws://127.0.0.1:9/gremlin"
N_TRIPLES = "application/n-triples"
LEAST_WITH_ROWS = 0.55


@pytest.fixture(scope="module")
def answers() -> Iterator[str]:
    with answers_endpoint() as address:
        yield address


@pytest.fixture(scope="module")
def direct(plain_store: str) -> Iterator[Sparql]:
    with Sparql(f"{plain_store}/query", f"{plain_store}/update") as store:
        yield store


@pytest.fixture(scope="module")
def proxied(plain_store: str) -> Iterator[Sparql]:
    configuration = Configuration(sparql=SparqlSettings(url=plain_store))
    with RunningProxy(NOWHERE, ToldModels(), configuration) as running:
        address = running.url.replace("ws", "http", 1).removesuffix("/gremlin")
        with Sparql(f"{address}/sparql", f"{address}/sparql") as proxy:
            yield proxy


def test_inferences_are_operands_of_a_join(answers: str, direct: Sparql, proxied: Sparql) -> None:
    told: Counter[str] = Counter()
    wrong = []
    loaded = False
    for seed in range(EXAMPLES):
        each = request(seed)
        if each.is_update or not loaded:
            load(direct)
        loaded = not each.is_update
        expected = outcome(direct, each, each.as_federation(answers))
        if each.is_update:
            load(direct)
        text = each.as_inference()
        found = outcome(proxied, each, text, store=direct)
        told[each.text.split(" ", 1)[0]] += 1
        if isinstance(found, Reply) and each.text.startswith("INSERT DATA"):
            # What an earlier update writes may be what a block is asked about.
            assert b"earlier update of the same request" in found.body
            told["refused"] += 1
            continue
        told["with solutions"] += bool(expected and expected != Counter({"false": 1}))
        if found != expected:
            wrong.append(f"{seed}: {text}\nexpected {expected}\nfound {found}")
    print(told)
    assert not wrong, f"{len(wrong)} of {EXAMPLES}\n" + "\n\n".join(wrong[:5])
    assert told["with solutions"] >= LEAST_WITH_ROWS * EXAMPLES
    assert told["refused"] <= 0.02 * EXAMPLES
    assert EXAMPLES < 300 or len(told) >= 8


def load(direct: Sparql) -> None:
    assert direct.ask("DROP ALL", is_update=True).status == 204
    reply = direct.send("POST", "/store", {"Content-Type": "application/n-quads"}, quads())
    assert reply.status == 204, reply


def outcome(way: Sparql, asked: Request, text: str, store: Sparql | None = None) -> object:
    """The solutions or the triples of a query, the content of the store after an update."""
    forms = UPDATE_FORMS if asked.is_update else QUERY_FORMS
    makes_triples = asked.text.startswith(("CONSTRUCT", "DESCRIBE"))
    reply = way.ask(
        text,
        forms[asked.seed % len(forms)],
        is_update=asked.is_update,
        accept=N_TRIPLES if makes_triples else JSON,
    )
    if reply.status not in (200, 204):
        return reply
    if asked.is_update:
        kept = (store or way).send("GET", "/store", {"Accept": "application/n-quads"})
        return canonical(kept, ox.RdfFormat.N_QUADS)
    if makes_triples:
        return canonical(reply, ox.RdfFormat.N_TRIPLES)
    document = json.loads(reply.body)
    if "boolean" in document:
        return Counter({str(document["boolean"]).lower(): 1})
    return Counter(
        tuple(sorted((name, term(value)) for name, value in row.items()))
        for row in document["results"]["bindings"]
    )


def canonical(reply: Reply, kind: ox.RdfFormat) -> ox.Dataset:
    found = ox.Dataset(ox.parse(reply.body, format=kind))
    found.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return found
