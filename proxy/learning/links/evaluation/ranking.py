"""Held-out queries scored by all members: what blend and calibration are learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.links.evaluation.queries import BLOCK, Queries, TiedRanks, tied_ranks
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.mixture import MemberWeights, to_term, weights_at
from gremlink.proxy.learning.links.scorer import Scorer

CANDIDATES = 1024
"""Up to so many candidates a query keeps all; else the hardest and a uniform sample.

With 4,096 the fits of a blend took most of the budget on graphs of several thousand vertices."""

HARDEST = 16
"""The best of each member that a sample always has."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Queries with the terms that all members have for their candidates, before the weights.

    `scores` is float32 `[queries, candidates, members]`; `offsets`, float32 `[queries,
    candidates]`, is the logarithm of the number of candidates that each represents, minus
    infinity for those that do not compete; `targets`, int64 `[queries]`, are positions among the
    candidates; `member_tied_ranks`, `[queries, members]`, come from the full ranking; `levels` are
    `KnownLinks.levels` of the sources, needed for weights that differ by them.
    """

    scores: Floats
    offsets: Floats
    targets: Indexes
    member_tied_ranks: TiedRanks
    levels: Floats = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def member_ranks(self) -> NDArray[np.float64]:
        """Each member's ranks of the targets: float64 `[queries, members]`."""
        return self.member_tied_ranks.ranks()

    def queries(self, rows: slice | NDArray[np.bool_]) -> Ranking:
        """Select queries, their scores in one piece of memory."""
        return Ranking(
            np.ascontiguousarray(self.scores[rows]),
            self.offsets[rows],
            self.targets[rows],
            TiedRanks(self.member_tied_ranks.above[rows], self.member_tied_ranks.level[rows]),
            self.levels[rows] if len(self.levels) else self.levels,
        )

    def members(self, columns: Sequence[int]) -> Ranking:
        """Select members, in the given order."""
        every = self.member_tied_ranks
        own = TiedRanks(every.above[:, columns], every.level[:, columns])
        return Ranking(self.scores[:, :, columns], self.offsets, self.targets, own, self.levels)

    def blended(self, weights: MemberWeights) -> Floats:
        """Return the scores of a blend: float32 `[queries, candidates]`."""
        own = weights_at(weights, self.levels)
        if own.ndim == 1:
            return np.asarray(self.scores @ own, dtype=np.float32)
        return np.asarray(np.matmul(self.scores, own[:, :, None])[:, :, 0], dtype=np.float32)

    def ranks(self, weights: MemberWeights) -> NDArray[np.float64]:
        """Ranks of the targets under a blend: float64 `[queries]`, exact without a sample."""
        return self.tied_ranks(weights).ranks()

    def tied_ranks(self, weights: MemberWeights) -> TiedRanks:
        """Rank the targets by a blend, `[queries]`; exact without a sample."""
        blended = self.blended(weights)
        own = blended[np.arange(len(self.targets)), self.targets][:, None]
        counts = np.exp(self.offsets)
        above = (counts * (blended > own)).sum(axis=1)
        level = (counts * (blended == own)).sum(axis=1) - 1.0
        return TiedRanks(above.astype(np.float64), np.maximum(level, 0.0).astype(np.float64))


def joined(rankings: Sequence[Ranking]) -> list[Ranking]:
    """Join queries into as few pieces as possible: those with equally many candidates."""
    widths: dict[int, list[Ranking]] = {}
    for ranking in rankings:
        widths.setdefault(ranking.scores.shape[1], []).append(ranking)
    return [
        parts[0]
        if len(parts) == 1
        else Ranking(
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.offsets for part in parts]),
            np.concatenate([part.targets for part in parts]),
            _joined([part.member_tied_ranks for part in parts]),
            np.concatenate([part.levels for part in parts]),
        )
        for parts in widths.values()
    ]


def _joined(parts: Sequence[TiedRanks]) -> TiedRanks:
    return TiedRanks(
        np.concatenate([part.above for part in parts]),
        np.concatenate([part.level for part in parts]),
    )


def rank_members(
    members: Sequence[Scorer],
    queries: Queries,
    fitted_on: KnownLinks,
    every_link: KnownLinks,
    random: np.random.Generator,
) -> Ranking:
    """Score queries with all members.

    `fitted_on` are the links that the members know; `every_link`, held-out ones included, do not
    compete with a target (the filtered setting).
    """
    parts = [
        _rank_block(members, block, fitted_on, every_link, random)
        for block in queries.blocks(BLOCK)
    ]
    (whole,) = joined(parts)
    return whole


def _rank_block(
    members: Sequence[Scorer],
    block: Queries,
    fitted_on: KnownLinks,
    every_link: KnownLinks,
    random: np.random.Generator,
) -> Ranking:
    allowed = block.allowed(every_link)
    known = fitted_on.cells(block.sources, block.direction)
    levels = fitted_on.levels(block.sources, block.direction)
    scores = np.empty((*allowed.shape, len(members)), np.float32)
    above, level = np.empty((2, len(block), len(members)))
    for index, member in enumerate(members):
        raw = member.scores(block.sources, block.direction)
        own = tied_ranks(raw, block.targets, allowed)
        above[:, index], level[:, index] = own.above, own.level
        scores[:, :, index] = to_term(member, raw, known)
    with np.errstate(divide="ignore"):
        offsets = np.log(allowed.astype(np.float32))
    if allowed.shape[1] <= CANDIDATES:
        return Ranking(scores, offsets, block.targets, TiedRanks(above, level), levels)
    sampled = np.empty((len(block), CANDIDATES, len(members)), np.float32)
    weights = np.full((len(block), CANDIDATES), -np.inf, np.float32)
    for row in range(len(block)):
        columns, weights[row] = _sample(scores[row], allowed[row], block.targets[row], random)
        sampled[row] = scores[row, columns]
    first = np.zeros(len(block), np.int64)
    return Ranking(sampled, weights, first, TiedRanks(above, level), levels)


def _sample(
    scores: Floats, allowed: NDArray[np.bool_], target: int, random: np.random.Generator
) -> tuple[Indexes, Floats]:
    """Draw columns with the target first, and their offsets: stratified into hardest and others."""
    masked = np.where(allowed[:, None], scores, -np.inf)
    hardest = np.unique(np.argpartition(-masked, HARDEST, axis=0)[:HARDEST])
    hardest = hardest[allowed[hardest] & (hardest != target)]
    rest = allowed.copy()
    rest[hardest] = False
    rest[target] = False
    others = np.flatnonzero(rest)
    room = CANDIDATES - 1 - len(hardest)
    drawn = others if len(others) <= room else random.choice(others, room, replace=False)
    columns = np.concatenate([[target], hardest, drawn]).astype(np.int64)
    offsets = np.zeros(CANDIDATES, np.float32)
    if len(drawn):
        offsets[1 + len(hardest) : len(columns)] = np.log(len(others) / len(drawn))
    offsets[len(columns) :] = -np.inf
    return np.pad(columns, (0, CANDIDATES - len(columns))), offsets
