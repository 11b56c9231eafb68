"""From the tables of an export to the typed graph, with the ids and encodings to find back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grammar.traversal import Literal
from proxy.learning.features.encodings import Encoding
from proxy.learning.features.processing import FeatureSpec, encode, fit_features
from proxy.learning.graph import Edges, Features, Indexes, Relation, TypedGraph, distinct_edges

SplitRate = tuple[float, float, float]
DEFAULT_SPLIT: SplitRate = (0.9, 0.05, 0.05)


@dataclass(frozen=True, slots=True)
class VertexTable:
    """The vertices of one set of labels; `type` joins the labels by `;`."""

    type: str
    ids: Sequence[Literal]
    columns: Mapping[str, Sequence[str]]
    features: Sequence[FeatureSpec] = ()


@dataclass(frozen=True, slots=True)
class EdgeTable:
    """The edges of one relation. `split_rate` is set where the configuration makes it a target."""

    relation: Relation
    heads: Sequence[Literal]
    tails: Sequence[Literal]
    split_rate: SplitRate | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """What training works on. `targets` are the relations to predict."""

    graph: TypedGraph
    ids: Mapping[str, Sequence[Literal]]
    encodings: Mapping[str, Sequence[Encoding]]
    targets: Mapping[Relation, SplitRate]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assembled:
    """The typed graph of an export, the ids behind its numbers, the encodings of its features."""

    graph: TypedGraph
    ids: Mapping[str, Sequence[Literal]]
    encodings: Mapping[str, Sequence[Encoding]]
    warnings: tuple[str, ...]

    def positions(self, ends: Sequence[Literal], vertex_type: str, relation: Relation) -> Indexes:
        """The numbers of the ends of edges: int64 `[edges]`. Raises `UnusableExport`."""
        return _positions(
            ends, {vertex_type: _places(self.ids[vertex_type])}, vertex_type, relation
        )


class UnusableExport(ValueError):
    """The export cannot be learned from; the message says what is wrong and what to do."""


def build_dataset(vertices: Sequence[VertexTable], edges: Sequence[EdgeTable]) -> Dataset:
    """The typed graph, and which of its relations are to be predicted.

    Without any target all relations are targets, as in Neptune. Raises `UnusableExport`, and
    ValueError for features that do not fit.
    """
    built = assemble(vertices, edges)
    joined = built.graph.edges
    targets = {
        table.relation: table.split_rate for table in edges if table.split_rate is not None
    } or dict.fromkeys(joined, DEFAULT_SPLIT)
    targets = {relation: rate for relation, rate in targets.items() if len(joined[relation])}
    if not targets:
        raise UnusableExport("the export has no edges to learn from")
    return Dataset(built.graph, built.ids, built.encodings, targets, built.warnings)


def assemble(vertices: Sequence[VertexTable], edges: Sequence[EdgeTable]) -> Assembled:
    """Number the vertices, encode their features, collect the edges.

    Raises `UnusableExport`, and ValueError for features that do not fit.
    """
    ids: dict[str, list[Literal]] = {}
    encodings: dict[str, Sequence[Encoding]] = {}
    features: dict[str, Features] = {}
    warnings: list[str] = []
    for table in vertices:
        if table.type in ids:
            raise UnusableExport(f"vertex type {table.type!r} appears twice in the configuration")
        ids[table.type] = list(table.ids)
        fitted = fit_features(table.type, table.columns, table.features)
        warnings.extend(fitted.warnings)
        encodings[table.type] = fitted.encodings
        if fitted.encodings and len(table.ids):
            features[table.type] = encode(table.columns, fitted.encodings)
    places = {vertex_type: _places(members) for vertex_type, members in ids.items()}
    joined: dict[Relation, Edges] = {}
    for edge_table in edges:
        relation = edge_table.relation
        joined[relation] = distinct_edges(
            _positions(edge_table.heads, places, relation.head, relation),
            _positions(edge_table.tails, places, relation.tail, relation),
            same_type=relation.head == relation.tail,
        )
    counts = {vertex_type: len(members) for vertex_type, members in ids.items()}
    return Assembled(TypedGraph(counts, joined, features), ids, encodings, tuple(warnings))


def _places(members: Sequence[Literal]) -> dict[Literal, int]:
    return {vertex: index for index, vertex in enumerate(members)}


def _positions(
    ends: Sequence[Literal],
    places: Mapping[str, Mapping[Literal, int]],
    vertex_type: str,
    relation: Relation,
) -> Indexes:
    known = places.get(vertex_type, {})
    try:
        return np.fromiter((known[end] for end in ends), np.int64, len(ends))
    except KeyError as error:
        missing: Literal = error.args[0]
        raise UnusableExport(
            f"an edge {relation} ends at {missing.value!r}, which is no "
            f"vertex of type {vertex_type!r} in the export: export vertices and edges together"
        ) from None
