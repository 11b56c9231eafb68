"""Prior corrections and thresholds that are fitted, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.properties.training.fit_thresholds import (
    fit_balance,
    fit_decision,
    fit_thresholds,
)
from gremlink.proxy.learning.properties.training.metrics import ClassificationMetrics
from gremlink.proxy.learning.trained.target import Form, Outputs


def test_rare_classes_are_predicted_after_the_correction() -> None:
    truth = np.eye(2, dtype=np.float32)[[0] * 90 + [1] * 10]
    # The rare class is likelier where it is true, but never likelier than the other.
    scores = np.where(truth[:, 1:] > 0, [[0.6, 0.4]], [[0.95, 0.05]])
    shares = truth.mean(axis=0, dtype=np.float64)
    balance = fit_balance(Form.ONE_CLASS, scores, truth, shares)
    assert balance > 0
    corrected = Decision(shares, balance).applied(Form.ONE_CLASS, scores)
    assert (corrected.argmax(axis=1) == truth.argmax(axis=1)).all()


def test_even_classes_stay_as_they_are() -> None:
    truth = np.eye(2, dtype=np.float32)[[0] * 6 + [1] * 4]
    scores = np.tile([0.6, 0.4], (10, 1))
    assert fit_balance(Form.ONE_CLASS, scores, truth, np.array([0.6, 0.4])) == 0.0


def test_a_threshold_lies_where_f1_is_the_best() -> None:
    # Named down to 0.4: 3 of 3 found, one too many, F1 6/7; down to 0.6 only 2 of 3, F1 4/5.
    scores = np.array([[0.9], [0.6], [0.5], [0.4], [0.2]])
    own = np.array([[True], [True], [False], [True], [False]])
    assert fit_thresholds(scores, own) == pytest.approx([0.3])


def test_few_rows_of_a_class_are_drawn_to_all() -> None:
    random = np.random.default_rng(0)
    own = random.random((400, 2)) < (0.5, 0.005)
    scores = np.where(own, 0.6, 0.2) * random.uniform(0.9, 1.0, own.shape)
    scores[:, 1] *= 0.1
    common, rare = fit_thresholds(scores, own)
    alone = fit_thresholds(scores[:, 1:], own[:, 1:])[0]
    assert alone < rare < common


def test_thresholds_find_classes_that_are_never_likely() -> None:
    random = np.random.default_rng(1)
    own = random.random((500, 3)) < (0.4, 0.1, 0.05)
    noise: Outputs = random.normal(size=own.shape) * 0.4
    scores = 1.0 / (1.0 + np.exp(2.5 - 2.0 * own - noise))
    truth = own.astype(np.float32)
    decision = fit_decision(Form.SEVERAL_CLASSES, scores, truth, truth.mean(axis=0))

    def figures(outputs: Outputs) -> dict[str, float]:
        metrics = ClassificationMetrics(Form.SEVERAL_CLASSES)
        metrics.update(truth, outputs)
        return metrics.compute()

    plain, moved = figures(scores), figures(decision.applied(Form.SEVERAL_CLASSES, scores))
    assert moved["macro_f1"] > plain["macro_f1"] + 0.3
    assert moved["accuracy"] > plain["accuracy"]
    assert moved["auc"] == pytest.approx(plain["auc"])
