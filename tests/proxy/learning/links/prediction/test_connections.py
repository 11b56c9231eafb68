"""The strongest paths between two vertices, against the plain enumeration of all of them."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.prediction import connections
from gremlink.proxy.learning.links.prediction.connections import Connection, Connections

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")


def graph(people: int, knows: set[tuple[int, int]], likes: set[tuple[int, int]]) -> TypedGraph:
    def edges(pairs: set[tuple[int, int]]) -> Edges:
        array = np.array(sorted(pairs), np.int64).reshape(-1, 2)
        return Edges(array[:, 0], array[:, 1])

    return TypedGraph({"P": people, "E": 0, "T": 3}, {KNOWS: edges(knows), LIKES: edges(likes)})


def test_paths_have_arrows_and_the_share_that_arrives() -> None:
    # 0 knows 1; 1 and 2 know each other; 0 and 2 like thing 0; 3 likes it too.
    small = graph(4, {(0, 1), (1, 2), (2, 1)}, {(0, 0), (2, 0), (3, 0)})
    found = Connections(small).strongest(("P", 0), ("P", 2), 5)
    assert found == [
        Connection((("P", 0), ("P", 1), ("P", 2)), ("-knows->", "<-knows->"), 1 / 2),
        Connection((("P", 0), ("T", 0), ("P", 2)), ("-likes->", "<-likes-"), 1 / 3),
    ]


def test_an_edge_from_end_to_end_is_the_strongest() -> None:
    small = graph(3, {(1, 0), (0, 2), (2, 1)}, {(0, 0)})
    first, second = Connections(small).strongest(("P", 0), ("P", 1), 5)
    assert first == Connection((("P", 0), ("P", 1)), ("<-knows-",), 1.0)
    assert second.arrows == ("-knows->", "-knows->")


def test_nothing_connects_strangers() -> None:
    assert Connections(graph(4, {(0, 1), (2, 3)}, set())).strongest(("P", 0), ("P", 3), 5) == []


@pytest.mark.parametrize("seed", range(8))
def test_all_paths_are_found_in_their_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    people = 9
    pairs = permutations(range(people), 2)
    knows = {pair for pair in pairs if random.random() < 0.15}
    likes = {(a, b) for a in range(people) for b in range(3) if random.random() < 0.3}
    made = graph(people, knows, likes)
    found = Connections(made).strongest(("P", 0), ("P", 1), 10_000)
    assert [path.strength for path in found] == sorted(
        (path.strength for path in found), reverse=True
    )
    numbers = {made.offsets[kind] + place for kind, place in (("P", 0), ("P", 1))}
    whole = made.whole.toarray() > 0
    degrees = whole.sum(axis=1)
    expected: dict[tuple[int, ...], float] = {}
    others = [number for number in range(made.vertex_count) if number not in numbers]
    for length in (0, 1, 2):
        for middle in permutations(others, length):
            way = (0, *middle, 1)
            if all(whole[a, b] for a, b in pairwise(way)):
                expected[way] = float(np.prod([1.0 / degrees[each] for each in middle]))
    told = {
        tuple(made.offsets[kind] + place for kind, place in path.vertices): path.strength
        for path in found
    }
    assert told == pytest.approx(expected)
    few = Connections(made).strongest(("P", 0), ("P", 1), 3)
    assert [path.strength for path in few] == [path.strength for path in found[:3]]


def test_of_a_great_many_neighbours_those_with_few_of_their_own_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "WIDTH", 1)
    # 2 and 3 lie between 0 and 1; 3 has more neighbours.
    star = graph(6, {(0, 2), (2, 1), (0, 3), (3, 1), (3, 4), (3, 5)}, set())
    (only,) = Connections(star).strongest(("P", 0), ("P", 1), 5)
    assert only.vertices[1] == ("P", 2)
