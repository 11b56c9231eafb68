"""Logistic regression and ridge regression on a table; fitted by scikit-learn, applied by NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.properties.columns import Table
from gremlink.proxy.learning.properties.context import Context
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.method import Arrays, PropertyMethod, StoredModel
from gremlink.proxy.learning.properties.methods.tables import Tables, own_columns
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

ABSENT = -30.0
"""Logit of a class that no training row has."""

STEPS = 100
"""Steps of a fit, by estimate."""

CALLS_PER_STEP = 25.0
"""What a step on next to nothing takes, in calls."""


@dataclass(frozen=True, slots=True)
class Linear:
    """`x W + b`: float64 `[columns, outputs]` and `[outputs]`."""

    form: Form
    weights: Outputs
    intercepts: Outputs

    def outputs(self, matrix: Floats) -> Outputs:
        """Return confidences or numbers for the rows of a table."""
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


@dataclass(frozen=True)
class OnTable(StoredModel):
    """A linear model over columns."""

    table: Table
    model: Linear
    kinds: ClassVar[tuple[str, ...]] = ("linear",)

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        return self.model.outputs(self.table.rows(subjects))

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return 0

    def on(self, context: Context) -> OnTable:
        """See `BaseModel.on`."""
        return OnTable(context.own, self.model)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """See `StoredModel.tensors`."""
        return {"weights": self.model.weights, "intercepts": self.model.intercepts}

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> OnTable:
        """See `StoredModel.restore`."""
        return cls(context.own, Linear(form, tensors["weights"], tensors["intercepts"]))


class LinearMethod(PropertyMethod):
    """Logistic or ridge regression on the elements' features."""

    models: ClassVar[tuple[type[StoredModel], ...]] = (OnTable,)

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        return tables.described

    @classmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """See `PropertyMethod.cost`."""
        cells = len(dataset.labelled) * own_columns(dataset)
        step = Work(updates=cells, calls=CALLS_PER_STEP)
        return STEPS * dataset.target.width * step

    @classmethod
    def fit(cls, tables: Tables, rows: Indexes) -> OnTable:
        """See `PropertyMethod.fit`."""
        dataset = tables.dataset
        matrix = tables.own.rows(dataset.subjects.select(rows))
        return OnTable(tables.own, fit_linear(dataset.target.form, matrix, dataset.truth[rows]))
