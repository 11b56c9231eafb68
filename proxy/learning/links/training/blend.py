"""The blend of a link model: the weights of its base models for every relation and direction.

The only parameters are one non-negative weight for each base model, relation and direction.
Weights of few edges are shrunk: those of a direction to its relation's, those of a small relation
to those of all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import DIRECTIONS, Relation
from gremlink.proxy.learning.links.evaluation.queries import Task
from gremlink.proxy.learning.links.evaluation.ranking import Ranking, joined
from gremlink.proxy.learning.links.mixture import MemberWeights
from gremlink.proxy.learning.links.training.blend_weights import RIDGE, fit_weights

SHRINKAGE = 50.0
"""Prior precision of a weight around the one that it is shrunk to, in queries."""

PARTS = 5
"""Parts in which a blend is compared with single base models; 2 beyond `FEW_QUESTIONS`, where half
of them is enough to learn from."""

FEW_QUESTIONS = 2000

OWN_CHOICE = 200
"""Queries from which a relation chooses its base models itself."""

OWN_WEIGHTS = 10
"""With fewer queries a relation, or a direction, has the weights that it would be shrunk to."""

TIE_BREAKERS = 2
"""Base models, at most, that break the ties of a single one."""

TIE = 0.003
"""The weight of the first of them, its square that of the second: they only break ties."""

Rankings = Mapping[Task, Sequence[Ranking]]
Parts = Sequence[Ranking]


@dataclass(frozen=True, slots=True)
class Blend:
    """The weights of base models for every relation and direction."""

    members: tuple[str, ...]
    weights: Mapping[Task, MemberWeights]

    def used(self, relation: Relation) -> tuple[str, ...]:
        """Return the base models with any weight for a relation."""
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

    Base models outside `free` are taken if they explain more than chance would. A single one that
    ranks better than the blend takes its place; in a relation with few queries if it does so for
    all relations. If neither a network nor the full blend beats the best simple method, or a blend
    of `simple` ones, by more than one standard error, the simple one is taken.
    """
    penalised = np.array([name not in free for name in members])
    tasks = {task: joined(parts) for task, parts in rankings.items()}
    everything = joined([ranking for parts in tasks.values() for ranking in parts])
    common = _chosen_weights(everything, penalised)
    modest = np.array([name in simple for name in members])
    common_instead = instead(everything, common > 0, modest)
    weights: dict[Task, MemberWeights] = {}
    for relation in relations:
        sides = {end: tasks[relation, end] for end in DIRECTIONS if (relation, end) in tasks}
        both = joined([ranking for side in sides.values() for ranking in side])
        own, better = common, common_instead
        if _queries(both) != _queries(everything):
            if _queries(both) >= OWN_CHOICE:
                own = _chosen_weights(both, penalised)
                better = instead(both, own > 0)
            elif _queries(both) >= OWN_WEIGHTS:
                own = fit_weights(both, around=common, precision=SHRINKAGE)
        for end in DIRECTIONS:
            found = _leaning(sides.get(end, ()), own) if better is None else better
            weights[relation, end] = ties_broken(both or everything, found, modest)
    return Blend(tuple(members), weights)


