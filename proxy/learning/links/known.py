"""Known links, which are no candidates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import Direction, Indexes, Mask, Relation, TypedGraph


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

    def candidates(self, direction: Direction) -> int:
        """Count the vertices that can be linked to."""
        return int(self._links[direction].shape[1])

    def mask(self, sources: Indexes, direction: Direction) -> Mask:
        """Return a mask of what to leave out: bool `[sources, candidates]`."""
        mask: Mask = np.zeros((len(sources), self.candidates(direction)), np.bool_)
        mask[self.cells(sources, direction)] = True
        return mask

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
