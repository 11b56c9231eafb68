from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.graph import Edges
from gremlink.proxy.learning.links.training.holdout import some_of
from gremlink.proxy.learning.processing.processed import CustomSplit

EDGES = Edges(np.arange(10), np.arange(10, 20))
CHOSEN = CustomSplit(*np.zeros((3, 0), np.int64))
AT_RANDOM = (0.8, 0.1, 0.1)


def test_some_of_what_a_user_chose_is_from_everywhere() -> None:
    assert some_of(EDGES, 4, CHOSEN).heads.tolist() == [0, 2, 5, 7]
    assert some_of(EDGES, 4, CHOSEN).tails.tolist() == [10, 12, 15, 17]


def test_what_is_in_a_random_order_is_taken_from_its_beginning() -> None:
    assert some_of(EDGES, 4, AT_RANDOM).heads.tolist() == [0, 1, 2, 3]


def test_few_edges_are_taken_as_a_whole() -> None:
    none = np.zeros(0, np.int64)
    for split in (CHOSEN, AT_RANDOM):
        assert some_of(EDGES, 100, split).heads.tolist() == list(range(10))
        assert len(some_of(Edges(none, none), 100, split)) == 0
