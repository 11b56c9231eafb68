"""Kernel ridge regression of links on what is known of both ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Edges,
    Relation,
    TermBlock,
    Terms,
    TypedGraph,
    distinct_edges,
)
from gremlink.proxy.learning.links.scorers.recommenders import kernel_ridge
from gremlink.proxy.learning.links.scorers.recommenders.descriptions import described, similarities
from gremlink.proxy.learning.links.scorers.recommenders.kernel_ridge import (
    KernelRidge,
    Setting,
    settings_for,
)

KNOWS = Relation("P", "knows", "P")
TAGGED = Relation("P", "tagged", "T")


def terms(values: object) -> Terms:
    matrix = sparse.csr_array(np.asarray(values, np.float32))
    return Terms(matrix, (TermBlock("words", "category", 0, matrix.shape[1]),))


def friends(people: int, seed: int = 0) -> TypedGraph:
    """Who shares a word with somebody is linked to them by chance; half have no links at all."""
    random = np.random.default_rng(seed)
    words = random.integers(0, 5, people)
    pairs = random.integers(0, people // 2, (6 * people, 2))
    pairs = pairs[words[pairs[:, 0]] == words[pairs[:, 1]]]
    return TypedGraph(
        {"P": people},
        {KNOWS: distinct_edges(pairs[:, 0], pairs[:, 1], same_type=True)},
        {},
        {"P": terms(np.eye(5)[words])},
    )


def test_words_tell_of_those_without_links() -> None:
    graph = friends(100)
    scores = KernelRidge.fit(graph, KNOWS).scores(np.array([80]), "out")[0]
    words = graph.terms["P"].values.toarray()
    shares = (words @ words[80] > 0) & (np.arange(100) != 80)
    assert scores[shares].min() > scores[~shares & (np.arange(100) != 80)].max()


@pytest.mark.parametrize("undirected", [False, True])
def test_links_are_smoothed_at_both_ends(undirected: bool) -> None:
    graph = friends(60)
    setting = Setting(frozenset({"own", "links"}), 2.0, undirected)
    links = (graph.neighbourhood if undirected else graph.adjacency)(KNOWS).toarray()
    smooth = []
    for rows in described(graph, KNOWS, setting.blocks, undirected=undirected):
        assert rows is not None
        kernel = similarities(rows).astype(np.float64)
        smooth.append(kernel @ np.linalg.inv(kernel + 2.0 * np.eye(60)))
    wanted = smooth[0] @ links @ smooth[1]
    wanted *= kernel_ridge.LARGEST / np.abs(wanted).max()
    fitted = kernel_ridge._solved(graph, KNOWS, setting)
    asked = np.array([3, 40])
    assert fitted.scores(asked, "out") == pytest.approx(wanted[asked], rel=2e-3, abs=0.5)
    assert fitted.scores(asked, "in") == pytest.approx(wanted[:, asked].T, rel=2e-3, abs=0.5)


@pytest.mark.parametrize("sides", ["both", "head", "tail"])
def test_who_came_later_is_scored_on_the_graph_as_it_is(sides: kernel_ridge.Sides) -> None:
    random = np.random.default_rng(1)
    words = random.random((42, 12)) < 0.3

    def made(people: int) -> TypedGraph:
        pairs = np.array([(p, t) for p in range(people) for t in range(8) if words[p, t]])
        edges = {TAGGED: Edges(pairs[:, 0], pairs[:, 1])}
        return TypedGraph({"P": people, "T": 8}, edges, {}, {"P": terms(words[:people])})

    setting = Setting(frozenset({"own", "links"}), 3.0, sides=sides)
    tensors = kernel_ridge._solved(made(40), TAGGED, setting).tensors()
    later = KernelRidge.restore(made(42), TAGGED, tensors)
    anew = kernel_ridge._solved(made(42), TAGGED, setting)
    for direction, asked in zip(DIRECTIONS, (np.array([41, 0]), np.array([5])), strict=True):
        wanted, found = anew.scores(asked, direction), later.scores(asked, direction)
        assert found.shape == wanted.shape
        for one, two in zip(wanted, found, strict=True):
            assert np.corrcoef(one, two)[0, 1] > 0.999


def test_the_setting_is_kept() -> None:
    for setting in settings_for(friends(30), KNOWS):
        assert Setting.of(setting.tensor().tolist()) == setting


def test_in_a_larger_type_fewer_settings_compete(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(settings_for(friends(60), KNOWS)) == 5
    monkeypatch.setattr(kernel_ridge, "CHOOSES_UP_TO", 50)
    assert len(settings_for(friends(60), KNOWS)) == 2


def test_scores_of_a_large_type_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = friends(60)
    kept = KernelRidge.fit(graph, KNOWS)
    monkeypatch.setattr(kernel_ridge, "MOST_VERTICES", 50)
    monkeypatch.setattr(kernel_ridge, "MOST_NUMBERS", 130)
    large = KernelRidge.fit(graph, KNOWS)
    assert set(large.tensors()) == {"setting"}
    restored = KernelRidge.restore(graph, KNOWS, large.tensors())
    for direction in DIRECTIONS:
        wanted, found = (each.scores(np.arange(5), direction) for each in (kept, restored))
        for one, two in zip(wanted, found, strict=True):
            assert np.corrcoef(one, two)[0, 1] > 0.999
    assert KernelRidge.cost(graph, KNOWS).decompositions == 0.0


def test_a_triangle_is_mirrored_part_by_part() -> None:
    matrix = np.random.default_rng(0).random((1100, 1100), np.float32)
    wanted = np.tril(matrix) + np.tril(matrix, -1).T
    kernel_ridge._mirror(matrix)
    assert np.array_equal(matrix, wanted)
