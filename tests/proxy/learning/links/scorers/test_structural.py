from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Edges,
    FeatureBlock,
    Features,
    Relation,
    TypedGraph,
    distinct_edges,
)
from gremlink.proxy.learning.links.scorers import SIMPLE
from gremlink.proxy.learning.methods import HEURISTICS

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")
COUNT = 12


def random_graph(seed: int = 3) -> TypedGraph:
    random = np.random.default_rng(seed)
    pairs = random.integers(0, COUNT, (30, 2))
    return TypedGraph({"P": COUNT}, {KNOWS: distinct_edges(*pairs.T, same_type=True)})


def bipartite() -> TypedGraph:
    # a and b like x; b also likes y; c likes y.
    return TypedGraph(
        {"P": 3, "T": 3},
        {LIKES: Edges(np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]))},
    )


def scores(name: str, graph: TypedGraph, relation: Relation, source: int, end: str = "out"):
    scorer = SIMPLE[name].fit(graph, relation)
    return scorer.scores(np.array([source]), end)[0]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("adamic-adar", nx.adamic_adar_index),
        ("resource-allocation", nx.resource_allocation_index),
        (
            "common-neighbours",
            lambda graph, pairs: (
                (u, v, len(list(nx.common_neighbors(graph, u, v)))) for u, v in pairs
            ),
        ),
    ],
)
def test_neighbourhood_indexes_agree_with_networkx(name: str, index) -> None:
    graph = random_graph()
    edges = graph.edges[KNOWS]
    other = nx.Graph(zip(edges.heads.tolist(), edges.tails.tolist(), strict=True))
    other.add_nodes_from(range(COUNT))
    pairs = [(u, v) for u in range(COUNT) for v in range(COUNT) if u != v]
    for u, v, expected in index(other, pairs):
        assert scores(name, graph, KNOWS, u)[v] == pytest.approx(expected, abs=1e-5)


def test_three_edges_make_a_neighbour_between_types() -> None:
    graph = bipartite()
    # a - x - b - y: one path to y; none to z. a - x - a - x and a - x - b - x lead to x.
    assert scores("common-neighbours", graph, LIKES, 0).tolist() == [2.0, 1.0, 0.0]
    assert scores("common-neighbours", graph, LIKES, 1, "in").tolist() == [1.0, 3.0, 2.0]
    assert scores("adamic-adar", graph, LIKES, 0)[1] == pytest.approx(1 / np.log(2))
    assert scores("resource-allocation", graph, LIKES, 0)[1] == pytest.approx(1 / 2)


def arrows(*pairs: tuple[int, int]) -> TypedGraph:
    heads, tails = np.array(pairs, np.int64).T
    return TypedGraph({"P": 6}, {KNOWS: Edges(heads, tails)})


def test_directed_resource_allocation_follows_the_arrows() -> None:
    # 0 leads by 1, which has two ways on, to 2 and 3, and by 4 to 3; so does 5.
    graph = arrows((0, 1), (1, 2), (1, 3), (0, 4), (4, 3), (5, 1), (5, 4))
    found = scores("directed-resource-allocation", graph, KNOWS, 0)
    assert found.tolist() == [0.0, 0.0, 1 / 2, 1 / 2 + 1, 0.0, 0.0]
    # From the other end: 1 and 4 are each reached from 0 and 5.
    found = scores("directed-resource-allocation", graph, KNOWS, 3, "in")
    assert found.tolist() == [1 / 2 + 1 / 2, 0.0, 0.0, 0.0, 0.0, 1 / 2 + 1 / 2]
    # Without arrows 5 is like 0, and 4 like 2.
    assert scores("resource-allocation", graph, KNOWS, 0)[5] > 0.0
    assert scores("directed-resource-allocation", graph, KNOWS, 2).tolist() == [0.0] * 6


def test_a_relation_without_direction_in_effect_has_no_directed_copy() -> None:
    scorer = SIMPLE["directed-resource-allocation"]
    assert scorer.applies(arrows((0, 1), (1, 2), (2, 1)), KNOWS)
    assert not scorer.applies(arrows((0, 1), (1, 0), (1, 2), (2, 1)), KNOWS)
    assert not scorer.applies(bipartite(), LIKES)


