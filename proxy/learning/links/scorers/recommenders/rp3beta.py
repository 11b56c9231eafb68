"""RP3beta: random walks of three steps, with popular candidates held down."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.scorers.recommenders.fitted import (
    MOST_HELD,
    FittedScorer,
    Tensors,
    chosen,
    fitting_cost,
    links_read,
)
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    column_counts,
)

SETTINGS = ((1.0, 0.5), (1.0, 0.7), (1.0, 0.3), (0.7, 0.4))
"""Pairs of alpha and beta."""


class Rp3Beta(FittedScorer):
    r"""Three steps between sources and columns, each transition to a power.

    .. math:: s(u, v) = \frac{(P_{xy}^{\alpha} P_{yx}^{\alpha} P_{xy}^{\alpha})_{uv}}{\deg(v)^\beta}

    Paudel, Christoffel, Newell & Bernstein, "Updatable, accurate, diverse, and scalable
    recommendations for interactive applications", ACM TiiS 7 (2016). The matrix is that of
    `Profiles`; alpha and beta are chosen on links that are held back.
    """

    name: ClassVar[str] = "rp3beta"

    def __init__(self, graph: TypedGraph, relation: Relation, alpha: float, beta: float) -> None:
        self._alpha = alpha
        self._beta = beta
        self._steps = {
            end: _Walk(Profiles.all_links(graph, relation, end), alpha, beta) for end in DIRECTIONS
        }

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        links = links_read(graph, relation)
        heads, tails = graph.counts[relation.head], graph.counts[relation.tail]
        steps = links / max(heads, 1), links / max(tails, 1)
        walked = (
            min(steps[0] * steps[1], heads) * steps[0] + min(steps[0] * steps[1], tails) * steps[1]
        )
        once = Work(walks=min(MOST_HELD, len(graph.edges[relation])) * walked)
        return fitting_cost(graph, relation, once)

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Rp3Beta:
        """Choose the powers."""
        pair = chosen(graph, relation, SETTINGS, lambda part, each: cls(part, relation, *each))
        return cls(graph, relation, *pair)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> Rp3Beta:
        """See `FittedScorer.restore`."""
        alpha, beta = (float(power) for power in tensors["powers"])
        return cls(graph, relation, alpha, beta)

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        return {"powers": np.array([self._alpha, self._beta], np.float32)}

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return self._steps[direction].scores(sources)


class _Walk:
    def __init__(self, profiles: Profiles, alpha: float, beta: float) -> None:
        matrix = profiles.matrix
        self._out = _transitions(matrix, alpha)
        self._back = _transitions(sparse.csr_array(matrix.T), alpha)
        self._last = sparse.csr_array(self._out[:, : profiles.last])
        counts = column_counts(matrix)[: profiles.last]
        self._damping = np.maximum(counts, 1.0) ** np.float32(-beta)

    def scores(self, sources: Indexes) -> Floats:
        reached = self._out[sources] @ self._back @ self._last
        return np.asarray(reached.toarray() * self._damping, dtype=np.float32)


def _transitions(matrix: sparse.csr_array, alpha: float) -> sparse.csr_array:
    """Scale every row to the sum 1, then raise it to a power."""
    counts = np.diff(matrix.indptr)
    walked = matrix.copy()
    walked.data = np.repeat(1.0 / np.maximum(counts, 1), counts).astype(np.float32) ** np.float32(
        alpha
    )
    return walked
