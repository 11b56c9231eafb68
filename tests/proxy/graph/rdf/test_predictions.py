"""Predictions in an RDF store: a graph of their own, replaced as a whole, and removed."""

from __future__ import annotations

import pytest

from gremlink.grammar.sparql.terms import BlankNode, Iri, RdfLiteral, Term
from gremlink.proxy.graph.load.write_back import LabelTaken, Provenance, Written
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.graph.rdf.predictions import (
    VOCABULARY,
    PredictedTriple,
    WrongName,
    count_triples,
    remove_triples,
    write_triples,
)

NAME = "http://e/mayLike"
ONE = Provenance("likes", "2026-01-01T00:00:00Z", "one")
TWO = Provenance("likes", "2026-02-01T00:00:00Z", "two")
DATA = '<http://e/a> <http://e/likes> <http://e/f> .\n<http://e/b> <http://e/name> "b" .\n'
A, B, F = (Iri(f"http://e/{name}") for name in "abf")
ROWS = [PredictedTriple(A, B, 0.75, 1), PredictedTriple(B, F, 0.5, 1)]


@pytest.fixture
def filled(store: RdfStore) -> RdfStore:
    store.add(DATA.encode(), None)
    return store


def content(store: RdfStore) -> set[tuple[Term | None, ...]]:
    query = "SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    return set(store.select(query))


def test_they_are_written_once_replaced_and_removed(filled: RdfStore) -> None:
    before = content(filled)
    gone = [PredictedTriple(A, Iri("http://e/nobody"), 0.5, 2),
            PredictedTriple(A, BlankNode("x"), 0.5, 3)]  # fmt: skip
    assert write_triples(filled, NAME, [*ROWS, *gone], ONE) == Written(2, 0, 2)
    once = content(filled)
    assert write_triples(filled, NAME, [*ROWS, *gone], ONE) == Written(2, 0, 2)
    assert content(filled) == once
    found = filled.select(f"SELECT ?s ?o {{ GRAPH <{NAME}> {{ ?s <{NAME}> ?o }} }}")
    assert set(found) == {(A, B), (B, F)}
    rdf = "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>"
    score = (
        f"{rdf} SELECT ?score ?rank {{ GRAPH <{NAME}> {{ ?x rdf:subject <http://e/a> ; "
        f"<{VOCABULARY}score> ?score ; <{VOCABULARY}rank> ?rank }} }}"
    )
    ((number, rank),) = filled.select(score)
    assert isinstance(number, RdfLiteral)
    assert isinstance(rank, RdfLiteral)
    assert (float(number.lexical), rank.lexical) == (0.75, "1")
    assert count_triples(filled, NAME) == 2
    assert write_triples(filled, NAME, ROWS[:1], TWO) == Written(1, 1, 0)
    assert remove_triples(filled, NAME) == 1
    assert content(filled) == before


def test_a_run_that_breaks_off_changes_nothing(filled: RdfStore) -> None:
    write_triples(filled, NAME, ROWS, ONE)

    def broken() -> object:
        yield ROWS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_triples(filled, NAME, broken(), TWO)  # type: ignore[arg-type]
    assert count_triples(filled, NAME) == 2
    assert write_triples(filled, NAME, [PredictedTriple(A, RdfLiteral("x"), None, 1)], TWO) == (
        Written(1, 2, 0)
    )
    assert filled.ask(f'ASK {{ GRAPH <{NAME}> {{ <http://e/a> <{NAME}> "x" }} }}')
    graphs = set(filled.select("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"))
    assert graphs == {(Iri(NAME),)}


def test_data_of_the_stores_own_is_not_touched(filled: RdfStore) -> None:
    filled.add(DATA.encode(), "http://e/own")
    before = content(filled)
    for name, what in (("http://e/likes", "triples of the predicate"), ("http://e/own", "a graph")):
        with pytest.raises(LabelTaken, match=what):
            write_triples(filled, name, ROWS, ONE)
        assert remove_triples(filled, name) == count_triples(filled, name) == 0
    for wrong in ("MAY_LIKE", "http://e/a b", "http://e/>{}"):
        with pytest.raises(WrongName, match="named by an IRI"):
            write_triples(filled, wrong, ROWS, ONE)
    assert content(filled) == before
