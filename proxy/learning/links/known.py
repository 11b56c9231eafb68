"""Known links, which are no candidates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Mask, Relation, TypedGraph


class Cells(NamedTuple):
    """Distinct cells of a matrix, int64 `[cells]` each."""

    rows: Indexes
    columns: Indexes

    def of_rows(self, wanted: Mask) -> Cells:
        """Select the cells in the rows under a mask."""
        keep = wanted[self.rows]
        return Cells(self.rows[keep], self.columns[keep])


class KnownLinks:
    """The links that are no candidates: those in the graph, and the source itself."""

    def __init__(self, graph: TypedGraph, relation: Relation) -> None:
        """Index the edges of `graph`, which count as known."""
        links = graph.adjacency(relation)
        self._links = {"out": links, "in": sparse.csr_array(links.T)}
        self._same_type = relation.head == relation.tail
        self._levels: dict[Direction, Floats] = {}

    def candidates(self, direction: Direction) -> int:
        """Count the vertices that can be linked to."""
        return int(self._links[direction].shape[1])

    def mask(self, sources: Indexes, direction: Direction) -> Mask:
        """Return a mask of what to leave out: bool `[sources, candidates]`."""
        mask: Mask = np.zeros((len(sources), self.candidates(direction)), np.bool_)
        mask[self.cells(sources, direction)] = True
        return mask

    def levels(self, sources: Indexes, direction: Direction) -> Floats:
        """Place sources between those with few links, 0, and those with many, 1: float32
        `[sources]`.

        The logarithm of one plus their links, from two standard deviations below the mean over all
        links to two above.
        """
        if direction not in self._levels:
            counts = {end: np.diff(links.indptr) for end, links in self._links.items()}
            own = counts[direction].astype(np.float64)
            every = counts["out"] + counts["in"] if self._same_type else own
            numbers = np.log1p(every)
            asked = max(float(own.sum()), 1.0)
            middle = float(own @ numbers) / asked
            spread = np.sqrt(float(own @ (numbers - middle) ** 2) / asked)
            away = (numbers - middle) / spread if spread > 1e-6 else np.zeros(len(numbers))
            self._levels[direction] = np.clip(0.5 + away / 4.0, 0.0, 1.0).astype(np.float32)
        return self._levels[direction][sources]

    def cells(self, sources: Indexes, direction: Direction) -> Cells:
        """Return the same as cells of `[sources, candidates]`."""
        # Not by slicing the matrix, which takes SciPy longer than many a model.
        links = self._links[direction]
        starts = links.indptr[sources]
        counts = links.indptr[sources + 1] - starts
        rows = np.repeat(np.arange(len(sources)), counts)
        before = np.cumsum(counts) - counts
        columns = links.indices[np.arange(len(rows)) + np.repeat(starts - before, counts)]
        if self._same_type:
            others = columns != sources[rows]
            rows = np.concatenate([rows[others], np.arange(len(sources))])
            columns = np.concatenate([columns[others], sources])
        return Cells(rows.astype(np.int64, copy=False), columns.astype(np.int64, copy=False))
