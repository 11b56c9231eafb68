"""The SPARQL suites through the proxy and beside it: requests without an inference are not
changed, and neither is what the store says to them. `make sparql-suites` asks in every form."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import pytest
from echo_store import echo_store
from rdf_proxy import served_rdf
from sparql_requests import JSON, QUERY_FORMS, UPDATE_FORMS, Reply, Sparql
from sparql_suites import Case, Suites

ALL = bool(os.environ.get("SPARQL_SUITES"))
TABLES = (JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values", "*/*")
GRAPHS = ("application/n-triples", "text/turtle", "application/rdf+xml", "*/*")


@pytest.fixture(scope="module")
def suites() -> Suites:
    return Suites()


@pytest.fixture(scope="module")
def direct(plain_store: str) -> Iterator[Sparql]:
    with Sparql.of_store(plain_store) as store:
        yield store


@pytest.fixture(scope="module")
def proxied(plain_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sparql]:
    with (
        served_rdf(plain_store, tmp_path_factory.mktemp("store")) as address,
        Sparql(f"{address}/sparql", f"{address}/sparql") as proxy,
    ):
        yield proxy


def local(suites: Suites) -> list[Case]:
    """The cases in which a store asks no other server."""
    return [case for case in suites.cases if not re.search("(?i)service|load", case.text)]


def test_requests_reach_the_store_as_they_are(
    suites: Suites, tmp_path_factory: pytest.TempPathFactory
) -> None:
    number = 0
    with (
        echo_store() as store,
        served_rdf(store, tmp_path_factory.mktemp("store")) as address,
        Sparql(f"{store}/query", f"{store}/update") as direct,
        Sparql(f"{address}/sparql", f"{address}/sparql") as proxied,
    ):
        for count, case in enumerate(suites.cases):
            forms = (*(UPDATE_FORMS if case.is_update else QUERY_FORMS), "curl")
            for form in forms if ALL else forms[count % len(forms) :][:1]:
                both = [
                    way.ask(case.text, form, is_update=case.is_update) for way in (direct, proxied)
                ]
                assert both[0] == both[1], (case.name, form)
                number += 1
    assert number > (4000 if ALL else 1000)


def test_queries(suites: Suites, direct: Sparql, proxied: Sparql) -> None:
    told: Counter[int] = Counter()
    cases = sorted((each for each in local(suites) if not each.is_update), key=suites.quads)
    number = 0
    for quads, some in groupby(cases, key=suites.quads):
        direct.fill(quads)
        for case in some:
            kinds = GRAPHS if "CONSTRUCT" in case.text or "DESCRIBE" in case.text else TABLES
            for form, accept in ways(QUERY_FORMS, kinds, number):
                expected = direct.ask(case.text, form, accept=accept)
                found = proxied.ask(case.text, form, accept=accept)
                if found != expected:
                    again = direct.ask(case.text, form, accept=accept)
                    assert again != expected, (case.name, form, expected, found)
                    assert likeness(found) == likeness(expected), (case.name, form)
                told[expected.status] += 1
            number += 1
    print(number, told)
    assert number > 900
    assert told[200] > 0.7 * told.total()
    assert told[400] > 0.05 * told.total()


def ways(forms: tuple[str, ...], kinds: tuple[str, ...], number: int) -> list[tuple[str, str]]:
    """Pairs of a form and what is accepted: all, or one that differs from case to case."""
    if ALL:
        return [(form, kind) for form in forms for kind in kinds]
    return [(forms[number % len(forms)], kinds[number // len(forms) % len(kinds)])]


def likeness(reply: Reply) -> tuple[int, str, int]:
    """What is the same where a store makes blank nodes, times or random numbers each time."""
    return reply.status, reply.type, reply.body.count(b"\n")


def test_updates(suites: Suites, direct: Sparql, proxied: Sparql) -> None:
    told: Counter[int] = Counter()
    cases = [each for each in local(suites) if each.is_update]
    for number, case in enumerate(cases):
        for form in UPDATE_FORMS if ALL else UPDATE_FORMS[number % 2 :][:1]:
            after = []
            for way in (direct, proxied):
                direct.fill(suites.quads(case))
                after.append((way.ask(case.text, form, is_update=True), direct.content()))
            assert after[0] == after[1], (case.name, form)
            told[after[0][0].status] += 1
    print(len(cases), told)
    assert len(cases) > 110
    assert told[204] + told[200] > 0.7 * told.total()
