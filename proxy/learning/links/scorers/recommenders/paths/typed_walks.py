"""Typed paths of up to three edges from some vertices, with or against the arrows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Indexes,
    Mask,
    Relation,
    TypedGraph,
)

LONGEST = 3
"""Edges of a path at most."""

HUB = 300
"""Edges of a vertex beyond which no path leads through it: it says little, and costs most."""


class Paths(NamedTuple):
    """Paths: the position of their source, their `end`, both int64 `[paths]`, and their `type`.

    Vertices are numbered through. Types are numbers in base `TypedWalks.base`, a digit an edge.
    """

    source: Indexes
    end: Indexes
    type: Indexes


class TypedWalks:
    """The edges of a graph by the vertex that they leave, each with the number of its kind.

    `counts` are the walks from each vertex by their number of edges, int64 `[vertices]` each.
    """

    def __init__(self, graph: TypedGraph) -> None:
        relations = list(graph.edges)
        self.kinds: dict[tuple[Relation, Direction], int] = {
            kind: number
            for number, kind in enumerate(((r, end) for r in relations for end in DIRECTIONS), 1)
        }
        self.base = len(self.kinds) + 1
        sources, targets, kinds = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], []
        for (relation, end), number in self.kinds.items():
            begins, ends = graph.edges[relation].ends(end)
            sources.append(begins + graph.offsets[relation.source_type(end)])
            targets.append(ends + graph.offsets[relation.target_type(end)])
            kinds.append(np.full(len(begins), number, np.int64))
        every = np.concatenate(sources)
        order = np.argsort(every, kind="stable")
        self._targets = np.concatenate(targets)[order]
        self._kinds = np.concatenate([np.zeros(0, np.int64), *kinds])[order]
        self._degrees = np.bincount(every, minlength=graph.vertex_count)
        self._starts = np.cumsum(self._degrees) - self._degrees
        self._small = self._degrees <= HUB
        self.counts = self._counted(every[order])

    @classmethod
    def of(cls, graph: TypedGraph) -> TypedWalks:
        """Return those of a graph, found once for all relations."""
        if "typed walks" not in graph.shared:
            graph.shared["typed walks"] = cls(graph)
        found: TypedWalks = graph.shared["typed walks"]
        return found

    def _counted(self, sources: Indexes) -> tuple[Indexes, ...]:
        """Count the walks from each vertex by their number of edges: int64 `[vertices]` each."""
        found = [self._degrees]
        for _ in range(LONGEST - 1):
            further = (self._small * found[-1])[self._targets]
            counts = np.bincount(sources, further, minlength=len(self._degrees))
            found.append(np.minimum(counts, 2.0**40).astype(np.int64))
        return tuple(found)

    def paths(
        self,
        sources: Indexes,
        length: int,
        wanted: tuple[Indexes, ...] | None = None,
        without: tuple[int, Indexes] | None = None,
    ) -> Paths:
        """Return the paths that visit no vertex twice, of up to so many edges.

        `wanted` are sorted types to be found, by their number of edges. `without` is a kind and
        for each source an end: no path begins with that edge.
        """
        place = np.arange(len(sources))
        paths = self._longer(Paths(place, sources, np.zeros(len(sources), np.int64)))[0]
        if without is not None:
            paths = _under(
                paths, (paths.type != without[0]) | (paths.end != without[1][paths.source])
            )
        found, before = [paths], paths.end
        for edges in range(2, length + 1):
            through = self._small[paths.end]
            if wanted is not None:
                through &= self._leads(paths.type, edges - 1, length, wanted)
            paths, before = _under(paths, through), before[through]
            longer, row = self._longer(paths)
            # Of three edges the last one may lead back to the first one's end, too.
            new = (longer.end != sources[longer.source]) & (longer.end != before[row])
            before = before[row][new]
            paths = _under(longer, new)
            found.append(paths)
        if wanted is not None:
            found = [
                _under(each, np.isin(each.type, types))
                for each, types in zip(found, wanted, strict=False)
            ]
        return Paths(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def _longer(self, paths: Paths) -> tuple[Paths, Indexes]:
        """Return the paths with one more edge, and which one each continues."""
        counts = self._degrees[paths.end]
        row = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        edge = self._starts[paths.end][row] + within
        types = paths.type[row] * self.base + self._kinds[edge]
        return Paths(paths.source[row], self._targets[edge], types), row

    def _leads(self, types: Indexes, edges: int, length: int, wanted: tuple[Indexes, ...]) -> Mask:
        """Return where some wanted type begins like this: bool `[types]`."""
        found: Mask = np.zeros(len(types), np.bool_)
        for longer in range(edges + 1, length + 1):
            found |= np.isin(types, wanted[longer - 1] // self.base ** (longer - edges))
        return found


def _under(paths: Paths, mask: Mask) -> Paths:
    return Paths(*(each[mask] for each in paths))
