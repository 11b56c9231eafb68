"""Descriptions of vertices: terms and links as sparse rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from gremlink.proxy.learning.graph import Edges, Relation, TermBlock, Terms, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders.descriptions import (
    COLUMNS,
    described,
    has_own,
    similarities,
)

KNOWS = Relation("P", "knows", "P")
OWNS = Relation("P", "owns", "T")


def edges(*pairs: tuple[int, int]) -> Edges:
    array = np.array(pairs, np.int64).reshape(-1, 2)
    return Edges(array[:, 0], array[:, 1])


def graph() -> TypedGraph:
    words = sparse.csr_array(np.array([[1, 0], [3, 0], [0, 1], [0, 0]], np.float32))
    return TypedGraph(
        {"P": 4, "T": 2},
        {KNOWS: edges((0, 1), (1, 2)), OWNS: edges((0, 0), (1, 0), (2, 1))},
        {},
        {"P": Terms(words, (TermBlock("words", "category", 0, 2),))},
    )


def test_each_block_has_the_length_one() -> None:
    heads, tails = described(graph(), KNOWS, frozenset({"own", "links"}), undirected=True)
    assert heads is not None
    assert tails is heads
    assert np.diag(similarities(heads)) == pytest.approx([3.0, 3.0, 3.0, 0.0], abs=1e-6)
    alone, _ = described(graph(), KNOWS, frozenset({"own"}), undirected=True)
    assert alone is not None
    alike = similarities(alone)
    assert alike[0, 1] == pytest.approx(2.0), "the same word, and the same thing"
    assert alike[0, 2] == 0.0


def test_with_a_direction_heads_are_known_by_tails() -> None:
    heads, tails = described(graph(), KNOWS, frozenset({"links"}), undirected=False)
    assert heads is not None
    assert tails is not None
    assert (heads.toarray() > 0).tolist() == (graph().adjacency(KNOWS).toarray() > 0).tolist()
    assert (tails.toarray() > 0).tolist() == (graph().adjacency(KNOWS).toarray().T > 0).tolist()


def test_between_two_types() -> None:
    assert has_own(graph(), OWNS, "P")
    assert not has_own(graph(), OWNS, "T")
    heads, tails = described(graph(), OWNS, frozenset({"own"}), undirected=False)
    assert heads is not None
    assert tails is None
    _, around = described(graph(), OWNS, frozenset({"around"}), undirected=False)
    assert around is not None
    assert around.toarray().round(3).tolist() == [[1.0, 0.0], [0.0, 1.0]], "words of the owners"


def test_similarities_are_found_part_by_part() -> None:
    rows = sparse.random_array((COLUMNS + 40, 30), density=0.1, format="csr", dtype=np.float32)
    found = similarities(sparse.csr_array(rows))
    assert found == pytest.approx((rows @ rows.T).toarray(), abs=1e-5)