def instead(
    rankings: Parts, taken: NDArray[np.bool_], simple: NDArray[np.bool_] | None = None
) -> MemberWeights | None:
    r"""Return weights that rank better than the blend of all that are `taken`, if there are some.

    They are those of a single base model, or of the `simple` ones that are taken. All are compared
    on queries that they were not chosen on: for each part of them blends are learned, and the best
    base model is found, on the others. The score is the mean of
    :math:`1 / \log_2(1 + \mathrm{rank})`, ties broken at random. Simple methods are preferred where
    the best of them is worse by up to a standard error, if there are enough queries to tell (the
    rule of Breiman, Friedman, Olshen & Stone, "Classification and regression trees", 1984): the
    epochs of networks were chosen on these same queries, which flatters them.
    """
    count = PARTS if _queries(rankings) <= FEW_QUESTIONS else 2
    every = np.ones(rankings[0].member_ranks.shape[1], np.bool_)
    modest = ~every if simple is None or _queries(rankings) < OWN_CHOICE else simple
    tried = [taken, taken & modest] if modest.any() else [taken]
    seen: list[NDArray[np.float64]] = []
    own: list[NDArray[np.float64]] = []
    blended: list[list[NDArray[np.float64]]] = [[] for _ in tried]
    for part in range(count):  # one at a time: the scores of a part are many
        learned, judged = _fold(rankings, part, count)
        if not _queries(learned) or not _queries(judged):
            return None
        for members, found in zip(tried, blended, strict=True):
            weights = fit_weights(learned, precision=RIDGE, free=members)
            found.append(np.concatenate([each.tied_ranks(weights).gains() for each in judged]))
        own.append(np.concatenate([each.member_tied_ranks.gains() for each in judged]))
        seen.append(_mean_gain(learned))

    def best_of(among: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the gains of the best of some base models."""
        chosen = zip(own, seen, strict=True)
        return np.concatenate([gains[:, _best(means, among)] for gains, means in chosen])

    whole = np.concatenate(blended[0])
    lead = best_of(every) - whole
    single = float(lead.mean()) > 0.0
    if modest.any():
        simplest = best_of(modest)
        behind = whole + (lead if single else 0.0) - simplest
        if float(behind.mean()) <= float(behind.std()) / math.sqrt(len(behind)):
            if float((np.concatenate(blended[1]) - simplest).mean()) > 0.0:
                return fit_weights(rankings, precision=RIDGE, free=taken & modest)
            return _only(_best(_mean_gain(rankings), modest), len(every))
    return _only(_best(_mean_gain(rankings), every), len(every)) if single else None


def _only(member: int, count: int) -> MemberWeights:
    """Return all weight on one of `count` base models."""
    weights = np.zeros(count)
    weights[member] = 1.0
    return weights


def _fold(rankings: Parts, part: int, count: int) -> tuple[list[Ranking], list[Ranking]]:
    """Split the queries: return those to learn from, and every n-th to compare by."""
    learned, judged = [], []
    for ranking in rankings:
        own = np.arange(len(ranking.targets)) % count == part
        learned.append(ranking.queries(~own))
        judged.append(ranking.queries(own))
    return learned, judged


def ties_broken(
    rankings: Parts, weights: MemberWeights, simple: NDArray[np.bool_]
) -> MemberWeights:
    """Add small weights of others to that of a single `simple` method, to break its ties: each time
    of the one that ranks best.

    Heuristics give many candidates the same score.
    """
    if np.count_nonzero(weights) != 1 or not simple[np.argmax(weights)]:
        return weights
    scale = float(weights.max())
    for _ in range(TIE_BREAKERS):
        if not any(each.tied_ranks(weights).level.any() for each in rankings):
            break
        scale *= TIE
        tried = [
            weights + scale * _only(int(member), len(weights))
            for member in np.flatnonzero(simple & (weights == 0.0))
        ]
        if tried:
            weights = max(tried, key=lambda each: _gain_of(rankings, each))
    return weights


def _gain_of(rankings: Parts, weights: MemberWeights) -> float:
    """Return the mean gain of the queries under a blend."""
    return float(np.concatenate([each.tied_ranks(weights).gains() for each in rankings]).mean())


def _mean_gain(rankings: Parts) -> NDArray[np.float64]:
    """Return the mean gain of each base model: float64 `[models]`."""
    gains = np.concatenate([ranking.member_tied_ranks.gains() for ranking in rankings])
    return np.asarray(gains.mean(axis=0), dtype=np.float64)


def _best(means: NDArray[np.float64], among: NDArray[np.bool_]) -> int:
    return int(np.argmax(np.where(among, means, -1.0)))


def _leaning(rankings: Parts, around: MemberWeights) -> MemberWeights:
    if _queries(rankings) < OWN_WEIGHTS:
        return around
    return fit_weights(rankings, around=around, precision=SHRINKAGE, free=around > 0)


def _chosen_weights(rankings: Parts, penalised: NDArray[np.bool_]) -> MemberWeights:
    r"""Choose base models by an L1 penalty, then fit the chosen ones without it.

    A standardised score without information still moves the likelihood of `n` queries by about
    :math:`\sqrt n`, the best of `m` by :math:`\sqrt{2 n \log m}` (Donoho & Johnstone, "Ideal
    spatial adaptation by wavelet shrinkage", Biometrika 81, 1994): that is the penalty.
    """
    queries = _queries(rankings)
    threshold = math.sqrt(2.0 * queries * math.log(max(penalised.sum(), 2)))
    chosen = fit_weights(rankings, penalty=np.where(penalised, threshold, 0.0)) > 1e-6
    if not chosen.any():
        chosen[:] = True
    return fit_weights(rankings, free=chosen)


def _queries(rankings: Parts) -> int:
    return sum(len(ranking.targets) for ranking in rankings)
