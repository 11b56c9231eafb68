"""Weights that are tied over classes, and what is learned beside them."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.methods.regression import fit_linear, loss
from gremlink.proxy.learning.properties.methods.tied import fit_tied
from gremlink.proxy.learning.trained.target import Form, Outputs

CLASSES = 12


def rows(count: int, shift: int, seed: int) -> tuple[Outputs, Floats]:
    """One block that speaks for the class `shift` away, and one of noise."""
    random = np.random.default_rng(seed)
    own = random.integers(0, CLASSES, count)
    told = random.normal(0.0, 1.0, (count, CLASSES))
    told[np.arange(count), (own + shift) % CLASSES] += 2.5
    noise = random.normal(0.0, 1.0, (count, CLASSES))
    return np.concatenate([told, noise], axis=1), np.eye(CLASSES, dtype=np.float32)[own]


@pytest.mark.parametrize("form", [Form.ONE_CLASS, Form.SEVERAL_CLASSES])
def test_few_rows_of_many_classes_are_enough_where_each_speaks_for_itself(form: Form) -> None:
    matrix, truth = rows(100, 0, 0)
    asked, right = rows(2000, 0, 1)
    tied = loss(form, fit_tied(form, matrix, truth, 0.001).outputs(asked), right)
    free = min(
        loss(form, fit_linear(form, matrix, truth, strength).outputs(asked), right)
        for strength in (0.003, 0.03, 0.3)
    )
    assert tied < 0.9 * free


def test_a_class_that_speaks_for_another_one_is_learned() -> None:
    matrix, truth = rows(3000, 3, 0)
    asked, right = rows(2000, 3, 1)
    said = fit_tied(Form.ONE_CLASS, matrix, truth, 0.1).outputs(asked)
    assert (said.argmax(axis=1) == right.argmax(axis=1)).mean() > 0.75


def test_classes_without_rows_are_never_said() -> None:
    matrix, truth = rows(200, 0, 0)
    present = truth[:, 0] + truth[:, 1] > 0
    said = fit_tied(Form.ONE_CLASS, matrix[present], truth[present], 0.01).outputs(matrix)
    assert said[:, 2:].max() < 1e-6
    only = truth[:, 0] > 0
    said = fit_tied(Form.ONE_CLASS, matrix[only], truth[only], 0.01).outputs(matrix)
    assert said[:, 0].min() > 0.99
    said = fit_tied(Form.SEVERAL_CLASSES, matrix[only], truth[only], 0.01).outputs(matrix)
    assert said[:, 0].min() > 0.99
    assert said[:, 1:].max() < 1e-6
