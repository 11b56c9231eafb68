"""Tables for tabular methods: what describes elements, side by side in columns.

`own` are the features of the element and of its ends; `around` adds what a table without a graph
does not have: degrees, the mean features of the neighbours (neighbourhood feature aggregation), and
which vertices these are, where there are few of a type: then a link is as good as a category.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import Floats, TypedGraph
from gremlink.proxy.learning.trained.target import Subjects

MOST_COLUMNS = 400
"""Most columns of the neighbours' features, and of neighbours themselves; what comes later in the
export is left out."""

NAMED_UP_TO = 100
"""Vertices of a type that have a column each; as many as a category's values."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns for each end: float32 `[vertices, columns]`."""

    ends: tuple[Floats, ...]

    def rows(self, subjects: Subjects) -> Floats:
        """Return the columns of the ends, then the edges' own: float32 `[elements, columns]`."""
        parts = [table[places] for table, places in zip(self.ends, subjects.ends, strict=True)]
        return np.concatenate([*parts, subjects.features], axis=1)


def own(graph: TypedGraph, ends: tuple[str, ...]) -> Table:
    """Return the encoded features."""
    return Table(tuple(_features(graph, end) for end in ends))


def around(graph: TypedGraph, ends: tuple[str, ...], named: Mapping[str, int]) -> Table:
    """Return the encoded features, and those that the neighbourhood gives.

    `named` are the types of which the first so many vertices have a column: those that training
    knew.
    """
    return Table(tuple(_around(graph, end, named) for end in ends))


def named_types(graph: TypedGraph, ends: tuple[str, ...]) -> dict[str, int]:
    """Return the types with few vertices, and their counts; not those of the ends themselves."""
    return {
        name: count
        for name, count in graph.counts.items()
        if name not in ends and 1 < count <= NAMED_UP_TO
    }


def _features(graph: TypedGraph, vertex_type: str) -> Floats:
    features = graph.features.get(vertex_type)
    if features is None:
        return np.zeros((graph.counts[vertex_type], 0), np.float32)
    return features.values


def _around(graph: TypedGraph, vertex_type: str, named: Mapping[str, int]) -> Floats:
    parts = [_features(graph, vertex_type)]
    room = MOST_COLUMNS
    for relation in graph.edges:
        links = graph.adjacency(relation)
        for here, there, matrix in (
            (relation.head, relation.tail, links),
            (relation.tail, relation.head, sparse.csr_array(links.T)),
        ):
            if here != vertex_type:
                continue
            degrees = np.asarray(matrix.sum(axis=1), dtype=np.float32).reshape(-1, 1)
            parts.append(np.log1p(degrees))
            described = _features(graph, there)[:, :room]
            room -= described.shape[1]
            parts.append(np.asarray(matrix @ described / np.maximum(degrees, 1.0), np.float32))
            linked = matrix[:, : min(named.get(there, 0), room)]
            room -= linked.shape[1]
            parts.append(linked.toarray())
    return np.concatenate(parts, axis=1)
