"""Predictions written into an RDF store: a named graph of their own, which one update removes.

The graph and the predicate of its triples have one name, an IRI that the store must not use for
data of its own. Beside each triple the graph has a resource that tells its score and rank, and
once the model, its time and the run. A run fills another graph, which takes the place of the
earlier one in one update: readers see all of one run or all of the other, and a run that breaks
off changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from gremlink.grammar.sparql.terms import XSD, BlankNode, Iri, RdfLiteral, Term, to_ntriples
from gremlink.proxy.graph.errors import GraphError
from gremlink.proxy.graph.load.write_back import LabelTaken, NotRemoved, Provenance, Written
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.graph.rdf.formats import checked_iri

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

VOCABULARY = "urn:gremlink:"
"""Begin of our predicates: `score`, `rank`, `model`, `time`, `run`."""

BATCH = 500
"""Predictions in one update: some 300 kB."""


class WrongName(GraphError):
    """Predictions of an RDF graph need an IRI for a name."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"predictions of an RDF graph are named by an IRI, as in http://example.org/mayLike: "
            f"{name!r}: {reason}"
        )


@dataclass(frozen=True, slots=True)
class PredictedTriple:
    """A subject and its predicted object; of a number there is no score."""

    subject: Term
    object: Term
    score: float | None
    rank: int


def write_triples(
    store: RdfStore, name: str, rows: Iterable[PredictedTriple], provenance: Provenance
) -> Written:
    """Replace the predictions of a name.

    Raises `WrongName`, `LabelTaken`, `StoreUnreachable`, `StoreRefused`.
    """
    graph = _named(name)
    _require_free(store, graph, name)
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    beside = f"{VOCABULARY}next:{digest}"
    store.update(f"DROP SILENT GRAPH <{beside}>")
    origin = {"model": provenance.model, "time": provenance.time, "run": provenance.run}
    about = "".join(
        f"{graph} <{VOCABULARY}{key}> {to_ntriples(RdfLiteral(value))} .\n"
        for key, value in origin.items()
    )
    store.add_all({beside: about.encode()})
    done = written = 0
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        there = _present(store, graph, batch)
        kept = [row for row in batch if _ends(row) <= there]
        if kept:
            store.add_all({beside: "".join(_lines(graph, row) for row in kept).encode()})
        done += len(batch)
        written += len(kept)
    removed = _number(
        store,
        f"SELECT (COUNT(*) AS ?n) {{ GRAPH {graph} {{ ?s {graph} ?o }} "
        f"FILTER NOT EXISTS {{ GRAPH <{beside}> {{ ?s {graph} ?o }} }} }}",
    )
    store.update(f"MOVE GRAPH <{beside}> TO {graph}")
    return Written(written, removed, done - written)


def count_triples(store: RdfStore, name: str) -> int:
    """Count the predictions of a name; 0 where the graph is not one of predictions.

    Raises `WrongName`, `StoreUnreachable`, `StoreRefused`.
    """
    graph = _named(name)
    return _number(
        store,
        f"SELECT (COUNT(*) AS ?n) {{ GRAPH {graph} {{ {graph} <{VOCABULARY}run> ?run . "
        f"?s {graph} ?o }} }}",
    )


def remove_triples(store: RdfStore, name: str) -> int:
    """Remove the predictions of a name, and return their number.

    Raises `WrongName`, `NotRemoved`, `StoreUnreachable`, `StoreRefused`.
    """
    graph = _named(name)
    count = count_triples(store, name)
    if store.ask(f"ASK {{ GRAPH {graph} {{ {graph} <{VOCABULARY}run> ?run }} }}"):
        store.update(f"DROP SILENT GRAPH {graph}")
        if left := count_triples(store, name):
            raise NotRemoved(left)
    return count


def _named(name: str) -> str:
    """Return the name as SPARQL has it."""
    try:
        return to_ntriples(Iri(checked_iri(name)))
    except ValueError as error:
        raise WrongName(name, str(error)) from None


def _require_free(store: RdfStore, graph: str, name: str) -> None:
    """Raise `LabelTaken` where the store has a graph, or triples, of this name of its own."""
    mark = f"GRAPH {graph} {{ {graph} <{VOCABULARY}run> ?run }}"
    if store.ask(f"ASK {{ GRAPH {graph} {{ ?s ?p ?o }} FILTER NOT EXISTS {{ {mark} }} }}"):
        raise LabelTaken(name, "a graph")
    own = f"FILTER NOT EXISTS {{ GRAPH {graph} {{ ?s {graph} ?o }} }}"
    if store.ask(f"ASK {{ {{ ?s {graph} ?o }} UNION {{ GRAPH ?g {{ ?s {graph} ?o }} }} {own} }}"):
        raise LabelTaken(name, "triples of the predicate")


def _ends(row: PredictedTriple) -> set[Term]:
    """Return what has to be in the store for a prediction: its resources."""
    return {term for term in (row.subject, row.object) if not isinstance(term, RdfLiteral)}


def _present(store: RdfStore, graph: str, rows: Iterable[PredictedTriple]) -> set[Term]:
    """Return those resources that the store knows from other triples than predictions."""
    asked = dict.fromkeys(term for row in rows for term in _ends(row))
    iris = [to_ntriples(term) for term in asked if not isinstance(term, BlankNode)]
    as_subject = f"?x ?p ?o FILTER (?p != {graph})"
    as_object = f"?o ?p ?x FILTER (?p NOT IN ({graph}, <{RDF}subject>, <{RDF}object>))"
    places = " UNION ".join(
        f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"
        for pattern in (as_subject, as_object)
    )
    query = f"SELECT ?x {{ VALUES ?x {{ {' '.join(iris)} }} FILTER EXISTS {{ {places} }} }}"
    return {term for (term,) in store.select(query) if term is not None}


def _lines(graph: str, row: PredictedTriple) -> str:
    subject, found = to_ntriples(row.subject), to_ntriples(row.object)
    digest = hashlib.sha256(f"{graph} {subject} {found}".encode()).hexdigest()[:32]
    parts = [f"{subject} {graph} {found} .\n"]
    about: dict[str, str] = {
        f"{RDF}subject": subject,
        f"{RDF}predicate": graph,
        f"{RDF}object": found,
        f"{VOCABULARY}rank": to_ntriples(RdfLiteral(str(row.rank), f"{XSD}integer")),
    }
    if row.score is not None:
        score = to_ntriples(RdfLiteral(repr(row.score), f"{XSD}double"))
        about[f"{VOCABULARY}score"] = score
    node = f"<{VOCABULARY}prediction:{digest}>"
    parts += [f"{node} <{key}> {value} .\n" for key, value in about.items()]
    return "".join(parts)


def _number(store: RdfStore, query: str) -> int:
    ((term,),) = store.select(query)
    assert isinstance(term, RdfLiteral)
    return int(term.lexical)
