"""Curves of links against candidates."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.links.evaluation import curves
from gremlink.proxy.learning.links.evaluation.curves import link_curves
from gremlink.proxy.learning.links.evaluation.queries import TiedRanks
from gremlink.proxy.learning.links.evaluation.ranking import Ranking

TASK = (Relation("A", "knows", "A"), "out")


def ranking(scores: list[list[float]], offsets: list[list[float]]) -> Ranking:
    count = len(scores)
    ranks = TiedRanks(np.zeros((count, 1)), np.zeros((count, 1)))
    with np.errstate(divide="ignore"):
        logs = np.log(np.array(offsets, np.float32))
    table = np.array(scores, np.float32)[:, :, None]
    return Ranking(table, logs, np.zeros(count, np.int64), ranks)


def test_a_candidate_counts_for_those_it_stands_for() -> None:
    """The link is above a candidate that stands for nine, and below one that stands for itself;
    what does not compete does not count."""
    held_out = ranking([[2.0, 1.0, 3.0, 9.0]], [[1.0, 9.0, 1.0, 0.0]])
    (found,) = link_curves({TASK: [held_out]}, {TASK: np.ones(1)}).items()
    assert found[0] == "(A)-knows->(A) out"
    assert found[1].auc == pytest.approx(0.9)
    assert found[1].average_precision == pytest.approx(0.5)
    assert found[1].share == pytest.approx(1 / 11, rel=1e-2)


def test_of_many_pairs_a_part_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MOST_PAIRS", 6)
    held_out = ranking([[2.0, 1.0], [0.0, 1.0]] * 6, [[1.0, 1.0]] * 12)
    (found,) = link_curves({TASK: [held_out]}, {TASK: np.ones(1)}).values()
    assert found.auc == 1.0, "every fourth"


def test_without_held_out_links_there_is_none() -> None:
    assert link_curves({}, {}) == {}
