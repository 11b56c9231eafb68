from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from gremlink.proxy.learning.graph import Direction, Edges, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import (
    Queries,
    TiedRanks,
    rank_queries,
    ranks,
    tied_ranks,
)
from gremlink.proxy.learning.links.known import KnownLinks

KNOWS = Relation("P", "knows", "P")


class Fixed:
    """Scores that do not depend on the source."""

    def __init__(self, scores: list[float]) -> None:
        self._scores = np.array(scores, np.float32)

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        return np.tile(self._scores, (len(sources), 1))


def test_ties_share_their_mean_rank() -> None:
    scores = np.array([[3.0, 2.0, 2.0, 2.0, 1.0]], np.float32)
    allowed = np.ones((1, 5), np.bool_)
    assert ranks(scores, np.array([1]), allowed).tolist() == [3.0]
    assert ranks(scores, np.array([0]), allowed).tolist() == [1.0]
    assert ranks(scores, np.array([4]), allowed).tolist() == [5.0]


def test_what_a_place_is_worth_is_the_mean_over_the_ranks_that_a_tie_may_get() -> None:
    def worth(*ranks: int) -> float:
        return float(np.mean([1.0 / np.log2(1.0 + rank) for rank in ranks]))

    places = TiedRanks(np.array([0.0, 4.0, 1.0, 0.0]), np.array([0.0, 0.0, 2.0, 5.0]))
    expected = [worth(1), worth(5), worth(2, 3, 4), worth(1, 2, 3, 4, 5, 6)]
    np.testing.assert_allclose(places.gains(), expected)
    assert places.ranks().tolist() == [1.0, 5.0, 3.0, 3.5]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5))
def test_a_tie_is_worth_what_random_orders_of_it_are(values: list[int]) -> None:
    scores = np.array([values], np.float32)
    allowed = np.ones_like(scores, np.bool_)
    orders = []
    for order in permutations(range(len(values))):
        broken = scores + np.array([order], np.float32) / 100.0
        orders.append(tied_ranks(broken, np.array([0]), allowed).gains()[0])
    tied = tied_ranks(scores, np.array([0]), allowed).gains()[0]
    np.testing.assert_allclose(tied, np.mean(orders))


def test_only_allowed_candidates_compete() -> None:
    scores = np.array([[3.0, 2.0, 1.0]], np.float32)
    allowed = np.array([[False, True, True]])
    assert ranks(scores, np.array([2]), allowed).tolist() == [2.0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.data())
def test_ranks_agree_with_scipy(values: list[int], data: st.DataObject) -> None:
    target = data.draw(st.integers(0, len(values) - 1))
    scores = np.array([values], np.float32)
    ours = ranks(scores, np.array([target]), np.ones_like(scores, np.bool_))
    assert ours[0] == rankdata(-scores[0], method="average")[target]


def test_known_links_and_the_source_itself_do_not_compete() -> None:
    # 0 knows 3 (known) and 1 (asked for). The best scores are those of 3 and of 0 itself.
    graph = TypedGraph({"P": 4}, {KNOWS: Edges(np.array([0, 0]), np.array([3, 1]))})
    known = KnownLinks(graph, KNOWS)
    scorer = Fixed([9.0, 2.0, 1.0, 8.0])
    asked = Queries.about(Edges(np.array([0]), np.array([1])), "out")
    assert rank_queries(scorer, asked, known).tolist() == [1.0]
    # Asked from the other end, only 1 itself is left out.
    asked = Queries.about(Edges(np.array([0]), np.array([1])), "in")
    assert rank_queries(scorer, asked, known).tolist() == [1.0]
    assert known.mask(np.array([0]), "out").tolist() == [[True, True, False, True]]
