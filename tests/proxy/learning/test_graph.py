from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph, distinct_edges, find_pairs

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")


def graph() -> TypedGraph:
    return TypedGraph(
        {"P": 3, "T": 2},
        {
            KNOWS: Edges(np.array([0, 1]), np.array([1, 2])),
            LIKES: Edges(np.array([2]), np.array([0])),
        },
    )


def test_pairs_are_kept_once_and_self_loops_not_at_all() -> None:
    edges = distinct_edges(np.array([2, 0, 2, 1]), np.array([1, 1, 1, 1]), same_type=True)
    assert edges.heads.tolist() == [2, 0]
    assert edges.tails.tolist() == [1, 1]


def test_equal_numbers_of_different_types_are_no_self_loop() -> None:
    assert len(distinct_edges(np.array([1]), np.array([1]), same_type=False)) == 1


def test_the_whole_graph_has_no_directions() -> None:
    whole = graph().whole.toarray()
    assert whole.shape == (5, 5)
    assert (whole == whole.T).all()
    assert whole[2, 3] == 1.0, "the third person likes the first thing"
    assert whole.sum() == 6.0


def test_replacing_edges_leaves_the_others() -> None:
    without = graph().replacing({KNOWS: Edges(np.zeros(0, np.int64), np.zeros(0, np.int64))})
    assert len(without.edges[KNOWS]) == 0
    assert len(without.edges[LIKES]) == 1
    assert len(graph().edges[KNOWS]) == 2


def test_a_relation_between_two_types_has_no_neighbourhood() -> None:
    with pytest.raises(ValueError, match="joins two vertex types"):
        graph().neighbourhood(LIKES)


def test_links_with_an_opposite_are_told_by_their_share() -> None:
    both = Edges(np.array([0, 1, 1, 2]), np.array([1, 0, 2, 0]))
    assert graph().replacing({KNOWS: both}).reciprocated(KNOWS) == 0.5
    assert graph().reciprocated(KNOWS) == 0.0
    assert graph().reciprocated(LIKES) == 0.0, "there is no opposite"
    nothing = Edges(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert graph().replacing({KNOWS: nothing}).reciprocated(KNOWS) == 0.0


def test_ends_by_direction() -> None:
    assert LIKES.source_type("out") == "P"
    assert LIKES.target_type("out") == "T"
    assert LIKES.source_type("in") == "T"
    sources, targets = graph().edges[LIKES].ends("in")
    assert (sources.tolist(), targets.tolist()) == ([0], [2])


def test_pairs_are_found_among_edges() -> None:
    edges = Edges(np.array([2, 0, 0, 1]), np.array([1, 9, 3, 3]))
    heads, tails = np.array([0, 1, 0, 2, 0, 1]), np.array([3, 3, 1, 1, 9, 20])
    assert find_pairs(edges, heads, tails).tolist() == [2, 3, -1, 0, 1, -1]
    none = Edges(*np.zeros((2, 0), np.int64))
    assert find_pairs(none, heads, tails).tolist() == [-1] * 6
    assert find_pairs(edges, none.heads, none.tails).tolist() == []
