"""The typed graph that scorers and models learn from: vertices of types, edges of relations.

Vertices are numbered from 0 inside their type. Built by `links.training.dataset`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Direction = Literal["out", "in"]
DIRECTIONS: tuple[Direction, Direction] = ("out", "in")

Indexes = NDArray[np.int64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Relation(NamedTuple):
    """An edge type. `head` and `tail` are vertex types; several labels are joined by `;`."""

    head: str
    label: str
    tail: str

    def source_type(self, direction: Direction) -> str:
        """Return the type of the source vertices of a query."""
        return self.head if direction == "out" else self.tail

    def target_type(self, direction: Direction) -> str:
        """Return the type of the candidates."""
        return self.tail if direction == "out" else self.head

    def __str__(self) -> str:
        return f"({self.head})-{self.label}->({self.tail})"


@dataclass(frozen=True, slots=True)
class Edges:
    """Distinct vertex pairs of one relation: `heads` and `tails` are int64 `[edges]`.

    `features`, float32 `[edges, width]`, are there while a relation that has some is learned.
    """

    heads: Indexes
    tails: Indexes
    features: Floats | None = None

    def __len__(self) -> int:
        return len(self.heads)

    def select(self, keep: Mask | Indexes) -> Edges:
        """Select the edges under a boolean mask or at the given positions."""
        features = None if self.features is None else self.features[keep]
        return Edges(self.heads[keep], self.tails[keep], features)

    def ends(self, direction: Direction) -> tuple[Indexes, Indexes]:
        """Return (sources, targets) as seen when asking in `direction`."""
        return (self.heads, self.tails) if direction == "out" else (self.tails, self.heads)


@dataclass(frozen=True, slots=True)
class FeatureBlock:
    """The columns `start:stop` of a feature matrix that encode one property.

    `centre` and `spread` are mean and standard deviation of a number over the vertices that the
    encoding was fitted on; without them the matrix at hand tells.
    """

    property: str
    kind: str
    start: int
    stop: int
    centre: float | None = None
    spread: float = 1.0


@dataclass(frozen=True, slots=True)
class Features:
    """Encoded properties of one vertex type: `values` is float32 `[vertices, width]`."""

    values: Floats
    blocks: tuple[FeatureBlock, ...]


@dataclass(frozen=True, slots=True)
class TermBlock:
    """The columns `start:stop` of a matrix of terms that belong to one property.

    `kind` is `category` for its values, `text` for its words.
    """

    property: str
    kind: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of the vertices of one type, as they are: no limit to their number, no weights.

    `values` is a float32 CSR matrix `[vertices, terms]`: 1 for a category that a vertex has, the
    number of times for a word.
    """

    values: sparse.csr_array
    blocks: tuple[TermBlock, ...]


