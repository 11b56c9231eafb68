"""What training for links works on: the graph, and which of its relations are to be predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from proxy.learning.graph import Relation
from proxy.learning.processing.processed import ProcessedGraph, Split, UnusableExport
from proxy.learning.stored_graph import OverStoredGraph, StoredGraph


@dataclass(frozen=True, slots=True)
class Dataset(OverStoredGraph):
    """`targets` are the relations to predict, with what is held back of each.

    The edges of these relations have their features with them.
    """

    stored: StoredGraph
    targets: Mapping[Relation, Split]
    warnings: tuple[str, ...]


def link_dataset(processed: ProcessedGraph) -> Dataset:
    """The links of a processed graph. Raises `UnusableExport` if it is about something else."""
    if processed.target is not None:
        raise UnusableExport(
            f"the configuration asks for {processed.target.task} of "
            f"{processed.target.described}, not for links: "
            "export with a link_prediction target, or without targets"
        )
    unread = [
        str(relation)
        for relation, rows in processed.rows.items()
        if rows.features is not None and relation not in processed.links
    ]
    warnings = processed.warnings
    if unread:
        warnings += (
            "features of edges are read where these are to be predicted, not those of "
            + ", ".join(unread),
        )
    graph = processed.graph
    described = {
        relation: replace(graph.edges[relation], features=processed.edge_features(relation))
        for relation in processed.links
    }
    stored = replace(processed.stored, graph=graph.replacing(described))
    return Dataset(stored, processed.links, warnings)
