from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.evaluation.queries import TiedRanks
from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.evaluation.reliability import reliability


def test_bins_hold_links_and_others_that_weigh_alike() -> None:
    # Two queries with a link at logit 2 and -2, and four candidates that are none at -2.
    scores = np.array([[[2.0], [-2.0], [-2.0]], [[-2.0], [-2.0], [-2.0]]], np.float32)
    first = TiedRanks(np.zeros((2, 1)), np.zeros((2, 1)))
    ranking = Ranking(scores, np.zeros((2, 3), np.float32), np.array([0, 0]), first)
    low, high = reliability([(ranking, np.array([1.0]), Calibration(1.0, 0.0))])
    probability = 1 / (1 + np.exp(-2.0))
    assert low.score == pytest.approx(1 - probability, abs=1e-3)
    # Half of the links, and all of the others, which together count as much as all links.
    assert low.share == pytest.approx(0.5 / 1.5, abs=1e-3)
    assert low.mass == pytest.approx(0.75)
    assert (high.share, high.mass) == (1.0, 0.25)
    assert high.score == pytest.approx(probability, abs=1e-3)


def test_a_sampled_candidate_counts_for_those_it_stands_for() -> None:
    scores = np.array([[[2.0], [-2.0], [2.0]]], np.float32)
    offsets = np.log(np.array([[1.0, 9.0, 1.0]], np.float32))
    first = TiedRanks(np.zeros((1, 1)), np.zeros((1, 1)))
    ranking = Ranking(scores, offsets, np.array([0]), first)
    low, high = reliability([(ranking, np.array([1.0]), Calibration(1.0, 0.0))])
    assert low.mass == pytest.approx(0.9 / 2, abs=1e-3)
    assert high.share == pytest.approx(1 / 1.1, abs=1e-3)
