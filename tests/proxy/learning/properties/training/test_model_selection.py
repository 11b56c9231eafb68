"""The choice among methods."""

from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.properties.training.model_selection import choose
from gremlink.proxy.learning.properties.training.scoring import Scoring
from gremlink.proxy.learning.trained.target import Form

EVEN = np.array([0.5, 0.5])


def test_a_method_that_is_as_good_as_the_blend_stands_alone() -> None:
    truth = np.eye(2, dtype=np.float32)[[0, 1] * 20]
    right = np.where(truth > 0, 0.8, 0.2)
    outputs = {"right": right, "wrong": 1.0 - right}
    choices = choose(Scoring(Form.ONE_CLASS, EVEN), outputs, truth)
    assert choices[AUTO].weights.tolist() == [1.0, 0.0]
    assert choices["wrong"].weights.tolist() == [0.0, 1.0]


def test_a_lead_that_may_be_chance_is_none() -> None:
    random = np.random.default_rng(0)
    truth = np.eye(2, dtype=np.float32)[random.integers(0, 2, 400)]
    told = 0.8 * (truth[:, :1] - truth[:, 1:]) + random.normal(0.0, 1.0, (400, 3))
    sure = 1.0 / (1.0 + np.exp(-told))
    outputs = {
        "one": np.stack([sure[:, 0], 1.0 - sure[:, 0]], axis=1),
        "two": np.stack([sure[:, 1], 1.0 - sure[:, 1]], axis=1),
    }
    scoring = Scoring(Form.ONE_CLASS, EVEN)
    both = choose(scoring, outputs, truth)[AUTO].weights
    assert (both > 0.2).all()
    nearly = np.clip(outputs["one"] + random.normal(0.0, 0.01, (400, 1)) * [1, -1], 0.001, 0.999)
    same = {"one": outputs["one"], "nearly": nearly}
    assert sorted(choose(scoring, same, truth)[AUTO].weights) == [0.0, 1.0]
