from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.training.blend import Blend
from gremlink.proxy.learning.links.training.experiment import only_applicable

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")
ONE = Edges(np.array([0]), np.array([1]))
MEMBERS = ("rgcn", "popularity", "reciprocity")


def test_a_relation_keeps_no_weight_for_a_method_that_does_not_apply() -> None:
    graph = TypedGraph({"P": 2, "T": 2}, {KNOWS: ONE, LIKES: ONE})
    learned = np.array([0.5, 0.0, 2.0])
    blend = Blend(MEMBERS, {(r, end): learned for r in (KNOWS, LIKES) for end in DIRECTIONS})
    found = only_applicable(blend, graph)
    assert found.used(KNOWS) == ("rgcn", "reciprocity")
    assert found.used(LIKES) == ("rgcn",)


def test_what_is_left_with_nothing_is_ranked_by_popularity() -> None:
    graph = TypedGraph({"P": 2, "T": 2}, {LIKES: ONE})
    learned = np.array([0.0, 0.0, 2.0])
    found = only_applicable(Blend(MEMBERS, {(LIKES, end): learned for end in DIRECTIONS}), graph)
    assert found.used(LIKES) == ("popularity",)
