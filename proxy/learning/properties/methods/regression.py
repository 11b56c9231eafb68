"""Logistic and ridge regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import expit, logit, logsumexp

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Floats, Mask
from gremlink.proxy.learning.trained.target import Form, Outputs

ABSENT = -30.0
"""Logit of a class that no training row has."""

STEPS = 5000
"""Most steps of a fit of classes, so many that each comes to its end: 15 to 210 were seen."""

USUAL_STEPS = 50
"""Steps of a fit of classes, usually."""

RIDGE_STEPS = 60
"""Steps of a fit of numbers to a sparse table, usually."""

FALL = 0.001
"""A fit of classes stops where its gradient has fallen to this share of that at the start: words
are so rare that a fixed bound would be met at once."""

TURNED_UP_TO = 1000
"""Columns; a dense table with no more is turned to its principal directions."""

SPARSE_TURNED_UP_TO = 200
"""The same for a sparse table, which becomes dense by that."""


FURTHER = 3
"""Inverse penalties that are tried beyond a grid, at most."""


@dataclass(frozen=True, slots=True)
class Linear:
    """`x W + b`: float64 `[columns, outputs]` and `[outputs]`."""

    form: Form
    weights: Outputs
    intercepts: Outputs

    def outputs(self, matrix: Floats | Outputs) -> Outputs:
        """Return confidences or numbers for the rows of a table."""
        return self.form.from_raw(matrix.astype(np.float64) @ self.weights + self.intercepts)


def fit_linear(
    form: Form,
    matrix: Floats | Outputs,
    truth: Floats,
    strength: float = 1.0,
) -> Linear:
    """Fit on rows of a table, `[rows, columns]`, and their truth `[rows, outputs]`.

    `strength` is the inverse penalty of standard columns.
    """
    mean = matrix.mean(axis=0, dtype=np.float64)
    spread = matrix.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0
    fitted = fit_as_is(form, (matrix - mean) / spread, truth, strength)
    weights = fitted.weights / spread[:, None]
    return Linear(form, weights, fitted.intercepts - mean @ weights)


def fit_as_is(form: Form, matrix: Any, truth: Floats, strength: float) -> Linear:
    """Fit on a table whose columns are comparable, sparse or dense."""
    weights = np.zeros((matrix.shape[1], truth.shape[1]))
    intercepts = np.full(truth.shape[1], ABSENT)
    own = truth > 0
    match form:
        case Form.NUMBER:
            from sklearn.linear_model import Ridge

            ridge = Ridge(alpha=1.0 / strength).fit(matrix, truth.ravel().astype(np.float64))
            weights[:, 0], intercepts[0] = ridge.coef_, ridge.intercept_
        case Form.ONE_CLASS:
            present = np.flatnonzero(own.any(axis=0))
            intercepts[present[0]] = 0.0
            if len(present) == 2:  # One vector tells two classes apart.
                present = present[1:]
            if not own[:, present].all():
                fitted = _fit_logistic(matrix, own[:, present], strength, len(present) > 1)
                weights[:, present], intercepts[present] = fitted
        case Form.SEVERAL_CLASSES:
            intercepts[own.all(axis=0)] = -ABSENT
            mixed = np.flatnonzero(own.any(axis=0) & ~own.all(axis=0))
            if len(mixed):
                fitted = _fit_logistic(matrix, own[:, mixed], strength, False)
                weights[:, mixed], intercepts[mixed] = fitted
    return Linear(form, weights, intercepts)


def _fit_logistic(matrix: Any, own: Mask, strength: float, one_of: bool) -> tuple[Outputs, Outputs]:
    """Fit a soft-max over the classes, or a logistic function for each; return weights, intercepts.

    `own` is `[rows, classes]`. L-BFGS in the principal directions of the table, each divided by
    the root of its curvature: else directions of little variance, in which smoothed words have
    much to say, take hundreds of steps.
    """
    from scipy.optimize import minimize

    count, columns = matrix.shape
    classes = own.shape[1]
    penalty = 1.0 / (strength * count)
    table, turn, scale, mean = matrix, None, np.ones(columns), np.zeros(columns)
    if _is_turned(columns, dense=not sparse.issparse(matrix)):
        dense = matrix.toarray() if sparse.issparse(matrix) else matrix
        mean = dense.mean(axis=0, dtype=np.float64)
        table = dense - mean
        variances, turn = np.linalg.eigh(table.T @ table / count)
        scale = 1.0 / np.sqrt(np.maximum(variances, 0.0) / 4.0 + penalty)
        table = table @ (turn * scale)
    elif sparse.issparse(matrix):  # it stays sparse: only the lengths of its columns are evened
        squares = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel() / count
        scale = 1.0 / np.sqrt(squares / 4.0 + penalty)
        table = sparse.csr_array(matrix, copy=True)
        table.data *= scale[table.indices]
    held = (penalty * scale**2)[:, None]
    means = own.mean(axis=0)

    def objective(flat: Outputs) -> tuple[float, Outputs]:
        inner = flat.reshape(columns + 1, classes)
        raw = table @ inner[:-1] + inner[-1]
        likely, total = normalised(raw, one_of=one_of)
        wrong = likely - own
        slope = np.concatenate([table.T @ wrong, wrong.sum(axis=0)[None]]) / count
        slope[:-1] += held * inner[:-1]
        value = (total - raw[own].sum()) / count + 0.5 * (held * inner[:-1] ** 2).sum()
        return float(value), slope.ravel()

    begin = np.zeros((columns + 1, classes))
    begin[-1] = np.log(means) if one_of else logit(means)
    first = np.abs(objective(begin.ravel())[1]).max()
    options = {"maxiter": STEPS, "gtol": max(FALL * float(first), 1e-12), "ftol": 1e-12}
    found = minimize(objective, begin.ravel(), jac=True, method="L-BFGS-B", options=options)
    inner = found.x.reshape(columns + 1, classes)
    weights = inner[:-1] * scale[:, None]
    if turn is not None:
        weights = turn @ weights
    return weights, inner[-1] - mean @ weights


def normalised(raw: Outputs, *, one_of: bool) -> tuple[Outputs, float]:
    """Return confidences of the logits `[rows, classes]`, and the sum of their logarithmic norms.

    With `one_of` the classes of a row exclude each other.
    """
    if one_of:
        norms = logsumexp(raw, axis=1, keepdims=True)
        return np.exp(raw - norms), float(norms.sum())
    return expit(raw), float(np.logaddexp(0.0, raw).sum())


def choose_strength(strengths: Sequence[float], loss_of: Callable[[float], float]) -> float:
    """Return the inverse penalty with the least loss; beyond the end of a grid more are tried, ten
    times as large or small, while that is better."""
    losses = {each: loss_of(each) for each in strengths}
    for _ in range(FURTHER):
        best = min(losses, key=lambda each: losses[each])
        following = {max(losses): 10.0 * best, min(losses): best / 10.0}.get(best)
        if following is None:
            break
        losses[following] = loss_of(following)
    return min(losses, key=lambda each: losses[each])


def _is_turned(columns: int, *, dense: bool) -> bool:
    return columns <= (TURNED_UP_TO if dense else SPARSE_TURNED_UP_TO)


def fitting_work(form: Form, rows: float, columns: int, cells: float, outputs: int) -> Work:
    """Count the work of `fit_as_is`; `cells` are those of a row that are not 0, all if dense."""
    dense = cells >= columns
    squares = rows * columns**2
    if form is Form.NUMBER:
        if not dense:
            passes = 2.0 * rows * cells * RIDGE_STEPS
            return Work(gathers=passes, updates=columns * RIDGE_STEPS, calls=6.0 * RIDGE_STEPS)
        return Work(
            products=squares, decompositions=columns**3 / 3, updates=3 * rows * columns, calls=40
        )
    turned = _is_turned(columns, dense=dense)
    passes = 2.0 * rows * (columns if turned else cells) * outputs
    each = Work(updates=(30.0 * rows + 40.0 * columns) * outputs, calls=15.0)
    each += Work(products=passes) if turned or dense else Work(gathers=passes)
    if not turned:
        return USUAL_STEPS * each
    turning = Work(products=2.0 * squares, decompositions=9.0 * columns**3, updates=rows * columns)
    return USUAL_STEPS * each + turning


def loss(form: Form, outputs: Outputs, truth: Floats) -> float:
    """Return the mean negative log-likelihood, or the mean square error."""
    if form is Form.NUMBER:
        return float(((outputs - truth) ** 2).mean())
    own = truth > 0
    likely = outputs[own] if form is Form.ONE_CLASS else np.where(own, outputs, 1.0 - outputs)
    return float(-np.log(np.maximum(likely, 1e-9)).mean())
