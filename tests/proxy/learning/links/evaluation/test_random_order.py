from __future__ import annotations

import math

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import Queries, rank_queries
from gremlink.proxy.learning.links.evaluation.random_order import random_order
from gremlink.proxy.learning.links.evaluation.ranking_metrics import RankingMetrics
from gremlink.proxy.learning.links.known import KnownLinks

KNOWS = Relation("P", "knows", "P")


def test_by_hand() -> None:
    # 0 knows 1 and 2 of five people: asked about 1, it chooses among 1, 3 and 4.
    graph = TypedGraph({"P": 5}, {KNOWS: Edges(np.array([0, 0]), np.array([1, 2]))})
    asked = Queries("out", np.array([0]), np.array([1]))
    found = random_order({KNOWS: KnownLinks(graph, KNOWS)}, {(KNOWS, "out"): asked})
    assert found["mrr"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert found["hits@1"] == pytest.approx(1 / 3)
    assert found["hits@3"] == found["hits@100"] == 1.0


def test_random_scores_reach_it_on_average() -> None:
    random = np.random.default_rng(0)
    edges = Edges(random.integers(0, 40, 300), random.integers(0, 40, 300))
    known = KnownLinks(TypedGraph({"P": 40}, {KNOWS: edges}), KNOWS)
    queries = {end: Queries.about(edges, end) for end in ("out", "in")}

    class Noise:
        def scores(self, sources: np.ndarray, direction: str) -> np.ndarray:
            return random.random((len(sources), 40)).astype(np.float32)

    metrics = RankingMetrics()
    for _ in range(20):
        for asked in queries.values():
            metrics.update(rank_queries(Noise(), asked, known))
    reached = metrics.compute()
    found = random_order({KNOWS: known}, {(KNOWS, end): q for end, q in queries.items()})
    for name, value in found.items():
        assert value == pytest.approx(reached[name], rel=0.1), name


def test_without_questions_there_is_none() -> None:
    graph = TypedGraph({"P": 2}, {KNOWS: Edges(np.array([0]), np.array([1]))})
    assert math.isnan(random_order({KNOWS: KnownLinks(graph, KNOWS)}, {})["mrr"])
