"""Weights of methods, and the choice among them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.properties.mixture import fit_weights
from gremlink.proxy.learning.properties.training.model_selection import Yardstick, choose
from gremlink.proxy.learning.trained.target import Form

EVEN = np.array([0.5, 0.5])


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


def test_a_method_that_is_as_good_as_the_blend_stands_alone() -> None:
    truth = np.eye(2, dtype=np.float32)[[0, 1] * 20]
    right = np.where(truth > 0, 0.8, 0.2)
    said = {"right": right, "wrong": 1.0 - right}
    choices = choose(Yardstick(Form.ONE_CLASS, EVEN), said, truth)
    assert choices[AUTO].weights.tolist() == [1.0, 0.0]
    assert choices["wrong"].weights.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("form", "shares", "metric"),
    [
        (Form.NUMBER, [3.0], "rmse"),
        (Form.SEVERAL_CLASSES, [0.5, 0.01], "macro_f1"),
        (Form.ONE_CLASS, [0.6, 0.4], "accuracy"),
        (Form.ONE_CLASS, [0.84, 0.16], "macro_f1"),
    ],
)
def test_what_counts(form: Form, shares: list[float], metric: str) -> None:
    assert Yardstick(form, np.array(shares)).metric == metric
