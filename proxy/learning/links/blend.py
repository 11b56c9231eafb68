"""Learning how much each method counts: soft-max regression over full rankings.

The only parameters are one non-negative weight for each member, relation and direction. What few
edges cannot tell is taken from more: a direction leans on its relation, a small relation on all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from proxy.learning.graph import DIRECTIONS, Direction, Floats, Relation
from proxy.learning.links.evaluation import mean_reciprocal_rank
from proxy.learning.links.ranking import Ranking
from proxy.learning.links.scorers.mixture import MemberWeights

RIDGE = 1.0
"""Prior precision of a weight around 0, as if by so many questions."""

SHRINKAGE = 50.0
"""Prior precision of a weight around the one that it leans on."""

OWN_CHOICE = 200
"""From so many questions on a relation chooses its members itself."""

Task = tuple[Relation, Direction]
Rankings = Mapping[Task, Sequence[Ranking]]


@dataclass(frozen=True, slots=True)
class Blend:
    """The members' weights for every relation and direction."""

    members: tuple[str, ...]
    weights: Mapping[Task, MemberWeights]

    def used(self, relation: Relation) -> tuple[str, ...]:
        """The members with any weight for a relation."""
        return tuple(
            name
            for index, name in enumerate(self.members)
            if any(self.weights[relation, direction][index] > 0 for direction in DIRECTIONS)
        )


def fit_blend(
    members: Sequence[str],
    rankings: Rankings,
    relations: Sequence[Relation],
    *,
    free: frozenset[str],
) -> Blend:
    """Learn the weights of all relations and directions.

    Members outside `free` must explain more than chance would to be taken. Where a single member
    ranks better than the blend of them, it stands alone. A relation without questions gets what
    all the others ask for.
    """
    penalised = np.array([name not in free for name in members])
    everything = [ranking for parts in rankings.values() for ranking in parts]
    common = _chosen_weights(everything, penalised)
    weights: dict[Task, MemberWeights] = {}
    for relation in relations:
        sides = {
            direction: rankings[relation, direction]
            for direction in DIRECTIONS
            if (relation, direction) in rankings
        }
        both = [ranking for side in sides.values() for ranking in side]
        if len(both) == len(everything) or not both:
            own = common
        elif _questions(both) >= OWN_CHOICE:
            own = _chosen_weights(both, penalised)
        else:
            own = fit_weights(both, around=common, precision=SHRINKAGE)
        sided = {
            direction: fit_weights(side, around=own, precision=SHRINKAGE, free=own > 0)
            for direction, side in sides.items()
        }
        around = None if own is common else common
        alone = _best_alone(sides, own > 0, around) if sides else None
        for direction in DIRECTIONS:
            weights[relation, direction] = sided.get(direction, own) if alone is None else alone
    return Blend(tuple(members), weights)


def _best_alone(
    sides: Mapping[Direction, Sequence[Ranking]],
    taken: NDArray[np.bool_],
    around: MemberWeights | None,
) -> MemberWeights | None:
    """The weight vector of a single member that has a better MRR than the blend, if one has.

    The blend is judged on questions that it has not learned from: its weights for one half are
    learned on the other. A member alone has no weights to learn.
    """
    parts = [ranking for several in sides.values() for ranking in several]
    alone = np.concatenate([ranking.member_ranks for ranking in parts])
    single = [mean_reciprocal_rank(column) for column in alone.T]
    best = int(np.argmax(single))
    blended: list[NDArray[np.float64]] = []
    for half in (0, 1):
        judged = [ranking.questions(slice(half, None, 2)) for ranking in parts]
        learned = [ranking.questions(slice(1 - half, None, 2)) for ranking in parts]
        precision = RIDGE if around is None else SHRINKAGE
        weights = fit_weights(learned, around=around, precision=precision, free=taken)
        blended.extend(ranking.ranks(weights) for ranking in judged)
    if single[best] <= mean_reciprocal_rank(np.concatenate(blended)):
        return None
    return np.asarray(np.eye(len(single))[best], dtype=np.float64)


def _chosen_weights(rankings: Sequence[Ranking], penalised: NDArray[np.bool_]) -> MemberWeights:
    r"""Choose members by an L1 penalty, then fit the chosen ones without it.

    A standardised score that means nothing still moves the likelihood of `n` questions by about
    :math:`\sqrt n`, the best of `m` by :math:`\sqrt{2 n \log m}` (Donoho & Johnstone, "Ideal
    spatial adaptation by wavelet shrinkage", Biometrika 81, 1994): that is the penalty.
    """
    questions = _questions(rankings)
    threshold = math.sqrt(2.0 * questions * math.log(max(penalised.sum(), 2)))
    chosen = fit_weights(rankings, penalty=np.where(penalised, threshold, 0.0)) > 1e-6
    if not chosen.any():
        chosen[:] = True
    return fit_weights(rankings, free=chosen)


def _questions(rankings: Sequence[Ranking]) -> int:
    return sum(len(ranking.targets) for ranking in rankings)


def fit_weights(
    rankings: Sequence[Ranking],
    *,
    around: MemberWeights | None = None,
    precision: float = RIDGE,
    penalty: NDArray[np.float64] | None = None,
    free: NDArray[np.bool_] | None = None,
) -> MemberWeights:
    r"""The weights that make the targets likeliest: float64 `[members]`, none negative.

    Minimises :math:`-\sum_q \log \mathrm{softmax}_q(w^\top \hat s)_{t_q} + \frac{\lambda}{2}
    \|w - w_0\|^2 + \mu^\top w` (the listwise loss of Cao et al., ICML 2007) with L-BFGS-B:
    :math:`w_0` is `around`, :math:`\lambda` `precision`, :math:`\mu` `penalty`. Members outside
    `free` get no weight.
    """
    members = rankings[0].scores.shape[2]
    centre = np.zeros(members) if around is None else around
    slopes = np.zeros(members) if penalty is None else penalty
    open_ = np.ones(members, np.bool_) if free is None else free

    def objective(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        loss = precision * float(((weights - centre) ** 2).sum()) / 2 + float(slopes @ weights)
        gradient = precision * (weights - centre) + slopes
        for ranking in rankings:
            part, slope = _negative_log_likelihood(ranking, weights.astype(np.float32))
            loss += part
            gradient = gradient + slope
        return loss, gradient

    solved = minimize(
        objective,
        np.where(open_, 0.1 if around is None else centre, 0.0),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None if member_is_open else 0.0) for member_is_open in open_],
        options={"maxiter": 200},
    )
    return np.asarray(solved.x, dtype=np.float64)


def _negative_log_likelihood(
    ranking: Ranking, weights: Floats
) -> tuple[float, NDArray[np.float64]]:
    scores = ranking.scores @ weights + ranking.offsets
    highest = scores.max(axis=1, keepdims=True)
    odds = np.exp(scores - highest)
    total = odds.sum(axis=1, keepdims=True)
    own = ranking.scores[np.arange(len(ranking.targets)), ranking.targets]
    loss = float((np.log(total[:, 0]) + highest[:, 0] - own @ weights).sum())
    expected = np.tensordot(odds / total, ranking.scores, axes=([0, 1], [0, 1]))
    return loss, (expected - own.sum(axis=0)).astype(np.float64)
