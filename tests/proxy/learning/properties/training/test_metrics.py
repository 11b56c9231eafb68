"""Metrics of classes and numbers: worked by hand, and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics as reference

from gremlink.proxy.learning.properties.training.metrics import (
    ClassificationMetrics,
    RegressionMetrics,
)
from gremlink.proxy.learning.trained.target import Form


def classes(form: Form, truth: list[list[int]], scores: list[list[float]]) -> dict[str, float]:
    metrics = ClassificationMetrics(form)
    metrics.update(np.array(truth, np.float32), np.array(scores))
    return metrics.compute()


def test_one_class_by_hand() -> None:
    # True: a, a, b, c. Predicted: a, b, b, a. F1 of a: 2·1/(2+2), of b: 2·1/(1+2), of c: 0.
    found = classes(
        Form.ONE_CLASS,
        [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.5, 0.1, 0.4]],
    )
    assert found["accuracy"] == 0.5
    assert found["macro_f1"] == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
    # Pairs in order: a 3 of 4 (0.3 is below 0.5), b 2 of 3 (0.5 is below 0.6), c 3 of 3.
    assert found["auc"] == pytest.approx((3 / 4 + 2 / 3 + 1) / 3)


def test_confusion_by_hand() -> None:
    metrics = ClassificationMetrics(Form.ONE_CLASS)
    metrics.update(np.array([[1, 0], [1, 0], [0, 1]]), np.array([[0.9, 0.1], [0.2, 0.8], [0, 1]]))
    assert metrics.confusion().tolist() == [[1, 1], [0, 1]]


def test_several_classes_by_hand() -> None:
    found = classes(
        Form.SEVERAL_CLASSES, [[1, 1], [1, 0], [0, 0]], [[0.9, 0.6], [0.4, 0.6], [0.1, 0.1]]
    )
    # Both are predicted for the first row, which is right; the second and third class wrongly.
    assert found["accuracy"] == pytest.approx(2 / 3)
    # Class 1: one of two found; class 2: found, and one too many.
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    # Class 2: level with one of two negatives counts half.
    assert found["auc"] == pytest.approx((1 + 0.75) / 2)


def test_numbers_by_hand() -> None:
    metrics = RegressionMetrics()
    metrics.update(np.array([[1.0], [2.0]], np.float32), np.array([[1.0], [4.0]]))
    metrics.update(np.array([[3.0]], np.float32), np.array([[2.0]]))
    found = metrics.compute()
    assert found["rmse"] == pytest.approx(math.sqrt(5 / 3))
    assert found["mae"] == pytest.approx(1.0)
    assert found["r2"] == pytest.approx(1 - 5 / 2)


def test_there_is_no_auc_without_two_kinds_of_rows() -> None:
    assert math.isnan(classes(Form.SEVERAL_CLASSES, [[1], [1]], [[0.5], [0.6]])["auc"])


@pytest.mark.parametrize("count", [2, 3, 7])
def test_one_class_as_scikit_learn(count: int) -> None:
    random = np.random.default_rng(count)
    labels = np.concatenate([np.arange(count), random.integers(0, count, 200)])
    scores = np.round(random.dirichlet(np.ones(count), len(labels)), 3) + 1e-4
    scores /= scores.sum(axis=1, keepdims=True)
    found = classes(Form.ONE_CLASS, np.eye(count)[labels].tolist(), scores.tolist())
    best = scores.argmax(axis=1)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(labels, best))
    assert found["macro_f1"] == pytest.approx(reference.f1_score(labels, best, average="macro"))
    one_against_rest = (
        reference.roc_auc_score(labels, scores[:, 1])
        if count == 2
        else reference.roc_auc_score(labels, scores, multi_class="ovr")
    )
    assert found["auc"] == pytest.approx(one_against_rest)


def test_several_classes_as_scikit_learn() -> None:
    random = np.random.default_rng(5)
    truth = random.random((150, 4)) < (0.5, 0.2, 0.7, 0.1)
    scores = np.round(random.random((150, 4)), 2)
    found = classes(Form.SEVERAL_CLASSES, truth.astype(int).tolist(), scores.tolist())
    predicted = scores >= 0.5
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(truth, predicted))
    assert found["macro_f1"] == pytest.approx(reference.f1_score(truth, predicted, average="macro"))
    assert found["micro_f1"] == pytest.approx(reference.f1_score(truth, predicted, average="micro"))
    assert found["auc"] == pytest.approx(reference.roc_auc_score(truth, scores, average="macro"))


def test_numbers_as_scikit_learn() -> None:
    random = np.random.default_rng(6)
    truth = random.normal(size=100).astype(np.float32)
    predicted = truth + random.normal(size=100)
    metrics = RegressionMetrics()
    metrics.update(truth[:, None], predicted[:, None])
    found = metrics.compute()
    assert_allclose(found["rmse"], reference.root_mean_squared_error(truth, predicted), rtol=1e-6)
    assert_allclose(found["mae"], reference.mean_absolute_error(truth, predicted), rtol=1e-6)
    assert_allclose(found["r2"], reference.r2_score(truth, predicted), rtol=1e-6)
