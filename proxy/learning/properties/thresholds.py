"""Prior correction and decision thresholds: from confidences to those that are returned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from gremlink.proxy.learning.trained.target import Form, Outputs

HALF = 0.5
"""The confidence from which an element is predicted to have one of several classes."""

Shares = NDArray[np.float64]
"""The classes' frequencies, or thresholds: float64 `[classes]`."""

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Decision:
    r"""A prior correction for one class per element, or thresholds for several.

    One class for each element: :math:`p_c / \pi_c^\beta`, made to sum to 1, as if the classes were
    more evenly frequent; with `balance` 1 they count as equally frequent, which is what class
    weights in training aim at, and with 0 nothing changes. Several classes: log odds are shifted so
    that a class's threshold becomes one half.
    """

    shares: Shares
    balance: float = 0.0
    thresholds: Shares | None = None

    def applied(self, form: Form, scores: Outputs) -> Outputs:
        """Return the corrected confidences: float64 `[rows, classes]`, as `scores`."""
        if form is Form.SEVERAL_CLASSES and self.thresholds is not None:
            odds = logit(np.clip(scores, _TINY, 1.0 - _TINY)) - logit(self.thresholds)
            return np.asarray(expit(odds), dtype=np.float64)
        if form is not Form.ONE_CLASS or self.balance == 0.0:
            return scores
        corrected = scores / np.maximum(self.shares, _TINY) ** self.balance
        return np.asarray(corrected / np.maximum(corrected.sum(axis=1, keepdims=True), _TINY))


def predicted_classes(form: Form, scores: Outputs) -> NDArray[np.bool_]:
    """Return the classes that confidences predict: the best one, or all from `HALF` on."""
    if form is Form.SEVERAL_CLASSES:
        return scores >= HALF
    best = np.zeros(scores.shape, np.bool_)
    best[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return best