@dataclass(frozen=True)
class TypedGraph:
    """A directed graph with typed vertices, typed edges, encoded features and terms.

    Relations hold no pair twice and no self-loops. Types without features are absent from
    `features`, those without categories and texts from `terms`.
    """

    counts: Mapping[str, int]
    edges: Mapping[Relation, Edges]
    features: Mapping[str, Features] = field(default_factory=dict)
    terms: Mapping[str, Terms] = field(default_factory=dict)

    def replacing(self, edges: Mapping[Relation, Edges]) -> TypedGraph:
        """Return the graph with other edges for the given relations."""
        return TypedGraph(self.counts, {**self.edges, **edges}, self.features, self.terms)

    def describing(
        self, features: Mapping[str, Features], terms: Mapping[str, Terms]
    ) -> TypedGraph:
        """Return the same vertices and edges with other features and terms."""
        graph = TypedGraph(self.counts, self.edges, features, terms)
        graph.__dict__["whole"] = self.whole  # it depends on nothing else
        return graph

    def degrees(self, vertex_type: str) -> Indexes:
        """Return the number of links that each vertex of a type has: int64 `[vertices]`."""
        found = np.zeros(self.counts[vertex_type], np.int64)
        for relation, edges in self.edges.items():
            for direction in DIRECTIONS:
                if relation.source_type(direction) == vertex_type:
                    found += np.bincount(edges.ends(direction)[0], minlength=len(found))
        return found

    @cached_property
    def offsets(self) -> dict[str, int]:
        """First number of each type when all vertices are numbered through."""
        found: dict[str, int] = {}
        total = 0
        for name, count in self.counts.items():
            found[name] = total
            total += count
        return found

    @cached_property
    def shared(self) -> dict[str, Any]:
        """Results of the graph that several methods read, by name: each is found once."""
        return {}

    @cached_property
    def vertex_count(self) -> int:
        """Number of vertices of all types."""
        return sum(self.counts.values())

    @cached_property
    def edge_count(self) -> int:
        """Number of edges of all relations."""
        return sum(len(edges) for edges in self.edges.values())

    def adjacency(self, relation: Relation) -> sparse.csr_array:
        """Return the relation as a binary float32 CSR matrix `[heads, tails]`."""
        edges = self.edges[relation]
        shape = (self.counts[relation.head], self.counts[relation.tail])
        return _binary(edges.heads, edges.tails, shape)

    def neighbourhood(self, relation: Relation) -> sparse.csr_array:
        """Return a relation between vertices of one type, without direction: `[vertices,
        vertices]`."""
        if relation.head != relation.tail:
            raise ValueError(f"{relation} joins two vertex types")
        edges = self.edges[relation]
        count = self.counts[relation.head]
        heads = np.concatenate([edges.heads, edges.tails])
        tails = np.concatenate([edges.tails, edges.heads])
        return _binary(heads, tails, (count, count))

    def reciprocated(self, relation: Relation) -> float:
        """Return the share of a relation's links whose opposite exists, too; 0 between two
        types."""
        if relation.head != relation.tail or not len(self.edges[relation]):
            return 0.0
        links = self.adjacency(relation)
        return float(links.multiply(links.T).sum() / links.sum())

    @cached_property
    def whole(self) -> sparse.csr_array:
        """All relations without direction, all vertices numbered through: binary float32 CSR."""
        ends = [
            (edges.heads + self.offsets[relation.head], edges.tails + self.offsets[relation.tail])
            for relation, edges in self.edges.items()
        ]
        heads = np.concatenate([np.zeros(0, np.int64), *(pair for ends_ in ends for pair in ends_)])
        tails = np.concatenate(
            [np.zeros(0, np.int64), *(pair for ends_ in ends for pair in reversed(ends_))]
        )
        return _binary(heads, tails, (self.vertex_count, self.vertex_count))


def _binary(rows: Indexes, columns: Indexes, shape: tuple[int, int]) -> sparse.csr_array:
    matrix = sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    matrix.data.fill(1.0)
    return matrix


def distinct_edges(heads: NDArray[Any], tails: NDArray[Any], *, same_type: bool) -> Edges:
    """Return pairs without repetition and, where both ends have one type, without self-loops.

    The ends are integers of any width. Pairs stay in their order, each where it comes first.
    """
    if same_type and (keep := heads != tails).sum() < len(heads):
        heads, tails = heads[keep], tails[keep]
    if len(heads) < 2:
        return Edges(_wide(heads), _wide(tails))
    if not _ascends(heads, tails):
        order = np.lexsort((tails, heads))
        is_first = np.empty(len(order), np.bool_)
        is_first[order] = _differs(heads[order], tails[order])
    else:
        is_first = _differs(heads, tails)
    if is_first.all():
        return Edges(_wide(heads), _wide(tails))
    return Edges(_wide(heads[is_first]), _wide(tails[is_first]))


def _differs(heads: NDArray[Any], tails: NDArray[Any]) -> Mask:
    """Return which of the pairs is another than the one before it."""
    found = np.ones(len(heads), np.bool_)
    np.not_equal(heads[1:], heads[:-1], out=found[1:])
    found[1:] |= tails[1:] != tails[:-1]
    return found


def _ascends(heads: NDArray[Any], tails: NDArray[Any]) -> bool:
    """Return whether the pairs are in order."""
    if not (heads[1:] >= heads[:-1]).all():
        return False
    return bool(((tails[1:] >= tails[:-1]) | (heads[1:] > heads[:-1])).all())


def _wide(places: NDArray[Any]) -> Indexes:
    return places.astype(np.int64, copy=False)


def find_pairs(edges: Edges, heads: Indexes, tails: Indexes) -> Indexes:
    """Find pairs among edges: their positions, int64 `[pairs]`, -1 for those that are not there."""
    if not len(edges):
        return np.full(len(heads), -1, np.int64)
    base = int(max(edges.tails.max(), tails.max(initial=0))) + 1
    keys, asked = edges.heads * base + edges.tails, heads * base + tails
    order = np.argsort(keys)
    places = order[np.minimum(np.searchsorted(keys[order], asked), len(keys) - 1)]
    return np.where(keys[places] == asked, places, -1)
