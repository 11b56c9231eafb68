"""Curves over all thresholds of a score: ROC, precision and recall."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_POINTS = 60
"""Points of a curve, at most."""

Points = tuple[tuple[float, float], ...]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """The curves of one score.

    `roc` has false and true positive rates, `precision_recall` recall and precision. `auc` is the
    area under the first; `average_precision` that under the second, in steps; `share` the precision
    of a random order.
    """

    roc: Points
    precision_recall: Points
    auc: float
    average_precision: float
    share: float


def curve(scores: NDArray[Any], true: Numbers, false: Numbers) -> Curve | None:
    """Return the curves of scores, `[pairs]`; `true` and `false` are the masses of true and false
    ones at each. `None` where one of them is missing."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits, misses = (np.cumsum(mass[order])[ends] for mass in (true, false))
    if not len(scores) or not hits[-1] or not misses[-1]:
        return None
    recall, fallout = hits / hits[-1], misses / misses[-1]
    precision = hits / np.maximum(hits + misses, 1e-300)
    widths, gains = np.diff(fallout, prepend=0.0), np.diff(recall, prepend=0.0)
    area = float((widths * (recall - gains / 2.0)).sum())
    kept = _spread(recall + fallout)
    return Curve(
        ((0.0, 0.0), *_rounded(zip(fallout[kept], recall[kept], strict=True))),
        _rounded(zip(recall[kept], precision[kept], strict=True)),
        round(area, 4),
        round(float((gains * precision).sum()), 4),
        float(f"{hits[-1] / (hits[-1] + misses[-1]):.3g}"),
    )


def _spread(way: Numbers) -> NDArray[np.int64]:
    """Return places along a way that are about evenly far from each other, with its ends."""
    if len(way) <= MOST_POINTS:
        return np.arange(len(way))
    marks = np.linspace(way[0], way[-1], MOST_POINTS)
    return np.unique(np.minimum(np.searchsorted(way, marks), len(way) - 1))


def _rounded(pairs: Iterable[tuple[float, float]]) -> Points:
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in pairs)
