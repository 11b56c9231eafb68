from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.links.scorers import FITTED
from gremlink.proxy.learning.links.scorers.heuristics.katz import LONGEST, Katz
from gremlink.proxy.learning.links.scorers.recommenders.profiles import Profiles
from gremlink.proxy.learning.links.scorers.recommenders.rp3beta import Rp3Beta, Rp3Setting
from gremlink.proxy.learning.links.scorers.recommenders.undirected_ease import UndirectedEase
from gremlink.proxy.learning.links.scorers.recommenders.weighted_ease import WeightedEase

LIKES = Relation("P", "likes", "T")
MADE = Relation("Q", "made", "T")
KNOWS = Relation("P", "knows", "P")
PEOPLE, THINGS = 14, 9


def bipartite(seed: int = 1) -> TypedGraph:
    random = np.random.default_rng(seed)
    heads, tails = np.nonzero(random.random((PEOPLE, THINGS)) < 0.35)
    stars = random.integers(1, 6, (len(heads), 1)).astype(np.float32)
    return TypedGraph({"P": PEOPLE, "T": THINGS}, {LIKES: Edges(heads, tails, stars)})


def dense(graph: TypedGraph, relation: Relation = LIKES) -> np.ndarray:
    return graph.adjacency(relation).toarray().astype(np.float64)


def people() -> np.ndarray:
    return np.arange(PEOPLE)


def test_rp3beta_walks_three_steps() -> None:
    graph = bipartite()
    links = dense(graph)
    alpha, beta = 0.7, 0.4
    out = (links / np.maximum(links.sum(axis=1, keepdims=True), 1)) ** alpha
    back = (links.T / np.maximum(links.T.sum(axis=1, keepdims=True), 1)) ** alpha
    expected = out @ back @ out / np.maximum(links.sum(axis=0), 1) ** beta
    found = Rp3Beta(graph, LIKES, Rp3Setting(alpha, beta, "directed")).scores(people(), "out")
    assert found == pytest.approx(expected, abs=1e-5)


def test_rp3beta_of_an_earlier_version_is_directed() -> None:
    graph = TypedGraph({"P": 6}, {KNOWS: Edges(np.array([0, 1, 2, 4]), np.array([1, 2, 3, 2]))})
    restored = Rp3Beta.restore(graph, KNOWS, {"powers": np.array([0.7, 0.4], np.float32)})
    now = Rp3Beta(graph, KNOWS, Rp3Setting(0.7, 0.4, "directed"))
    found = restored.scores(np.arange(6), "out")
    assert found == pytest.approx(now.scores(np.arange(6), "out"), abs=1e-6)
    undirected = Rp3Beta(graph, KNOWS, Rp3Setting(0.7, 0.4, "undirected"))
    again = Rp3Beta.restore(graph, KNOWS, undirected.tensors())
    assert (again.scores(np.arange(6), "in") == undirected.scores(np.arange(6), "in")).all()


def test_katz_sums_attenuated_walks() -> None:
    random = np.random.default_rng(5)
    pairs = random.integers(0, 10, (25, 2))
    graph = TypedGraph({"P": 10}, {KNOWS: distinct_edges(*pairs.T, same_type=True)})
    whole = graph.whole.toarray().astype(np.float64)
    beta = 0.5 / np.linalg.eigvalsh(whole).max()
    expected = sum(beta**n * np.linalg.matrix_power(whole, n) for n in range(1, LONGEST + 1))
    found = Katz.fit(graph, KNOWS).scores(np.arange(10), "out")
    assert found == pytest.approx(expected, rel=0.02, abs=1e-4)


@pytest.mark.parametrize("name", sorted(FITTED.keys() - {UndirectedEase.name}))
def test_what_is_restored_scores_the_same(name: str) -> None:
    graph = bipartite()
    fitted = FITTED[name].fit(graph, LIKES)
    again = FITTED[name].restore(graph, LIKES, fitted.tensors())
    for direction in DIRECTIONS:
        sources = np.arange(graph.counts[LIKES.source_type(direction)])
        found = fitted.scores(sources, direction)
        assert found.shape == (len(sources), graph.counts[LIKES.target_type(direction)])
        assert found.dtype == np.float32
        assert (found == again.scores(sources, direction)).all()


@pytest.mark.parametrize("name", sorted(FITTED.keys() - {WeightedEase.name, UndirectedEase.name}))
def test_a_vertex_that_came_later_is_scored_by_its_links(name: str) -> None:
    graph = bipartite()
    made = TypedGraph(
        {**graph.counts, "Q": 2}, {**graph.edges, MADE: Edges(np.array([0, 1]), np.array([3, 4]))}
    )
    fitted = FITTED[name].fit(made, LIKES)
    old = made.edges[LIKES]
    likes = old.tails[old.heads == 0]
    later = TypedGraph(
        {"P": PEOPLE + 1, "T": THINGS + 1, "Q": 3},
        {
            LIKES: Edges(
                np.concatenate([old.heads, np.full(len(likes), PEOPLE)]),
                np.concatenate([old.tails, likes]),
            ),
            MADE: made.edges[MADE],
        },
    )
    restored = FITTED[name].restore(later, LIKES, fitted.tensors())
    found = restored.scores(np.array([0, PEOPLE]), "out")
    assert found.shape == (2, THINGS + 1)
    # The new person likes what the first one does.
    assert found[1] == pytest.approx(found[0], abs=1e-5)
    assert restored.scores(np.array([THINGS]), "in").shape == (1, PEOPLE + 1)


def test_typed_profiles_see_all_relations_of_the_source() -> None:
    graph = bipartite()
    made = TypedGraph(
        {**graph.counts, "Q": 2}, {**graph.edges, MADE: Edges(np.array([0, 1]), np.array([3, 4]))}
    )
    profiles = Profiles.all_links(made, LIKES, "in")
    assert profiles.sizes == (PEOPLE, 2)
    assert profiles.matrix[[3]].toarray()[0, PEOPLE:].tolist() == [1.0, 0.0]
    assert Profiles.own_links(made, LIKES, "in").sizes == (PEOPLE,)
    with pytest.raises(ValueError, match="beginning"):
        profiles.cut((PEOPLE + 1, 2))
