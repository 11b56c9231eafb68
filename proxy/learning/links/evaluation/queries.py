"""Ranking queries: full ranking, filtered, ties by mean rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Direction, Edges, Floats, Indexes, Mask, Relation
from gremlink.proxy.learning.links.known import KnownLinks

if TYPE_CHECKING:
    from gremlink.proxy.learning.links.scorer import Scorer

Task = tuple[Relation, Direction]
"""One kind of query: the targets of a relation, from one of its ends."""

BLOCK = 256
"""Sources that are scored at a time: bounds the memory of a full ranking."""


@dataclass(frozen=True, slots=True)
class Queries:
    """Held-out links, asked from one end: which `targets[i]` belongs to `sources[i]`?

    Both int64 `[queries]`; the same source may be asked several times.
    """

    direction: Direction
    sources: Indexes
    targets: Indexes

    @classmethod
    def about(cls, edges: Edges, direction: Direction) -> Queries:
        """Make one query of each edge."""
        return cls(direction, *edges.ends(direction))

    def blocks(self, size: int = BLOCK) -> Iterator[Queries]:
        """Split the queries in order, at most `size` at a time."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield Queries(self.direction, self.sources[part], self.targets[part])

    def allowed(self, known: KnownLinks) -> Mask:
        """Return a mask of the candidates, targets among them: bool `[queries, candidates]`."""
        allowed = ~known.mask(self.sources, self.direction)
        allowed[np.arange(len(self)), self.targets] = True
        return allowed

    def __len__(self) -> int:
        return len(self.sources)


@dataclass(frozen=True, slots=True)
class TiedRanks:
    """Ranks of targets, with ties: the number of other candidates `above` each, and `level` with
    it. Both float64, of one shape."""

    above: NDArray[np.float64]
    level: NDArray[np.float64]

    def ranks(self) -> NDArray[np.float64]:
        """Return ranks from 1, ties by their mean."""
        return np.asarray(1.0 + self.above + self.level / 2.0, dtype=np.float64)

    def gains(self) -> NDArray[np.float64]:
        r"""Return the gain of NDCG, :math:`1 / \log_2(1 + \mathrm{rank})`, with ties broken at
        random: the mean over the ranks that a target may get.

        A mean rank is less than the mean of what the ranks are worth, so a method that leaves many
        candidates level would look worse than one that orders them by nothing.
        """
        most = int((self.above + self.level).max(initial=0.0)) + 2
        summed = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(2.0 + np.arange(most)))])
        places = np.arange(most + 1)
        first = np.interp(self.above, places, summed)
        last = np.interp(self.above + self.level + 1.0, places, summed)
        return np.asarray((last - first) / (self.level + 1.0), dtype=np.float64)


def tied_ranks(scores: Floats, targets: Indexes, allowed: Mask) -> TiedRanks:
    """Count the candidates above and level with each target, of shape `[queries]`.

    `scores` is `[queries, candidates]`; only candidates under `allowed` compete.
    """
    own = scores[np.arange(len(targets)), targets][:, None]
    above = ((scores > own) & allowed).sum(axis=1)
    level = ((scores == own) & allowed).sum(axis=1) - 1
    return TiedRanks(above.astype(np.float64), level.astype(np.float64))


def ranks(scores: Floats, targets: Indexes, allowed: Mask) -> NDArray[np.float64]:
    """Rank the targets from 1, ties by their mean: float64 `[queries]`. See `tied_ranks`."""
    return tied_ranks(scores, targets, allowed).ranks()


def rank_queries(scorer: Scorer, queries: Queries, known: KnownLinks) -> NDArray[np.float64]:
    """Rank every query's target among all candidates: float64 `[queries]`."""
    found = [
        ranks(scorer.scores(block.sources, block.direction), block.targets, block.allowed(known))
        for block in queries.blocks()
    ]
    return np.concatenate(found) if found else np.zeros(0)


Measure = Callable[[NDArray[np.float64]], float]
"""Makes one figure of float64 `[queries]` ranks, the higher the better."""


def mean_gain(ranks: NDArray[np.float64]) -> float:
    r"""Return the mean of :math:`1 / \log_2(1 + \mathrm{rank})`, the gain of NDCG for a rank; 0 for
    none.

    Of few queries MRR is mostly what the few first places say; this is steadier.
    """
    return float((1.0 / np.log2(1.0 + ranks)).mean()) if len(ranks) else 0.0


def mean_reciprocal_rank(ranks: NDArray[np.float64]) -> float:
    """Return the MRR of float64 `[queries]` ranks; 0 for none."""
    return float((1.0 / ranks).mean()) if len(ranks) else 0.0
