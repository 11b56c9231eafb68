"""Ranking questions: full ranking, filtered, ties by mean rank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from proxy.learning.graph import Direction, Edges, Floats, Indexes, Mask
from proxy.learning.links.known import KnownLinks

if TYPE_CHECKING:
    from proxy.learning.links.scorers.scorer import Scorer

BLOCK = 256
"""Sources that are scored at a time: bounds the memory of a full ranking."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Held-out links, asked from one end: which `targets[i]` belongs to `sources[i]`?

    Both int64 `[questions]`; the same source may be asked several times.
    """

    direction: Direction
    sources: Indexes
    targets: Indexes

    @classmethod
    def about(cls, edges: Edges, direction: Direction) -> Questions:
        """One question for each edge."""
        return cls(direction, *edges.ends(direction))

    def blocks(self, size: int = BLOCK) -> Iterator[Questions]:
        """The questions in order, at most `size` at a time."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield Questions(self.direction, self.sources[part], self.targets[part])

    def allowed(self, known: KnownLinks) -> Mask:
        """The candidates, targets among them: bool `[questions, candidates]`."""
        allowed = ~known.mask(self.sources, self.direction)
        allowed[np.arange(len(self)), self.targets] = True
        return allowed

    def __len__(self) -> int:
        return len(self.sources)


def ranks(scores: Floats, targets: Indexes, allowed: Mask) -> NDArray[np.float64]:
    """The targets' ranks from 1, ties by their mean: float64 `[questions]`.

    `scores` is `[questions, candidates]`; only candidates under `allowed` compete.
    """
    own = scores[np.arange(len(targets)), targets][:, None]
    above = ((scores > own) & allowed).sum(axis=1)
    level = ((scores == own) & allowed).sum(axis=1) - 1
    return np.asarray(1.0 + above + level / 2.0, dtype=np.float64)


def rank_questions(scorer: Scorer, questions: Questions, known: KnownLinks) -> NDArray[np.float64]:
    """Full ranking of every question's target: float64 `[questions]`."""
    found = [
        ranks(scorer.scores(block.sources, block.direction), block.targets, block.allowed(known))
        for block in questions.blocks()
    ]
    return np.concatenate(found) if found else np.zeros(0)


def mean_reciprocal_rank(ranks: NDArray[np.float64]) -> float:
    """MRR of float64 `[questions]` ranks; 0 for none."""
    return float((1.0 / ranks).mean()) if len(ranks) else 0.0
