"""What a report shows of the rows that judge a model, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from gremlink.proxy.learning.reports.property_details import (
    class_curves,
    class_rows,
    confusions,
    interval,
    reliability,
    reliability_counts,
)
from gremlink.proxy.learning.trained.target import Form


def test_classes_as_scikit_learn() -> None:
    random = np.random.default_rng(2)
    labels = random.integers(0, 3, 300)
    answers = random.dirichlet(np.ones(3), 300) + 0.3 * np.eye(3)[labels]
    truth = np.eye(3)[labels] > 0
    rows = class_rows(Form.ONE_CLASS, ["a", "b", "c"], truth, answers)
    said = answers.argmax(axis=1)
    precision, recall, f1, counts = reference.precision_recall_fscore_support(labels, said)
    assert [row.precision for row in rows] == pytest.approx(precision.tolist())
    assert [row.recall for row in rows] == pytest.approx(recall.tolist())
    assert [row.f1 for row in rows] == pytest.approx(f1.tolist())
    assert [row.count for row in rows] == counts.tolist()
    aucs = [reference.roc_auc_score(truth[:, each], answers[:, each]) for each in range(3)]
    assert [row.auc for row in rows] == pytest.approx(aucs)


def test_a_class_that_nothing_has_and_nobody_names() -> None:
    truth = np.array([[True, False], [True, False]])
    one, other = class_rows(Form.ONE_CLASS, ["a", "b"], truth, np.array([[0.9, 0.1], [0.8, 0.2]]))
    assert (one.precision, one.recall, one.f1, one.auc) == (1.0, 1.0, 1.0, None)
    assert (other.count, other.precision, other.recall, other.f1) == (0, 0.0, 0.0, 0.0)


def test_confidences_beside_shares() -> None:
    answers = np.array([[0.05], [0.15], [0.12], [1.0]])
    truth = np.array([[False], [True], [False], [True]])
    assert reliability(truth, answers) == ((0.05, 0.0), (0.135, 0.5), (1.0, 1.0))


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_an_interval_is_around_the_figure(metric: str) -> None:
    random = np.random.default_rng(4)
    labels = random.integers(0, 2, 400)
    truth = np.eye(2, dtype=np.float32)[labels]
    right = random.random(400) < 0.8
    answers = np.eye(2)[np.where(right, labels, 1 - labels)]
    low, high = interval(Form.ONE_CLASS, truth, answers, metric)
    assert low < right.mean() < high
    # Twice 1.96 standard errors of a share.
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 400), rel=0.2)


def test_an_interval_of_numbers() -> None:
    random = np.random.default_rng(5)
    truth = random.normal(size=(500, 1)).astype(np.float32)
    missed = random.normal(size=(500, 1))
    low, high = interval(Form.NUMBER, truth, truth + missed, "rmse")
    assert low < np.sqrt((missed**2).mean()) < high
    assert high - low < 0.2


def test_curves_are_bounded() -> None:
    truth = np.eye(300)[np.arange(3000) % 300] > 0
    answers = np.random.default_rng(0).random((3000, 300))
    curves = class_curves([str(each) for each in range(300)], truth, answers)
    assert len(curves) == 8
    assert max(len(each.roc) for each in curves.values()) <= 61


def test_most_frequent_confusions_first() -> None:
    truth = np.eye(3)[[0, 0, 0, 1, 2]] > 0
    answers = np.eye(3)[[1, 1, 0, 2, 2]]
    assert confusions(["a", "b", "c"], truth, answers) == (("a", "b", 2), ("b", "c", 1))


def test_counts_are_those_of_the_shown_tenths() -> None:
    assert reliability_counts(np.array([[0.05], [0.15], [0.12], [1.0]])) == (1, 2, 1)
