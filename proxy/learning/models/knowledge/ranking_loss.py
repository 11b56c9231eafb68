"""The loss that ranks: a soft-max over all candidates, or over a sample where they are too many."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gremlink.proxy.learning.graph import Indexes

LOGITS = 2**22
"""Most logits of one batch, 16 MiB; beyond it the candidates are a new sample for each batch."""

FEWEST = 512
"""Candidates that a sample has at least."""


def ranking_loss(
    queries: Tensor,
    candidates: Tensor,
    places: Tensor,
    targets: Tensor,
    random: np.random.Generator,
    *,
    distances: bool = False,
) -> Tensor:
    """Return the mean negative log-likelihood of the targets, a scalar.

    `queries` are float32 `[queries, width]`, `candidates` float32 `[candidates, width]`; `places`
    and `targets`, int64 `[links]`, tell which query and which candidate a link joins: what is
    computed for a query serves all its links. Scores are dot products or, with `distances`,
    negative squared distances. A sample is uniform and shared by the batch; its logits
    represent those left out.
    """

    def scores(rows: Tensor) -> Tensor:
        products = queries @ rows.T
        # The query's own length is the same for all candidates of a question.
        return 2.0 * products - rows.square().sum(dim=1) if distances else products

    most = max(LOGITS // len(queries), FEWEST)
    if len(candidates) <= most:
        logits = scores(candidates)
        return (logits.logsumexp(dim=1)[places] - logits[places, targets]).mean()
    drawn = torch.from_numpy(np.sort(random.permutation(len(candidates))[:most]))
    others = scores(candidates[drawn]).logsumexp(dim=1) + math.log(len(candidates) / most)
    own = candidates[targets]
    true = (queries[places] * own).sum(dim=1)
    if distances:
        true = 2.0 * true - own.square().sum(dim=1)
    return functional.softplus(others[places] - true).mean()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some queries with all their links; int64, `places` are positions among `queries`."""

    queries: Indexes
    places: Tensor
    targets: Tensor


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
        return Batch(self._keys[groups], torch.from_numpy(places), torch.from_numpy(targets))
