"""RP3beta: random walks of three steps, with popular candidates held down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
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
from gremlink.proxy.learning.links.evaluation.choice import (
    Several,
    asked_rows,
    asked_times,
    choice_cost,
    chosen_together,
    questions_of,
)
from gremlink.proxy.learning.links.scorer import FittedScorer, Tensors
from gremlink.proxy.learning.links.scorers.recommenders.fitted import FIXED
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    VIEWS,
    Profiles,
    View,
    column_counts,
    link_counts,
    views,
)

ALPHAS = (0.75, 0.5, 1.0)
BETAS = (0.6, 0.4, 0.8)


ADDED = 0.3
"""Time of a step to a vertex that is reached already, beside that of one to a new vertex."""


class Rp3Setting(NamedTuple):
    """Powers of the transitions and of the degree, and the view of the profiles."""

    alpha: float
    beta: float
    view: View


class Rp3Beta(FittedScorer):
    r"""Three steps between sources and columns, each transition to a power.

    .. math:: s(u, v) = \frac{(P_{xy}^{\alpha} P_{yx}^{\alpha} P_{xy}^{\alpha})_{uv}}{\deg(v)^\beta}

    Paudel, Christoffel, Newell & Bernstein, "Updatable, accurate, diverse, and scalable
    recommendations for interactive applications", ACM TiiS 7 (2016). The matrix is that of
    `Profiles`; its view, alpha and beta are chosen on links that are held back.
    """

    name: ClassVar[str] = "rp3beta"

    def __init__(self, graph: TypedGraph, relation: Relation, setting: Rp3Setting) -> None:
        """Prepare the steps of both directions."""
        self._setting = setting
        profiles = Profiles.of_both(graph, relation, setting.view)
        self._steps = {end: _Walk(profiles[end], setting.alpha) for end in DIRECTIONS}

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        found = _views(graph, relation)
        asked = questions_of(graph, relation)
        settings = len(found) * len(ALPHAS) * len(BETAS)
        work = cls.learning_cost(graph, relation)
        work += choice_cost(graph, relation, settings, together=True)
        share = asked_times(settings, asked) / settings
        for view in found:
            for end in DIRECTIONS:
                walked = _walked(graph, relation, end, view)
                walks = float(asked_rows(graph, relation, end, asked) @ walked)
                work += Work(walks=share * len(ALPHAS) * walks)
        return work

    @classmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.learning_cost`."""
        return FIXED

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: Rp3Setting) -> Rp3Beta:
        """Prepare the steps."""
        return cls(graph, relation, setting)

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> Rp3Setting:
        """Choose the powers and the view."""

        def several(part: TypedGraph) -> Several[Rp3Setting]:
            made: dict[tuple[View, float], Rp3Beta] = {}

            def scores(
                asked: Sequence[Rp3Setting], sources: Indexes, end: Direction
            ) -> Iterator[Floats]:
                reached: dict[tuple[View, float], Floats] = {}
                for each in asked:
                    key = each.view, each.alpha
                    if key not in made:
                        made[key] = cls(part, relation, each)
                    walk = made[key]._steps[end]
                    if key not in reached:
                        reached[key] = walk.reached(sources)
                    yield reached[key] * walk.damping(each.beta)

            return scores

        settings = [
            Rp3Setting(alpha, beta, view)
            for view in _views(graph, relation)
            for alpha in ALPHAS
            for beta in BETAS
        ]
        return chosen_together(graph, relation, settings, several)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> Rp3Beta:
        """See `FittedScorer.restore`. Earlier versions knew the directed view alone."""
        alpha, beta = (float(power) for power in tensors["powers"])
        view = VIEWS[int(tensors["view"][0])] if "view" in tensors else "directed"
        return cls(graph, relation, Rp3Setting(alpha, beta, view))

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        return {
            "powers": np.array(self._setting[:2], np.float64),
            "view": np.array([VIEWS.index(self._setting.view)], np.int64),
        }

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        walk = self._steps[direction]
        return walk.reached(sources) * walk.damping(self._setting.beta)


def _views(graph: TypedGraph, relation: Relation) -> tuple[View, ...]:
    return views(graph, relation)[::-1]


class _Walk:
    def __init__(self, profiles: Profiles, alpha: float) -> None:
        matrix = profiles.matrix
        self._out = _transitions(matrix, alpha)
        self._back = _transitions(sparse.csr_array(matrix.T), alpha)
        self._last = sparse.csr_array(self._out[:, : profiles.last])
        self._counts = np.maximum(column_counts(matrix)[: profiles.last], 1.0)

    def reached(self, sources: Indexes) -> Floats:
        """Walk three steps: float32 `[sources, candidates]`."""
        # Held-out links ask again and again about sources with many links.
        asked, places = np.unique(sources, return_inverse=True)
        reached = self._out[asked] @ self._back @ self._last
        return np.asarray(reached.toarray(), dtype=np.float32)[places]

    def damping(self, beta: float) -> Floats:
        """Return what scores of candidates are multiplied by: float32 `[candidates]`."""
        return np.asarray(self._counts ** np.float32(-beta), dtype=np.float32)


def _transitions(matrix: sparse.csr_array, alpha: float) -> sparse.csr_array:
    """Scale every row to the sum 1, then raise it to a power."""
    counts = np.diff(matrix.indptr)
    walked = matrix.copy()
    walked.data = np.repeat(1.0 / np.maximum(counts, 1), counts).astype(np.float32) ** np.float32(
        alpha
    )
    return walked


def _walked(
    graph: TypedGraph, relation: Relation, direction: Direction, view: View
) -> NDArray[np.float64]:
    """Count the work of a walk from each source, about: float64 `[sources]`."""
    rows, columns = link_counts(graph, relation, direction, view)
    row, column = (float(each @ each) / max(float(each.sum()), 1.0) for each in (rows, columns))
    candidates = graph.counts[relation.target_type(direction)]
    found = np.zeros(len(rows))
    for products, reached in (
        (rows.astype(np.float64) * column, float(np.count_nonzero(rows))),
        (rows.astype(np.float64) * (column * row), float(min(candidates, len(columns)))),
    ):
        # No step passes a link more than once: of many passages ever fewer are of new links.
        passed = _different(products, float(rows.sum()))
        found += ADDED * passed + (1.0 - ADDED) * _different(passed, reached)
    return found


def _different(drawn: NDArray[np.float64], of: float) -> NDArray[np.float64]:
    """Count the different ones of so many, drawn at random."""
    return np.asarray(of * -np.expm1(-drawn / max(of, 1.0)))
