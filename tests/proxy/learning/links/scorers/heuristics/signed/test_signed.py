"""Log-odds for a link or against it: estimated from links, shrunk where these are few."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.links.scorers import SIGNED, STRUCTURAL
from gremlink.proxy.learning.links.scorers.heuristics.signed.log_odds import log_odds_ratio

KNOWS = Relation("P", "knows", "P")
CHILD = Relation("P", "child", "P")
PARENT = Relation("P", "parent", "P")
LIKES = Relation("P", "likes", "T")
SHOWN = Relation("T", "shown", "P")


def graph_of(links: int, mutual: float, vertices: int = 300, seed: int = 0) -> TypedGraph:
    """Friendships stored once, but for a share that is stored both ways."""
    random = np.random.default_rng(seed)
    pairs = np.sort(random.integers(0, vertices, (2 * links, 2)), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    pairs = random.permutation(pairs)[:links]
    turned = random.random(len(pairs)) < 0.5
    pairs[turned] = pairs[turned][:, ::-1]
    both = random.random(len(pairs)) < mutual
    pairs = np.concatenate([pairs, pairs[both][:, ::-1]])
    return TypedGraph({"P": vertices}, {KNOWS: distinct_edges(*pairs.T, same_type=True)})


def opposite(graph: TypedGraph, end: str) -> float:
    """The log-odds of a candidate whose opposite link is known."""
    scorer = STRUCTURAL["reciprocity"].fit(graph, KNOWS)
    sources, targets = graph.edges[KNOWS].ends("in" if end == "out" else "out")
    (row,) = scorer.scores(sources[:1], end)
    assert set(np.flatnonzero(row)) <= set(targets[sources == sources[0]])
    return float(row[targets[0]])


@pytest.mark.parametrize("end", DIRECTIONS)
def test_links_that_are_never_mutual_speak_against_it_the_more_there_are(end: str) -> None:
    few, some, many = (opposite(graph_of(count, 0.0), end) for count in (25, 500, 4000))
    assert -0.5 < few <= 0.0
    assert -0.1 > some > many
    assert many < -4.0


@pytest.mark.parametrize("end", DIRECTIONS)
@pytest.mark.parametrize(("mutual", "least"), [(0.3, 3.0), (1.0, 8.0)])
def test_links_that_are_often_mutual_speak_for_it(mutual: float, least: float, end: str) -> None:
    assert opposite(graph_of(2000, mutual, 1000), end) > least


def test_links_at_random_say_nothing() -> None:
    random = np.random.default_rng(1)
    edges = distinct_edges(*random.integers(0, 60, (1500, 2)).T, same_type=True)
    assert abs(opposite(TypedGraph({"P": 60}, {KNOWS: edges}), "out")) < 0.4


def test_a_mark_that_is_not_expected_says_nothing_when_it_is_not_found() -> None:
    found = log_odds_ratio(np.array([0.0, 0.0, 9.0]), np.array([0.001, 50.0, 9.0]), 1000.0)
    assert found == pytest.approx([0.0, -4.67, 0.0], abs=0.01)


def family(seed: int = 0) -> TypedGraph:
    """Half of the parents are children backwards; whoever is a parent knows its child as such."""
    random = np.random.default_rng(seed)
    pairs = np.unique(np.sort(random.integers(0, 200, (1500, 2)), axis=1), axis=0)
    pairs = random.permutation(pairs[pairs[:, 0] != pairs[:, 1]])
    related, known = pairs[:600], pairs[600:900]
    return TypedGraph(
        {"P": 200},
        {
            PARENT: Edges(*related[:500].T),
            CHILD: Edges(*related[250:, ::-1].T),
            KNOWS: Edges(*known.T),
        },
    )


def test_inverse_relations_speak_for_a_link_exclusive_ones_against_it() -> None:
    graph = family()
    for relation, end in ((PARENT, "out"), (CHILD, "in")):
        other = CHILD if relation == PARENT else PARENT
        scorer = STRUCTURAL["other-links"].fit(graph, relation)
        (sources, targets), (strangers, known) = (
            graph.edges[each].ends(way)
            for each, way in ((other, "in" if end == "out" else "out"), (KNOWS, "out"))
        )
        for source, target in zip(sources[:5], targets[:5], strict=True):
            assert scorer.scores(np.array([source]), end)[0, target] > 3.0
        for source, target in zip(strangers[:5], known[:5], strict=True):
            assert scorer.scores(np.array([source]), end)[0, target] < -0.5


def test_what_two_relations_say_is_added_up() -> None:
    graph = family()
    once = STRUCTURAL["other-links"].fit(graph, PARENT)
    head, tail = graph.edges[CHILD].tails[:1], graph.edges[CHILD].heads[:1]
    again = Relation("P", "again", "P")
    twice = STRUCTURAL["other-links"].fit(graph.replacing({again: graph.edges[CHILD]}), PARENT)
    one, two = (float(each.scores(head, "out")[0, tail[0]]) for each in (once, twice))
    assert two == pytest.approx(2 * one, rel=0.01)
    # From the other end the same.
    assert float(twice.scores(tail, "in")[0, head[0]]) == pytest.approx(two, rel=0.2)


def test_links_between_two_types_in_either_direction_count() -> None:
    random = np.random.default_rng(2)
    likes = np.unique(random.integers(0, 80, (300, 2)), axis=0)
    shown = likes[::2, ::-1]
    graph = TypedGraph({"P": 80, "T": 80}, {LIKES: Edges(*likes.T), SHOWN: Edges(*shown.T)})
    scorer = STRUCTURAL["other-links"].fit(graph, LIKES)
    row = scorer.scores(shown[:1, 1], "out")[0]
    assert row[shown[0, 0]] > 3.0
    assert set(np.flatnonzero(row)) == set(shown[shown[:, 1] == shown[0, 1], 0])
    assert scorer.scores(shown[:1, 0], "in")[0, shown[0, 1]] > 3.0


def test_they_apply_where_there_is_something_to_read() -> None:
    likes = TypedGraph({"P": 2, "T": 2}, {LIKES: Edges(np.array([0]), np.array([1]))})
    assert not STRUCTURAL["reciprocity"].applies(likes, LIKES)
    assert not STRUCTURAL["other-links"].applies(likes, LIKES)
    alone = graph_of(10, 0.0)
    assert STRUCTURAL["reciprocity"].applies(alone, KNOWS)
    assert not STRUCTURAL["other-links"].applies(alone, KNOWS)
    assert STRUCTURAL["other-links"].applies(family(), KNOWS)
    assert {"reciprocity", "other-links"} <= SIGNED


def test_the_asked_end_of_a_candidates_links_counts_where_vertices_differ_in_it() -> None:
    random = np.random.default_rng(4)
    heads, tails = random.integers(0, 50, 400), random.integers(50, 100, 400)
    graph = TypedGraph({"P": 101}, {KNOWS: distinct_edges(heads, tails, same_type=True)})
    scorer = STRUCTURAL["direction-prior"].fit(graph, KNOWS)
    out, into = (scorer.scores(np.array([0, 100]), end) for end in DIRECTIONS)
    assert out[0, 50:100].min() > 0.5
    assert out[0, :50].max() < -0.5
    assert out[0, 100] == 0.0, "no link tells its end"
    assert into.tolist() == (-out).tolist()


def test_directions_like_coins_say_nothing() -> None:
    scorer = STRUCTURAL["direction-prior"].fit(graph_of(600, 0.0, seed=1), KNOWS)
    assert np.abs(scorer.scores(np.array([0]), "out")).max() < 0.3
    lonely = TypedGraph({"P": 4}, {KNOWS: Edges(np.array([0]), np.array([1]))})
    assert not STRUCTURAL["direction-prior"].fit(lonely, KNOWS).scores(np.array([2]), "in").any()


def test_whether_a_pair_is_linked_at_all() -> None:
    graph = TypedGraph(
        {"P": 5},
        {
            KNOWS: Edges(np.array([0, 2]), np.array([1, 0])),
            CHILD: Edges(np.array([0, 3]), np.array([1, 0])),
        },
    )
    scorer = STRUCTURAL["linked"].fit(graph, KNOWS)
    for end in DIRECTIONS:
        assert scorer.scores(np.array([0, 4]), end).tolist() == [[0, 1, 1, 1, 0], [0] * 5]
    assert not STRUCTURAL["linked"].applies(graph_of(10, 0.0), KNOWS)
