from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Direction, Edges, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.choice import (
    Choice,
    HeldBack,
    asked_rows,
    asked_times,
    chosen_together,
    rounds,
)

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")
COUNT = 100


def friends(reciprocity: float, within: float = 0.3) -> TypedGraph:
    """Two halves that know their own; a share of the links has an opposite."""
    random = np.random.default_rng(2)
    half = np.arange(COUNT) % 2
    linked = (random.random((COUNT, COUNT)) < within) & (half[:, None] == half)
    heads, tails = np.nonzero(np.triu(linked, 1))
    turned = random.random(len(heads)) < 0.5
    heads, tails = np.where(turned, tails, heads), np.where(turned, heads, tails)
    back = random.random(len(heads)) < reciprocity
    return TypedGraph(
        {"P": COUNT},
        {KNOWS: Edges(np.append(heads, tails[back]), np.append(tails, heads[back]))},
    )


class Rule:
    """Scores 1 in the own half, `opposite` for those who link to the source, and noise."""

    def __init__(self, graph: TypedGraph, half: float, opposite: float, noise: float) -> None:
        self._links = graph.adjacency(KNOWS).toarray()
        self._rule = half, opposite, noise

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        half, opposite, noise = self._rule
        back = self._links.T if direction == "out" else self._links
        own = (np.arange(COUNT) % 2 == sources[:, None] % 2) * half
        drawn = np.random.default_rng(0).random((len(sources), COUNT)) * noise
        return np.asarray(own + opposite * back[sources] + drawn, np.float32)


def best(graph: TypedGraph, *settings: tuple[float, float, float]) -> tuple[float, float, float]:
    return Choice(graph, KNOWS, lambda part, _, each: Rule(part, *each)).best(*settings)


HALF, NOTHING = (1.0, 0.0, 0.1), (0.0, 0.0, 1.0)


@pytest.mark.parametrize("reciprocity", [0.0, 0.4, 1.0])
def test_the_setting_that_ranks_held_back_links_best_is_chosen(reciprocity: float) -> None:
    graph = friends(reciprocity)
    assert best(graph, NOTHING, HALF) == HALF
    assert best(graph, HALF, NOTHING) == HALF


@pytest.mark.parametrize("reciprocity", [0.0, 0.4, 1.0])
def test_opposite_links_neither_speak_for_a_setting_nor_against_it(reciprocity: float) -> None:
    graph = friends(reciprocity)
    first, last = (1.0, 5.0, 0.1), (1.0, -5.0, 0.1)
    assert best(graph, NOTHING, first) == first
    # Equal but for the opposites: the default.
    assert best(graph, first, last) == first
    assert best(graph, last, first) == last


def test_a_lead_within_noise_leaves_the_default() -> None:
    graph = friends(0.0)
    many = [(0.0, 0.0, float(noise)) for noise in range(1, 4)]
    assert best(graph, *many) == many[0]


def test_on_few_links_the_default_is_taken() -> None:
    graph = friends(0.0, within=0.1)
    assert len(graph.edges[KNOWS]) < 500
    assert HeldBack.of(graph, KNOWS) is None
    assert best(graph, NOTHING, HALF) == NOTHING


def test_a_setting_that_is_asked_about_again_is_not_fitted_again() -> None:
    fitted: list[tuple[float, float, float]] = []

    def learn(part: TypedGraph, _: Relation, each: tuple[float, float, float]) -> Rule:
        fitted.append(each)
        return Rule(part, *each)

    choice = Choice(friends(0.0), KNOWS, learn)
    other = (0.5, 0.0, 0.4)
    assert choice.best(NOTHING, HALF) == HALF
    assert choice.best(HALF, NOTHING, other) == HALF
    assert fitted == [NOTHING, HALF, other]


def test_a_pair_is_held_back_in_both_directions() -> None:
    graph = friends(1.0)
    held = HeldBack.of(graph, KNOWS)
    assert held is not None
    left = held.graph.adjacency(KNOWS).toarray()
    assert len(held.links) == round(0.2 * len(graph.edges[KNOWS]) / 2)
    assert not left[held.links.heads, held.links.tails].any()
    assert not left[held.links.tails, held.links.heads].any()
    assert len(held.graph.edges[KNOWS]) == len(graph.edges[KNOWS]) - 2 * len(held.links)


def test_one_fit_serves_all_settings() -> None:
    heads, tails = np.nonzero(np.random.default_rng(0).random((200, 100)) < 0.1)
    graph = TypedGraph({"P": 200, "T": 100}, {LIKES: Edges(heads, tails)})
    settings = list(range(16))
    asked: list[int] = []

    def fit(part: TypedGraph):
        links = graph.adjacency(LIKES).toarray()
        assert len(part.edges[LIKES]) < len(heads)

        def scores(some: Sequence[int], sources: Indexes, end: Direction) -> Iterator[Floats]:
            asked.append(len(some))
            for setting in some:
                rows = (links if end == "out" else links.T)[sources]
                noise = np.random.default_rng(setting).random(rows.shape) * 3.0 * abs(setting - 11)
                yield np.asarray(rows + noise, np.float32)

        return scores

    assert chosen_together(graph, LIKES, settings, fit) == 11
    assert asked[0] == 16
    assert asked[-1] == 9


def test_rounds_halve_the_settings() -> None:
    assert rounds(2, 2000) == [2000]
    assert rounds(16, 150) == [150]
    assert rounds(16, 2000) == [250, 500, 1000, 2000]
    assert asked_times(16, 2000) == pytest.approx((16 * 250 + 9 * 250 + 5 * 500 + 3 * 1000) / 2000)


def test_a_source_with_many_links_is_asked_about_once_in_a_block() -> None:
    random = np.random.default_rng(0)
    heads = np.minimum(random.exponential(20.0, 4000).astype(np.int64), 199)
    graph = TypedGraph(
        {"P": 200, "T": 4000}, {LIKES: Edges(heads, random.permutation(4000).astype(np.int64))}
    )
    asked = random.permutation(4000)[:1024]
    real = sum(len(np.unique(heads[asked[start : start + 256]])) for start in range(0, 1024, 256))
    assert asked_rows(graph, LIKES, "out", 1024).sum() == pytest.approx(real, rel=0.05)
    assert asked_rows(graph, LIKES, "in", 1024).sum() == pytest.approx(1024, rel=0.05)
    assert not asked_rows(graph, LIKES, "out", 0).any()
