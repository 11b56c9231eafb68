"""PureSVD: links predicted by the best approximation of low rank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy import linalg, sparse

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
    Several,
    choice_cost,
    chosen_together,
    questions_of,
)
from gremlink.proxy.learning.links.scorer import FittedScorer, Tensors
from gremlink.proxy.learning.links.scorers.recommenders.fitted import FIXED
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    View,
    block_order,
    bounded_views,
    column_counts,
    learned,
    link_counts,
    one_for_both,
    restored,
    stored,
)

RANKS = (64, 8, 16, 32, 128)
OTHER_POWERS = ((1.0, 0.25), (0.5, 0.0), (0.5, 0.25))

SCALE = 0.25
"""Power of the degrees that links are divided by before the decomposition. With 0 vectors are
spent on the popular, with 1/2 on components and small groups."""

MORE = 16
"""Vectors beyond the rank, that the last ones of it settle sooner."""

ROUNDS = 4
"""Multiplications by the matrix and back: more change no ranking."""


class SvdSetting(NamedTuple):
    """Number of vectors, power of the singular values, power of the degrees that candidates are
    divided by, and the view of the profiles."""

    rank: int
    power: float
    damping: float
    view: View


class PureSvd(FittedScorer):
    r"""Projection of a vertex's links on the leading singular vectors.

    .. math::
        s(u, v) = \frac{(x_u D^{-a} V_k \Sigma_k^p V_k^\top)_v}{d_v^q}, \qquad
        D_r^{-a} X D^{-a} \approx U_k \Sigma_k V_k^\top

    with the degrees :math:`D` of the columns and :math:`D_r` of the rows. With zeros for the
    powers: Cremonesi, Koren & Turrin, "Performance of recommender algorithms on top-N
    recommendation tasks", RecSys 2010; the powers: Nikolakopoulos, Kalantzis, Gallopoulos &
    Garofalakis, "EigenRec: generalizing PureSVD for effective and efficient top-N recommendations",
    KAIS 58 (2019). :math:`X` has all links of a vertex, in the columns of `Profiles`; view and
    rank, then :math:`p` and :math:`q` are chosen on links that are held back.
    """

    name: ClassVar[str] = "pure-svd"

    def __init__(self, profiles: dict[Direction, Profiles], vectors: dict[Direction, Vectors]):
        """Take what each direction multiplies with."""
        self._profiles = profiles
        self._vectors = vectors

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether there are enough vertices at both ends for the lowest rank."""
        return min(graph.counts[relation.head], graph.counts[relation.tail]) > 2

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        found = bounded_views(graph, relation, max(RANKS))
        asked = questions_of(graph, relation)
        work = cls.learning_cost(graph, relation)
        if asked:
            work += total(_work(graph, relation, view, max(RANKS)) for view in found)
            settings = len(found) * len(RANKS)
            ends = graph.counts[relation.head] + graph.counts[relation.tail]
            tried = settings * RANKS[0] + len(OTHER_POWERS) * max(RANKS)
            work += choice_cost(graph, relation, settings, together=True)
            work += choice_cost(graph, relation, 1 + len(OTHER_POWERS), together=True)
            work += Work(products=float(tried) * asked * ends)
        return work

    @classmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.learning_cost`; in the first view, of the highest rank if it may be
        chosen."""
        view, *_ = bounded_views(graph, relation, max(RANKS))
        highest = max(RANKS) if questions_of(graph, relation) else RANKS[0]
        return FIXED + _work(graph, relation, view, highest)

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> SvdSetting:
        """Choose view and rank, then the powers, by one decomposition of each view."""
        found = bounded_views(graph, relation, max(RANKS))
        first = SvdSetting(RANKS[0], 1.0, 0.0, found[0])
        known: dict[View, Decomposition] = {}

        def several(part: TypedGraph) -> Several[SvdSetting]:
            for view in found:  # the part is the same each time
                if view not in known:
                    known[view] = Decomposition.of(part, relation, view, max(RANKS))

            def scores(
                asked: Sequence[SvdSetting], sources: Indexes, end: Direction
            ) -> Iterator[Floats]:
                for each in asked:
                    yield known[each.view].scorer(each).scores(sources, end)

            return scores

        settings = [first._replace(view=view, rank=rank) for view in found for rank in RANKS]
        best = chosen_together(graph, relation, settings, several)
        powers = [best._replace(power=power, damping=damping) for power, damping in OTHER_POWERS]
        return chosen_together(graph, relation, [best, *powers], several)

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: SvdSetting) -> PureSvd:
        """Decompose for both directions."""
        return Decomposition.of(graph, relation, setting.view, setting.rank).scorer(setting)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> PureSvd:
        """See `FittedScorer.restore`. Earlier versions stored vectors alone."""
        vectors = {
            end: Vectors(
                each,
                tensors.get(f"{end}.spectrum", np.ones(each.shape[1], np.float32)),
                tensors.get(f"{end}.given", np.ones(len(each), np.float32)),
                tensors.get(f"{end}.damping", np.ones(len(each), np.float32)),
            )
            for end, each in learned(tensors).items()
        }
        return cls(restored(graph, relation, tensors), vectors)

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        found = stored({end: each.right for end, each in self._vectors.items()}, self._profiles)
        for end, each in self._vectors.items():
            found[f"{end}.spectrum"] = each.spectrum
            found[f"{end}.given"] = each.given
            found[f"{end}.damping"] = each.damping
        return found

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        profiles, vectors = self._profiles[direction], self._vectors[direction]
        rows = sparse.csr_array(profiles.matrix[sources])
        rows.data = rows.data * vectors.given[rows.indices]
        projected = (rows @ vectors.right) * vectors.spectrum
        found = projected @ vectors.right[: profiles.last].T * vectors.damping[: profiles.last]
        return profiles.padded(np.asarray(found, dtype=np.float32))


class Vectors(NamedTuple):
    """Singular vectors of the columns, `[columns, rank]`, factors of these, `[rank]`, of the given
    links and of the candidates, `[columns]`: all float32."""

    right: Floats
    spectrum: Floats
    given: Floats
    damping: Floats


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The leading singular vectors of scaled profiles, by direction.

    `vectors` are float32 `[columns, rank]`, `values` float32 `[rank]`, falling; `degrees` float32
    `[columns]`, at least 1.
    """

    profiles: dict[Direction, Profiles]
    vectors: dict[Direction, Floats]
    values: dict[Direction, Floats]
    degrees: dict[Direction, Floats]

    @classmethod
    def of(cls, graph: TypedGraph, relation: Relation, view: View, rank: int) -> Decomposition:
        """Decompose the profiles of both directions, once where they see the same."""
        profiles = Profiles.of_both(graph, relation, view)
        out, back = profiles["out"], profiles["in"]
        left, values, right = leading(_scaled(out.matrix), rank)
        vectors: dict[Direction, Floats] = {"out": right, "in": right}
        both: dict[Direction, Floats] = {"out": values, "in": values}
        order = block_order(graph, relation, view)
        if back is not out:
            if order is not None:  # the same blocks in another order
                blocks = np.split(right, np.cumsum(out.sizes)[:-1])
                vectors["in"] = np.concatenate([blocks[place] for place in order])
            elif len(out.sizes) == len(back.sizes) == 1:  # the same matrix, transposed
                vectors["in"] = left
            else:
                _, both["in"], vectors["in"] = leading(_scaled(back.matrix), rank)
        degrees = {end: np.maximum(column_counts(profiles[end].matrix), 1.0) for end in DIRECTIONS}
        return cls(profiles, vectors, both, degrees)

    def scorer(self, setting: SvdSetting) -> PureSvd:
        """Return what ranks by the first vectors."""
        vectors: dict[Direction, Vectors] = {}
        for end in DIRECTIONS:
            degrees = self.degrees[end]
            right = self.vectors[end]
            if end == "in" and right is self.vectors["out"]:
                vectors[end] = vectors["out"]
                continue
            vectors[end] = Vectors(
                right[:, : setting.rank],
                self.values[end][: setting.rank] ** np.float32(setting.power),
                degrees ** np.float32(-SCALE),
                degrees ** np.float32(-setting.damping),
            )
        return PureSvd(self.profiles, vectors)


def _scaled(matrix: sparse.csr_array) -> sparse.csr_array:
    """Divide links by powers of the degrees of both ends."""
    rows = np.maximum(np.diff(matrix.indptr), 1).astype(np.float32) ** np.float32(-SCALE)
    columns = np.maximum(column_counts(matrix), 1.0) ** np.float32(-SCALE)
    found = matrix.copy()
    found.data = matrix.data * columns[matrix.indices] * np.repeat(rows, np.diff(matrix.indptr))
    return found


def leading(matrix: sparse.csr_array, rank: int) -> tuple[Floats, Floats, Floats]:
    """Return leading singular vectors of the rows, values, and vectors of the columns.

    Float32 `[rows, rank]`, `[rank]` falling, `[columns, rank]`; zeros where nothing is linked. By
    subspace iteration from random vectors: Halko, Martinsson & Tropp, "Finding structure with
    randomness", SIAM Review 53 (2011).
    """
    rows = np.flatnonzero(np.diff(matrix.indptr))
    columns = np.flatnonzero(column_counts(matrix))
    dense = sparse.csr_array(matrix[rows][:, columns])
    back = sparse.csr_array(dense.T)
    width = max(1, min(rank + MORE, *dense.shape))
    start = np.random.default_rng(0).standard_normal((len(columns), width))
    found = _orthogonal(dense @ start.astype(np.float32))
    for _ in range(ROUNDS):
        found = _orthogonal(dense @ _orthogonal(back @ found))
    right, small = linalg.qr(back @ found, mode="economic", check_finite=False)
    left, values, turned = linalg.svd(small, full_matrices=False, check_finite=False)
    right = right @ left
    rank = min(rank, width)
    return (
        _spread(found @ turned[:rank].T, rows, matrix.shape[0]),
        np.asarray(values[:rank], np.float32),
        _spread(right[:, :rank], columns, matrix.shape[1]),
    )


def _orthogonal(vectors: Floats) -> Floats:
    found = linalg.qr(vectors, mode="economic", check_finite=False)[0]
    return np.asarray(found, np.float32)


def _spread(vectors: Floats, places: Indexes, count: int) -> Floats:
    """Return the vectors at their places among `count`, zeros elsewhere."""
    found = np.zeros((count, vectors.shape[1]), np.float32)
    found[places] = vectors
    return found


def _work(graph: TypedGraph, relation: Relation, view: View, rank: int) -> Work:
    """Count the work of a decomposition."""
    width = float(rank + MORE)
    ends = DIRECTIONS[: 1 if one_for_both(graph, relation, view) else 2]
    work = Work()
    for end in ends:
        rows, columns = (each[each > 0] for each in link_counts(graph, relation, end, view))
        links, vertices = float(rows.sum()), float(len(rows) + len(columns))
        work += Work(
            gathers=2.0 * (ROUNDS + 1) * links * width,
            decompositions=2.0 * (ROUNDS + 3) * vertices * width**2 + 10.0 * width**3,
            updates=6.0 * (ROUNDS + 1) * vertices * width,
        )
    return work
