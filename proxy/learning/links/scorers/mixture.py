"""The mixture that is served: a weighted sum of several scorers' normalised scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from proxy.learning.graph import Direction, Floats, Indexes, Mask
from proxy.learning.links.known import KnownLinks
from proxy.learning.links.scorers.scorer import Scorer

MemberWeights = NDArray[np.float64]
"""float64 `[members]`, none negative."""


class Mixture:
    r"""A linear combination of members, each brought to one scale source by source.

    .. math:: s(u, v) = \sum_m w_m\, \hat s_m(u, v)

    where :math:`\hat s` is `normalised` over the candidates that `u` is not linked to.
    """

    def __init__(
        self,
        members: Sequence[Scorer],
        weights: Mapping[Direction, MemberWeights],
        known: KnownLinks,
    ) -> None:
        """`known` are the links of the graph that the members were fitted on."""
        self._members = tuple(members)
        self._weights = weights
        self._known = known

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`. Unlike single members', scores of different sources compare."""
        over = ~self._known.mask(sources, direction)
        total = np.zeros(over.shape, np.float32)
        for _, part in self._parts(sources, direction, over):
            total += part
        return total

    def parts(self, sources: Indexes, direction: Direction) -> Iterator[tuple[int, Floats]]:
        r"""The terms :math:`w_m \hat s_m` of the sum that are not 0: the member's place, and
        float32 `[sources, candidates]`."""
        return self._parts(sources, direction, ~self._known.mask(sources, direction))

    def _parts(
        self, sources: Indexes, direction: Direction, over: Mask
    ) -> Iterator[tuple[int, Floats]]:
        for index, weight in enumerate(self._weights[direction]):
            if weight:
                scores = self._members[index].scores(sources, direction)
                yield index, np.float32(weight) * normalised(scores, over)


def normalised(scores: Floats, over: Mask) -> Floats:
    r"""Scores on a scale that suits a soft-max: float32 `[sources, candidates]`.

    .. math:: \hat s = \mathrm{z}\big(\log(1 + (s - \min s) / \mathrm{mean}(s - \min s))\big)

    Minimum, mean and the standardisation z run over the candidates under `over`, for a source
    that has none over all. The logarithm tames counts and probabilities, whose tails are heavy.
    """
    over = over | ~over.any(axis=1, keepdims=True)
    count = np.maximum(over.sum(axis=1, keepdims=True), 1)
    lowest = np.min(scores, axis=1, keepdims=True, where=over, initial=np.inf)
    raised = np.maximum(scores - np.where(np.isfinite(lowest), lowest, 0.0), 0.0)
    mean = raised.sum(axis=1, keepdims=True, where=over) / count
    logs = raised / np.maximum(mean, 1e-12)
    # In place from here on: with many candidates memory is what takes the time.
    np.log1p(logs, out=logs)
    logs -= logs.sum(axis=1, keepdims=True, where=over) / count
    spread = np.sqrt(np.square(logs).sum(axis=1, keepdims=True, where=over) / count)
    level = (mean <= 1e-12) | (spread <= 1e-6)
    logs /= np.where(level, 1.0, spread)
    logs[level[:, 0]] = 0.0
    return np.asarray(logs, dtype=np.float32)
