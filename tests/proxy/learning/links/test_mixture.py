"""The sum that is served: signed terms, and weights that differ by the links of the source."""

from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.graph import DIRECTIONS, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.links.evaluation.queries import Queries
from gremlink.proxy.learning.links.evaluation.ranking import rank_members
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.mixture import Mixture, weighted
from gremlink.proxy.learning.links.scorers import SIMPLE

KNOWS = Relation("P", "knows", "P")


def graph_of(count: int = 40) -> TypedGraph:
    random = np.random.default_rng(5)
    heads = np.floor(count * random.random(300) ** 2).astype(np.int64)
    edges = distinct_edges(heads, random.integers(0, count, 300), same_type=True)
    return TypedGraph({"P": count}, {KNOWS: edges})


def test_levels_tell_few_links_from_many() -> None:
    graph = graph_of()
    known = KnownLinks(graph, KNOWS)
    links = np.asarray(graph.adjacency(KNOWS).sum(axis=1) + graph.adjacency(KNOWS).sum(axis=0))
    for end in DIRECTIONS:
        levels = known.levels(np.arange(40), end)
        assert levels.min() >= 0.0
        assert levels.max() <= 1.0
        assert levels[links.argmin()] < 0.3 < 0.7 < levels[links.argmax()]
        order = np.argsort(links, kind="stable")
        assert (np.diff(levels[order]) >= 0.0).all()


def test_all_sources_alike_are_in_the_middle() -> None:
    ring = np.arange(10)
    graph = TypedGraph({"P": 10}, {KNOWS: distinct_edges(ring, (ring + 1) % 10, same_type=True)})
    assert KnownLinks(graph, KNOWS).levels(ring, "out").tolist() == [0.5] * 10


def test_a_mixture_by_levels_is_the_blend_of_training() -> None:
    graph = graph_of()
    members = [SIMPLE[name].fit(graph, KNOWS) for name in ("popularity", "reciprocity", "degree")]
    known = KnownLinks(graph, KNOWS)
    weights = np.array([[1.0, -0.5, 0.0], [0.2, 2.0, 0.0]])
    assert weighted(weights).tolist() == [True, True, False]
    mixture = Mixture(members, dict.fromkeys(DIRECTIONS, weights), known)
    for end in DIRECTIONS:
        queries = Queries.about(graph.edges[KNOWS], end)
        found = rank_members(members, queries, known, known, np.random.default_rng(0))
        scores = mixture.scores(queries.sources, end)
        np.testing.assert_allclose(found.blended(weights), scores, atol=1e-4)
        parts = dict(mixture.parts(queries.sources, end))
        assert set(parts) == {0, 1}
        np.testing.assert_allclose(sum(parts.values()), scores, atol=1e-4)
