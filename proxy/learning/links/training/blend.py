"""The blend of a link model: the weights of its base models for every relation and direction.

The only parameters are one weight for each base model, relation and direction, not negative but for
log-odds (`links.scorer.is_signed`). Weights of few edges are shrunk: those of a direction to its
relation's, those of a small relation to those of all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from gremlink.proxy.learning.graph import DIRECTIONS, Mask, Relation
from gremlink.proxy.learning.links.evaluation.queries import Task
from gremlink.proxy.learning.links.evaluation.ranking import Ranking, joined
from gremlink.proxy.learning.links.mixture import MemberWeights, weighted
from gremlink.proxy.learning.links.training.blend_weights import fit_levels, fit_weights

SHRINKAGE = 50.0
"""Prior precision of a weight around the one that it is shrunk to, in queries."""

PARTS = 5
"""Parts in which a blend is compared with single base models; 2 beyond `FEW_QUESTIONS`, where half
of them is enough to learn from."""

FEW_QUESTIONS = 2000

SELECTION = 0.5
"""Of 1, 1/2, 1/4 and 0 the one without a loss: on 13 kinds of graphs with 70 to 700 links 1/2 ranks
.8 % higher than 1, between .992 and 1.065 times; on five with 5,000 and more the same, where 0
loses up to 4 %."""

OWN_CHOICE = 200
"""Queries from which a relation chooses its base models itself."""

OWN_WEIGHTS = 10
"""With fewer queries a relation, or a direction, has the weights that it would be shrunk to."""

SINGLES = 4
"""Base models, the best ones alone, that are tried beside those that are signed."""

CERTAIN = 0.95
"""Probability from which what ranks better is served alone."""

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
            if any(weighted(self.weights[relation, end])[index] for end in DIRECTIONS)
        )


@dataclass(frozen=True, slots=True)
class Kinds:
    """Masks of base models, bool `[members]`.

    The `penalised` are taken if they explain more than chance would; `simple` are those without a
    network; `signed` are always taken, and may speak against a link.
    """

    penalised: Mask
    simple: Mask
    signed: Mask


def fit_blend(
    members: Sequence[str],
    rankings: Rankings,
    relations: Sequence[Relation],
    *,
    free: frozenset[str],
    simple: frozenset[str] = frozenset(),
    signed: frozenset[str] = frozenset(),
) -> Blend:
    """Learn the weights of all relations and directions.

    Base models outside `free` are taken if they explain more than chance would; those that are
    `signed` always are. A single one that, beside these, ranks better than the blend takes its
    place, or as large a share of it as it is likely that it does; in a relation with few queries
    if it does so for all relations. If neither a network nor
    the full blend beats the best simple method, or a blend of `simple` ones, by more than one
    standard error, the simple one is taken.
    """
    kinds = Kinds(
        penalised=np.array([name not in free | signed for name in members]),
        simple=np.array([name in simple for name in members]),
        signed=np.array([name in signed for name in members]),
    )
    tasks = {task: joined(parts) for task, parts in rankings.items()}
    everything = joined([ranking for parts in tasks.values() for ranking in parts])
    common = _chosen_weights(everything, kinds)
    common_instead = instead(everything, common != 0, kinds)
    levels = _levels(everything, _shared(common, common_instead), kinds)
    weights: dict[Task, MemberWeights] = {}
    for relation in relations:
        sides = {end: tasks[relation, end] for end in DIRECTIONS if (relation, end) in tasks}
        both = joined([ranking for side in sides.values() for ranking in side])
        own, better = common, common_instead
        if _queries(both) != _queries(everything):
            if _queries(both) >= OWN_CHOICE:
                own = _chosen_weights(both, kinds)
                better = instead(both, own != 0, replace(kinds, simple=np.zeros_like(kinds.simple)))
            elif _queries(both) >= OWN_WEIGHTS:
                own = fit_weights(both, around=common, precision=SHRINKAGE, signed=kinds.signed)
        for end in DIRECTIONS:
            found = own
            if better is None or better.share < 1.0:
                found = _leaning(sides.get(end, ()), own, kinds)
            found = _shared(found, better)
            found = ties_broken(both or everything, found, kinds)
            if levels is not None and better is common_instead:
                found = _shifted(found, levels, kinds)
            weights[relation, end] = np.where(_silent(both, kinds), 0.0, found)
    return Blend(tuple(members), weights)


class Instead(NamedTuple):
    """Weights that take a `share` of the place of a blend's: up to 1."""

    weights: MemberWeights
    share: float


