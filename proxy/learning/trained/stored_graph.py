"""The graph that a model was trained on, as it is kept with the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.graph.labels import may_have, split_classes, surely_has
from gremlink.proxy.learning.features.encodings import Encoding, from_document, to_document
from gremlink.proxy.learning.features.terms import TermEncoding, term_blocks
from gremlink.proxy.learning.graph import (
    Edges,
    FeatureBlock,
    Features,
    Relation,
    Terms,
    TypedGraph,
)
from gremlink.proxy.store.artifacts import Artifact

_T = TypeVar("_T")

VERTICES = "vertices"
GRAPH = "graph"
TERMS = "terms"


@dataclass(frozen=True, slots=True)
class StoredGraph:
    """A typed graph, the ids behind its numbers, and how properties became features and terms.

    A graph from before there were terms has none. Of an `rdf` graph the ids, types, relations and
    keys are IRIs, and a type has the classes that `split_classes` finds in it.
    """

    graph: TypedGraph
    ids: Mapping[str, Sequence[Literal]]
    encodings: Mapping[str, Sequence[Encoding]]
    term_encodings: Mapping[str, Sequence[TermEncoding]] = field(default_factory=dict)
    rdf: bool = False

    def may_have(self, label: str, vertex_type: str) -> bool:
        """Return `True` if a database may find vertices of a type by this label."""
        if self.rdf:
            return set(split_classes(label)) <= set(split_classes(vertex_type))
        return may_have(label, vertex_type)

    def surely_has(self, label: str, vertex_type: str) -> bool:
        """Return `True` if a database finds vertices of a type by this label, whichever it is.

        An RDF resource has all its classes, in every store.
        """
        if self.rdf:
            return set(split_classes(label)) <= set(split_classes(vertex_type))
        return surely_has(label, vertex_type)

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its vertices."""
        return tuple(self.graph.counts)

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Its relations; a manifest names them by their places."""
        return tuple(self.graph.edges)

    def without_terms(self) -> StoredGraph:
        """Return the graph for methods that read no terms."""
        return replace(self, graph=replace(self.graph, terms={}), term_encodings={})

    def without_types(self, names: Collection[str]) -> StoredGraph:
        """Return the graph without types of vertices that no relation joins to others."""
        if not names:
            return self

        def kept(found: Mapping[str, _T]) -> dict[str, _T]:
            return {name: each for name, each in found.items() if name not in names}

        graph = self.graph
        graph = TypedGraph(kept(graph.counts), graph.edges, kept(graph.features), kept(graph.terms))
        return replace(
            self,
            graph=graph,
            ids=kept(self.ids),
            encodings=kept(self.encodings),
            term_encodings=kept(self.term_encodings),
        )

    def manifest(self) -> dict[str, Any]:
        """Return its part of a manifest."""
        return {
            "vertex_types": [
                {
                    "type": name,
                    "count": self.graph.counts[name],
                    "encodings": [to_document(encoding) for encoding in self.encodings[name]],
                    "blocks": [
                        [
                            *(block.property, block.kind, block.start, block.stop),
                            *(block.centre, block.spread),
                        ]
                        for block in _blocks(self.graph, name)
                    ],
                }
                for name in self.types
            ],
            "relations": [list(relation) for relation in self.relations],
            **({"rdf": True} if self.rdf else {}),
        }

    def documents(self) -> dict[str, Any]:
        """Return its ids and the names of its terms."""
        ids = {str(index): ids_document(self.ids[name]) for index, name in enumerate(self.types)}
        terms = {
            str(self.types.index(name)): [encoding.to_document() for encoding in encodings]
            for name, encodings in self.term_encodings.items()
            if encodings
        }
        return {VERTICES: ids, **({TERMS: terms} if terms else {})}

    def tensors(self) -> dict[str, dict[str, NDArray[Any]]]:
        """Return its edges, features and terms."""
        arrays: dict[str, NDArray[Any]] = {}
        for index, edges in enumerate(self.graph.edges.values()):
            arrays[f"edges.{index}.heads"] = edges.heads.astype(np.int32)
            arrays[f"edges.{index}.tails"] = edges.tails.astype(np.int32)
        for name, features in self.graph.features.items():
            arrays[f"features.{self.types.index(name)}"] = features.values
        for name, terms in self.graph.terms.items():
            arrays.update(_term_tensors(f"terms.{self.types.index(name)}", terms.values))
        return {GRAPH: arrays}


class OverStoredGraph:
    """Attributes of everything that has its graph as `stored`, a `StoredGraph`."""

    __slots__ = ()
    stored: StoredGraph

    @property
    def graph(self) -> TypedGraph:
        """The graph as numbers."""
        return self.stored.graph

    @property
    def ids(self) -> Mapping[str, Sequence[Literal]]:
        """Ids of the vertices of each type."""
        return self.stored.ids

    @property
    def encodings(self) -> Mapping[str, Sequence[Encoding]]:
        """Encodings of the properties of each vertex type."""
        return self.stored.encodings

    @property
    def term_encodings(self) -> Mapping[str, Sequence[TermEncoding]]:
        """Encodings of the terms of each vertex type."""
        return self.stored.term_encodings


def stored_graph_of(artifact: Artifact) -> StoredGraph:
    """Restore the graph in an artifact.

    Raises KeyError, ValueError, TypeError or IndexError for one that `StoredGraph` did not write.
    """
    entries = artifact.manifest["vertex_types"]
    tensors = artifact.tensors[GRAPH]
    features = {}
    terms = {}
    term_encodings = {
        entries[int(index)]["type"]: tuple(map(TermEncoding.from_document, encodings))
        for index, encodings in artifact.documents.get(TERMS, {}).items()
    }
    for index, entry in enumerate(entries):
        name, count = entry["type"], entry["count"]
        if f"terms.{index}.ends" in tensors:
            blocks_of_terms = term_blocks(term_encodings[name])
            shape = (count, blocks_of_terms[-1].stop)
            terms[name] = Terms(_terms_of(f"terms.{index}", shape, tensors), blocks_of_terms)
        if f"features.{index}" in tensors:
            blocks = tuple(FeatureBlock(*block) for block in entry["blocks"])
            features[entry["type"]] = Features(tensors[f"features.{index}"], blocks)
    graph = TypedGraph(
        {entry["type"]: entry["count"] for entry in entries},
        {
            Relation(*names): Edges(
                tensors[f"edges.{index}.heads"].astype(np.int64),
                tensors[f"edges.{index}.tails"].astype(np.int64),
            )
            for index, names in enumerate(artifact.manifest["relations"])
        },
        features,
        terms,
    )
    ids = artifact.documents[VERTICES]
    return StoredGraph(
        graph,
        {entry["type"]: ids_of(ids[str(index)]) for index, entry in enumerate(entries)},
        {
            entry["type"]: [from_document(encoding) for encoding in entry["encodings"]]
            for entry in entries
        },
        term_encodings,
        bool(artifact.manifest.get("rdf")),
    )


def _term_tensors(name: str, values: sparse.csr_array) -> dict[str, NDArray[Any]]:
    """Return a matrix of terms in the three pieces of CSR, its counts in as few bytes as they
    need."""
    counts = values.data.astype(np.min_scalar_type(int(values.data.max(initial=1))))
    return {
        f"{name}.ends": values.indptr[1:].astype(np.int64),
        f"{name}.terms": values.indices.astype(np.int32),
        f"{name}.counts": counts,
    }


def _terms_of(
    name: str, shape: tuple[int, int], tensors: Mapping[str, NDArray[Any]]
) -> sparse.csr_array:
    ends = np.concatenate([[0], tensors[f"{name}.ends"]])
    counts = tensors[f"{name}.counts"].astype(np.float32)
    return sparse.csr_array((counts, tensors[f"{name}.terms"], ends), shape=shape)


def _blocks(graph: TypedGraph, vertex_type: str) -> tuple[FeatureBlock, ...]:
    features = graph.features.get(vertex_type)
    return features.blocks if features is not None else ()


def ids_document(literals: Sequence[Literal]) -> dict[str, Any]:
    """Return ids with their kinds: `kinds` is one for all, or one for each."""
    kinds = [literal.kind.value for literal in literals]
    same = len(set(kinds)) == 1
    return {
        "kinds": kinds[0] if same else kinds,
        "values": [
            literal.value if isinstance(literal.value, str | int) else str(literal.value)
            for literal in literals
        ],
    }


def ids_of(document: Mapping[str, Any]) -> list[Literal]:
    """Restore the ids that `ids_document` wrote."""
    values = document["values"]
    kinds = document["kinds"]
    if isinstance(kinds, str):
        kinds = [kinds] * len(values)
    return [_literal(Kind(kind), value) for kind, value in zip(kinds, values, strict=True)]


def _literal(kind: Kind, value: Any) -> Literal:
    if kind is Kind.UUID:
        return Literal(kind, UUID(value))
    return Literal(kind, value)
