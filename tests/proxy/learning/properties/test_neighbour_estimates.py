"""What is known nearby, worked by hand; nothing tells of itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.properties.methods.neighbour_mean import AtEnds
from gremlink.proxy.learning.properties.neighbour_estimates import (
    PRIOR_EDGES,
    PRIOR_NEIGHBOURS,
    around_vertices,
    at_ends,
)
from gremlink.proxy.learning.trained.target import Form, Subjects

KNOWS = Relation("a", "knows", "a")
RATED = Relation("user", "rated", "film")
NONE = np.zeros((0,), np.int64)


def indexes(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def test_direct_neighbours() -> None:
    # 0 and 1 are linked, 2 is alone. Vertex 0 has 10, vertex 2 has 4; the mean is 7.
    graph = TypedGraph({"a": 3}, {KNOWS: Edges(indexes(0), indexes(1))})
    estimates = around_vertices(graph, "a", indexes(0, 2), np.array([[10.0], [4.0]], np.float32))
    (table,) = estimates.ends
    # 1 sees 10 once; 0 sees only itself by way of 1, which does not count; 2 sees nothing.
    assert_allclose(table[1], (10 + PRIOR_NEIGHBOURS * 7) / (1 + PRIOR_NEIGHBOURS), rtol=1e-6)
    assert_allclose(table[[0, 2]], 7.0, rtol=1e-6)


def test_neighbours_of_neighbours() -> None:
    # Films 0 and 1 share the one user, who has rated film 2 as well.
    graph = TypedGraph({"user": 1, "film": 3}, {RATED: Edges(indexes(0, 0, 0), indexes(0, 1, 2))})
    truth = np.array([[1.0], [0.0]], np.float32)
    (table,) = around_vertices(graph, "film", indexes(0, 1), truth).ends
    # Film 2 reaches each of the others by one of three ways.
    mean = PRIOR_NEIGHBOURS * 0.5
    assert_allclose(table[2], (1 / 3 + mean) / (2 / 3 + PRIOR_NEIGHBOURS), rtol=1e-6)
    assert_allclose(table[0], mean / (1 / 3 + PRIOR_NEIGHBOURS), rtol=1e-6)
    assert_allclose(table[1], (1 / 3 + mean) / (1 / 3 + PRIOR_NEIGHBOURS), rtol=1e-6)


def test_ends_of_edges() -> None:
    known = Subjects((indexes(0, 0), indexes(0, 1)), np.zeros((2, 0), np.float32))
    truth = np.array([[4.0], [2.0]], np.float32)
    estimates, without = at_ends((1, 3), known, truth)
    heads, tails = estimates.ends
    assert_allclose(heads[0], (6 + PRIOR_EDGES * 3) / (2 + PRIOR_EDGES), rtol=1e-6)
    assert_allclose(tails[0], (4 + PRIOR_EDGES * 3) / (1 + PRIOR_EDGES), rtol=1e-6)
    assert_allclose(tails[2], 3.0)
    # Without itself the first edge knows the second one at its head, and nothing at its tail.
    assert_allclose(without[0], [(2 + PRIOR_EDGES * 3) / (1 + PRIOR_EDGES), 3.0], rtol=1e-6)


@pytest.mark.parametrize("form", [Form.ONE_CLASS, Form.SEVERAL_CLASSES])
def test_ends_that_agree_make_sure(form: Form) -> None:
    known = Subjects((indexes(0, 0, 1, 1), indexes(0, 0, 1, 1)), np.zeros((4, 0), np.float32))
    truth = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    estimates, without = at_ends((2, 3), known, truth)
    member = AtEnds.fit(form, estimates, without, truth)
    asked = Subjects((indexes(0, 0), indexes(0, 2)), np.zeros((2, 0), np.float32))
    agreed, alone = member.outputs(asked)[:, 0]
    assert agreed > alone > 0.5
