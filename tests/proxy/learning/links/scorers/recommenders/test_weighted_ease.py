from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Edges, Floats, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders.ease import RIDGES
from gremlink.proxy.learning.links.scorers.recommenders.weighted_ease import (
    FURTHEST,
    SHARE,
    WeightedEase,
)

RATES = Relation("P", "rates", "T")


def graph_of(edges: Edges, things: int = 4) -> TypedGraph:
    return TypedGraph({"P": 3, "T": things}, {RATES: edges})


def rated(*stars: float, more: tuple[float, ...] = ()) -> Edges:
    """Three people, each of whom rates two of four things; perhaps a second feature."""
    features = np.array([stars, more] if more else [stars], np.float32).T
    return Edges(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 2, 0, 2]), features)


def dense(edges: Edges, weights: Floats) -> np.ndarray:
    matrix = np.zeros((3, 4))
    matrix[edges.heads, edges.tails] = weights
    return matrix


def test_links_weigh_what_their_feature_says() -> None:
    edges = rated(1, 1, 3, 3, 5, 5)
    found = WeightedEase.fit(graph_of(edges), RATES).scores(np.arange(3), "out")
    away = np.array([-1, -1, 0, 0, 1, 1]) * np.sqrt(1.5)  # the stars' deviation is sqrt(8 / 3)
    links = dense(edges, 1 + SHARE * away)
    inverse = np.linalg.inv(links.T @ links + RIDGES[0] * np.eye(4))
    regression = -inverse / np.diag(inverse)
    np.fill_diagonal(regression, 0.0)
    assert found == pytest.approx(links @ regression, rel=1e-4)


def test_the_feature_that_ranks_better_is_taken_with_its_sign() -> None:
    """Two sorts of people and things: likes stay in a sort, and the chance links have few stars."""
    random = np.random.default_rng(0)
    chance = random.random((60, 60))
    same = np.arange(60)[:, None] % 2 == np.arange(60)[None] % 2
    heads, tails = np.nonzero(np.where(same, chance < 0.5, chance < 0.25))
    meant = same[heads, tails].astype(np.float32)
    nothing = random.random(len(heads)).astype(np.float32)
    for sign in (1.0, -1.0):
        edges = Edges(heads, tails, np.stack([nothing, sign * meant], axis=1))
        graph = TypedGraph({"P": 60, "T": 60}, {RATES: edges})
        weights = WeightedEase.fit(graph, RATES).tensors()["links"][:, 0]
        assert weights[meant == 1].min() > weights[meant == 0].max()


def test_without_features_that_differ_it_says_nothing() -> None:
    assert WeightedEase.applies(graph_of(rated(1, 1, 3, 3, 5, 5)), RATES)
    assert WeightedEase.applies(graph_of(rated(2, 2, 2, 2, 2, 2, more=(0, 0, 0, 0, 0, 1))), RATES)
    assert not WeightedEase.applies(graph_of(rated(2, 2, 2, 2, 2, 2)), RATES)
    bare = rated(1, 1, 3, 3, 5, 5)
    assert not WeightedEase.applies(graph_of(Edges(bare.heads, bare.tails)), RATES)
    none = np.zeros(0, np.int64)
    empty = Edges(none, none, np.zeros((0, 1), np.float32))
    assert not WeightedEase.applies(graph_of(empty), RATES)


def test_no_weight_is_negative() -> None:
    heads, tails = np.divmod(np.arange(400), 20)
    features = np.zeros((400, 1), np.float32)
    features[7] = 1e6
    graph = TypedGraph({"P": 20, "T": 20}, {RATES: Edges(heads, tails, features)})
    weights = WeightedEase.fit(graph, RATES).tensors()["links"]
    assert weights.max() == pytest.approx(1 + SHARE * FURTHEST)
    assert weights.min() > 0


def test_links_that_came_later_weigh_one() -> None:
    edges = rated(1, 1, 3, 3, 5, 5)
    learned = WeightedEase.fit(graph_of(edges), RATES)
    later = Edges(np.append(edges.heads, [1, 1]), np.append(edges.tails, [0, 4]))
    restored = WeightedEase.restore(graph_of(later, things=5), RATES, learned.tensors())
    weights = restored.tensors()["links"][:, 0]
    assert list(weights[:6]) == list(learned.tensors()["links"][:, 0])
    assert list(weights[6:]) == [1.0, 1.0]
    found = restored.scores(np.arange(3), "out")
    before = learned.scores(np.arange(3), "out")
    assert found.shape == (3, 5)
    assert found[[0, 2], :4] == pytest.approx(before[[0, 2]])
    assert found[1, :4] == pytest.approx(before[1] + learned._weights["out"][0])


def test_fewer_links_keep_their_weights() -> None:
    edges = rated(1, 1, 3, 3, 5, 5)
    learned = WeightedEase.fit(graph_of(edges), RATES)
    kept = Edges(edges.heads, edges.tails).select(np.array([5, 0]))
    restored = WeightedEase.restore(graph_of(kept), RATES, learned.tensors())
    weights = learned.tensors()["links"]
    assert (restored.tensors()["links"] == weights[[5, 0]]).all()
    none = Edges(*np.zeros((2, 0), np.int64))
    nothing = WeightedEase.restore(graph_of(none), RATES, learned.tensors())
    assert not nothing.scores(np.arange(3), "out").any()
