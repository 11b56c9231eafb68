"""Calibration of blended scores: numbers between 0 and 1, so that thresholds have a meaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLOSEST = 1e-9
"""Distance of a score from 0 and from 1 at least."""


@dataclass(frozen=True, slots=True)
class Calibration:
    r"""Platt scaling: :math:`p = \sigma(a s + b)`, :math:`a > 0`.

    Platt, "Probabilistic outputs for support vector machines" (1999). `p` is the probability that
    a pair is a link rather than not, where both were equally frequent: .5 is a pair that looks as
    much like a held-out link as like a pair without one.
    """

    slope: float
    intercept: float

    def logits(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return `a s + b`, float64: comparable where candidates come from several relations."""
        return self.slope * scores.astype(np.float64) + self.intercept


def probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities between 0 and 1, both exclusive: float64 of the same shape."""
    return np.asarray(
        np.clip(0.5 + 0.5 * np.tanh(logits / 2.0), CLOSEST, 1.0 - CLOSEST), dtype=np.float64
    )
