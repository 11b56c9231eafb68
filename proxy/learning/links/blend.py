"""Learning how much each method counts, for every relation and direction.

The only parameters are one non-negative weight for each member, relation and direction. What few
edges cannot tell is taken from more: a direction leans on its relation, a small relation on all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proxy.learning.graph import DIRECTIONS, Direction, Relation
from proxy.learning.links.ranking import Ranking, joined
from proxy.learning.links.scorers.mixture import MemberWeights
from proxy.learning.links.weights import RIDGE, fit_weights

SHRINKAGE = 50.0
"""Prior precision of a weight around the one that it leans on, as if by so many questions."""

OWN_CHOICE = 200
"""From so many questions on a relation chooses its members itself."""

OWN_WEIGHTS = 10
"""With fewer questions a relation, or a direction, has the weights that it would lean on."""

Task = tuple[Relation, Direction]
Rankings = Mapping[Task, Sequence[Ranking]]
Parts = Sequence[Ranking]


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
    simple: frozenset[str] = frozenset(),
) -> Blend:
    """Learn the weights of all relations and directions.

    Members outside `free` must explain more than chance would to be taken. Where a single member
    ranks better than the blend of them, it stands alone: for a relation with few questions, where
    it does for all. A `simple` member, all relations taken together, stands alone already where
    the blend is not clearly better.
    """
    penalised = np.array([name not in free for name in members])
    tasks = {task: joined(parts) for task, parts in rankings.items()}
    everything = joined([ranking for parts in tasks.values() for ranking in parts])
    common = _chosen_weights(everything, penalised)
    modest = np.array([name in simple for name in members])
    common_alone = alone(everything, common > 0, modest)
    weights: dict[Task, MemberWeights] = {}
    for relation in relations:
        sides = {end: tasks[relation, end] for end in DIRECTIONS if (relation, end) in tasks}
        both = joined([ranking for side in sides.values() for ranking in side])
        own, single = common, common_alone
        if _questions(both) != _questions(everything):
            if _questions(both) >= OWN_CHOICE:
                own = _chosen_weights(both, penalised)
                single = alone(both, own > 0)
            elif _questions(both) >= OWN_WEIGHTS:
                own = fit_weights(both, around=common, precision=SHRINKAGE)
        for end in DIRECTIONS:
            if single is not None:
                weights[relation, end] = single
            else:
                weights[relation, end] = _leaning(sides.get(end, ()), own)
    return Blend(tuple(members), weights)


def alone(
    rankings: Parts, taken: NDArray[np.bool_], simple: NDArray[np.bool_] | None = None
) -> MemberWeights | None:
    r"""The weights of a single member that ranks better than the blend, if one does.

    Both are judged on questions that they were not chosen on: for one half of them the blend is
    learned, and the best member found, on the other. Better is a higher mean of
    :math:`1 / \log_2(1 + \mathrm{rank})`. One of the `simple` members is taken where it is worse by
    up to a standard error, if there are enough questions to tell (the rule of Breiman, Friedman,
    Olshen & Stone, "Classification and regression trees", 1984): networks have stopped when they
    ranked these same questions best, and so where nothing can be learned they look as if it could.
    """
    halves = [_halves(rankings, half) for half in (0, 1)]
    if any(not _questions(part) for parts in halves for part in parts):
        return None
    every = np.ones(rankings[0].member_ranks.shape[1], np.bool_)
    blended = [
        np.concatenate([gain(each.ranks(weights)) for each in judged])
        for learned, judged in halves
        for weights in [fit_weights(learned, precision=RIDGE, free=taken)]
    ]

    def better(among: NDArray[np.bool_]) -> NDArray[np.float64]:
        """By how much the best of some members is better, by question."""
        parts = []
        for (learned, judged), own in zip(halves, blended, strict=True):
            best = _best(learned, among)
            parts.append(
                np.concatenate([gain(each.member_ranks[:, best]) for each in judged]) - own
            )
        return np.concatenate(parts)

    lead = better(every)
    single = float(lead.mean()) > 0.0
    if simple is not None and simple.any() and _questions(rankings) >= OWN_CHOICE:
        behind = (lead if single else 0.0) - better(simple)
        if float(behind.mean()) <= float(behind.std()) / math.sqrt(len(behind)):
            return np.asarray(np.eye(len(every))[_best(rankings, simple)], dtype=np.float64)
    return np.asarray(np.eye(len(every))[_best(rankings, every)], float) if single else None


def _halves(rankings: Parts, half: int) -> tuple[list[Ranking], list[Ranking]]:
    """What to learn from, and what to judge by."""
    return (
        [ranking.questions(slice(1 - half, None, 2)) for ranking in rankings],
        [ranking.questions(slice(half, None, 2)) for ranking in rankings],
    )


def gain(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """What NDCG gives for a rank; a steadier measure than 1/rank: float64 of the same shape."""
    return np.asarray(1.0 / np.log2(1.0 + ranks), dtype=np.float64)


def _best(rankings: Parts, among: NDArray[np.bool_]) -> int:
    ranks = np.concatenate([ranking.member_ranks for ranking in rankings])
    return int(np.argmax(np.where(among, gain(ranks).mean(axis=0), -1.0)))


def _leaning(rankings: Parts, around: MemberWeights) -> MemberWeights:
    if _questions(rankings) < OWN_WEIGHTS:
        return around
    return fit_weights(rankings, around=around, precision=SHRINKAGE, free=around > 0)


def _chosen_weights(rankings: Parts, penalised: NDArray[np.bool_]) -> MemberWeights:
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


def _questions(rankings: Parts) -> int:
    return sum(len(ranking.targets) for ranking in rankings)
