"""Reliability of scores: predicted probabilities beside observed shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.links.calibration import Calibration, probabilities
from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.mixture import MemberWeights

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs with scores in one tenth: their mean score, the share of links, their own share."""

    score: float
    share: float
    mass: float


def reliability(
    judged: Sequence[tuple[Ranking, MemberWeights, Calibration]],
) -> tuple[Bin, ...]:
    """Return bins of held-out links and of candidates that are none, both classes weighing alike.

    The reliability diagram of Niculescu-Mizil & Caruana, "Predicting good probabilities with
    supervised learning", ICML 2005. Bins without a pair are left out.
    """
    links, others = np.zeros(BINS), np.zeros(BINS)
    sums = np.zeros((2, BINS))
    for ranking, weights, calibration in judged:
        scores = probabilities(calibration.logits(ranking.blended(weights)))
        rows = np.arange(len(ranking.targets))
        share = np.exp(ranking.offsets.astype(np.float64))
        share[rows, ranking.targets] = 0.0
        own = scores[rows, ranking.targets]
        for number, (kind, values, mass) in enumerate(
            ((links, own, np.ones(len(own))), (others, scores[share > 0], share[share > 0]))
        ):
            place = np.minimum((values * BINS).astype(np.int64), BINS - 1)
            kind += np.bincount(place, weights=mass, minlength=BINS)
            sums[number] += np.bincount(place, weights=mass * values, minlength=BINS)
    totals = np.maximum(links.sum(), 1e-12), np.maximum(others.sum(), 1e-12)
    links, others = links / totals[0], others / totals[1]
    means = sums[0] / totals[0] + sums[1] / totals[1]
    both = links + others
    return tuple(
        Bin(
            round(float(means[each] / both[each]), 4),
            round(float(links[each] / both[each]), 4),
            round(float(both[each] / 2.0), 4),
        )
        for each in range(BINS)
        if both[each] > 0
    )
