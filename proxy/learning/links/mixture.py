"""The mixture that is served: a weighted sum of several scorers' normalised scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Mask
from gremlink.proxy.learning.links.known import Cells, KnownLinks
from gremlink.proxy.learning.links.scorer import Scorer, is_signed

MemberWeights = NDArray[np.float64]
"""float64 `[members]`, negative at most for those that are signed. Or `[2, members]`: those of
sources with few links and with many, between which `KnownLinks.levels` tells the way."""


class Mixture:
    r"""A linear combination of members, each brought to one scale source by source.

    .. math:: s(u, v) = \sum_m w_m\, \hat s_m(u, v)

    where :math:`\hat s` is `normalised` over the candidates that `u` is not linked to; log-odds of
    signed members have their scale already.
    """

    def __init__(
        self,
        members: Sequence[Scorer],
        weights: Mapping[Direction, MemberWeights],
        known: KnownLinks,
    ) -> None:
        """Take `known`, the links of the graph that the members were fitted on."""
        self.members = tuple(members)
        self._weights = weights
        self._known = known

    @property
    def known(self) -> KnownLinks:
        """The links of the graph that the members were fitted on."""
        return self._known

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`. Unlike single members', scores of different sources compare."""
        total: Floats | None = None
        for _, part in self.parts(sources, direction):
            total = part if total is None else np.add(total, part, out=total)
        if total is None:
            return np.zeros((len(sources), self._known.candidates(direction)), np.float32)
        return total

    def parts(self, sources: Indexes, direction: Direction) -> Iterator[tuple[int, Floats]]:
        r"""Yield the terms :math:`w_m \hat s_m` of the sum that are not 0: the member's place, and
        float32 `[sources, candidates]`."""
        known = self._known.cells(sources, direction)
        weights = self._weights[direction]
        own = weights_at(weights, self._known.levels(sources, direction))
        for index in np.flatnonzero(weighted(weights)).tolist():
            member = self.members[index]
            part = to_term(member, member.scores(sources, direction), known)
            part *= own[..., index : index + 1]
            yield index, part


def weighted(weights: MemberWeights) -> Mask:
    """Return a mask of the members with any weight."""
    return np.asarray(np.atleast_2d(weights != 0.0).any(axis=0), dtype=np.bool_)


def weights_at(weights: MemberWeights, levels: Floats) -> Floats:
    """Return the weights for sources: float32 `[members]`, or `[sources, members]` where they
    differ by `KnownLinks.levels`."""
    if weights.ndim == 1:
        return weights.astype(np.float32)
    few, many = weights.astype(np.float32)
    return np.asarray(few + levels[:, None] * (many - few), dtype=np.float32)


def to_term(scorer: Scorer, scores: Floats, known: Cells) -> Floats:
    """Return a member's scores as a term of a blend, before its weight: a new float32 `[sources,
    candidates]`."""
    if is_signed(scorer):
        return np.array(scores, np.float32, order="C")
    return normalised(scores, known)


def normalised(scores: Floats, known: Cells) -> Floats:
    r"""Normalise scores to a scale that suits a soft-max: a new float32 `[sources, candidates]`.

    .. math:: \hat s = \mathrm{z}\big(\log(1 + (s - \min s) / \mathrm{mean}(s - \min s))\big)

    Minimum, mean and the standardisation z run over the candidates that are not `known`, for a
    source that knows all of them over all. The logarithm tames counts and probabilities, whose
    tails are heavy.
    """
    # In place and without masks: with many candidates memory is what takes the time. The few known
    # ones are zeros in all sums.
    count = scores.shape[1] - np.bincount(known.rows, minlength=len(scores))[:, None]
    if not count.all():
        known = known.of_rows(count[:, 0] > 0)
        count[count == 0] = scores.shape[1]
    values = np.array(scores, np.float32, order="C")
    own = values[known]
    values[known] = np.inf
    lowest = values.min(axis=1, keepdims=True, initial=np.inf)
    lowest[~np.isfinite(lowest)] = 0.0
    values[known] = -np.inf
    values -= lowest
    np.maximum(values, 0.0, out=values)
    mean = np.maximum(values.sum(axis=1, keepdims=True) / count, _SMALLEST).astype(np.float32)
    values /= mean
    np.log1p(values, out=values)
    middle = (values.sum(axis=1, keepdims=True) / count).astype(np.float32)
    values -= middle
    values[known] = 0.0
    squares = np.einsum("ij,ij->i", values, values)[:, None]
    spread = np.sqrt(squares / count).astype(np.float32)
    level = (mean <= _SMALLEST) | (spread <= _LEVEL)
    spread[level] = np.inf
    values /= spread
    rows = known.rows
    own = np.log1p(np.maximum(own - lowest[rows, 0], 0.0) / mean[rows, 0])
    values[known] = (own - middle[rows, 0]) / spread[rows, 0]
    return values


_SMALLEST = np.float32(1e-12)
"""A mean that is taken for nothing."""

_LEVEL = np.float32(1e-6)
"""A standard deviation below which all scores count as equal."""
