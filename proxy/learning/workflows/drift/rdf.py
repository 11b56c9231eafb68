"""An RDF graph in a store beside the one of a training.

The store counts; a sample of the resources of each type is read with its values. Blank nodes have
no names that last, so of them only the numbers are compared.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from gremlink.grammar.sparql.terms import Iri, RdfLiteral, Term, to_ntriples
from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph import GraphError
from gremlink.proxy.graph.labels import IRIS_BETWEEN, split_classes
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.graph.rdf.convert import RESOURCE
from gremlink.proxy.graph.rdf.counts import everywhere
from gremlink.proxy.graph.rdf.literals import cell_of, kind_of
from gremlink.proxy.graph.rdf.statements import BLANK, RDF_TYPE
from gremlink.proxy.learning.inductive.neighbourhood import Cells
from gremlink.proxy.learning.workflows.drift.property_graph import MOST_TYPES, SAMPLE
from gremlink.proxy.learning.workflows.drift.result import (
    CountDrift,
    GraphDrift,
    advised,
    properties_of,
    unknown_shares,
)
from gremlink.proxy.learning.workflows.drift.trained import Trained

AT_ONCE = 200
"""Resources whose values one query asks for."""

_TYPE = to_ntriples(Iri(RDF_TYPE))


def rdf_drift(trained: Trained, created: float, store: RdfStore) -> GraphDrift:
    """Compare the graph of a training with the one in a store.

    `created` is the time of the endpoint, seconds since 1970. All statements of the store count,
    also where a training had those of one graph or query. Raises `GraphError`.
    """
    stored = trained.stored
    notes: list[str] = []
    anywhere = everywhere(store)
    sets = _class_sets(store, anywhere)
    vertices = _vertices(trained, store, anywhere, sets)
    edges = _edges(trained, store, anywhere)
    known = [each for each in vertices if each.then is not None and each.now]
    known = [each for each in known if not each.name.startswith(BLANK) and each.name != RESOURCE]
    known.sort(key=lambda each: -each.now)
    if len(known) > MOST_TYPES:
        notes.append(f"Properties are compared for the {MOST_TYPES} largest types of {len(known)}.")
    samples: dict[str, dict[Literal, Cells]] = {}
    for each in known[:MOST_TYPES]:
        try:
            samples[each.name] = dict(_sample(trained, store, anywhere, each.name, each.now))
        except GraphError as error:
            notes.append(f"{each.name}: no sample could be read: {str(error)[:200]}")
    properties = properties_of(trained, samples, (), notes)
    unknown = unknown_shares(stored, samples)
    return advised(stored, vertices, edges, unknown, properties, notes, time.time() - created)


def _type_of(trained: Trained, classes: Sequence[str], *, blank: bool = False) -> str:
    """Return the type of a resource with these classes, as a training names it."""
    own = sorted(set(classes)) or [RESOURCE]
    if not blank and trained.owner in own:
        own = [trained.owner]
    return (BLANK if blank else "") + IRIS_BETWEEN.join(own)


def _class_sets(
    store: RdfStore, anywhere: Callable[[str], str]
) -> Counter[tuple[bool, frozenset[str]]]:
    """Count the resources with the same classes, blank nodes apart."""
    found: Counter[tuple[bool, frozenset[str]]] = Counter()
    # The order within a group is the store's, and so one set may have several texts.
    query = (
        "SELECT ?blank ?all (COUNT(*) AS ?n) { { SELECT ?s (isBlank(?s) AS ?blank) "
        "(GROUP_CONCAT(DISTINCT STR(?c); SEPARATOR=' ') AS ?all) "
        f"{{ {anywhere(f'?s {_TYPE} ?c')} FILTER(isIRI(?c)) }} GROUP BY ?s }} }} "
        "GROUP BY ?blank ?all"
    )
    for row in store.select_with_names(query):
        text, blank = row.get("all"), row.get("blank")
        if isinstance(text, RdfLiteral) and text.lexical:
            is_blank = isinstance(blank, RdfLiteral) and blank.lexical in ("true", "1")
            found[is_blank, frozenset(text.lexical.split(" "))] += _number(row.get("n"))
    return found


def _vertices(
    trained: Trained,
    store: RdfStore,
    anywhere: Callable[[str], str],
    sets: Counter[tuple[bool, frozenset[str]]],
) -> list[CountDrift]:
    now: Counter[str] = Counter()
    for (blank, classes), count in sets.items():
        now[_type_of(trained, sorted(classes), blank=blank)] += count
    then = trained.stored.graph.counts
    for name, test in ((RESOURCE, "isIRI(?s)"), (BLANK + RESOURCE, "isBlank(?s)")):
        if name in then:
            now[name] = _untyped(store, anywhere, test)
    known = [CountDrift(name, count, now.get(name, 0)) for name, count in then.items()]
    return known + [CountDrift(name, None, n) for name, n in now.items() if name not in then]


def _untyped(store: RdfStore, anywhere: Callable[[str], str], test: str) -> int:
    """Count the resources without a class."""
    typed = anywhere(f"?s {_TYPE} ?c")
    linked = anywhere(f"?x ?q ?s FILTER(?q != {_TYPE})")
    query = (
        f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ {{ {anywhere('?s ?p ?o')} }} UNION {{ {linked} }} "
        f"FILTER({test}) FILTER NOT EXISTS {{ {typed} }} }}"
    )
    return sum(_number(row.get("n")) for row in store.select_with_names(query))


def _edges(trained: Trained, store: RdfStore, anywhere: Callable[[str], str]) -> list[CountDrift]:
    """Compare links by predicate; those whose value is predicted are no links to a training."""
    then: Counter[str] = Counter()
    for relation, edges in trained.stored.graph.edges.items():
        then[relation.label] += len(edges)
    links = anywhere(f"?s ?p ?o FILTER(!isLiteral(?o) && ?p != {_TYPE} && ?s != ?o)")
    query = (
        f"SELECT ?p (COUNT(*) AS ?n) {{ {{ SELECT DISTINCT ?s ?p ?o {{ {links} }} }} }} GROUP BY ?p"
    )
    now = {
        found.value: _number(row.get("n"))
        for row in store.select_with_names(query)
        if isinstance(found := row.get("p"), Iri)
    }
    known = [CountDrift(name, count, now.get(name, 0)) for name, count in then.items()]
    return known + [CountDrift(name, None, n) for name, n in now.items() if name not in then]


def _sample(
    trained: Trained,
    store: RdfStore,
    anywhere: Callable[[str], str],
    name: str,
    count: int,
) -> Iterator[tuple[Literal, Cells]]:
    """Read some resources of a type, by chance, with their values."""
    classes = split_classes(name)
    typed = " ".join(
        f"{{ {anywhere(f'?s {_TYPE} {to_ntriples(Iri(each))}')} }}" for each in classes
    )
    found = _some(store, typed, min(1.0, 1.5 * SAMPLE / count)) or _some(store, typed, 1.0)
    for begin in range(0, len(found), AT_ONCE):
        some = found[begin : begin + AT_ONCE]
        values = " ".join(map(to_ntriples, some))
        statements = anywhere(f"?s ?p ?o FILTER(isLiteral(?o) || ?p = {_TYPE})")
        query = f"SELECT DISTINCT ?s ?p ?o {{ VALUES ?s {{ {values} }} {statements} }}"
        cells: dict[str, dict[str, list[str]]] = {each.value: {} for each in some}
        of: dict[str, list[str]] = {each.value: [] for each in some}
        for row in store.select_with_names(query):
            subject, predicate, value = (row.get(each) for each in "spo")
            if not isinstance(subject, Iri) or not isinstance(predicate, Iri):
                continue
            if isinstance(value, Iri):
                of[subject.value].append(value.value)
            elif isinstance(value, RdfLiteral):
                language = f"@{value.language}" if value.language else ""
                cell = cell_of(value.lexical, kind_of(value.datatype))
                if cell:
                    known = cells[subject.value].setdefault(predicate.value + language, [])
                    known.append(cell)
        for iri, own in cells.items():
            if _type_of(trained, of[iri]) == name:
                also = [each for each in sorted(of[iri]) if each != trained.owner]
                yield Literal.string(iri), {**own, RDF_TYPE: also}


def _some(store: RdfStore, typed: str, share: float) -> list[Iri]:
    """Return resources of some classes. A store may draw one number for all of them: then all, or
    none."""
    drawn = "" if share >= 1.0 else f" && RAND() < {share:.9f}"
    query = f"SELECT DISTINCT ?s {{ {typed} FILTER(isIRI(?s){drawn}) }} LIMIT {SAMPLE}"
    return [each for row in store.select_with_names(query) if isinstance(each := row.get("s"), Iri)]


def _number(term: Term | None) -> int:
    return int(term.lexical) if isinstance(term, RdfLiteral) else 0
