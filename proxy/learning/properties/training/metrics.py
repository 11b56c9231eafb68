"""Metrics of classes and numbers: objects that take rows and compute figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.properties.thresholds import HALF, predicted_classes
from gremlink.proxy.learning.trained.target import Form, Outputs

Truth = NDArray[np.float32]
Mask = NDArray[np.bool_]


class ClassificationMetrics:
    """Accuracy, macro F1 and AUC of confidences.

    Accuracy is the share of rows whose predicted classes are exactly the true ones. F1 is the mean
    over the classes that are true or predicted anywhere; where a row may have several classes there
    is the F1 of all pairs of row and class, too (micro). AUC is each class against all others, the
    mean over the classes that some rows have and some have not.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._truth: list[Truth] = []
        self._scores: list[Outputs] = []

    def update(self, truth: Truth, scores: Outputs) -> None:
        """Add rows: 0 and 1, and confidences, `[rows, classes]` both."""
        self._truth.append(truth)
        self._scores.append(scores)

    def rows(self) -> tuple[Truth, Outputs]:
        """Return all truth and all confidences, `[rows, classes]` both."""
        return np.concatenate(self._truth), np.concatenate(self._scores)

    def compute(self) -> dict[str, float]:
        """Return the figures by name."""
        truth, scores = np.concatenate(self._truth) > HALF, np.concatenate(self._scores)
        predicted = predicted_classes(self._form, scores)
        found = {
            "accuracy": float((truth == predicted).all(axis=1).mean()),
            "macro_f1": macro_f1(truth, predicted),
            "auc": macro_auc(truth, scores),
        }
        if self._form is Form.SEVERAL_CLASSES:
            found["micro_f1"] = macro_f1(truth.reshape(-1, 1), predicted.reshape(-1, 1))
        return found

    def confusion(self) -> NDArray[np.int64]:
        """Return rows by true and by predicted class, `[classes, classes]`; for one class a row."""
        truth, scores = np.concatenate(self._truth) > HALF, np.concatenate(self._scores)
        predicted = predicted_classes(self._form, scores)
        return np.asarray(truth.T.astype(np.int64) @ predicted.astype(np.int64))


class RegressionMetrics:
    """Root mean square error, mean absolute error and the coefficient of determination."""

    def __init__(self) -> None:
        self._truth: list[NDArray[np.float64]] = []
        self._predicted: list[NDArray[np.float64]] = []

    def update(self, truth: Truth, predicted: Outputs) -> None:
        """Add rows: true and predicted numbers, `[rows, 1]` both."""
        self._truth.append(truth.astype(np.float64).ravel())
        self._predicted.append(predicted.astype(np.float64).ravel())

    def rows(self) -> tuple[Truth, Outputs]:
        """Return all true and all predicted numbers, `[rows, 1]` both."""
        truth, predicted = np.concatenate(self._truth), np.concatenate(self._predicted)
        return truth.astype(np.float32)[:, None], predicted[:, None]

    def compute(self) -> dict[str, float]:
        """Return the figures by name; `r2` is `nan` where all true numbers are the same."""
        from sklearn import metrics

        truth, predicted = np.concatenate(self._truth), np.concatenate(self._predicted)
        varies = np.ptp(truth) > 0
        return {
            "rmse": float(metrics.root_mean_squared_error(truth, predicted)),
            "mae": float(metrics.mean_absolute_error(truth, predicted)),
            "r2": float(metrics.r2_score(truth, predicted)) if varies else float("nan"),
        }


Metrics = ClassificationMetrics | RegressionMetrics


def metrics_for(form: Form) -> Metrics:
    """Return the object that suits the form of the predictions."""
    return RegressionMetrics() if form is Form.NUMBER else ClassificationMetrics(form)


def macro_f1(truth: Mask, predicted: Mask) -> float:
    """Return the mean F1 of the classes that are true or predicted anywhere.

    Choosing among methods computes it often, so it is not scikit-learn's, which is 50 times slower.
    """
    both = (truth & predicted).sum(axis=0)
    either = truth.sum(axis=0) + predicted.sum(axis=0)
    seen = either > 0
    return float((2.0 * both[seen] / either[seen]).mean()) if seen.any() else 0.0


def macro_auc(truth: Mask, scores: Outputs) -> float:
    """Return the mean AUC of the classes with both kinds of rows; `nan` if there is none."""
    from sklearn import metrics

    kept = truth.any(axis=0) & ~truth.all(axis=0)
    pairs = zip(truth.T[kept], np.ascontiguousarray(scores.T[kept]), strict=True)
    found = [metrics.roc_auc_score(*pair) for pair in pairs]
    return float(np.mean(found)) if found else float("nan")
