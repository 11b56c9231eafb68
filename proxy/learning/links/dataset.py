"""What training for links works on: the graph, and which of its relations are to be predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grammar.traversal import Literal
from proxy.learning.features.encoding import Encoding
from proxy.learning.graph import Relation, TypedGraph
from proxy.learning.processing.processed import ProcessedGraph, Split, UnusableExport
from proxy.learning.stored_graph import StoredGraph


@dataclass(frozen=True, slots=True)
class Dataset:
    """`targets` are the relations to predict, with what is held back of each."""

    stored: StoredGraph
    targets: Mapping[Relation, Split]
    warnings: tuple[str, ...]

    @property
    def graph(self) -> TypedGraph:
        """The graph as numbers."""
        return self.stored.graph

    @property
    def ids(self) -> Mapping[str, Sequence[Literal]]:
        """What the vertices of each type are called."""
        return self.stored.ids

    @property
    def encodings(self) -> Mapping[str, Sequence[Encoding]]:
        """How the properties of each vertex type became features."""
        return self.stored.encodings


def link_dataset(processed: ProcessedGraph) -> Dataset:
    """The links of a processed graph. Raises `UnusableExport` if it is about something else."""
    if processed.target is not None:
        raise UnusableExport(
            f"the configuration asks for {processed.target.task} of "
            f"{processed.target.described}, not for links: "
            "export with a link_prediction target, or without targets"
        )
    return Dataset(processed.stored, processed.links, processed.warnings)
