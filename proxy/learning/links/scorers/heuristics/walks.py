"""Walks over the whole graph, from one type of vertices to another."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)

BLOCK = 16
"""Sources walked from at a time: their float32 beside each other are one line of a processor's
cache, so that a step over an edge fetches nothing in vain."""


ASKED = 3_000
"""Validation and test edges of a large graph that walks begin from."""

STEPS = 12
"""Steps of a walk, by estimate."""


class WholeWalks:
    """Positions of a relation's types among the vertices of the whole graph."""

    def __init__(self, graph: TypedGraph, relation: Relation) -> None:
        """Find the spans of the head type and of the tail type."""
        ends: dict[Direction, str] = {"out": relation.tail, "in": relation.head}
        self._count = graph.whole.shape[0]
        self._begins = {end: graph.offsets[ends[end]] for end in DIRECTIONS}
        self._ends = {end: self._begins[end] + graph.counts[ends[end]] for end in DIRECTIONS}

    def scores(
        self, walk: Callable[[Floats], Floats], sources: Indexes, direction: Direction
    ) -> Floats:
        """Score by a walk from each source, float32 `[sources, candidates]`.

        `walk` gets float32 `[vertices, sources]`, ones where the walks begin, and returns as many
        numbers. Several threads call it.
        """
        begin = self._begins["in" if direction == "out" else "out"]
        first, last = self._begins[direction], self._ends[direction]
        scores = np.empty((len(sources), last - first), np.float32)

        def fill(start: int) -> None:
            some = sources[start : start + BLOCK]
            from_them = np.zeros((self._count, len(some)), np.float32)
            from_them[some + begin, np.arange(len(some))] = 1.0
            scores[start : start + BLOCK] = walk(from_them)[first:last].T

        starts = range(0, len(sources), BLOCK)
        if len(starts) == 1:
            fill(0)
        elif starts:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(fill, starts))
        return scores


def walking_cost(graph: TypedGraph, relation: Relation) -> Work:
    """Count the work to walk from all held-out links of a relation: see `budget`."""
    asked = min(0.1 * len(graph.edges[relation]), ASKED)
    return Work(gathers=2.0 * asked * STEPS * 2.0 * graph.edge_count)
