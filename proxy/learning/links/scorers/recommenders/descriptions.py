"""A vertex by all that is known of it: its terms, and its links in one relation or another.

Sparse rows, weighed by rarity. Their products are cosines: a block has length 1, or 0 where
nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.features.scaling import unit_rows, unit_terms
from gremlink.proxy.learning.graph import Floats, Relation, TypedGraph

Block = Literal["own", "links", "around"]
"""The terms of a vertex and its links in other relations; its links in the relation itself; and the
terms of those that it is linked to there."""

BLOCKS: tuple[Block, ...] = ("own", "links", "around")
"""All blocks, in the order of their numbers in artifacts."""

Descriptions: TypeAlias = sparse.csr_array | None
"""float32 CSR `[vertices, columns]`; `None` for a type that nothing is known of."""

COLUMNS = 512
"""Vertices that all are compared with at a time: what bounds the memory beside the result."""


def described(
    graph: TypedGraph, relation: Relation, blocks: frozenset[Block], *, undirected: bool
) -> tuple[Descriptions, Descriptions]:
    """Describe heads and tails of a relation; `undirected` ones, of one type, are one object."""
    if undirected:
        links = graph.neighbourhood(relation)
        rows = _joined(graph, relation, relation.head, relation.head, links, blocks)
        return rows, rows
    links = graph.adjacency(relation)
    back = sparse.csr_array(links.T)
    return (
        _joined(graph, relation, relation.head, relation.tail, links, blocks),
        _joined(graph, relation, relation.tail, relation.head, back, blocks),
    )


def has_own(graph: TypedGraph, relation: Relation, vertex_type: str) -> bool:
    """Return whether something is known of a type beside the links of the relation."""
    return next(_own(graph, relation, vertex_type), None) is not None


def similarities(rows: sparse.csr_array) -> Floats:
    """Return the products of all rows with all: float32 `[vertices, vertices]`."""
    count = rows.shape[0]
    found = np.empty((count, count), np.float32)
    for start in range(0, count, COLUMNS):
        part = rows[start : start + COLUMNS].toarray()
        found[:, start : start + COLUMNS] = rows @ part.T
    return found


def _joined(
    graph: TypedGraph,
    relation: Relation,
    vertex_type: str,
    other: str,
    links: sparse.csr_array,
    blocks: frozenset[Block],
) -> Descriptions:
    parts: list[sparse.csr_array] = []
    if "own" in blocks:
        parts += _own(graph, relation, vertex_type)
    if "links" in blocks:
        parts.append(unit_terms(links))
    if "around" in blocks and other in graph.terms:
        around = links @ unit_terms(graph.terms[other].values)
        parts.append(unit_rows(sparse.csr_array(around)))
    return sparse.csr_array(sparse.hstack(parts, format="csr")) if parts else None


def _own(graph: TypedGraph, relation: Relation, vertex_type: str) -> Iterator[sparse.csr_array]:
    """Yield the block of the terms, and that of all other relations together."""
    if vertex_type in graph.terms:
        yield unit_terms(graph.terms[vertex_type].values)
    rows = []
    for each in graph.edges:
        if each == relation or not len(graph.edges[each]):
            continue
        if each.head == vertex_type:
            rows.append(graph.adjacency(each))
        if each.tail == vertex_type:
            rows.append(sparse.csr_array(graph.adjacency(each).T))
    if rows:
        yield unit_terms(sparse.csr_array(sparse.hstack(rows, format="csr")))
