"""iALS: factors of links and of their absence, by alternating least squares."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work, total
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.evaluation.choice import (
    Choice,
    asked_rows,
    choosing_cost,
    questions_of,
)
from gremlink.proxy.learning.links.evaluation.queries import BLOCK
from gremlink.proxy.learning.links.scorer import FittedScorer, Tensors
from gremlink.proxy.learning.links.scorers.recommenders.fitted import FIXED
from gremlink.proxy.learning.links.scorers.recommenders.least_squares import (
    RowSolver,
    preparing_work,
    solving_work,
)
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    View,
    block_order,
    bounded_views,
    column_counts,
    fits,
    learned,
    link_counts,
    one_for_both,
    restored,
    stored,
)

FEW_SWEEPS, SWEEPS = 5, 10
"""Sweeps of a fit for comparison, and of the last one: the order of settings shows early."""

RANK = 64
WEIGHTS = (
    (10.0, 0.03),
    (10.0, 0.01),
    (3.0, 0.03),
    (30.0, 0.01),
    (1.0, 0.1),
    (3.0, 0.1),
    (10.0, 0.003),
    (30.0, 0.003),
)
"""Pairs of weight and ridge, the default first. A larger weight wants a smaller ridge: others were
never the best."""

OTHER_RANKS, HIGHEST_RANK = (32, 128), 256


class IalsSetting(NamedTuple):
    """Number of factors, weight of all absent links together beside that of all present ones,
    regularisation, and the view of the profiles."""

    rank: int
    weight: float
    ridge: float
    view: View = "directed"

    def absent(self, matrix: sparse.csr_array) -> float:
        """Return the weight of one absent link beside a present one."""
        rows = np.count_nonzero(np.diff(matrix.indptr))
        columns = np.count_nonzero(column_counts(matrix))
        return float(min(1.0, self.weight * matrix.nnz / max(rows * columns, 1)))


class Ials(FittedScorer):
    r"""Weighted matrix factorisation for implicit links.

    .. math::
        \min_{U, V} \sum_{(u, v) \in X} (1 - u^\top v)^2 + \alpha \sum_{u, v} (u^\top v)^2
            + \lambda \Big(\sum_u (|X_u| + \alpha n) \|u\|^2 + \sum_v (|X_v| + \alpha m) \|v\|^2
            \Big)

    Hu, Koren & Volinsky, ICDM 2008, with the regularisation of Rendle, Krichene, Zhang & Koren,
    "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022.
    :math:`\alpha` is chosen in multiples of the density, as the best ones of that paper are.
    Only the columns' factors are kept: a source's are solved for from its links when it is asked
    about (fold-in). :math:`X` is that of `Profiles`. Settings are chosen on links that are held
    back, one after the other: weight and :math:`\lambda`, the view, the rank.
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
        absent, ridge = (float(np.float32(each)) for each in (absent, ridge))  # as stored
        self._weights = absent, ridge
        out = RowSolver(factors["out"], absent, ridge)
        same = factors["in"] is factors["out"]
        self._solvers = {"out": out, "in": out if same else RowSolver(factors["in"], absent, ridge)}

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether there is something to factorise."""
        return min(graph.counts[relation.head], graph.counts[relation.tail]) > 2

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        found = cls.learning_cost(graph, relation)
        if not questions_of(graph, relation):
            return found
        first, *others = bounded_views(graph, relation, OTHER_RANKS[-1])
        tried = [_trial_work(graph, relation, first, RANK)] * len(WEIGHTS)
        tried += [_trial_work(graph, relation, view, RANK) for view in others]
        tried += [_trial_work(graph, relation, first, rank) for rank in OTHER_RANKS]
        return found + choosing_cost(graph, relation, tried)

    @classmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.learning_cost`; in the first view, of the first rank."""
        view, *_ = bounded_views(graph, relation, OTHER_RANKS[-1])
        return FIXED + SWEEPS * _sweep_work(graph, relation, view, RANK)

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> IalsSetting:
        """Choose weight and ridge, then the view, then the rank."""
        first, *others = bounded_views(graph, relation, OTHER_RANKS[-1])
        best = IalsSetting(RANK, *WEIGHTS[0], first)
        if not questions_of(graph, relation):
            return best
        learn = partial(_factorised, sweeps=FEW_SWEEPS)
        choice: Choice[IalsSetting] = Choice(graph, relation, learn)
        best = choice.best(*(best._replace(weight=one, ridge=two) for one, two in WEIGHTS))
        best = choice.best(best, *(best._replace(view=view) for view in others))
        best = choice.best(best, *(best._replace(rank=rank) for rank in OTHER_RANKS))
        if best.rank == OTHER_RANKS[-1] and fits(graph, relation, best.view, HIGHEST_RANK):
            best = choice.best(best, best._replace(rank=HIGHEST_RANK))
        return best

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: IalsSetting) -> Ials:
        """Factorise for both directions."""
        return _factorised(graph, relation, setting, SWEEPS)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> Ials:
        """See `FittedScorer.restore`."""
        absent, ridge = (float(number) for number in tensors["weights"])
        return cls(restored(graph, relation, tensors), learned(tensors), absent, ridge)

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        weights = np.array(self._weights, np.float32)
        return {"weights": weights, **stored(self._factors, self._profiles)}

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        profiles, factors = self._profiles[direction], self._factors[direction]
        # Held-out links ask again and again about sources with many links.
        asked, places = np.unique(sources, return_inverse=True)
        rows = sparse.csr_array(profiles.matrix[asked])
        found = self._solvers[direction].solve(rows) @ factors[: profiles.last].T
        return profiles.padded(np.asarray(found, dtype=np.float32)[places])


