"""Fitting of prior corrections and decision thresholds on held-out rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.thresholds import HALF, Decision, Shares, predicted_classes
from gremlink.proxy.learning.properties.training.metrics import macro_f1
from gremlink.proxy.learning.trained.target import Form, Outputs

BALANCES = (0.0, 0.25, 0.5, 0.75, 1.0)
UNEVEN = 0.5
"""Classes are uneven when one has less than this part of an even share."""

COMMON_COUNTS = 10.0
"""Rows of a class for which the common threshold counts in that of the class."""

RESAMPLES = 50

_LEAST = 1e-3
"""Distance of thresholds from 0 and 1, at least."""


def fit_decision(form: Form, scores: Outputs, truth: Floats, shares: Shares) -> Decision:
    """Return the decision with the best macro F1; `scores` and `truth` are `[rows, classes]`."""
    if form is Form.SEVERAL_CLASSES:
        return Decision(shares, 0.0, fit_thresholds(scores, truth > 0))
    return Decision(shares, fit_balance(form, scores, truth, shares))


def are_uneven(form: Form, shares: Shares) -> bool:
    """Return whether a class is so rare that a model may well never predict it."""
    return form is Form.ONE_CLASS and float(shares.min()) < UNEVEN / len(shares)


def fit_balance(form: Form, scores: Outputs, truth: Floats, shares: Shares) -> float:
    """Return the balance with the best macro F1, the mildest of equals; 0 for even classes.

    It costs accuracy, so its lead over none has to be clear: larger than the standard error of the
    lead, by the bootstrap.
    """
    if not are_uneven(form, shares):
        return 0.0
    own = truth > 0
    predicted = {
        balance: predicted_classes(form, Decision(shares, balance).applied(form, scores))
        for balance in BALANCES
    }
    best = max(BALANCES, key=lambda balance: macro_f1(own, predicted[balance]))
    if best == 0.0:
        return best
    drawn = np.random.default_rng(0).integers(0, len(own), (RESAMPLES, len(own)))
    leads = [
        macro_f1(own[rows], predicted[best][rows]) - macro_f1(own[rows], predicted[0.0][rows])
        for rows in drawn
    ]
    return best if np.mean(leads) > np.std(leads) else 0.0


def fit_thresholds(scores: Outputs, own: NDArray[np.bool_]) -> Shares:
    """Return for each class the threshold with the best F1: float64 `[classes]`.

    That of a class with few rows is shrunk towards the one that is the best for all pairs of row
    and class together. A class without a row has that.
    """
    common = logit(_best_threshold(scores.ravel(), own.ravel()))
    found = np.full(scores.shape[1], common)
    for index, (column, has) in enumerate(zip(scores.T, own.T, strict=True)):
        count = int(has.sum())
        if count:
            single = logit(_best_threshold(column, has))
            found[index] = (count * single + COMMON_COUNTS * common) / (count + COMMON_COUNTS)
    return np.asarray(expit(found), dtype=np.float64)


def _best_threshold(scores: Outputs, own: NDArray[np.bool_]) -> float:
    """Return the middle between the scores on both sides of the cut with the best F1."""
    if not own.any():
        return HALF
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(own[order])
    # Equal scores are on the same side.
    ends = np.append(np.flatnonzero(ranked[1:] < ranked[:-1]), len(ranked) - 1)
    f1 = 2.0 * hits[ends] / (ends + 1.0 + hits[-1])
    end = int(ends[np.argmax(f1)])
    following = ranked[end + 1] if end + 1 < len(ranked) else 0.0
    return float(np.clip((ranked[end] + following) / 2.0, _LEAST, 1.0 - _LEAST))
