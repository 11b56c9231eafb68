"""Fitting a calibration on held-out links; apart from `calibration`, which serving imports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.mixture import MemberWeights

LEAST_SLOPE = 1e-3
"""Least slope of a calibration: higher scores stay higher."""


def fit_calibration(rankings: Sequence[tuple[Ranking, MemberWeights]]) -> Calibration:
    """Fit on held-out links against the candidates that are none, both classes weighing alike.

    Without any, scores stay as they are.
    """
    if not rankings:
        return Calibration(1.0, 0.0)
    scores: list[NDArray[np.float64]] = []
    counts: list[NDArray[np.float64]] = []
    own: list[NDArray[np.float64]] = []
    for ranking, weights in rankings:
        blended = ranking.blended(weights).astype(np.float64)
        share = np.exp(ranking.offsets.astype(np.float64))
        rows = np.arange(len(ranking.targets))
        share[rows, ranking.targets] = 0.0
        own.append(blended[rows, ranking.targets])
        scores.append(blended[share > 0])
        counts.append(share[share > 0])
    positives = np.concatenate(own)
    negatives = np.concatenate(scores)
    mass = np.concatenate(counts)
    mass = mass / max(mass.sum(), 1.0)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope, intercept = parameters
        right = slope * positives + intercept
        wrong = slope * negatives + intercept
        value = np.logaddexp(0, -right).mean() + mass @ np.logaddexp(0, wrong)
        missed = expit(-right) / len(positives)
        false = mass * expit(wrong)
        gradient = np.array([false @ negatives - missed @ positives, false.sum() - missed.sum()])
        # A little ridge keeps perfectly separated classes finite.
        return float(value + 1e-3 * slope**2), gradient + np.array([2e-3 * slope, 0.0])

    solved = minimize(
        loss,
        np.array([1.0, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(LEAST_SLOPE, None), (None, None)],
    )
    return Calibration(float(solved.x[0]), float(solved.x[1]))