def instead(rankings: Parts, taken: Mask, kinds: Kinds) -> Instead | None:
    r"""Return weights that rank better than the blend of all that are `taken`, if there are some.

    Their share is the probability that they do: where queries cannot tell, a mean ranks better than
    what one of them happens to favour (Breiman, "Heuristics of instability and stabilization in
    model selection", Ann. Stat. 24, 1996).

    They are those of a single base model, or of the simple ones that are taken; all with what is
    signed. All are compared on queries that they were not chosen on: for each part of them blends
    are learned, and the best base model is found, on the others. The score is the mean of
    :math:`1 / \log_2(1 + \mathrm{rank})`, ties broken at random. Simple methods are preferred where
    the best of them is worse by up to a standard error, if there are enough queries to tell (the
    rule of Breiman, Friedman, Olshen & Stone, "Classification and regression trees", 1984): the
    epochs of networks were chosen on these same queries, which flatters them.
    """
    count = PARTS if _queries(rankings) <= FEW_QUESTIONS else 2
    every = ~kinds.signed
    modest = kinds.simple & every
    if _queries(rankings) < OWN_CHOICE:
        modest = np.zeros_like(modest)
    blended: dict[str, list[NDArray[np.float64]]] = {}
    for part in range(count):  # one at a time: the scores of a part are many
        learned, judged = _fold(rankings, part, count)
        if not _queries(learned) or not _queries(judged):
            return None
        tried = {"all": _fitted(learned, taken, kinds), "single": _single(learned, every, kinds)}
        if modest.any():
            together = taken & (kinds.simple | kinds.signed)
            tried["simple"] = _fitted(learned, together, kinds)
            tried["simplest"] = _single(learned, modest, kinds)
        for name, weights in tried.items():
            blended.setdefault(name, []).append(_gains(judged, weights))
    gains = {name: np.concatenate(parts) for name, parts in blended.items()}
    lead = gains["single"] - gains["all"]
    if modest.any():
        behind = gains["single" if float(lead.mean()) > 0.0 else "all"] - gains["simplest"]
        if float(behind.mean()) <= float(behind.std()) / math.sqrt(len(behind)):
            simple = _fitted(rankings, taken & (kinds.simple | kinds.signed), kinds)
            share = 1.0 - _probability(gains["simple"] - gains["simplest"])
            simplest = Instead(_single(rankings, modest, kinds), share)
            return Instead(_shared(simple, simplest), 1.0)
    share = _probability(lead)
    return Instead(_single(rankings, every, kinds), share) if share else None


def _probability(lead: NDArray[np.float64]) -> float:
    """Return the probability that the mean of what a lead is drawn from is above 0; near 0 and 1,
    these."""
    error = float(lead.std()) / math.sqrt(len(lead))
    mean = float(lead.mean())
    found = float(ndtr(mean / error)) if error else float(mean > 0.0)
    return 0.0 if found < 1.0 - CERTAIN else 1.0 if found > CERTAIN else found


def _shared(weights: MemberWeights, better: Instead | None) -> MemberWeights:
    """Return the weights with those that take a share of their place."""
    if better is None:
        return weights
    return better.share * better.weights + (1.0 - better.share) * weights


def _levels(rankings: Parts, weights: MemberWeights, kinds: Kinds) -> MemberWeights | None:
    """Return what to add to weights for sources with few links and with many, float64 `[2,
    members]`; `None` where it does not rank queries that it was not learned from better by a
    standard error."""
    queries = _queries(rankings)
    if queries < OWN_CHOICE or not all(len(each.levels) for each in rankings):
        return None
    lead = []
    count = PARTS if queries <= FEW_QUESTIONS else 2
    for part in range(count):
        learned, judged = _fold(rankings, part, count)
        common = _fitted(learned, weights != 0.0, kinds)
        several = fit_levels(learned, common, kinds.signed)
        lead.append(_gains(judged, several) - _gains(judged, common))
    gained = np.concatenate(lead)
    if float(gained.mean()) <= float(gained.std()) / math.sqrt(len(gained)):
        return None
    return fit_levels(rankings, weights, kinds.signed) - weights


def _silent(rankings: Parts, kinds: Kinds) -> Mask:
    """Return a mask of signed base models that say nothing about any pair of many queries."""
    silent = np.array(kinds.signed, dtype=np.bool_)
    if _queries(rankings) < OWN_CHOICE:
        return np.zeros(len(silent), np.bool_)
    for column in np.flatnonzero(silent).tolist():
        silent[column] = not any(each.scores[:, :, column].any() for each in rankings)
    return silent


