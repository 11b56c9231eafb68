"""Confidences of rare classes, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gremlink.proxy.learning.properties.metrics import ClassificationMetrics
from gremlink.proxy.learning.properties.thresholds import (
    Lift,
    best_balance,
    best_lift,
    best_thresholds,
)
from gremlink.proxy.learning.trained.target import Form, Outputs


def test_balance_by_hand() -> None:
    scores = np.array([[0.8, 0.2]])
    shares = np.array([0.8, 0.2])
    assert_allclose(Lift(shares, 1.0).applied(Form.ONE_CLASS, scores), [[0.5, 0.5]])
    assert_allclose(Lift(shares).applied(Form.ONE_CLASS, scores), scores)
    half = np.array([[0.8 / 0.8**0.5, 0.2 / 0.2**0.5]])
    assert_allclose(Lift(shares, 0.5).applied(Form.ONE_CLASS, scores), half / half.sum())


def test_rare_classes_are_lifted_until_they_are_found() -> None:
    truth = np.eye(2, dtype=np.float32)[[0] * 90 + [1] * 10]
    # The rare class is likelier where it is true, but never likelier than the other.
    scores = np.where(truth[:, 1:] > 0, [[0.6, 0.4]], [[0.95, 0.05]])
    shares = truth.mean(axis=0, dtype=np.float64)
    balance = best_balance(Form.ONE_CLASS, scores, truth, shares)
    assert balance > 0
    lifted = Lift(shares, balance).applied(Form.ONE_CLASS, scores)
    assert (lifted.argmax(axis=1) == truth.argmax(axis=1)).all()


def test_even_classes_stay_as_they_are() -> None:
    truth = np.eye(2, dtype=np.float32)[[0] * 6 + [1] * 4]
    scores = np.tile([0.6, 0.4], (10, 1))
    assert best_balance(Form.ONE_CLASS, scores, truth, np.array([0.6, 0.4])) == 0.0


def test_a_threshold_becomes_one_half() -> None:
    lift = Lift(np.array([0.1, 0.5]), 0.0, np.array([0.2, 0.5]))
    found = lift.applied(Form.SEVERAL_CLASSES, np.array([[0.2, 0.7], [0.1, 0.3], [0.5, 0.0]]))
    assert found[0, 0] == pytest.approx(0.5)
    assert_allclose(found[:, 1], [0.7, 0.3, 0.0], atol=1e-9)
    # Odds of 1 : 1 against a threshold of 1 : 4.
    assert found[2, 0] == pytest.approx(0.8)


def test_a_threshold_lies_where_f1_is_the_best() -> None:
    # Named down to 0.4: 3 of 3 found, one too many, F1 6/7; down to 0.6 only 2 of 3, F1 4/5.
    scores = np.array([[0.9], [0.6], [0.5], [0.4], [0.2]])
    own = np.array([[True], [True], [False], [True], [False]])
    assert best_thresholds(scores, own) == pytest.approx([0.3])


def test_few_rows_of_a_class_are_drawn_to_all() -> None:
    random = np.random.default_rng(0)
    own = random.random((400, 2)) < (0.5, 0.005)
    scores = np.where(own, 0.6, 0.2) * random.uniform(0.9, 1.0, own.shape)
    scores[:, 1] *= 0.1
    common, rare = best_thresholds(scores, own)
    alone = best_thresholds(scores[:, 1:], own[:, 1:])[0]
    assert alone < rare < common


def test_thresholds_find_classes_that_are_never_likely() -> None:
    random = np.random.default_rng(1)
    own = random.random((500, 3)) < (0.4, 0.1, 0.05)
    noise: Outputs = random.normal(size=own.shape) * 0.4
    scores = 1.0 / (1.0 + np.exp(2.5 - 2.0 * own - noise))
    truth = own.astype(np.float32)
    lift = best_lift(Form.SEVERAL_CLASSES, scores, truth, truth.mean(axis=0))

    def figures(told: Outputs) -> dict[str, float]:
        metrics = ClassificationMetrics(Form.SEVERAL_CLASSES)
        metrics.update(truth, told)
        return metrics.compute()

    plain, lifted = figures(scores), figures(lift.applied(Form.SEVERAL_CLASSES, scores))
    assert lifted["macro_f1"] > plain["macro_f1"] + 0.3
    assert lifted["accuracy"] > plain["accuracy"]
    assert lifted["auc"] == pytest.approx(plain["auc"])
