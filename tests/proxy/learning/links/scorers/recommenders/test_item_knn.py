from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders import item_knn
from gremlink.proxy.learning.links.scorers.recommenders.item_knn import (
    ItemKnn,
    KnnSetting,
    similarities,
)
from gremlink.proxy.learning.links.scorers.recommenders.profiles import Profiles

LIKES = Relation("P", "likes", "T")
KNOWS = Relation("P", "knows", "P")
ALL = 10**6


def likes(people: int = 14, things: int = 9) -> TypedGraph:
    heads, tails = np.nonzero(np.random.default_rng(1).random((people, things)) < 0.35)
    return TypedGraph({"P": people, "T": things}, {LIKES: Edges(heads, tails)})


def dense(graph: TypedGraph) -> np.ndarray:
    return graph.adjacency(LIKES).toarray().astype(np.float64)


def test_all_neighbours_without_shrinkage_make_the_cosine() -> None:
    links = dense(likes())
    lengths = np.sqrt((links**2).sum(axis=0))
    cosine = links.T @ links / np.outer(lengths, lengths)
    np.fill_diagonal(cosine, 0.0)
    found = similarities(Profiles.all_links(likes(), LIKES, "out"), KnnSetting(ALL, 0, 0.5, 0))
    assert found.toarray() == pytest.approx(cosine, abs=1e-6)


def test_power_discount_and_shrinkage_are_those_of_the_formula() -> None:
    links = dense(likes())
    setting = KnnSetting(ALL, 2.0, 0.7, 0.5)
    found = similarities(Profiles.all_links(likes(), LIKES, "out"), setting).toarray()
    counts, degrees = links.sum(axis=0), links.sum(axis=1)
    scales = (np.maximum(degrees, 1) / degrees[degrees > 0].mean()) ** -0.5
    common = (links * scales[:, None]).T @ links
    expected = common / (counts[:, None] ** 0.7 * counts[None] ** 0.3 + 2.0)
    np.fill_diagonal(expected, 0.0)
    assert found == pytest.approx(expected, abs=1e-6)


def test_only_the_nearest_of_each_candidate_are_kept() -> None:
    profiles = Profiles.all_links(likes(), LIKES, "out")
    every = similarities(profiles, KnnSetting(ALL, 1.0, 0.5, 0)).toarray()
    few = similarities(profiles, KnnSetting(3, 1.0, 0.5, 0)).toarray()
    for full, kept in zip(every.T, few.T, strict=True):
        assert np.count_nonzero(kept) == min(3, np.count_nonzero(full))
        assert sorted(kept)[-3:] == pytest.approx(sorted(full)[-3:])


def test_sources_with_the_most_links_are_left_out_of_large_graphs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One who likes everything, and many who like two things each."""
    heads = np.concatenate([np.zeros(9, np.int64), np.repeat(np.arange(1, 9), 2)])
    tails = np.concatenate([np.arange(9), np.arange(16) % 9])
    graph = TypedGraph({"P": 9, "T": 9}, {LIKES: Edges(heads, tails)})
    profiles = Profiles.all_links(graph, LIKES, "out")
    setting = KnnSetting(ALL, 1.0, 0.5, 0)
    assert similarities(profiles, setting).nnz == 72
    monkeypatch.setattr(item_knn, "MOST_PAIRS", 40)
    assert similarities(profiles, setting).nnz == 16


def test_the_view_is_chosen_on_held_back_links() -> None:
    """Circles of friends, each friendship stored once, in any direction."""
    random = np.random.default_rng(4)
    low, high = np.nonzero(np.triu(random.random((300, 300)) < 0.4, 1))
    same = low // 15 == high // 15
    turned = random.random(same.sum()) < 0.5
    heads = np.where(turned, low[same], high[same])
    tails = np.where(turned, high[same], low[same])
    graph = TypedGraph({"P": 300}, {KNOWS: Edges(heads, tails)})
    fitted = ItemKnn.fit(graph, KNOWS)
    assert [name for name in fitted.tensors() if name.endswith(".data")] == ["out.data"]
    people = np.arange(300)
    again = ItemKnn.restore(graph, KNOWS, fitted.tensors())
    for direction in ("out", "in"):
        assert (again.scores(people, direction) == fitted.scores(people, direction)).all()


def test_nothing_is_like_nothing() -> None:
    none = np.zeros(0, np.int64)
    graph = TypedGraph({"P": 3, "T": 2}, {LIKES: Edges(none, none)})
    assert not ItemKnn.fit(graph, LIKES).scores(np.arange(3), "out").any()
