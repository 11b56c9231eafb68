"""A processed graph: all that training learns from, in memory. `stored` has its form on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gremlink.errors import Error
from gremlink.proxy.learning.features.encoding import Encoding
from gremlink.proxy.learning.graph import Features, Floats, Indexes, Relation, find_pairs
from gremlink.proxy.learning.trained.stored_graph import OverStoredGraph, StoredGraph

SplitRate = tuple[float, float, float]
"""Shares of training, validation and test."""

Codes = NDArray[np.int32]


class UnusableExport(Error, ValueError):
    """The export cannot be learned from; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class CustomSplit:
    """Parts that a user chose: positions of rows or edges, int64, ascending, none in two parts."""

    train: Indexes
    valid: Indexes
    test: Indexes


Split = SplitRate | CustomSplit


@dataclass(frozen=True, slots=True)
class Column:
    """A column of texts: `codes` are positions in `values`, int32 `[rows]`, -1 where missing."""

    values: tuple[str, ...]
    codes: Codes

    @classmethod
    def of(cls, cells: Sequence[str]) -> Column:
        """Sort the values alphabetically."""
        values = tuple(sorted({cell for cell in cells if cell}))
        places = {value: place for place, value in enumerate(values)}
        return cls(values, np.array([places.get(cell, -1) for cell in cells], np.int32))

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[str]:
        return ("" if code < 0 else self.values[code] for code in self.codes)

    def present(self) -> Indexes:
        """Return the rows with a value: int64."""
        return np.flatnonzero(self.codes >= 0)

    def counts(self) -> Counter[str]:
        """Count the rows of each value."""
        found = np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))
        return Counter(dict(zip(self.values, map(int, found), strict=True)))


@dataclass(frozen=True, slots=True)
class EdgeRows:
    """The edges of a relation as the export has them, self-loops and repeated pairs included.

    Kept where edges have features or are targets. `heads` and `tails` are int64 `[rows]`, `ids`
    texts, empty where the export has none; `features` belong to the rows.
    """

    heads: Indexes
    tails: Indexes
    ids: Sequence[str]
    encodings: tuple[Encoding, ...] = ()
    features: Features | None = None


@dataclass(frozen=True, slots=True)
class PropertyColumn:
    """A property to predict. `owner` is a vertex type or a relation, `cells` one a vertex or row.

    `task` is as configured, `data_type` what the export says of the values, `datatype` that of all
    of them in an RDF graph. `split` holds positions of vertices or rows.
    """

    owner: str | Relation
    key: str
    task: str
    data_type: str
    cells: Column
    split: Split | None = None
    separator: str | None = None
    datatype: str | None = None

    @property
    def described(self) -> str:
        """For messages."""
        owner = repr(self.owner) if isinstance(self.owner, str) else str(self.owner)
        return f"property {self.key!r} of {owner}"


@dataclass(frozen=True, slots=True)
class ProcessedGraph(OverStoredGraph):
    """An export as numbers.

    `stored` has every relation as distinct pairs and every vertex type with its features. What is
    asked for is either a `target`, or links: `links` are the relations to be predicted. `names`
    of vertices are there for the types that have some, empty for vertices without.
    """

    stored: StoredGraph
    rows: Mapping[Relation, EdgeRows]
    links: Mapping[Relation, Split]
    target: PropertyColumn | None
    warnings: tuple[str, ...] = ()
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def edge_features(self, relation: Relation) -> Floats | None:
        """Return features of a relation's distinct pairs, the mean of repeated ones.

        float32 `[pairs, width]` in the order of `graph.edges[relation]`; `None` without any.
        """
        rows = self.rows.get(relation)
        if rows is None or rows.features is None:
            return None
        edges = self.graph.edges[relation]
        found = find_pairs(edges, rows.heads, rows.tails)
        there = found >= 0
        pairs = found[there]
        sums = np.zeros((len(edges), rows.features.values.shape[1]), np.float64)
        np.add.at(sums, pairs, rows.features.values[there])
        counts = np.bincount(pairs, minlength=len(edges))
        return np.asarray(sums / np.maximum(counts, 1)[:, None], np.float32)
