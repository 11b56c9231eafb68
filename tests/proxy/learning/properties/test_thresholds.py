"""Prior corrections and decision thresholds, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.trained.target import Form


def test_balance_by_hand() -> None:
    scores = np.array([[0.8, 0.2]])
    shares = np.array([0.8, 0.2])
    assert_allclose(Decision(shares, 1.0).applied(Form.ONE_CLASS, scores), [[0.5, 0.5]])
    assert_allclose(Decision(shares).applied(Form.ONE_CLASS, scores), scores)
    half = np.array([[0.8 / 0.8**0.5, 0.2 / 0.2**0.5]])
    assert_allclose(Decision(shares, 0.5).applied(Form.ONE_CLASS, scores), half / half.sum())


def test_a_threshold_becomes_one_half() -> None:
    decision = Decision(np.array([0.1, 0.5]), 0.0, np.array([0.2, 0.5]))
    found = decision.applied(Form.SEVERAL_CLASSES, np.array([[0.2, 0.7], [0.1, 0.3], [0.5, 0.0]]))
    assert found[0, 0] == pytest.approx(0.5)
    assert_allclose(found[:, 1], [0.7, 0.3, 0.0], atol=1e-9)
    # Odds of 1 : 1 against a threshold of 1 : 4.
    assert found[2, 0] == pytest.approx(0.8)
