"""Logistic regression and ridge regression on a table; fitted by scikit-learn, applied by NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.trained.target import Form, Outputs

ABSENT = -30.0
"""Logit of a class that no training row has."""


@dataclass(frozen=True, slots=True)
class Linear:
    """`x W + b`: float64 `[columns, outputs]` and `[outputs]`."""

    form: Form
    weights: Outputs
    intercepts: Outputs

    def outputs(self, matrix: Floats) -> Outputs:
        """Confidences or numbers for the rows of a table."""
        return self.form.from_raw(matrix.astype(np.float64) @ self.weights + self.intercepts)


def fit_linear(form: Form, matrix: Floats, truth: Floats) -> Linear:
    """Fit on rows of a table, float32 `[rows, columns]`, and their truth `[rows, outputs]`."""
    from sklearn.linear_model import LogisticRegression, Ridge

    mean = matrix.mean(axis=0, dtype=np.float64)
    spread = matrix.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0
    standard = (matrix - mean) / spread
    width = truth.shape[1]
    weights = np.zeros((matrix.shape[1], width))
    intercepts = np.full(width, ABSENT)
    match form:
        case Form.NUMBER:
            ridge = Ridge(alpha=1.0).fit(standard, truth.ravel())
            weights[:, 0], intercepts[0] = ridge.coef_, ridge.intercept_
        case Form.ONE_CLASS:
            labels = truth.argmax(axis=1)
            if len(np.unique(labels)) == 1:
                intercepts[labels[0]] = 0.0
            else:
                _spread(LogisticRegression(max_iter=300).fit(standard, labels), weights, intercepts)
        case Form.SEVERAL_CLASSES:
            for column, own in enumerate(truth.T > 0):
                if own.all() or not own.any():
                    intercepts[column] = -ABSENT if own.all() else ABSENT
                    continue
                model = LogisticRegression(max_iter=300).fit(standard, own)
                weights[:, column], intercepts[column] = model.coef_[0], model.intercept_[0]
    weights = weights / spread[:, None]
    return Linear(form, weights, intercepts - mean @ weights)


def _spread(model: Any, weights: Outputs, intercepts: Outputs) -> None:
    """Put the classes that the model knows into the columns of all classes."""
    if len(model.classes_) == 2:
        without, with_ = model.classes_
        intercepts[without] = 0.0
        weights[:, with_], intercepts[with_] = model.coef_[0], model.intercept_[0]
        return
    weights[:, model.classes_] = model.coef_.T
    intercepts[model.classes_] = model.intercept_
