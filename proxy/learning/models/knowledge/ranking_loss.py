"""The loss that ranks: a soft-max over all candidates, or over a sample where they are too many."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional

from gremlink.proxy.learning.graph import Indexes


def ranking_loss(
    queries: Tensor,
    pool: Tensor,
    places: Tensor,
    targets: Tensor,
    candidates: int,
    *,
    distances: bool = False,
) -> Tensor:
    """Return the mean negative log-likelihood of the targets, a scalar.

    `queries` are float32 `[queries, width]`, `pool` float32 `[pool, width]`: all of so many
    `candidates`, or a uniform sample that represents them (the correction of Bengio & Senécal,
    "Adaptive importance sampling to accelerate training of a neural probabilistic language
    model", 2008). `places`, int64 `[links]`, tells which query a link is of, and `targets`, float32
    `[links, width]`, are the other ends: what is computed for a query serves all its links. Scores
    are dot products or, with `distances`, negative squared distances.
    """
    logits = queries @ pool.T
    own = (queries[places] * targets).sum(dim=1)
    if distances:
        # The query's own length is the same for all candidates of a question.
        logits = 2.0 * logits - pool.square().sum(dim=1)
        own = 2.0 * own - targets.square().sum(dim=1)
    total = logits.logsumexp(dim=1)
    if len(pool) == candidates:
        return (total[places] - own).mean()
    return functional.softplus(total[places] + math.log(candidates / len(pool)) - own).mean()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some queries with all their links; int64, `places` are positions among `queries`."""

    queries: Indexes
    places: Indexes
    targets: Indexes


class Grouped:
    """Links grouped by what they are asked with, for batches of whole groups."""

    def __init__(self, keys: Indexes, targets: Indexes) -> None:
        """Group int64 `[links]` `targets` by their `keys`."""
        order = np.argsort(keys, kind="stable")
        self._keys, self._first, self._counts = np.unique(
            keys[order], return_index=True, return_counts=True
        )
        self._targets = targets[order]

    def __len__(self) -> int:
        return len(self._keys)

    def batches(self, size: int, random: np.random.Generator) -> Iterator[Batch]:
        """Yield all groups in a new order, `size` at a time."""
        order = random.permutation(len(self))
        for start in range(0, len(order), size):
            yield self._batch(order[start : start + size])

    def _batch(self, groups: Indexes) -> Batch:
        counts = self._counts[groups]
        places = np.repeat(np.arange(len(groups)), counts)
        within = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        targets = self._targets[np.repeat(self._first[groups], counts) + within]
        return Batch(self._keys[groups], places, targets)
