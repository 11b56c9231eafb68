from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import (
    label_ranking_average_precision_score,
    ndcg_score,
    top_k_accuracy_score,
)

from gremlink.proxy.learning.links.evaluation.ranking_metrics import RankingMetrics


def computed(ranks: list[float], sources: list[int] | None = None) -> dict[str, float]:
    metrics = RankingMetrics()
    metrics.update(np.array(ranks), None if sources is None else np.array(sources))
    return metrics.compute()


def test_single_links_worked_by_hand() -> None:
    found = computed([1.0, 2.0, 4.0, 20.0])
    assert found["mrr"] == pytest.approx((1 + 1 / 2 + 1 / 4 + 1 / 20) / 4)
    assert found["mr"] == (1 + 2 + 4 + 20) / 4
    assert [found[f"hits@{k}"] for k in (1, 3, 10, 100)] == [0.25, 0.5, 0.75, 1.0]
    gains = 1 + 1 / math.log2(3) + 1 / math.log2(5)
    assert found["ndcg@10"] == pytest.approx(gains / 4)
    assert (found["recall@10"], found["recall@20"]) == (0.75, 1.0)


def test_several_links_of_a_source_worked_by_hand() -> None:
    # The second source has two links with filtered ranks 1 and 9: places 1 and 10 of its list.
    found = computed([3.0, 9.0, 1.0], [0, 1, 1])
    ideal = 1 + 1 / math.log2(3)
    second = (1 + 1 / math.log2(11)) / ideal
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(4) + second) / 2)
    assert found["recall@10"] == 1.0
    # One more link before it pushes it out of the first ten.
    assert computed([9.0, 1.0, 1.0], [0, 0, 0])["recall@10"] == pytest.approx(2 / 3)


def test_nothing_ranked_is_not_a_number() -> None:
    assert all(math.isnan(value) for value in RankingMetrics().compute().values())
    assert all(math.isnan(low) for low, _ in RankingMetrics().intervals().values())


def test_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(4)
    scores = random.random((40, 60))
    relevant = random.random((40, 60)) < 0.1
    relevant[np.arange(40), random.integers(0, 60, 40)] = True
    rows, columns = np.nonzero(relevant)
    filtered = np.array(
        [
            1 + ((scores[row] > scores[row, column]) & ~relevant[row]).sum()
            for row, column in zip(rows, columns, strict=True)
        ]
    )
    metrics = RankingMetrics()
    metrics.update(filtered.astype(np.float64), rows)
    found = metrics.compute()
    assert found["ndcg@10"] == pytest.approx(ndcg_score(relevant, scores, k=10))
    for k in (10, 20):
        top = np.argsort(-scores, axis=1)[:, :k]
        hits = np.take_along_axis(relevant, top, axis=1).sum(axis=1) / relevant.sum(axis=1)
        assert found[f"recall@{k}"] == pytest.approx(hits.mean())
    many = random.random((300, 160))
    single = random.integers(0, 160, 300)
    ranks = 1.0 + (many > many[np.arange(300), single][:, None]).sum(axis=1)
    for k in (1, 3, 10, 100):
        expected = top_k_accuracy_score(single, many, k=k, labels=np.arange(160))
        assert computed(ranks.tolist())[f"hits@{k}"] == pytest.approx(expected)
    # With one right answer the precision at its place is the reciprocal of its rank.
    one_right = np.eye(160)[single]
    expected = label_ranking_average_precision_score(one_right, many)
    assert computed(ranks.tolist())["mrr"] == pytest.approx(expected)


def test_sources_of_different_calls_are_different() -> None:
    metrics = RankingMetrics()
    metrics.update(np.array([1.0]), np.array([0]))
    metrics.update(np.array([30.0]), np.array([0]))
    assert metrics.compute()["recall@10"] == 0.5


def test_intervals_hold_the_figure_and_shrink_with_more_sources() -> None:
    random = np.random.default_rng(0)
    widths = []
    for count in (40, 4000):
        metrics = RankingMetrics()
        metrics.update(random.integers(1, 50, count).astype(np.float64))
        low, high = metrics.intervals()["mrr"]
        assert low < metrics.compute()["mrr"] < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 5


def test_questions_of_one_source_count_as_one_draw() -> None:
    random = np.random.default_rng(0)
    ranks = random.integers(1, 50, 400).astype(np.float64)
    alone, together = RankingMetrics(), RankingMetrics()
    alone.update(np.repeat(ranks, 10))
    together.update(np.repeat(ranks, 10), np.repeat(np.arange(400), 10))

    def width(metrics: RankingMetrics) -> float:
        low, high = metrics.intervals()["mrr"]
        return high - low

    assert width(together) > 2 * width(alone)
