"""Metrics of properties as functions of sums over rows: what resampling needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gremlink.proxy.learning.resampling import Values
from gremlink.proxy.learning.trained.target import Form

CLASSES = ("accuracy", "macro_f1", "micro_f1")
NUMBERS = ("rmse", "mae", "r2")
"""Metrics that are functions of sums; the area under a curve is none."""

Rows = NDArray[np.bool_] | NDArray[np.floating[Any]]
"""Truth or predictions: bool `[rows, classes]`, or float64 `[rows, 1]` numbers."""


@dataclass(frozen=True, slots=True)
class Summed:
    """A metric: `columns`, float64 `[rows, columns]`, and the `figure` of their sums, which takes
    `[draws, columns]` and gives `[draws]`."""

    columns: Values | sparse.csr_array
    figure: Callable[[Values], Values]


def summed(form: Form, truth: Rows, predicted: Rows, metric: str) -> Summed:
    """Return a metric of rows, one of `CLASSES` or `NUMBERS`."""
    if form is Form.NUMBER:
        return _of_numbers(truth.ravel(), predicted.ravel(), metric)
    return _of_classes(truth.astype(np.bool_), predicted.astype(np.bool_), metric)


def _of_numbers(truth: Rows, predicted: Rows, metric: str) -> Summed:
    errors = np.asarray(predicted - truth, np.float64)
    ones = np.ones(len(errors))
    if metric == "mae":
        return Summed(np.stack([np.abs(errors), ones], axis=1), _mean)
    if metric == "rmse":
        return Summed(np.stack([errors**2, ones], axis=1), lambda sums: np.sqrt(_mean(sums)))
    away = truth - truth.mean()
    return Summed(np.stack([errors**2, away**2, away, ones], axis=1), _determination)


def _of_classes(truth: NDArray[np.bool_], predicted: NDArray[np.bool_], metric: str) -> Summed:
    if metric == "accuracy":
        right = (truth == predicted).all(axis=1).astype(np.float64)
        return Summed(np.stack([right, np.ones(len(right))], axis=1), _mean)
    both, either = (truth & predicted), truth.astype(np.int8) + predicted
    if metric == "micro_f1":
        sums = np.stack([both.sum(axis=1), either.sum(axis=1)], axis=1)
        return Summed(sums.astype(np.float64), _mean_f1)
    # Most rows have few of the classes.
    columns = sparse.hstack([sparse.csr_array(both), sparse.csr_array(either)], format="csr")
    return Summed(columns.astype(np.float64), _mean_f1)


def _mean(sums: Values) -> Values:
    return np.asarray(sums[:, 0] / sums[:, 1])


def _determination(sums: Values) -> Values:
    squares, total, away, count = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1.0 - squares / (total - away**2 / count))


def _mean_f1(sums: Values) -> Values:
    """Return the mean F1 of the classes that are there; 0 for none."""
    both, either = np.split(sums, 2, axis=1)
    seen = either > 0
    shares = np.divide(2.0 * both, either, out=np.zeros_like(both), where=seen)
    return np.asarray(shares.sum(axis=1) / np.maximum(seen.sum(axis=1), 1))
