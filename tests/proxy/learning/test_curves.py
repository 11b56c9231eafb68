"""Curves over thresholds, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from gremlink.proxy.learning.curves import MOST_POINTS, curve


def test_a_curve_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    true = random.integers(0, 2, 40)
    scores = (random.random(40) + 0.3 * true).round(1)
    found = curve(scores, true.astype(float), 1.0 - true)
    assert found is not None
    misses, hits, _ = reference.roc_curve(true, scores, drop_intermediate=False)
    np.testing.assert_allclose(found.roc, np.column_stack([misses, hits]), atol=1e-4)
    precision, recall, _ = reference.precision_recall_curve(true, scores)
    expected = np.column_stack([recall, precision])[::-1][1:]
    np.testing.assert_allclose(found.precision_recall[: len(expected)], expected, atol=1e-4)
    assert found.auc == pytest.approx(reference.roc_auc_score(true, scores), abs=1e-4)
    assert found.average_precision == pytest.approx(
        reference.average_precision_score(true, scores), abs=1e-4
    )
    assert found.share == pytest.approx(true.mean(), rel=1e-2)


def test_masses_count_as_weights() -> None:
    random = np.random.default_rng(4)
    true = (np.arange(5000) < 50).astype(int)
    scores = random.normal(size=5000) + 2.0 * true
    mass = np.where(true > 0, 1.0, random.uniform(1, 100, 5000))
    found = curve(scores, true * mass, (1 - true) * mass)
    assert found is not None
    assert len(found.roc) <= MOST_POINTS + 1
    assert found.roc[0] == (0.0, 0.0)
    assert found.roc[-1] == (1.0, 1.0)
    assert found.auc == pytest.approx(
        reference.roc_auc_score(true, scores, sample_weight=mass), abs=1e-4
    )
    assert found.average_precision == pytest.approx(
        reference.average_precision_score(true, scores, sample_weight=mass), abs=1e-4
    )
    recalls = [recall for recall, _ in found.precision_recall]
    assert max(np.diff([0.0, *recalls])) < 0.1, "rare true ones have their share of the points"


def test_without_true_or_false_ones_there_is_no_curve() -> None:
    ones, nothing = np.ones(3), np.zeros(3)
    assert curve(np.arange(3), ones, nothing) is None
    assert curve(np.arange(3), nothing, ones) is None
