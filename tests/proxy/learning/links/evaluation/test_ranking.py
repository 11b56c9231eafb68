from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.links.evaluation import ranking
from gremlink.proxy.learning.links.evaluation.queries import Queries, rank_queries
from gremlink.proxy.learning.links.evaluation.ranking import rank_members
from gremlink.proxy.learning.links.known import Cells, KnownLinks
from gremlink.proxy.learning.links.mixture import Mixture, normalised
from gremlink.proxy.learning.links.scorers import STRUCTURAL

KNOWS = Relation("P", "knows", "P")
COUNT = 60


@pytest.fixture
def graph() -> TypedGraph:
    random = np.random.default_rng(0)
    pairs = random.integers(0, COUNT, (300, 2))
    return TypedGraph({"P": COUNT}, {KNOWS: distinct_edges(*pairs.T, same_type=True)})


def test_ranks_of_a_blend_are_those_of_the_mixture(graph: TypedGraph) -> None:
    edges = graph.edges[KNOWS]
    train = graph.replacing({KNOWS: edges.select(np.arange(200))})
    queries = Queries.about(edges.select(np.arange(200, len(edges))), "out")
    members = [
        STRUCTURAL[name].fit(train, KNOWS) for name in ("adamic-adar", "degree", "reciprocity")
    ]
    weights = np.array([0.5, 0.3, 0.7])
    every, fitted = KnownLinks(graph, KNOWS), KnownLinks(train, KNOWS)
    found = rank_members(members, queries, fitted, every, np.random.default_rng(0))
    mixture = Mixture(members, {"out": weights, "in": weights}, fitted)
    expected = rank_queries(mixture, queries, every)
    # Sums in another order may break the ties of small whole numbers.
    assert found.ranks(weights) == pytest.approx(expected, abs=3.0)
    for column, member in enumerate(members):
        assert (
            found.member_ranks[:, column].tolist() == rank_queries(member, queries, every).tolist()
        )


def test_a_sample_keeps_target_and_hardest_and_counts_the_rest(
    graph: TypedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "CANDIDATES", 24)
    monkeypatch.setattr(ranking, "HARDEST", 4)
    edges = graph.edges[KNOWS]
    queries = Queries.about(edges.select(np.arange(40)), "out")
    known = KnownLinks(graph, KNOWS)
    members = [STRUCTURAL["degree"].fit(graph, KNOWS)]
    found = rank_members(members, queries, known, known, np.random.default_rng(0))
    assert found.scores.shape == (40, 24, 1)
    assert found.targets.tolist() == [0] * 40
    allowed = queries.allowed(known)
    assert np.exp(found.offsets).sum(axis=1) == pytest.approx(allowed.sum(axis=1), rel=1e-5)
    exact = rank_queries(members[0], queries, known)
    estimated = found.ranks(np.array([1.0]))
    assert np.abs(estimated - exact).mean() < 4.0
    assert np.corrcoef(estimated, exact)[0, 1] > 0.9


def test_normalised_scores_have_mean_0_and_deviation_1_and_keep_the_order() -> None:
    random = np.random.default_rng(1)
    scores = random.exponential(size=(3, 50)).astype(np.float32)
    over = random.random((3, 50)) < 0.8
    found = normalised(scores, Cells(*np.nonzero(~over)))
    for row in range(3):
        assert found[row][over[row]].mean() == pytest.approx(0.0, abs=1e-5)
        assert found[row][over[row]].std() == pytest.approx(1.0, abs=1e-5)
        order = np.argsort(scores[row][over[row]])
        assert (np.diff(found[row][over[row]][order]) >= 0).all()


def test_level_scores_say_nothing() -> None:
    nobody = Cells(*np.zeros((2, 0), np.int64))
    assert (normalised(np.full((2, 4), 3.0, np.float32), nobody) == 0).all()


def test_a_source_that_is_linked_to_all_still_has_an_order() -> None:
    scores = np.array([[3.0, 1.0, 2.0]], np.float32)
    found = normalised(scores, Cells(np.zeros(3, np.int64), np.arange(3)))
    assert np.argsort(found[0]).tolist() == [1, 2, 0]
