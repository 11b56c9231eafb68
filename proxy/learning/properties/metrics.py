"""Metrics of predicted properties: objects that are updated with rows and compute figures.

All of them are checked against hand-worked cases and against scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.trained.target import Form, Outputs

HALF = 0.5
"""The confidence from which on an element counts as having one of several classes."""

Truth = NDArray[np.float32]


class ClassificationMetrics:
    """Accuracy, macro F1 and AUC of confidences.

    Accuracy is the share of rows whose predicted classes are exactly the true ones. F1 is the mean
    over the classes that are true or predicted anywhere; where a row may have several classes there
    is the F1 of all pairs of row and class, too (micro). AUC is each class against all others,
    ties counting half (Hanley & McNeil, Radiology 143, 1982), the mean over the classes that some
    rows have and some have not.
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
        """Compute the figures by name."""
        truth = np.concatenate(self._truth) > HALF
        scores = np.concatenate(self._scores)
        predicted = chosen(self._form, scores)
        found = {
            "accuracy": float((truth == predicted).all(axis=1).mean()),
            "macro_f1": macro_f1(truth, predicted),
            "auc": macro_auc(truth, scores),
        }
        if self._form is Form.SEVERAL_CLASSES:
            found["micro_f1"] = macro_f1(truth.reshape(-1, 1), predicted.reshape(-1, 1))
        return found

    def confusion(self) -> NDArray[np.int64]:
        """Count rows by true and by predicted class, `[classes, classes]`; for one class a row."""
        truth = np.concatenate(self._truth) > HALF
        predicted = chosen(self._form, np.concatenate(self._scores))
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
        """Compute the figures by name; `r2` is `nan` where all true numbers are the same."""
        truth = np.concatenate(self._truth)
        missed = truth - np.concatenate(self._predicted)
        spread = ((truth - truth.mean()) ** 2).sum()
        return {
            "rmse": float(np.sqrt((missed**2).mean())),
            "mae": float(np.abs(missed).mean()),
            "r2": float(1.0 - (missed**2).sum() / spread) if spread > 0 else float("nan"),
        }


Metrics = ClassificationMetrics | RegressionMetrics


def metrics_for(form: Form) -> Metrics:
    """Return the object that suits the form of the answers."""
    return RegressionMetrics() if form is Form.NUMBER else ClassificationMetrics(form)


def chosen(form: Form, scores: Outputs) -> NDArray[np.bool_]:
    """Return the classes that confidences speak for: the best one, or all from `HALF` on."""
    if form is Form.SEVERAL_CLASSES:
        return scores >= HALF
    best = np.zeros(scores.shape, np.bool_)
    best[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return best


def macro_f1(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    """Return the mean F1 of the classes that are true or predicted anywhere."""
    both = (truth & predicted).sum(axis=0)
    either = truth.sum(axis=0) + predicted.sum(axis=0)
    seen = either > 0
    return float((2.0 * both[seen] / either[seen]).mean()) if seen.any() else 0.0


def macro_auc(truth: NDArray[np.bool_], scores: Outputs) -> float:
    """Return the mean AUC of the classes with both kinds of rows; `nan` if there is none."""
    found = []
    for own, column in zip(truth.T, scores.T, strict=True):
        positives = int(own.sum())
        negatives = len(own) - positives
        if positives and negatives:
            _, places, counts = np.unique(column, return_inverse=True, return_counts=True)
            ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[places]
            above = ranks[own].sum() - positives * (positives + 1) / 2.0
            found.append(above / (positives * negatives))
    return float(np.mean(found)) if found else float("nan")
