from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from gremlink.proxy.learning.links.calibration import Calibration, probabilities
from gremlink.proxy.learning.links.evaluation.queries import TiedRanks
from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.training.fit_calibration import fit_calibration


def ranking(shift: float, queries: int = 400, candidates: int = 40) -> Ranking:
    random = np.random.default_rng(0)
    scores = random.normal(size=(queries, candidates, 1)).astype(np.float32)
    scores[:, 0] += np.float32(shift)
    zeros = np.zeros((queries, candidates), np.float32)
    first = TiedRanks(np.zeros((queries, 1)), np.zeros((queries, 1)))
    return Ranking(scores, zeros, np.zeros(queries, np.int64), first)


def test_the_fit_recovers_the_log_odds_of_two_normal_classes() -> None:
    # Of N(2, 1) against N(0, 1), both equally frequent, the log-odds are 2 s - 2.
    found = fit_calibration([(ranking(2.0), np.array([1.0]))])
    assert found.slope == pytest.approx(2.0, rel=0.1)
    assert found.intercept == pytest.approx(-2.0, rel=0.1)


def test_scores_that_tell_nothing_stay_in_order() -> None:
    found = fit_calibration([(ranking(-1.0), np.array([1.0]))])
    assert found.slope > 0


def test_probabilities_are_strictly_between_0_and_1() -> None:
    logits = Calibration(3.0, 1.0).logits(np.array([-1e6, 0.0, 1e6], np.float32))
    found = probabilities(logits)
    assert found[1] == pytest.approx(expit(1.0))
    assert 0.0 < found[0] < found[1] < found[2] < 1.0
