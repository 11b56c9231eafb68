"""What log-odds mean, in sentences."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Direction, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.prediction.sentences import sentence

KNOWS = Relation("P", "knows", "P")
CHILD = Relation("P", "child", "P")


def edges(*pairs: tuple[int, int]) -> Edges:
    return Edges(*np.array(pairs, np.int64).T)


ONCE = TypedGraph({"P": 4}, {KNOWS: edges((0, 1), (1, 2)), CHILD: edges((1, 0), (0, 2))})
ENDS = TypedGraph({"P": 4}, {KNOWS: edges((0, 1), (3, 1), (1, 2))})
BOTH = TypedGraph({"P": 4}, {KNOWS: edges((0, 1), (1, 0), (1, 2), (3, 2))})


@pytest.mark.parametrize(
    ("graph", "direction", "method", "part", "expected"),
    [
        (
            ONCE,
            "out",
            "reciprocity",
            -3.0,
            "they are linked the other way, and such links are never mutual here",
        ),
        (
            BOTH,
            "in",
            "reciprocity",
            3.0,
            "they are linked the other way, and such links are mutual in 50 % of cases here",
        ),
        (
            ONCE,
            "out",
            "other-links",
            2.0,
            "they are linked by <-child-, which speaks for a link",
        ),
        (
            ONCE,
            "in",
            "other-links",
            -2.0,
            "they are linked by <-child-, which speaks against one",
        ),
        (ONCE, "in", "linked", -2.0, "they are linked already, which speaks against one"),
        (ENDS, "out", "direction-prior", 1.0, "it is mostly at the end of such links"),
        (BOTH, "out", "direction-prior", -1.0, "it is mostly at the beginning of such links"),
        (BOTH, "in", "direction-prior", 1.0, "it is mostly at the beginning of such links"),
        # Its weight in the blend is negative: what is told of the target stays true.
        (BOTH, "out", "direction-prior", 1.0, "it is mostly at the beginning of such links"),
        (ONCE, "out", "direction-prior", 1.0, None),
        (ONCE, "in", "reciprocity", 0.0, None),
        (ONCE, "in", "katz", 2.0, None),
    ],
)
def test_a_part_of_a_score_is_told_in_a_sentence(
    graph: TypedGraph, direction: Direction, method: str, part: float, expected: str | None
) -> None:
    assert sentence(graph, KNOWS, direction, (0, 1), method, part) == expected
