"""Confidences of rare classes: where from on a class is named, chosen on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.metrics import HALF, macro_f1
from gremlink.proxy.learning.trained.target import Form, Outputs

Shares = NDArray[np.float64]
"""The classes' frequencies, or thresholds: float64 `[classes]`."""

BALANCES = (0.0, 0.25, 0.5, 0.75, 1.0)
UNEVEN = 0.5
"""Classes are uneven when one has less than this part of an even share."""

COMMON_COUNTS = 10.0
"""As so many rows of a class the threshold counts that is the best for all classes together."""

_TINY = 1e-12
_LEAST = 1e-3
"""Thresholds stay so far from 0 and 1."""


@dataclass(frozen=True, slots=True)
class Lift:
    r"""Prior correction and decision thresholds: from a model's confidences to those that users
    get.

    One class for each element: :math:`p_c / \pi_c^\beta`, made to sum to 1, as if the classes were
    more evenly frequent; with `balance` 1 they count as equally frequent, which is what class
    weights in training aim at, and with 0 nothing changes. Several classes: log odds are moved so
    that a class's threshold becomes one half.
    """

    shares: Shares
    balance: float = 0.0
    thresholds: Shares | None = None

    def applied(self, form: Form, scores: Outputs) -> Outputs:
        """Return the confidences for users: float64 `[rows, classes]`, as `scores`."""
        if form is Form.SEVERAL_CLASSES and self.thresholds is not None:
            odds = logit(np.clip(scores, _TINY, 1.0 - _TINY)) - logit(self.thresholds)
            return np.asarray(expit(odds), dtype=np.float64)
        if form is not Form.ONE_CLASS or self.balance == 0.0:
            return scores
        lifted = scores / np.maximum(self.shares, _TINY) ** self.balance
        return np.asarray(lifted / np.maximum(lifted.sum(axis=1, keepdims=True), _TINY))


def best_lift(form: Form, scores: Outputs, truth: Floats, shares: Shares) -> Lift:
    """Choose the correction with the best macro F1 on rows with a known truth; both `[rows,
    classes]`."""
    if form is Form.SEVERAL_CLASSES:
        return Lift(shares, 0.0, best_thresholds(scores, truth > 0))
    return Lift(shares, best_balance(form, scores, truth, shares))


def are_uneven(form: Form, shares: Shares) -> bool:
    """Return whether a class is so rare that a model may well never name it."""
    return form is Form.ONE_CLASS and float(shares.min()) < UNEVEN / len(shares)


def best_balance(form: Form, scores: Outputs, truth: Floats, shares: Shares) -> float:
    """Choose the balance with the best macro F1, the mildest of equals; 0 where classes are
    even."""
    if not are_uneven(form, shares):
        return 0.0
    own = truth > 0
    found = {}
    for balance in BALANCES:
        best = np.zeros(own.shape, np.bool_)
        lifted = Lift(shares, balance).applied(form, scores)
        best[np.arange(len(own)), lifted.argmax(axis=1)] = True
        found[balance] = macro_f1(own, best)
    return max(found, key=lambda balance: found[balance])


def best_thresholds(scores: Outputs, own: NDArray[np.bool_]) -> Shares:
    """Choose for each class the threshold with the best F1: float64 `[classes]`.

    That of a class with few rows is drawn to the one that is the best for all pairs of row and
    class together. A class without a row has that.
    """
    common = logit(_best_threshold(scores.ravel(), own.ravel()))
    found = np.full(scores.shape[1], common)
    for place, (column, has) in enumerate(zip(scores.T, own.T, strict=True)):
        count = int(has.sum())
        if count:
            single = logit(_best_threshold(column, has))
            found[place] = (count * single + COMMON_COUNTS * common) / (count + COMMON_COUNTS)
    return np.asarray(expit(found), dtype=np.float64)


def _best_threshold(scores: Outputs, own: NDArray[np.bool_]) -> float:
    """Return the middle between the last named score and the next, of the cuts with the best F1."""
    if not own.any():
        return HALF
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(own[order])
    # Equal scores are named together.
    ends = np.append(np.flatnonzero(ranked[1:] < ranked[:-1]), len(ranked) - 1)
    f1 = 2.0 * hits[ends] / (ends + 1.0 + hits[-1])
    end = int(ends[np.argmax(f1)])
    following = ranked[end + 1] if end + 1 < len(ranked) else 0.0
    return float(np.clip((ranked[end] + following) / 2.0, _LEAST, 1.0 - _LEAST))
