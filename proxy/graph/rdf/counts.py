"""Counts of an RDF graph, taken by the store itself.

A store's default graph is the union of its named graphs, or a graph beside them. Both are counted
as one graph, of the statements in all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gremlink.grammar.sparql.terms import Iri, RdfLiteral, Term, to_ntriples
from gremlink.proxy.graph.rdf.client import RdfStore, Row

_ALL = "?s ?p ?o"
_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


@dataclass(frozen=True, slots=True)
class RdfCounts:
    """Statements, distinct subjects, statements of each predicate, the classes, and the subjects
    with the same predicates; names are IRIs.
    """

    quads: int
    subjects: int
    predicates: Mapping[str, int]
    classes: tuple[str, ...]
    structures: Mapping[frozenset[str], int]


def count_rdf(store: RdfStore) -> RdfCounts:
    """Count the statements of a store. Raises `StoreUnreachable`, `StoreRefused`."""
    default, named = _count(store, _ALL), _count(store, f"GRAPH ?g {{ {_ALL} }}")
    is_union = named > 0 and _shows_named_graphs(store)
    pattern = _ALL if is_union or not named else _in_any_graph(_ALL)
    predicates = {
        _iri(predicate): _number(count)
        for predicate, count in store.select(
            f"SELECT ?p (COUNT(*) AS ?n) {{ {pattern} }} GROUP BY ?p"
        )
    }
    classes = store.select(f"SELECT DISTINCT ?c {{ {pattern.replace('?p ?o', f'{_TYPE} ?c')} }}")
    return RdfCounts(
        max(default, named) if is_union else default + named,
        _first(store, f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ {pattern} }}"),
        predicates,
        tuple(sorted(row[0].value for row in classes if isinstance(row[0], Iri))),
        _structures(store, pattern),
    )


def _structures(store: RdfStore, pattern: str) -> Counter[frozenset[str]]:
    """Count the subjects with the same predicates."""
    found: Counter[frozenset[str]] = Counter()
    # The order within a group is the store's, and so one set may have several texts.
    query = (
        "SELECT ?all (COUNT(*) AS ?n) { { SELECT ?s (GROUP_CONCAT(DISTINCT STR(?p); SEPARATOR=' ') "
        f"AS ?all) {{ {pattern} }} GROUP BY ?s }} }} GROUP BY ?all"
    )
    for text, count in store.select(query):
        if isinstance(text, RdfLiteral) and text.lexical:
            found[frozenset(text.lexical.split(" "))] += _number(count)
    return found


def everywhere(store: RdfStore) -> Callable[[str], str]:
    """Return what makes a pattern find statements of all graphs, from one for the default graph."""
    has_named = store.ask(f"ASK {{ GRAPH ?g {{ {_ALL} }} }}")
    if not has_named or _shows_named_graphs(store):
        return str
    return _in_any_graph


def _in_any_graph(pattern: str) -> str:
    return f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"


def _shows_named_graphs(store: RdfStore) -> bool:
    """Return True if a statement in a named graph is in the default graph, too."""
    example = f"SELECT {_ALL} {{ GRAPH ?g {{ {_ALL} }} FILTER(isIRI(?s) && !isBlank(?o)) }} LIMIT 1"
    found = next(store.select(example), None)
    if found is None:
        return True
    return store.ask(f"ASK {{ {_written(found)} }}")


def _written(row: Row) -> str:
    """Return a statement as a pattern."""
    return " ".join(to_ntriples(term) for term in row if term is not None)


def _count(store: RdfStore, pattern: str) -> int:
    return _first(store, f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")


def _first(store: RdfStore, query: str) -> int:
    row = next(store.select(query), None)
    return 0 if row is None else _number(row[0])


def _number(term: Term | None) -> int:
    return int(term.lexical) if isinstance(term, RdfLiteral) else 0


def _iri(term: Term | None) -> str:
    return term.value if isinstance(term, Iri) else ""
