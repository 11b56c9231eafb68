"""Weights of methods, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gremlink.proxy.learning.properties.mixture import fit_weights
from gremlink.proxy.learning.trained.target import Form


def test_numbers_get_the_least_squares() -> None:
    random = np.random.default_rng(0)
    one, two, noise = random.normal(size=(3, 400, 1))
    truth = (0.3 * one + 0.7 * two).astype(np.float32)
    weights = fit_weights(Form.NUMBER, [one, two, noise], truth)
    assert_allclose(weights, [0.3, 0.7, 0.0], atol=1e-3)


def test_classes_get_the_likeliest_mixture() -> None:
    # Two of three rows speak for the first method: a likelihood of w²(1-w) is largest at 2/3.
    truth = np.array([[1, 0], [1, 0], [1, 0]], np.float32)
    one = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    weights = fit_weights(Form.ONE_CLASS, [one, 1.0 - one], truth)
    assert_allclose(weights, [2 / 3, 1 / 3], atol=1e-4)


def test_a_method_that_adds_nothing_gets_nothing() -> None:
    random = np.random.default_rng(1)
    truth = np.eye(2, dtype=np.float32)[random.integers(0, 2, 300)]
    good = np.where(truth > 0, 0.9, 0.1)
    weights = fit_weights(Form.ONE_CLASS, [good, np.full((300, 2), 0.5)], truth)
    assert weights[0] > 0.99
    assert weights.sum() == pytest.approx(1.0)
