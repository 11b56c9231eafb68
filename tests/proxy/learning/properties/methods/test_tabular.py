"""Trees and linear models from plain arrays say what scikit-learn says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.methods.gradient_boosting import (
    LEARNING_RATE,
    ROUNDS,
    Forest,
    fit_forest,
)
from gremlink.proxy.learning.properties.methods.regression import (
    choose_strength,
    fit_as_is,
    fit_linear,
)
from gremlink.proxy.learning.trained.target import Form

OPTIONS = {
    "max_iter": ROUNDS,
    "learning_rate": LEARNING_RATE,
    "min_samples_leaf": 20,
    "max_leaf_nodes": 15,
    "l2_regularization": 1.0,
    "early_stopping": False,
    "random_state": 0,
}
RANDOM = np.random.default_rng(0)
MATRIX: Floats = RANDOM.normal(size=(200, 5)).astype(np.float32)
UNSEEN: Floats = RANDOM.normal(size=(50, 5)).astype(np.float32)
NUMBERS = 2 * MATRIX[:, 0] + MATRIX[:, 1] ** 2


def labels(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return NUMBERS.argsort().argsort() * count // len(NUMBERS)


@pytest.mark.parametrize("count", [2, 4])
def test_trees_for_classes(count: int) -> None:
    own = labels(count)
    forest = fit_forest(Form.ONE_CLASS, MATRIX, np.eye(count, dtype=np.float32)[own], 0)
    model = HistGradientBoostingClassifier(**OPTIONS).fit(MATRIX.astype(float), own)
    assert_allclose(
        Form.ONE_CLASS.from_raw(forest.raw(UNSEEN)),
        model.predict_proba(UNSEEN.astype(float)),
        atol=1e-12,
    )


def test_trees_for_numbers() -> None:
    forest = fit_forest(Form.NUMBER, MATRIX, NUMBERS[:, None], 0)
    model = HistGradientBoostingRegressor(**OPTIONS).fit(MATRIX.astype(float), NUMBERS)
    assert_allclose(forest.raw(UNSEEN).ravel(), model.predict(UNSEEN.astype(float)), atol=1e-9)


def test_trees_for_several_classes_stand_apart() -> None:
    truth = np.stack([NUMBERS > 1, MATRIX[:, 2] > 0], axis=1).astype(np.float32)
    forest = fit_forest(Form.SEVERAL_CLASSES, MATRIX, truth, 0)
    said = Form.SEVERAL_CLASSES.from_raw(forest.raw(UNSEEN))
    for column in (0, 1):
        model = HistGradientBoostingClassifier(**OPTIONS).fit(
            MATRIX.astype(float), truth[:, column] > 0
        )
        assert_allclose(said[:, column], model.predict_proba(UNSEEN.astype(float))[:, 1])


def test_trees_survive_as_tensors() -> None:
    forest = fit_forest(Form.NUMBER, MATRIX, NUMBERS[:, None], 0)
    again = Forest(**forest.tensors())
    assert (again.raw(UNSEEN) == forest.raw(UNSEEN)).all()


def test_classes_share_the_bins_of_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper

    binned = 0
    original = _BinMapper.fit

    def counted(self: object, *table: object, **options: object) -> object:
        nonlocal binned
        binned += 1
        return original(self, *table, **options)

    monkeypatch.setattr(_BinMapper, "fit", counted)
    truth = np.stack([labels(2) == 1, labels(3) == 1, labels(3) == 2], axis=1).astype(np.float32)
    together = fit_forest(Form.SEVERAL_CLASSES, MATRIX, truth, 0).raw(UNSEEN)
    assert binned == 1
    each = [
        fit_forest(Form.SEVERAL_CLASSES, MATRIX, own[:, None], 0).raw(UNSEEN) for own in truth.T
    ]
    assert_allclose(together, np.concatenate(each, axis=1))


@pytest.mark.parametrize("fit", [fit_forest, fit_linear])
def test_a_class_without_training_rows_is_never_said(fit: object) -> None:
    truth = np.eye(3, dtype=np.float32)[labels(2)]
    if fit is fit_forest:
        said = Form.ONE_CLASS.from_raw(fit_forest(Form.ONE_CLASS, MATRIX, truth, 0).raw(UNSEEN))
    else:
        said = fit_linear(Form.ONE_CLASS, MATRIX, truth).outputs(UNSEEN)
    assert_allclose(said.sum(axis=1), 1.0)
    assert said[:, 2].max() < 1e-6
    assert said[:, :2].max() > 0.9


@pytest.mark.parametrize("count", [2, 3])
def test_logistic_regression(count: int) -> None:
    own = labels(count)
    linear = fit_linear(Form.ONE_CLASS, MATRIX, np.eye(count, dtype=np.float32)[own])
    mean, spread = MATRIX.mean(axis=0), MATRIX.std(axis=0)
    model = LogisticRegression(max_iter=300).fit((MATRIX - mean) / spread, own)
    # A fit ends where its gradient has fallen to a thousandth.
    assert_allclose(
        linear.outputs(UNSEEN), model.predict_proba((UNSEEN - mean) / spread), atol=0.02
    )


@pytest.mark.parametrize(("best", "found"), [(3e4, 1e4), (1e-4, 1e-3), (4.0, 3.0), (1e9, 1e5)])
def test_a_penalty_is_looked_for_beyond_the_end_of_its_grid(best: float, found: float) -> None:
    tried = []

    def loss_of(strength: float) -> float:
        tried.append(strength)
        return abs(float(np.log10(strength / best)))

    assert choose_strength((1.0, 3.0, 10.0, 100.0), loss_of) == pytest.approx(found)
    assert len(tried) == len(set(tried)) <= 7


@pytest.mark.parametrize("strength", [1.0, 1e3])
def test_fits_to_wide_sparse_tables_come_to_their_end(strength: float) -> None:
    random = np.random.default_rng(1)
    shares = 1.0 / (np.arange(250) + 3.0)
    words = random.random((600, 250)) < 8 * shares / shares.sum()
    own = (words @ random.normal(size=(250, 3)) + random.gumbel(size=(600, 3))).argmax(axis=1)
    matrix = sparse.csr_array(words.astype(np.float64))
    fitted = fit_as_is(Form.ONE_CLASS, matrix, np.eye(3, dtype=np.float32)[own], strength)
    exact = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-8).fit(words, own)

    def likelihood(said: NDArray[np.float64]) -> float:
        return float(np.log(said[np.arange(600), own]).mean())

    ours, best = fitted.outputs(matrix), exact.predict_proba(words)
    assert likelihood(ours) == pytest.approx(likelihood(best), abs=2e-3)


@pytest.mark.parametrize("form", [Form.ONE_CLASS, Form.SEVERAL_CLASSES])
def test_directions_of_little_variance_are_read_in_few_steps(form: Form) -> None:
    random = np.random.default_rng(0)
    spread = np.geomspace(1.0, 1e-3, 20)
    matrix = (random.normal(size=(500, 20)) * spread) @ random.normal(size=(20, 20))
    turned = np.linalg.solve(matrix.T @ matrix, matrix.T @ random.normal(size=(500, 3)))
    own = (matrix @ turned + 0.05 * random.gumbel(size=(500, 3))).argmax(axis=1)
    truth = np.eye(3, dtype=np.float32)[own]
    fitted = fit_as_is(form, matrix, truth, 1e4)
    if form is Form.ONE_CLASS:
        exact = LogisticRegression(C=1e4, solver="newton-cholesky").fit(matrix, own)
        expected = exact.predict_proba(matrix)
    else:
        exacts = [
            LogisticRegression(C=1e4, solver="newton-cholesky").fit(matrix, column)
            for column in truth.T
        ]
        expected = np.stack([each.predict_proba(matrix)[:, 1] for each in exacts], axis=1)
    assert_allclose(fitted.outputs(matrix), expected, atol=0.02)


def test_a_column_that_never_varies_does_no_harm() -> None:
    matrix = np.concatenate([MATRIX, np.ones((len(MATRIX), 1), np.float32)], axis=1)
    linear = fit_linear(Form.NUMBER, matrix, NUMBERS[:, None])
    assert np.isfinite(linear.outputs(matrix)).all()
