"""iALS: factors of links and of their absence, by alternating least squares."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

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
    FittedScorer,
    Tensors,
    chosen,
    fitting_cost,
    links_read,
)
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    all_columns,
    learned,
    restored,
    stored,
)

SWEEPS = 12
PRODUCTS = 2**25
"""Numbers in the outer products that are held at a time, 128 MiB."""


class IalsSetting(NamedTuple):
    """Number of factors, weight of an absent link beside a present one, regularisation."""

    rank: int
    absent: float
    ridge: float


SETTINGS = (
    IalsSetting(32, 0.3, 0.01),
    IalsSetting(32, 0.1, 0.03),
    IalsSetting(16, 0.3, 0.01),
    IalsSetting(64, 0.5, 0.01),
)


class Ials(FittedScorer):
    r"""Weighted matrix factorisation for implicit links.

    .. math::
        \min_{U, V} \sum_{(u, v) \in X} (1 - u^\top v)^2 + \alpha \sum_{u, v} (u^\top v)^2
            + \lambda \Big(\sum_u (|X_u| + \alpha n) \|u\|^2 + \sum_v (|X_v| + \alpha m) \|v\|^2
            \Big)

    Hu, Koren & Volinsky, ICDM 2008, with the regularisation of Rendle, Krichene, Zhang & Koren,
    "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022. Only the
    columns' factors are kept: a source's are solved for from its links when it is asked about
    (fold-in). :math:`X` is that of `Profiles`; the setting is chosen on links that are held back.
    """

    name: ClassVar[str] = "ials"

    def __init__(
        self,
        profiles: dict[Direction, Profiles],
        factors: dict[Direction, Floats],
        absent: float,
        ridge: float,
    ) -> None:
        """Take the factors: float32 `[columns, rank]` by direction."""
        self._profiles = profiles
        self._factors = factors
        self._absent = absent
        self._ridge = ridge
        self._grams = {end: each.T @ each for end, each in factors.items()}

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether there is something to factorise."""
        return min(graph.counts[relation.head], graph.counts[relation.tail]) > 2

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        rows = graph.counts[relation.head] + graph.counts[relation.tail]
        rows += sum(all_columns(graph, relation, end) for end in DIRECTIONS)
        products = 4.0 * links_read(graph, relation) * 32.0**2
        sweep = Work(decompositions=1e6 * rows, gathers=products)
        return fitting_cost(graph, relation, SWEEPS * sweep)

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Ials:
        """Choose the setting and factorise for both directions."""
        setting = chosen(
            graph, relation, SETTINGS, lambda part, each: _factorised(part, relation, each)
        )
        return _factorised(graph, relation, setting)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> Ials:
        """See `FittedScorer.restore`."""
        absent, ridge = (float(number) for number in tensors["weights"])
        factors = learned(tensors)
        return cls(restored(graph, relation, tensors), factors, absent, ridge)

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        weights = np.array([self._absent, self._ridge], np.float32)
        return {"weights": weights, **stored(self._factors, self._profiles)}

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        profiles, factors = self._profiles[direction], self._factors[direction]
        rows = sparse.csr_array(profiles.matrix[sources])
        own = solve_rows(rows, factors, self._grams[direction], self._absent, self._ridge)
        found = own @ factors[: profiles.last].T
        return profiles.padded(np.asarray(found, dtype=np.float32))


def _profiles(graph: TypedGraph, relation: Relation) -> dict[Direction, Profiles]:
    return {end: Profiles.all_links(graph, relation, end) for end in DIRECTIONS}


def _factorised(graph: TypedGraph, relation: Relation, setting: IalsSetting) -> Ials:
    profiles = _profiles(graph, relation)
    factors = {end: columns_of(each.matrix, setting) for end, each in profiles.items()}
    return Ials(profiles, factors, setting.absent, setting.ridge)


def columns_of(matrix: sparse.csr_array, setting: IalsSetting) -> Floats:
    """Fit the factors of the columns: float32 `[columns, rank]`."""
    rank = min(setting.rank, *matrix.shape)
    random = np.random.default_rng(0)
    columns: Floats = (random.standard_normal((matrix.shape[1], rank)) / rank).astype(np.float32)
    back = sparse.csr_array(matrix.T)
    for _ in range(SWEEPS):
        rows = solve_rows(matrix, columns, columns.T @ columns, setting.absent, setting.ridge)
        columns = solve_rows(back, rows, rows.T @ rows, setting.absent, setting.ridge)
    return columns


def solve_rows(
    matrix: sparse.csr_array, factors: Floats, gram: Floats, absent: float, ridge: float
) -> Floats:
    """Solve for the best factors of rows, given those of the columns: float32 `[rows, rank]`."""
    rank = factors.shape[1]
    solved = np.zeros((matrix.shape[0], rank), np.float32)
    counts = np.diff(matrix.indptr)
    everywhere = np.float32(absent) * gram
    step = max(1, PRODUCTS // (rank * rank))
    identity = np.eye(rank, dtype=np.float32)
    outer = None
    if len(factors) <= step:
        outer = _outer(factors)
    for start in range(0, matrix.shape[0], step):
        block = sparse.csr_array(matrix[start : start + step])
        if outer is not None:
            systems = np.asarray(block @ outer)
        else:
            used = np.unique(block.indices)
            systems = np.zeros((block.shape[0], rank * rank), np.float32)
            for first in range(0, len(used), step):
                part = used[first : first + step]
                systems += block[:, part] @ _outer(factors[part])
        shrink = ridge * (counts[start : start + step] + absent * matrix.shape[1])
        systems = systems.reshape(-1, rank, rank) + everywhere
        systems += shrink.astype(np.float32)[:, None, None] * identity
        right = np.asarray(block @ factors)[:, :, None]
        solved[start : start + step] = np.linalg.solve(systems, right)[:, :, 0]
    return solved


def _outer(factors: Floats) -> Floats:
    products: Floats = np.einsum("ci,cj->cij", factors, factors).reshape(len(factors), -1)
    return products
