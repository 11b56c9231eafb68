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
