from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.links.scorers.recommenders.ease import (
    MOST_UNKNOWN,
    Ease,
    EaseSetting,
    weights_of,
)
from gremlink.proxy.learning.links.scorers.recommenders.profiles import Profiles, View
from gremlink.proxy.learning.links.scorers.recommenders.undirected_ease import UndirectedEase

LIKES = Relation("P", "likes", "T")
KNOWS = Relation("P", "knows", "P")


def likes(people: int, things: int) -> TypedGraph:
    heads, tails = np.nonzero(np.random.default_rng(1).random((people, things)) < 0.35)
    return TypedGraph({"P": people, "T": things}, {LIKES: Edges(heads, tails)})


def friends(people: int = 30) -> TypedGraph:
    pairs = np.random.default_rng(3).integers(0, people, (4 * people, 2))
    return TypedGraph({"P": people}, {KNOWS: distinct_edges(*pairs.T, same_type=True)})


def solved_one_by_one(links: np.ndarray, candidates: int, setting: EaseSetting) -> np.ndarray:
    """The regression of each column on all others, in the plainest way."""
    counts = links.sum(axis=1)
    mean = counts[counts > 0].mean()
    rows = np.diag((np.maximum(counts, 1) / mean) ** -setting.discount)
    weights = np.zeros((links.shape[1], candidates))
    for target in range(candidates):
        others = np.delete(np.arange(links.shape[1]), target)
        given = links[:, others]
        weights[others, target] = np.linalg.solve(
            given.T @ rows @ given + setting.ridge * np.eye(len(others)),
            given.T @ rows @ links[:, target],
        )
    return weights


@pytest.mark.parametrize("setting", [EaseSetting(2.0, 0.0), EaseSetting(5.0, 0.5)], ids=str)
@pytest.mark.parametrize("sizes", [(14, 9), (9, 14)], ids=["more-rows", "more-columns"])
def test_one_regression_is_solved_for_each_candidate(
    sizes: tuple[int, int], setting: EaseSetting
) -> None:
    profiles = Profiles.all_links(likes(*sizes), LIKES, "out")
    expected = solved_one_by_one(
        profiles.matrix.toarray().astype(np.float64), profiles.last, setting
    )
    assert weights_of(profiles, setting) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("method", [Ease, UndirectedEase])
def test_both_directions_of_a_view_are_solved_as_each_alone(method: type[Ease]) -> None:
    setting = EaseSetting(3.0, 0.5)
    found = method.learn(friends(), KNOWS, setting)
    for direction in DIRECTIONS:
        profiles = Profiles.build(friends(), KNOWS, direction, method.views[0])
        links = profiles.matrix.toarray().astype(np.float64)
        expected = links @ solved_one_by_one(links, profiles.last, setting)
        assert found.scores(np.arange(30), direction) == pytest.approx(expected, abs=1e-4)


def test_without_direction_one_array_serves_both_ways() -> None:
    fitted = UndirectedEase.fit(friends(), KNOWS)
    tensors = fitted.tensors()
    assert {name for name in tensors if name in DIRECTIONS} == {"out"}
    people = np.arange(30)
    again = UndirectedEase.restore(friends(), KNOWS, tensors)
    assert (fitted.scores(people, "out") == fitted.scores(people, "in")).all()
    assert (again.scores(people, "in") == fitted.scores(people, "in")).all()


def test_without_direction_it_says_nothing_where_all_relations_have_one() -> None:
    assert UndirectedEase.applies(friends(), KNOWS)
    assert not UndirectedEase.applies(likes(14, 9), LIKES)


@pytest.mark.parametrize(
    ("people", "relations", "directed", "undirected"),
    [
        (4096 // 2, 1, "directed", "undirected"),
        (6000, 1, None, "undirected"),
        (5000, 3, "own-directed", "own-undirected"),
        (MOST_UNKNOWN + 1, 1, None, None),
    ],
)
def test_a_smaller_view_is_taken_where_the_regression_would_be_too_large(
    people: int, relations: int, directed: View | None, undirected: View | None
) -> None:
    edges = Edges(np.array([0]), np.array([1]))
    asked, *others = (Relation("P", f"r{number}", "P") for number in range(relations))
    graph = TypedGraph({"P": people}, dict.fromkeys((asked, *others), edges))
    assert Ease.view(graph, asked) == directed
    assert UndirectedEase.view(graph, asked) == undirected
    assert Ease.applies(graph, asked) == (directed is not None)


def test_an_artifact_of_an_earlier_version_is_restored() -> None:
    """Without a view, with an array for each direction."""
    found = Ease.learn(friends(), KNOWS, EaseSetting(3.0, 0.0))
    tensors = {name: each for name, each in found.tensors().items() if name != "view"}
    again = Ease.restore(friends(), KNOWS, tensors)
    for direction in DIRECTIONS:
        people = np.arange(30)
        assert (again.scores(people, direction) == found.scores(people, direction)).all()