def test_a_bi_fan_is_closed_by_those_who_link_to_the_same() -> None:
    # 0 and 5 link to 1, to which three link; 0 and 2 link to 3, to which two link.
    graph = arrows((0, 1), (5, 1), (4, 1), (5, 4), (0, 3), (2, 3), (2, 5))
    found = scores("bi-fan", graph, KNOWS, 0)
    # 0-1-0-1, 0-1-5-1, 0-1-4-1, 0-1-0-3, 0-1-5-4; 0-3-0-3, 0-3-2-3, 0-3-0-1, 0-3-2-5.
    expected = [0.0, 3 / 3 + 1 / 2, 0.0, 1 / 3 + 2 / 2, 1 / 3, 1 / 2]
    assert found == pytest.approx(expected)
    # From the other end: 5 links to two, 4 is linked to by nobody else; 1 by 0, 4 and 5.
    found = scores("bi-fan", graph, KNOWS, 4, "in")
    assert found == pytest.approx([1 / 2, 0.0, 0.0, 0.0, 1 / 2, 2 / 2])
    assert not SIMPLE["bi-fan"].applies(bipartite(), LIKES)


def test_popularity_counts_the_asked_end() -> None:
    graph = bipartite()
    assert scores("popularity", graph, LIKES, 0).tolist() == [2.0, 2.0, 0.0]
    assert scores("popularity", graph, LIKES, 0, "in").tolist() == [1.0, 2.0, 1.0]


def test_degree_ignores_direction() -> None:
    graph = TypedGraph({"P": 3}, {KNOWS: Edges(np.array([0, 2]), np.array([1, 1]))})
    assert scores("degree", graph, KNOWS, 0).tolist() == [1.0, 2.0, 1.0]


def test_feature_similarity_is_the_mean_cosine_of_the_properties() -> None:
    values = np.array([[1, 0, 1, 0], [1, 1, 1, 0], [0, 1, 0, 1]], np.float32)
    blocks = (FeatureBlock("a", "category", 0, 2), FeatureBlock("b", "category", 2, 4))
    graph = TypedGraph(
        {"P": 3}, {KNOWS: Edges(np.array([0]), np.array([1]))}, {"P": Features(values, blocks)}
    )
    found = scores("feature-similarity", graph, KNOWS, 0)
    assert found == pytest.approx([1.0, (1 / np.sqrt(2) + 1) / 2, 0.0], abs=1e-6)


def test_between_types_features_are_compared_with_those_of_the_links() -> None:
    values = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    features = {"T": Features(values, (FeatureBlock("kind", "category", 0, 2),))}
    graph = TypedGraph(bipartite().counts, bipartite().edges, features)
    assert scores("feature-similarity", graph, LIKES, 0) == pytest.approx([1.0, 1.0, 0.0])
    assert scores("feature-similarity", graph, LIKES, 0, "in").tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", HEURISTICS)
def test_every_scorer_ranks_all_candidates_in_both_directions(name: str) -> None:
    values = np.eye(3, dtype=np.float32)
    features = {"T": Features(values, (FeatureBlock("kind", "category", 0, 3),))}
    for graph, relation in ((random_graph(), KNOWS), (bipartite(), LIKES)):
        with_features = TypedGraph(graph.counts, graph.edges, features)
        if not SIMPLE[name].applies(with_features, relation):
            continue
        scorer = SIMPLE[name].fit(with_features, relation)
        for direction in DIRECTIONS:
            found = scorer.scores(np.array([1, 0, 1]), direction)
            assert found.shape == (3, graph.counts[relation.target_type(direction)])
            assert found.dtype == np.float32
            assert np.isfinite(found).all()
            assert (found[0] == found[2]).all()


@pytest.mark.parametrize("name", HEURISTICS)
@pytest.mark.parametrize("count", [0, 16, 40])
def test_many_sources_are_answered_as_each_alone(name: str, count: int) -> None:
    for graph, relation in ((random_graph(), KNOWS), (bipartite(), LIKES)):
        if not SIMPLE[name].applies(graph, relation):
            continue
        scorer = SIMPLE[name].fit(graph, relation)
        for direction in DIRECTIONS:
            sources = np.arange(count) % graph.counts[relation.source_type(direction)]
            found = scorer.scores(sources, direction)
            assert len(found) == count
            for source, row in zip(sources, found, strict=True):
                assert (row == scorer.scores(np.array([source]), direction)[0]).all()
