"""The data of a link training: the graph, and the relations to predict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gremlink.proxy.learning.features.encoding import Encoding
from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.links.training.repeats import Repeats, find_repeats
from gremlink.proxy.learning.processing.processed import ProcessedGraph, Split, UnusableExport
from gremlink.proxy.learning.trained.stored_graph import OverStoredGraph, StoredGraph


@dataclass(frozen=True, slots=True)
class Dataset(OverStoredGraph):
    """The graph with its `targets`, the relations to predict, and the split of each.

    The edges of these relations have their features with them, made by `edge_encodings`. `repeats`
    tells which edges are held out together. `names` are those of vertices by type, where there are
    any.
    """

    stored: StoredGraph
    targets: Mapping[Relation, Split]
    warnings: tuple[str, ...]
    repeats: Repeats = field(default_factory=Repeats)
    edge_encodings: Mapping[Relation, tuple[Encoding, ...]] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


LEAST_EDGES = 2
"""Edges of a relation to predict, at least: one to learn from, and one to test."""

LEAST_IN_ALL = 3
"""Edges of all relations to predict together, at least."""

DISTINCT = "parallel edges count once, and loops do not count"


def link_dataset(processed: ProcessedGraph) -> Dataset:
    """Return the links of a processed graph. Relations with too few to learn from are no targets.

    Raises `UnusableExport` if nothing is left, or if the graph is about something else.
    """
    if processed.target is not None:
        raise UnusableExport(
            f"the configuration asks for {processed.target.task} of "
            f"{processed.target.described}, not for links: "
            "export with a link_prediction target, or without targets"
        )
    graph = processed.graph
    counts = {relation: len(graph.edges[relation]) for relation in processed.links}
    targets = {
        relation: split
        for relation, split in processed.links.items()
        if counts[relation] >= LEAST_EDGES
    }
    total = sum(counts[relation] for relation in targets)
    if total < LEAST_IN_ALL:
        listing = ", ".join(f"{relation} has {count}" for relation, count in counts.items())
        raise UnusableExport(
            f"there are too few edges to learn from: {listing or 'the export has none'}. Link "
            f"prediction needs at least {LEAST_IN_ALL}, and {LEAST_EDGES} of a kind; {DISTINCT}"
        )
    unread = [
        str(relation)
        for relation, rows in processed.rows.items()
        if rows.features is not None and relation not in targets
    ]
    warnings = processed.warnings
    for relation, count in counts.items():
        if relation not in targets:
            warnings += (
                f"{relation} is left out of what is predicted: it has {_edges(count)}, and at "
                f"least {LEAST_EDGES} are needed to learn from; {DISTINCT}",
            )
    if unread:
        warnings += (
            "features of edges are read where these are to be predicted, not those of "
            + ", ".join(unread),
        )
    copies = find_repeats(graph, targets)
    edges = {
        relation: replace(found, features=processed.edge_features(relation))
        if relation in targets
        else found
        for relation, found in graph.edges.items()
        if relation not in copies.left_out
    }
    stored = replace(processed.stored, graph=replace(graph, edges=edges))
    if copies.left_out:
        stored = stored.without_types(_cut_off(copies.left_out, edges))
    encodings = {
        relation: processed.rows[relation].encodings
        for relation in targets
        if relation in edges and edges[relation].features is not None
    }
    return Dataset(
        stored,
        targets,
        warnings + copies.sentences,
        copies.repeats,
        encodings,
        processed.names,
    )


def _cut_off(left_out: Collection[Relation], kept: Collection[Relation]) -> set[str]:
    """Return the types of vertices whose relations are all left out: nothing is left to learn of
    them."""
    lost = {end for relation in left_out for end in (relation.head, relation.tail)}
    return lost - {end for relation in kept for end in (relation.head, relation.tail)}


def _edges(count: int) -> str:
    return f"{count} edge" if count == 1 else f"{count} edges" if count else "no edge"
