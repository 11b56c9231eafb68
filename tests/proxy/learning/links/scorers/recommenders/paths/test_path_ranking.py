from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders.paths.path_ranking import PathRanking
from gremlink.proxy.learning.links.scorers.recommenders.paths.typed_walks import TypedWalks

PARENT = Relation("P", "parent", "P")
GRAND = Relation("P", "grandparent", "P")
COUNT = 200


def family() -> TypedGraph:
    """A tree, and those of its grandparents that are known: not that of the last ten."""
    children = np.arange(1, COUNT)
    parents = (children - 1) // 2
    young = np.arange(3, COUNT - 10)
    grand = ((young - 1) // 2 - 1) // 2
    return TypedGraph({"P": COUNT}, {PARENT: Edges(children, parents), GRAND: Edges(young, grand)})


def test_a_composed_relation_is_found_by_its_path() -> None:
    graph = family()
    scorer = PathRanking.fit(graph, GRAND)
    asked = np.arange(COUNT - 10, COUNT)
    grand = ((asked - 1) // 2 - 1) // 2
    scores = scorer.scores(asked, "out")
    assert (scores.argmax(axis=1) == grand).all()
    # Nothing leads to most candidates, and nothing is said about these.
    assert (scores == 0.0).mean() > 0.5
    back = scorer.scores(grand, "in")
    assert (back[np.arange(10), asked] > np.median(back, axis=1)).all()


def test_what_was_learned_is_kept() -> None:
    graph = family()
    scorer = PathRanking.fit(graph, GRAND)
    again = PathRanking.restore(graph, GRAND, scorer.tensors())
    for end in DIRECTIONS:
        every = np.arange(COUNT)
        np.testing.assert_array_equal(again.scores(every, end), scorer.scores(every, end))
        np.testing.assert_allclose(
            scorer.scores(every[:3], end), scorer.scores(every, end)[:3], rtol=1e-6
        )


def test_paths_visit_no_vertex_twice_and_can_avoid_an_edge() -> None:
    knows = Relation("P", "knows", "P")
    likes = Relation("P", "likes", "T")
    graph = TypedGraph(
        {"P": 3, "T": 1},
        {
            knows: Edges(np.array([0, 1]), np.array([1, 2])),
            likes: Edges(np.array([2]), np.array([0])),
        },
    )
    walks = TypedWalks(graph)
    out, against = walks.kinds[knows, "out"], walks.kinds[knows, "in"]
    found = walks.paths(np.array([0, 2]), 3)
    listed = set(zip(found.source.tolist(), found.end.tolist(), found.type.tolist(), strict=True))
    base, liked = walks.base, walks.kinds[likes, "out"]
    assert listed == {
        (0, 1, out),
        (0, 2, out * base + out),
        (0, 3, (out * base + out) * base + liked),
        (1, 1, against),
        (1, 0, against * base + against),
        (1, 3, liked),
    }
    left = walks.paths(np.array([0, 2]), 3, without=(out, np.array([1, 0])))
    assert set(left.source.tolist()) == {1}
    assert [counts.tolist() for counts in walks.counts] == [
        [1, 2, 2, 1],
        [2, 3, 3, 2],
        [3, 5, 5, 3],
    ]


def test_the_walks_of_a_graph_are_found_once() -> None:
    graph = family()
    assert TypedWalks.of(graph) is TypedWalks.of(graph)
    assert TypedWalks.of(graph.replacing({})) is not TypedWalks.of(graph)


def test_without_links_or_other_relations_there_is_nothing_to_say() -> None:
    graph = family()
    alone = TypedGraph({"P": COUNT}, {PARENT: graph.edges[PARENT]})
    assert PathRanking.applies(graph, GRAND)
    assert not PathRanking.applies(alone, PARENT)
    none = graph.replacing({GRAND: graph.edges[GRAND].select(np.zeros(0, np.int64))})
    assert not PathRanking.fit(none, GRAND).scores(np.arange(5), "out").any()


@pytest.mark.parametrize("copies", [1, 60])
def test_many_parallel_edges_make_paths_shorter(copies: int) -> None:
    edges = {
        Relation("P", f"r{number}", "P"): Edges(*np.nonzero(~np.eye(12, dtype=bool)))
        for number in range(copies)
    }
    graph = TypedGraph({"P": 12}, edges)
    first = next(iter(edges))
    scorer = PathRanking.fit(graph, first) if copies > 1 else None
    assert scorer is None or scorer.tensors()["paths.out"][:, 0].max() == 0