def _shifted(weights: MemberWeights, levels: MemberWeights, kinds: Kinds) -> MemberWeights:
    """Return weights with what levels add to them, where there are any."""
    shifted = np.where(weights != 0.0, weights + levels, 0.0)
    return np.where(kinds.signed, shifted, np.maximum(shifted, 0.0))


def _fitted(rankings: Parts, members: Mask, kinds: Kinds) -> MemberWeights:
    """Return the weights of a blend of some base models."""
    columns = np.flatnonzero(members).tolist()
    if 2 * len(columns) > len(members):  # scores are many: no copy of most of them
        return fit_weights(rankings, free=members, signed=kinds.signed)
    weights = np.zeros(len(members))
    own = [ranking.members(columns) for ranking in rankings]
    weights[columns] = fit_weights(own, signed=kinds.signed[columns])
    return weights


def _single(rankings: Parts, among: Mask, kinds: Kinds) -> MemberWeights:
    """Return the weights of the base model that ranks best beside those that are signed."""
    alone = np.where(among, _mean_gain(rankings), -1.0)
    tried = [int(member) for member in np.argsort(-alone, kind="stable")[:SINGLES]]
    found = []
    for member in tried:
        if among[member]:
            weights = _only(member, len(among))
            if kinds.signed.any():
                weights = _fitted(rankings, (weights > 0) | kinds.signed, kinds)
            found.append(weights)
    if len(found) == 1:
        return found[0]
    return max(found, key=lambda weights: float(_gains(rankings, weights).mean()))


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


def ties_broken(rankings: Parts, weights: MemberWeights, kinds: Kinds) -> MemberWeights:
    """Add small weights of others to that of a single simple method, to break its ties: each time
    of the one that ranks best.

    Heuristics give many candidates the same score.
    """
    ranked = np.where(kinds.signed, 0.0, weights)
    if np.count_nonzero(ranked) != 1 or not kinds.simple[np.argmax(ranked)]:
        return weights
    scale = float(ranked.max())
    for _ in range(TIE_BREAKERS):
        if not any(each.tied_ranks(weights).level.any() for each in rankings):
            break
        scale *= TIE
        tried = [
            weights + scale * _only(int(member), len(weights))
            for member in np.flatnonzero(kinds.simple & ~kinds.signed & (weights == 0.0))
        ]
        if tried:
            weights = max(tried, key=lambda each: float(_gains(rankings, each).mean()))
    return weights


def _gains(rankings: Parts, weights: MemberWeights) -> NDArray[np.float64]:
    """Return the gain of each query under a blend, ties broken at random: float64 `[queries]`."""
    return np.concatenate([each.tied_ranks(weights).gains() for each in rankings])


def _mean_gain(rankings: Parts) -> NDArray[np.float64]:
    """Return the mean gain of each base model: float64 `[models]`."""
    gains = np.concatenate([ranking.member_tied_ranks.gains() for ranking in rankings])
    return np.asarray(gains.mean(axis=0), dtype=np.float64)


def _leaning(rankings: Parts, around: MemberWeights, kinds: Kinds) -> MemberWeights:
    if _queries(rankings) < OWN_WEIGHTS:
        return around
    return fit_weights(
        rankings, around=around, precision=SHRINKAGE, free=around != 0, signed=kinds.signed
    )


def _chosen_weights(rankings: Parts, kinds: Kinds) -> MemberWeights:
    r"""Choose base models by an L1 penalty, then fit the chosen ones without it.

    A standardised score without information still moves the likelihood of `n` queries by about
    :math:`\sqrt n`, the best of `m` by :math:`\sqrt{2 n \log m}` (Donoho & Johnstone, "Ideal
    spatial adaptation by wavelet shrinkage", Biometrika 81, 1994). `SELECTION` of that is the
    penalty: scores of base models resemble each other, so `m` of them are fewer to be the best of.
    """
    queries, count = _queries(rankings), max(int(kinds.penalised.sum()), 2)
    threshold = SELECTION * math.sqrt(2.0 * queries * math.log(count))
    penalty = np.where(kinds.penalised, threshold, 0.0)
    chosen = fit_weights(rankings, penalty=penalty, signed=kinds.signed) > 1e-6
    if not (chosen & ~kinds.signed).any():
        chosen[:] = True
    return fit_weights(rankings, free=chosen | kinds.signed, signed=kinds.signed)


def _queries(rankings: Parts) -> int:
    return sum(len(ranking.targets) for ranking in rankings)