def _factorised(graph: TypedGraph, relation: Relation, setting: IalsSetting, sweeps: int) -> Ials:
    profiles = Profiles.of_both(graph, relation, setting.view)
    out, back = profiles["out"], profiles["in"]
    absent = setting.absent(out.matrix)
    factors: dict[Direction, Floats] = {}
    factors["out"] = columns_of(out.matrix, setting.rank, absent, setting.ridge, sweeps)
    order = block_order(graph, relation, setting.view)
    if back is out:
        factors["in"] = factors["out"]
    elif order is not None:  # the same blocks in another order
        blocks = np.split(factors["out"], np.cumsum(out.sizes)[:-1])
        factors["in"] = np.concatenate([blocks[place] for place in order])
    elif len(out.sizes) == len(back.sizes) == 1:  # the same matrix, transposed
        factors["in"] = RowSolver(factors["out"], absent, setting.ridge).solve(out.matrix)
    else:
        factors["in"] = columns_of(back.matrix, setting.rank, absent, setting.ridge, sweeps)
    return Ials(profiles, factors, absent, setting.ridge)


def columns_of(
    matrix: sparse.csr_array, rank: int, absent: float, ridge: float, sweeps: int
) -> Floats:
    """Fit the factors of the columns: float32 `[columns, rank]`, zeros without links."""
    linked = np.flatnonzero(column_counts(matrix))
    dense = sparse.csr_array(matrix[np.flatnonzero(np.diff(matrix.indptr))][:, linked])
    rank = max(1, min(rank, *dense.shape))
    start = np.random.default_rng(0).standard_normal((len(linked), rank)) / rank
    columns: Floats = start.astype(np.float32)
    back = sparse.csr_array(dense.T)
    for _ in range(sweeps):
        rows = RowSolver(columns, absent, ridge).solve(dense)
        columns = RowSolver(rows, absent, ridge).solve(back)
    found = np.zeros((matrix.shape[1], rank), np.float32)
    found[linked] = columns
    return found


def _sweep_work(graph: TypedGraph, relation: Relation, view: View, rank: int) -> Work:
    """Count the work of a sweep of both directions."""
    ends = DIRECTIONS[: 1 if one_for_both(graph, relation, view) else 2]
    return total(
        preparing_work(len(other), rank) + solving_work(own, rank)
        for end in ends
        for own, other in itertools.permutations(link_counts(graph, relation, end, view))
    )


def _trial_work(graph: TypedGraph, relation: Relation, view: View, rank: int) -> Work:
    """Count the work of a fit for comparison, and of its scores."""
    asked = questions_of(graph, relation)
    work = FEW_SWEEPS * _sweep_work(graph, relation, view, rank)
    for end in DIRECTIONS:
        rows, _ = link_counts(graph, relation, end, view)
        solved = asked_rows(graph, relation, end, asked)
        work += solving_work(rows, rank, solved, asked / BLOCK)
        work += Work(products=float(solved.sum()) * graph.counts[relation.target_type(end)] * rank)
    return work
