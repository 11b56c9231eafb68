"""Logistic and ridge regression: fitted by scikit-learn, applied by NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.trained.target import Form, Outputs

ABSENT = -30.0
"""Logit of a class that no training row has."""

STEPS = 300
"""Most steps of a fit."""

FALL = 0.01
"""A fit of classes stops where its gradient has fallen to this share of that at the start: words
are so rare that a fixed bound would be met at once."""


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
    from sklearn.linear_model import LogisticRegression, Ridge

    weights = np.zeros((matrix.shape[1], truth.shape[1]))
    intercepts = np.full(truth.shape[1], ABSENT)

    def logistic(own: Any) -> Any:
        several = own[:, None] == np.unique(own)
        begin = np.abs(matrix.T @ (several - several.mean(axis=0))).max() / len(own)
        precision = max(FALL * float(begin), 1e-12)
        return LogisticRegression(C=strength, max_iter=STEPS, tol=precision).fit(matrix, own)

    match form:
        case Form.NUMBER:
            ridge = Ridge(alpha=1.0 / strength).fit(matrix, truth.ravel().astype(np.float64))
            weights[:, 0], intercepts[0] = ridge.coef_, ridge.intercept_
        case Form.ONE_CLASS:
            labels = truth.argmax(axis=1)
            if len(np.unique(labels)) == 1:
                intercepts[labels[0]] = 0.0
            else:
                _spread(logistic(labels), weights, intercepts)
        case Form.SEVERAL_CLASSES:
            for column, own in enumerate(truth.T > 0):
                if own.all() or not own.any():
                    intercepts[column] = -ABSENT if own.all() else ABSENT
                    continue
                model = logistic(own)
                weights[:, column], intercepts[column] = model.coef_[0], model.intercept_[0]
    return Linear(form, weights, intercepts)


def _spread(model: Any, weights: Outputs, intercepts: Outputs) -> None:
    """Put the classes that the model knows into the columns of all classes."""
    if len(model.classes_) == 2:
        without, with_ = model.classes_
        intercepts[without] = 0.0
        weights[:, with_], intercepts[with_] = model.coef_[0], model.intercept_[0]
        return
    weights[:, model.classes_] = model.coef_.T
    intercepts[model.classes_] = model.intercept_


def loss(form: Form, outputs: Outputs, truth: Floats) -> float:
    """Return the mean negative log-likelihood, or the mean square error."""
    if form is Form.NUMBER:
        return float(((outputs - truth) ** 2).mean())
    own = truth > 0
    likely = outputs[own] if form is Form.ONE_CLASS else np.where(own, outputs, 1.0 - outputs)
    return float(-np.log(np.maximum(likely, 1e-9)).mean())
