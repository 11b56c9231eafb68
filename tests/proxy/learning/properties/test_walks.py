"""Sums over walks: by definition, without returns."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.properties.walks import Walks

CITES, IN = Relation("P", "cites", "P"), Relation("P", "in", "V")
GRAPH = TypedGraph(
    {"P": 4, "V": 2},
    {
        CITES: Edges(np.array([0, 1]), np.array([1, 2])),
        IN: Edges(np.array([0, 2, 3]), np.array([0, 0, 1])),
    },
)


def test_each_kind_of_walk_by_definition() -> None:
    walks = Walks(GRAPH, "P")
    out, into, either, through, two = walks.sums(np.array([[1.0], [10.0], [100.0], [1000.0]]))
    assert len(walks) == 5
    assert_allclose(out.ravel(), [10, 100, 0, 0])
    assert_allclose(into.ravel(), [0, 1, 10, 0])
    assert_allclose(either.ravel(), [10, 101, 10, 0])
    assert_allclose(through.ravel(), [50, 0, 0.5, 0])  # the venue of 0 and 2 has two papers
    assert_allclose(two.ravel(), [50 + 50, 0, 0.5 + 0.5, 0])


def test_no_walk_returns_but_a_propagation_does() -> None:
    own = np.eye(4)
    walks = Walks(GRAPH, "P")
    for sums in walks.sums(own):
        assert_allclose(np.diag(sums), 0.0, atol=1e-12)
    assert np.diag(walks.propagated(own, np.full(4, 0.8)))[:3].min() > 0.2


def test_a_type_with_relations_to_others_alone() -> None:
    walks = Walks(TypedGraph({"P": 4, "V": 2}, {IN: GRAPH.edges[IN]}), "P")
    (two,) = walks.sums(np.eye(4))
    assert len(walks) == 1
    assert_allclose(two[0], [0, 0, 0.5, 0])
