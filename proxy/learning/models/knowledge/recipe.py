"""The way to learn knowledge-graph embeddings, which the size of the graph decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import DIRECTIONS, Indexes, TypedGraph


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to learn: queries of a `batch`, candidates that compete, and factors of the settings.

    `negatives` is the size of the sample of candidates that a batch shares; without it all compete.
    `rate` is a factor of the learning rate for products, `distance_rate` for distances, `warm_rate`
    of both after a warm start; `penalty` is one of the penalty.
    """

    batch: int
    negatives: int | None
    rate: float
    distance_rate: float
    warm_rate: float
    penalty: float

    def pool(self, candidates: int, random: np.random.Generator) -> Indexes:
        """Return the candidates that compete, all or a uniform sample: int64 `[pool]`."""
        if self.negatives is None or candidates <= self.negatives:
            return np.arange(candidates)
        return random.choice(candidates, self.negatives, replace=False, shuffle=False)

    def cost(self, graph: TypedGraph, width: int) -> Work:
        """Count the work of an epoch: every link is asked from both ends."""
        return sum((self._cost(graph, target, width) for target in graph.counts), Work())

    def _cost(self, graph: TypedGraph, target: str, width: int) -> Work:
        """Count the work of the questions whose candidates are of one type."""
        links, asked = 0, 0
        for relation, edges in graph.edges.items():
            for end in DIRECTIONS:
                if relation.target_type(end) == target:
                    links += len(edges)
                    asked += min(len(edges), graph.counts[relation.source_type(end)])
        candidates = graph.counts[target]
        pool = min(candidates, self.negatives or candidates)
        steps = -(-asked // self.batch)
        logits = float(asked * pool)
        rows = float(asked + links + steps * pool)
        if self.negatives is None:
            rows += float(steps * graph.vertex_count)
        return Work(
            products=3.0 * logits * width,
            updates=UPDATES_OF_LOGITS * logits + UPDATES_OF_ROWS * rows * width,
            steps=steps,
        )


UPDATES_OF_LOGITS, UPDATES_OF_ROWS = 4.0, 16.0
"""Reads and writes of a score, and of a number of a row, in a step."""

ALL = Recipe(batch=256, negatives=None, rate=1.0, distance_rate=1.0, warm_rate=1.0, penalty=1.0)
"""All candidates compete, and Adam moves every row in every step: best where there are few."""

SAMPLED = Recipe(
    batch=1024, negatives=512, rate=50.0, distance_rate=10.0, warm_rate=0.1, penalty=10.0
)
"""A sample competes, and Adagrad moves the rows of a batch. Rates of products between .2 and 1,
penalties between .001 and .5 and samples of 256 to 2,048 were compared on WordNet's verbs, on films
and their makers, and on generated families."""

FEW = 2048
"""Vertices up to which all compete: with 2,600 verbs both ways rank as well, and a sample takes a
quarter of the time."""


STEPS = 16
"""Batches of an epoch, about, at least, as far as none has fewer than `LEAST` questions: in the one
or two of a few hundred links a product has learned nothing after 60 epochs."""

LEAST = 32


def recipe_for(graph: TypedGraph) -> Recipe:
    """Return the way to learn a graph."""
    if graph.vertex_count > FEW:
        return SAMPLED
    batch = max(LEAST, min(ALL.batch, 2 * graph.edge_count // STEPS))
    return replace(ALL, batch=batch)
