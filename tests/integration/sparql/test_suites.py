"""The SPARQL suites through the proxy and beside it: requests without an inference are not
changed, and neither is what the store says to them. `make sparql-suites` asks in every form."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import pyoxigraph as ox
import pytest
from sparql_requests import JSON, QUERY_FORMS, UPDATE_FORMS, Reply, Sparql
from sparql_suites import Case, Suites

ALL = bool(os.environ.get("SPARQL_SUITES"))
TABLES = (JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values", "*/*")
GRAPHS = ("application/n-triples", "text/turtle", "application/rdf+xml", "*/*")
OTHER_EACH_TIME = ("UUID(", "BNODE(", "RAND(", "NOW(")


@pytest.fixture(scope="module")
def suites() -> Suites:
    return Suites()


@pytest.fixture(scope="module")
def direct(plain_store: str) -> Iterator[Sparql]:
    with Sparql(f"{plain_store}/query", f"{plain_store}/update") as store:
        yield store


@pytest.fixture(scope="module")
def proxied(plain_store: str) -> Iterator[Sparql]:
    with proxy(plain_store) as address, Sparql(f"{address}/sparql", f"{address}/sparql") as store:
        yield store


def load(direct: Sparql, quads: bytes) -> None:
    assert direct.ask("DROP ALL", is_update=True).status == 204
    reply = direct.send("POST", "/store", {"Content-Type": "application/n-quads"}, quads)
    assert reply.status == 204, reply


def content(direct: Sparql) -> ox.Dataset:
    """All that is stored, with canonical names of blank nodes."""
    reply = direct.send("GET", "/store", {"Accept": "application/n-quads"})
    found = ox.Dataset(ox.parse(reply.body, format=ox.RdfFormat.N_QUADS))
    found.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return found


def test_queries(suites: Suites, direct: Sparql, proxied: Sparql) -> None:
    told: Counter[int] = Counter()
    cases = sorted((each for each in suites.cases if not each.is_update), key=suites.quads)
    number = 0
    for quads, some in groupby(cases, key=suites.quads):
        load(direct, quads)
        for case in some:
            kinds = GRAPHS if "CONSTRUCT" in case.text or "DESCRIBE" in case.text else TABLES
            for form, accept in ways(QUERY_FORMS, kinds, number):
                expected = direct.ask(case.text, form, accept=accept)
                assert same(expected, proxied.ask(case.text, form, accept=accept), case), (
                    case.name,
                    form,
                )
                told[expected.status] += 1
            number += 1
    print(number, told)
    assert number > 950
    assert told[200] > 0.7 * told.total()
    assert told[400] > 0.05 * told.total()


def ways(forms: tuple[str, ...], kinds: tuple[str, ...], number: int) -> list[tuple[str, str]]:
    """Pairs of a form and what is accepted: all, or one that differs from case to case."""
    if ALL:
        return [(form, kind) for form in forms for kind in kinds]
    return [(forms[number % len(forms)], kinds[number // len(forms) % len(kinds)])]


def same(expected: Reply, found: Reply, case: Case) -> bool:
    if any(function in case.text.upper() for function in OTHER_EACH_TIME):
        return (expected.status, expected.type) == (found.status, found.type)
    return expected == found


def test_updates(suites: Suites, direct: Sparql, proxied: Sparql) -> None:
    told: Counter[int] = Counter()
    cases = [each for each in suites.cases if each.is_update]
    for number, case in enumerate(cases):
        for form in UPDATE_FORMS if ALL else UPDATE_FORMS[number % 2 :][:1]:
            after = []
            for way in (direct, proxied):
                load(direct, suites.quads(case))
                after.append((way.ask(case.text, form, is_update=True), content(direct)))
            assert after[0] == after[1], (case.name, form)
            told[after[0][0].status] += 1
    print(len(cases), told)
    assert len(cases) > 140
    assert told[204] > 0.7 * told.total()
