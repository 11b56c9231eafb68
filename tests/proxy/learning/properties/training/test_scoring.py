"""The metric of a property."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.properties.training.metrics import metrics_for
from gremlink.proxy.learning.properties.training.scoring import Scoring
from gremlink.proxy.learning.trained.target import Form


@pytest.mark.parametrize(
    ("form", "shares", "metric"),
    [
        (Form.NUMBER, [3.0], "rmse"),
        (Form.SEVERAL_CLASSES, [0.5, 0.01], "macro_f1"),
        (Form.ONE_CLASS, [0.6, 0.4], "accuracy"),
        (Form.ONE_CLASS, [0.84, 0.16], "macro_f1"),
    ],
)
def test_metric(form: Form, shares: list[float], metric: str) -> None:
    assert Scoring(form, np.array(shares)).metric == metric


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "rmse"])
def test_the_score_is_the_metric(metric: str) -> None:
    random = np.random.default_rng(3)
    form = Form.NUMBER if metric == "rmse" else Form.ONE_CLASS
    shares = np.array([0.9, 0.1] if metric == "macro_f1" else [0.5, 0.5])
    outputs = random.random((50, 1 if form is Form.NUMBER else 2))
    truth = np.eye(2, dtype=np.float32)[random.integers(0, 2, 50)][:, : outputs.shape[1]]
    metrics = metrics_for(form)
    metrics.update(truth, outputs)
    sign = -1 if metric == "rmse" else 1
    assert Scoring(form, shares).score(outputs, truth) == sign * metrics.compute()[metric]
