from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.links.scorers.heuristics import walks
from gremlink.proxy.learning.links.scorers.heuristics.katz import Katz
from gremlink.proxy.learning.links.scorers.heuristics.personalised_pagerank import (
    PersonalisedPageRank,
)
from gremlink.proxy.learning.links.scorers.heuristics.walks import (
    ChosenWalks,
    WalkSetting,
    WholeWalks,
)

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")
COUNT = 60


def random_graph(links: int = 150, count: int = COUNT) -> TypedGraph:
    random = np.random.default_rng(3)
    known, likes = random.integers(0, count, (2, links, 2))
    return TypedGraph(
        {"P": count, "T": count},
        {
            KNOWS: distinct_edges(*known.T, same_type=True),
            LIKES: distinct_edges(*likes.T, same_type=False),
        },
    )


def undirected(graph: TypedGraph) -> nx.Graph:
    found = nx.Graph()
    found.add_nodes_from(range(graph.vertex_count))
    rows, columns = graph.whole.nonzero()
    found.add_edges_from(zip(rows.tolist(), columns.tolist(), strict=True))
    return found


def test_listed_vertices_score_as_all_do(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, sources = random_graph(), np.arange(COUNT)
    scorer = PersonalisedPageRank(graph, LIKES, WalkSetting(0.5, 0.1))
    expected = scorer.scores(sources, "out")
    monkeypatch.setattr(walks, "LISTING", 0.0)
    assert scorer.scores(sources, "out") == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("damping", [0.0, 0.25])
def test_personalised_pagerank_agrees_with_networkx(damping: float) -> None:
    graph = random_graph()
    other = undirected(graph)
    restart = 0.7
    scorer = PersonalisedPageRank(graph, LIKES, WalkSetting(restart, damping))
    found = scorer.scores(np.array([4]), "out")[0]
    expected = nx.pagerank(other, alpha=1.0 - restart, personalization={4: 1.0}, tol=1e-12)
    visits = np.array([expected[COUNT + thing] for thing in range(COUNT)])
    degrees = np.array([max(other.degree(COUNT + thing), 1) for thing in range(COUNT)])
    # Ours stops after a fixed number of steps.
    assert found == pytest.approx(visits / degrees**damping, abs=0.01)


def test_katz_agrees_with_the_sum_over_walks() -> None:
    graph = random_graph()
    whole = graph.whole.toarray().astype(np.float64)
    beta = 0.2 / np.linalg.eigvalsh(whole).max()
    expected = np.linalg.inv(np.eye(len(whole)) - beta * whole) - np.eye(len(whole))
    found = Katz(graph, LIKES, WalkSetting(0.2, 0.0)).scores(np.arange(COUNT), "in")
    assert found == pytest.approx(expected[COUNT:, :COUNT], rel=0.03, abs=1e-4)


@pytest.mark.parametrize("listing", [0.0, walks.LISTING])
@pytest.mark.parametrize("links", [40, 150, 3000])
def test_one_walk_serves_several_settings(
    links: int, listing: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether few or nearly all vertices are reached after a step, listed or not."""
    monkeypatch.setattr(walks, "LISTING", listing)
    graph = random_graph(links)
    whole = WholeWalks(graph, LIKES, PersonalisedPageRank.step(graph))
    some = [PersonalisedPageRank.coefficients(restart) for restart in (0.15, 0.5)]
    sources = np.array([5, 7, 5, *range(40)])
    for direction in ("out", "in"):
        both = whole.several(some, sources, direction)
        for each, found in zip(some, both, strict=True):
            assert found == pytest.approx(whole.scores(each, sources, direction), abs=1e-6)


def communities(noise: int) -> TypedGraph:
    """Some hundred groups of six who know each other, and as many pairs more."""
    random = np.random.default_rng(1)
    members = np.arange(600).reshape(100, 6)
    pairs = np.array([(a, b) for group in members for a in group for b in group if a < b])
    drawn = random.integers(0, 600, (noise, 2))
    heads, tails = np.concatenate([pairs, drawn]).T
    edges = distinct_edges(heads, tails, same_type=True)
    keep = random.random(len(edges)) < 0.7
    return TypedGraph({"P": 600}, {KNOWS: edges.select(keep)})


@pytest.mark.parametrize("method", [PersonalisedPageRank, Katz])
def test_the_setting_is_chosen_and_kept(method: type[ChosenWalks]) -> None:
    graph = communities(2000)
    scorer = method.fit(graph, KNOWS)
    setting = WalkSetting(*scorer.tensors()["setting"])
    assert setting in method.settings
    again = method.restore(graph, KNOWS, scorer.tensors())
    sources = np.arange(50)
    assert (scorer.scores(sources, "out") == again.scores(sources, "out")).all()


def test_an_artifact_without_a_setting_has_the_earlier_one() -> None:
    graph = random_graph()
    restored = PersonalisedPageRank.restore(graph, LIKES, {})
    assert WalkSetting(*restored.tensors()["setting"]) == WalkSetting(0.15, 0.0)


def test_few_links_leave_the_default() -> None:
    edges = Edges(np.arange(40), np.arange(40))
    graph = TypedGraph({"P": 40, "T": 40}, {LIKES: edges})
    setting = PersonalisedPageRank.fit(graph, LIKES).tensors()["setting"]
    assert tuple(setting) == PersonalisedPageRank.settings[0]
