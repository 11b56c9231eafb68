"""Walks from the vertices of one type to others of it: sums of values one and two steps away.

No walk returns to its start, so a vertex' own value never takes part. `propagated` does return:
leave the value out before.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.properties.described import even
from gremlink.proxy.learning.trained.target import Outputs

MOST_RELATIONS = 12
"""Relations with walks of their own, those with the most edges."""

ROUNDS = 10
"""Steps of a propagation."""


class Walks:
    """The walks of one vertex type."""

    def __init__(self, graph: TypedGraph, vertex_type: str) -> None:
        self._graph = graph
        self._type = vertex_type
        first = graph.offsets[vertex_type]
        self._here = slice(first, first + graph.counts[vertex_type])
        edges = graph.edges
        by_size = sorted(edges, key=lambda each: -len(edges[each]))
        inside = [each for each in by_size if each.head == each.tail == vertex_type]
        across = [
            each for each in by_size if (each.head == vertex_type) != (each.tail == vertex_type)
        ]
        self._inside = inside[:MOST_RELATIONS]
        self._across = across[:MOST_RELATIONS] if len(edges) > 1 else []

    def __len__(self) -> int:
        return 2 * len(self._inside) + len(self._across) + bool(self._inside) + 1

    def sums(self, values: Outputs) -> list[Outputs]:
        """Return the sums over the ends of each kind of walk: float64 `[vertices, outputs]` each.

        Over each relation inside the type in both directions; over one of any of these; over each
        relation to another type and back; over any two. The second step is weighted by one over the
        degree of the vertex between.
        """
        found = [matrix @ values for matrix in self._steps]
        links = self._links
        if self._inside:
            found.append(links[:, self._here] @ values)
        found += [_there_and_back(matrix, values) for matrix in self._bridges]
        inverse = 1.0 / np.maximum(np.asarray(self._graph.whole.sum(axis=1)).ravel(), 1.0)
        two = links @ ((links.T @ values) * inverse[:, None])
        found.append(two - (links @ inverse)[:, None] * values)
        return found

    def propagated(self, values: Outputs, shares: Outputs) -> Outputs:
        """Spread values over the whole graph: float64 `[vertices, outputs]`.

        Each round keeps `1 - share` of what was there at the beginning, with a share for each
        output (Zhou et al., "Learning with local and global consistency", NIPS 2003).
        """
        begin = np.zeros((self._graph.vertex_count, values.shape[1]))
        begin[self._here] = values
        state = begin
        for _ in range(ROUNDS):
            state = (1.0 - shares) * begin + shares * (self._even @ state)
        return np.asarray(state[self._here])

    @cached_property
    def _links(self) -> sparse.csr_array:
        return sparse.csr_array(self._graph.whole[self._here], dtype=np.float64)

    @cached_property
    def _even(self) -> sparse.csr_array:
        return even(self._graph).astype(np.float64)

    @cached_property
    def _steps(self) -> list[sparse.csr_array]:
        found = []
        for relation in self._inside:
            links = self._graph.adjacency(relation).astype(np.float64)
            found += [links, sparse.csr_array(links.T)]
        return found

    @cached_property
    def _bridges(self) -> list[sparse.csr_array]:
        found = []
        for relation in self._across:
            links = self._graph.adjacency(relation).astype(np.float64)
            found.append(links if relation.head == self._type else sparse.csr_array(links.T))
        return found


def _there_and_back(links: sparse.csr_array, values: Outputs) -> Outputs:
    inverse = 1.0 / np.maximum(np.asarray(links.sum(axis=0)).ravel(), 1.0)
    found = links @ ((links.T @ values) * inverse[:, None])
    return np.asarray(found - (links @ inverse)[:, None] * values)
