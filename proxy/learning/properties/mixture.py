"""Blend weights of methods: on the simplex, learned on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.trained.target import Form, Outputs

Weights = NDArray[np.float64]

ROUNDS = 500
LEAST_WEIGHT = 0.05
"""A method with less is dropped, and the others' weights are learned again."""

_TINY = 1e-12


def blended(weights: Weights, outputs: Sequence[Outputs]) -> Outputs:
    """Return the weighted mean: float64 `[rows, outputs]`."""
    return np.asarray(np.tensordot(weights, np.stack(outputs), axes=1), dtype=np.float64)


def fit_weights(form: Form, outputs: Sequence[Outputs], truth: Floats) -> Weights:
    r"""Fit the weights of methods: float64 `[methods]`, none negative, their sum 1.

    Classes: the likeliest linear pool :math:`\sum_m w_m p_m` (stacked density estimation, Smyth &
    Wolpert, Machine Learning 36, 1999), found by expectation maximisation. Numbers: the least
    squares of :math:`\sum_m w_m \hat y_m` (Breiman, "Stacked regressions", 1996). `outputs` are
    `[rows, outputs]` for each method, `truth` is of that shape.
    """
    fit = _least_squares if form is Form.NUMBER else _likeliest
    columns = _columns(form, outputs, truth)
    weights = fit(columns, truth)
    kept = weights >= min(LEAST_WEIGHT, float(weights.max()))
    again = np.zeros(len(weights))
    again[kept] = fit(columns[:, kept], truth)
    return again


def _columns(form: Form, outputs: Sequence[Outputs], truth: Floats) -> Outputs:
    """Return each method's confidence in the truth, or its number; `[cases, methods]`."""
    if form is Form.NUMBER:
        return np.stack([each.ravel() for each in outputs], axis=1)
    own = truth > 0
    if form is Form.ONE_CLASS:
        return np.stack([each[own] for each in outputs], axis=1)
    return np.stack([np.where(own, each, 1.0 - each).ravel() for each in outputs], axis=1)


def _likeliest(columns: Outputs, truth: Floats) -> Weights:
    count = columns.shape[1]
    weights = np.full(count, 1.0 / count)
    for _ in range(ROUNDS):
        shares = columns * weights + _TINY
        following = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
        done = np.abs(following - weights).max() < 1e-6
        weights = following
        if done:
            break
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _least_squares(columns: Outputs, truth: Floats) -> Weights:
    numbers = truth.astype(np.float64).ravel()
    # A heavy row more makes the weights sum to 1.
    heavy = 1e3 * (float(np.abs(columns).max()) or 1.0) * np.sqrt(len(columns))
    rows = np.concatenate([columns, np.full((1, columns.shape[1]), heavy)])
    weights, _ = nnls(rows, np.append(numbers, heavy))
    total = weights.sum()
    return np.asarray(
        weights / total if total > 0 else np.full(len(weights), 1 / len(weights)), np.float64
    )


def used(names: Sequence[str], weights: Weights) -> Mapping[str, float]:
    """Return the methods with any weight, the heaviest first."""
    pairs = sorted(zip(names, weights, strict=True), key=lambda pair: -pair[1])
    return {name: float(weight) for name, weight in pairs if weight > 0}
