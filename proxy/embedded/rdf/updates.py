"""Queries and updates with their datasets; the default graph is the union of all graphs.

As in Neptune a pattern of an update finds the triples of every graph, and a triple that is deleted
without naming a graph is deleted from all. The engine finds and deletes in the graph without a name
only, so such an operation is asked as queries, and what they find is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from gremlink.proxy.embedded.rdf.texts import (
    Block,
    NotUnderstood,
    Operation,
    names_graphs,
    operations,
)


class BadDataset(ValueError):
    """A request whose parameters and text both name graphs, or one that is no IRI."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Graphs that a request names, those of its default graph and the named ones, and the `base` of
    relative IRIs.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    base: str | None = None

    @property
    def is_set(self) -> bool:
        """True if there are any."""
        return bool(self.default or self.named)


def ask(store: ox.Store, query: str, dataset: Dataset) -> Any:
    """Return the results of a query. Raises SyntaxError, OSError, `BadDataset`."""
    if not dataset.is_set and names_graphs(query):
        return store.query(query, base_iri=dataset.base)
    return store.query(query, **_options(dataset))


def change(store: ox.Store, update: str, dataset: Dataset) -> None:
    """Run an update. Raises SyntaxError, OSError, `BadDataset`."""
    try:
        found = list(operations(update))
    except NotUnderstood:
        found = []
    if dataset.is_set:
        if not found:
            store.update(update, base_iri=dataset.base)  # says what is wrong with it
        if any(each.names_graphs for each in found):
            raise BadDataset("using-graph-uri and using-named-graph-uri exclude WITH and USING")
    elif not found or not _has_named_graphs(store) or not any(map(_needs_union, found)):
        store.update(update, base_iri=dataset.base)
        return
    _require_valid(update, found, dataset.base)
    for each in found:
        if _needs_union(each):
            _change(store, each, dataset)
        else:
            store.update(each.prologue + each.text, base_iri=dataset.base)


def _has_named_graphs(store: ox.Store) -> bool:
    return next(iter(store.named_graphs()), None) is not None


def _needs_union(operation: Operation) -> bool:
    return operation.delete is not None and not operation.names_graphs


def _require_valid(update: str, found: Sequence[Operation], base: str | None) -> None:
    """Raise SyntaxError before the first operation runs if a later one is wrong."""
    texts = [each.text.upper() for each in found]
    if any("LOAD" in text or "SERVICE" in text for text in texts):
        return  # an empty store would call others
    try:
        ox.Store().update(update, base_iri=base)
    except OSError:
        pass
    except RuntimeError:
        pass  # of the evaluation: there is nothing to drop or to copy


def _change(store: ox.Store, operation: Operation, dataset: Dataset) -> None:
    options = _options(dataset)

    def quads(blocks: Sequence[Block], everywhere: bool) -> Iterator[ox.Quad]:
        for block in blocks:
            yield from _found(store, operation, block, options, everywhere)

    deleted = list(quads(operation.delete or (), True))
    inserted = list(quads(operation.insert or (), False))
    texts = []
    if deleted and not any(map(_has_blank_node, deleted)):
        texts.append(f"DELETE DATA {{ {_written(deleted)} }}")
    else:
        for quad in deleted:
            store.remove(quad)
    if inserted and not any(map(_has_blank_node, inserted)):
        texts.append(f"INSERT DATA {{ {_written(inserted)} }}")
        inserted = []
    if texts:
        store.update(";\n".join(texts))
    if inserted:
        store.extend(inserted)


def _found(
    store: ox.Store, operation: Operation, block: Block, options: dict[str, Any], everywhere: bool
) -> Iterator[ox.Quad]:
    """Yield what a block of a template is for the solutions of the pattern."""
    where = operation.where or "{}"
    query = f"{operation.prologue} CONSTRUCT {{ {block.triples} }} WHERE {where}"
    if block.graph is None:
        for triple in _results(store, query, options):
            if everywhere:
                yield from store.quads_for_pattern(
                    triple.subject, triple.predicate, triple.object, None
                )
            else:
                yield ox.Quad(triple.subject, triple.predicate, triple.object)
        return
    graphs: list[Any]
    if block.variable is None:
        named = f"{operation.prologue} SELECT ({_as_term(block.graph)} AS ?g) {{}}"
        base = {"base_iri": options["base_iri"]}
        graphs = [row["g"] for row in _results(store, named, base)]
    else:
        named = f"{operation.prologue} SELECT DISTINCT ?{block.variable} WHERE {where}"
        graphs = [row[block.variable] for row in _results(store, named, options)]
    for graph in graphs:
        if not isinstance(graph, ox.NamedNode | ox.BlankNode):
            continue
        extra: dict[str, Any] = {}
        if block.variable is not None:
            extra["substitutions"] = {ox.Variable(block.variable): graph}
        for triple in _results(store, query, {**options, **extra}):
            yield ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def _results(store: ox.Store, query: str, options: dict[str, Any]) -> Any:
    return store.query(query, **options)


def _as_term(name: str) -> str:
    return f"IRI({name})" if name.startswith("<") else name


def _has_blank_node(quad: ox.Quad) -> bool:
    return any(isinstance(term, ox.BlankNode) for term in quad)


def _written(quads: Sequence[ox.Quad]) -> str:
    def write(quad: ox.Quad) -> str:
        return f"{quad.subject} {quad.predicate} {quad.object} ."

    return "\n".join(
        write(quad)
        if isinstance(quad.graph_name, ox.DefaultGraph)
        else f"GRAPH {quad.graph_name} {{ {write(quad)} }}"
        for quad in quads
    )


def _options(dataset: Dataset) -> dict[str, Any]:
    if not dataset.is_set:
        return {"use_default_graph_as_union": True, "base_iri": dataset.base}
    try:
        return {
            # The empty list is an empty default graph (SPARQL 1.1 Protocol, 2.1.4).
            "default_graph": [ox.NamedNode(each) for each in dataset.default],
            "named_graphs": [ox.NamedNode(each) for each in dataset.named],
            "base_iri": dataset.base,
        }
    except ValueError as error:
        raise BadDataset(f"a parameter names a graph that is no IRI: {error}") from None
