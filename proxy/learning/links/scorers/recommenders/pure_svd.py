"""PureSVD: links predicted by the best approximation of low rank."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.sparse.linalg import svds

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
    FittedScorer,
    Tensors,
    chosen,
    fitting_cost,
    links_read,
)
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    learned,
    restored,
    stored,
)

RANKS = (16, 8, 32, 64)

TOLERANCE = 1e-3
"""Relative accuracy of the singular values: beyond it, nothing in a ranking moves."""


class PureSvd(FittedScorer):
    r"""Projection of a vertex's links on the leading singular vectors.

    .. math:: s(u, \cdot) = x_u V_k V_k^\top, \qquad X \approx U_k \Sigma_k V_k^\top

    Cremonesi, Koren & Turrin, "Performance of recommender algorithms on top-N recommendation
    tasks", RecSys 2010. :math:`X` has all links of a vertex, in the columns of `Profiles`. The rank
    is chosen on links that are held back.
    """

    name: ClassVar[str] = "pure-svd"

    def __init__(self, profiles: dict[Direction, Profiles], vectors: dict[Direction, Floats]):
        """Take the vectors: float32 `[columns, rank]` by direction."""
        self._profiles = profiles
        self._vectors = vectors

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether there are enough vertices at both ends for the lowest rank."""
        return min(graph.counts[relation.head], graph.counts[relation.tail]) > 2

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        ends = graph.counts[relation.head] + graph.counts[relation.tail]
        links = links_read(graph, relation)
        once = 400.0 * Work(gathers=32.0 * links, updates=1333.0 * ends)
        return fitting_cost(graph, relation, once, 2)  # once to choose the rank, once for good

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> PureSvd:
        """Choose the rank and decompose for both directions."""
        most = min(graph.counts[relation.head], graph.counts[relation.tail]) - 1
        ranks = [rank for rank in RANKS if rank < most] or [max(1, most // 2)]
        largest: list[PureSvd] = []

        def cut(part: TypedGraph, rank: int) -> PureSvd:
            if not largest:  # the part is the same for every rank
                largest.append(_decomposed(part, relation, max(ranks)))
            return largest[0].cut(rank)

        rank = chosen(graph, relation, ranks, cut)
        return _decomposed(graph, relation, rank)

    def cut(self, rank: int) -> PureSvd:
        """Lower the rank: the leading vectors of one decomposition lead in all."""
        return PureSvd(self._profiles, {end: each[:, :rank] for end, each in self._vectors.items()})

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> PureSvd:
        """See `FittedScorer.restore`."""
        vectors = learned(tensors)
        return cls(restored(graph, relation, tensors), vectors)

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        return stored(self._vectors, self._profiles)

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        profiles, vectors = self._profiles[direction], self._vectors[direction]
        projected = profiles.matrix[sources] @ vectors
        found = projected @ vectors[: profiles.last].T
        return profiles.padded(np.asarray(found, dtype=np.float32))


def _profiles(graph: TypedGraph, relation: Relation) -> dict[Direction, Profiles]:
    return {end: Profiles.all_links(graph, relation, end) for end in DIRECTIONS}


def _decomposed(graph: TypedGraph, relation: Relation, rank: int) -> PureSvd:
    profiles = _profiles(graph, relation)
    return PureSvd(profiles, {end: _leading(each, rank) for end, each in profiles.items()})


def _leading(profiles: Profiles, rank: int) -> Floats:
    matrix = profiles.matrix
    # A fixed start makes the result the same each time; signs do not matter to the projection.
    start = np.random.default_rng(0).standard_normal(min(matrix.shape)).astype(np.float32)
    _, _, rows = svds(matrix, k=rank, v0=start, tol=TOLERANCE)
    # The last one leads.
    return np.ascontiguousarray(np.nan_to_num(rows[::-1].T), dtype=np.float32)
