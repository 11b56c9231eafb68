"""A vertex by all that it is linked to: the matrix that the factor models read.

A column is another vertex in a role: the tail of a relation that goes out, or the head of one that
comes in. So one matrix serves directed, bipartite and typed graphs, and new vertices too, because
what a factor model has learned belongs to columns, and a row is read from the graph when asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Floats, Relation, TypedGraph


@dataclass(frozen=True, slots=True)
class Profiles:
    """The rows of one vertex type: `matrix` is float32 CSR `[vertices, columns]`, 1 for a link.

    `sizes` are those of the blocks of columns; the first block are the candidates, of which there
    are `candidates` by now: more than columns if some came after the model had learned.
    """

    matrix: sparse.csr_array
    sizes: tuple[int, ...]
    candidates: int

    @classmethod
    def all_links(cls, graph: TypedGraph, relation: Relation, direction: Direction) -> Profiles:
        """Build the links of the sources by any relation; the asked one comes first."""
        source = relation.source_type(direction)
        blocks = [_block(graph, relation, direction)]
        blocks.extend(
            _block(graph, other, end)
            for other in graph.edges
            for end in DIRECTIONS
            if other.source_type(end) == source and (other, end) != (relation, direction)
        )
        return cls._joined(blocks)

    @classmethod
    def own_links(cls, graph: TypedGraph, relation: Relation, direction: Direction) -> Profiles:
        """Build the links of the sources by the relation, in the asked direction only."""
        return cls._joined([_block(graph, relation, direction)])

    @classmethod
    def _joined(cls, blocks: list[sparse.csr_array]) -> Profiles:
        joined = sparse.csr_array(sparse.hstack(blocks, format="csr"))
        sizes = tuple(int(block.shape[1]) for block in blocks)
        return cls(joined, sizes, sizes[0])

    def cut(self, sizes: Sequence[int]) -> Profiles:
        """Keep the first columns of each block: those that there were when a model learned.

        Raises ValueError where the blocks are others.
        """
        if tuple(sizes) == self.sizes:
            return self
        if len(sizes) != len(self.sizes) or any(map(int.__gt__, sizes, self.sizes)):
            raise ValueError(f"columns {tuple(sizes)} are not the beginning of {self.sizes}")
        starts = np.cumsum((0, *self.sizes[:-1]))
        kept = [np.arange(start, start + size) for start, size in zip(starts, sizes, strict=True)]
        matrix = sparse.csr_array(self.matrix[:, np.concatenate(kept)])
        return Profiles(matrix, tuple(sizes), self.candidates)

    def weighing(self, own: sparse.csr_array) -> Profiles:
        """Replace the numbers of the links to candidates: `[vertices, candidates]`."""
        others = self.matrix[:, self.last :]
        joined = sparse.hstack([own[:, : self.last], others], format="csr")
        return replace(self, matrix=sparse.csr_array(joined))

    @property
    def last(self) -> int:
        """End of the candidates' columns."""
        return self.sizes[0]

    def padded(self, scores: Floats) -> Floats:
        """Add scores of 0 for candidates that came later, which have no columns."""
        missing = self.candidates - scores.shape[1]
        return np.pad(scores, ((0, 0), (0, missing))) if missing else scores

    @property
    def width(self) -> int:
        """The number of columns."""
        return int(self.matrix.shape[1])


def _block(graph: TypedGraph, relation: Relation, direction: Direction) -> sparse.csr_array:
    links = graph.adjacency(relation)
    return links if direction == "out" else sparse.csr_array(links.T)


def column_counts(matrix: sparse.csr_array) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Count the rows of each column: float32 `[columns]`."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.float32)


def stored(
    learned: Mapping[Direction, Floats], profiles: Mapping[Direction, Profiles]
) -> dict[str, Any]:
    """Return what was learned of columns for an artifact, and in `.sizes` which columns these
    were."""
    found: dict[str, Any] = {end: learned[end] for end in DIRECTIONS}
    for end in DIRECTIONS:
        found[f"{end}.sizes"] = np.array(profiles[end].sizes, np.int64)
    return found


def restored(
    graph: TypedGraph, relation: Relation, tensors: Mapping[str, Any]
) -> dict[Direction, Profiles]:
    """Rebuild the profiles of `stored`, by all links with the same columns. Raises ValueError."""
    return {
        end: Profiles.all_links(graph, relation, end).cut(
            [int(size) for size in tensors[f"{end}.sizes"]]
        )
        for end in DIRECTIONS
    }


def all_columns(graph: TypedGraph, relation: Relation, direction: Direction) -> int:
    """Count the columns of `Profiles.all_links`, by the types' sizes."""
    source = relation.source_type(direction)
    return sum(
        graph.counts[other.target_type(end)]
        for other in graph.edges
        for end in DIRECTIONS
        if other.source_type(end) == source
    )
