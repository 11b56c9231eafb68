"""What describes vertices: all of their terms, and the rest made comparable."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from scipy import sparse

from gremlink.proxy.learning.graph import (
    Edges,
    FeatureBlock,
    Features,
    Relation,
    TermBlock,
    Terms,
    TypedGraph,
)
from gremlink.proxy.learning.properties.described import COMPONENTS, Descriptions

CITES = Relation("P", "cites", "P")
COUNT, WORDS = 300, 400


def graph() -> TypedGraph:
    random = np.random.default_rng(0)
    values = sparse.csr_array((random.random((COUNT, WORDS)) < 0.05).astype(np.float32))
    numbers = random.normal(5.0, 3.0, (COUNT, 3)).astype(np.float32)
    blocks = (FeatureBlock("age", "numerical", 0, 1), FeatureBlock("words", "category", 1, 3))
    chain = Edges(np.arange(COUNT - 1), np.arange(1, COUNT))
    return TypedGraph(
        {"P": COUNT, "T": 2},
        {CITES: chain},
        {"P": Features(numbers, blocks)},
        {"P": Terms(values, (TermBlock("words", "category", 0, WORDS),))},
    )


def test_all_words_are_kept_and_what_they_tell_is_not_told_twice() -> None:
    rows = Descriptions.fit(graph()).own("P")
    assert rows.shape == (COUNT, 1 + WORDS)
    assert_allclose(rows[:, [0]].toarray().mean(), 0.0, atol=1e-6)
    lengths = np.sqrt((rows[:, 1:].toarray() ** 2).sum(axis=1))
    assert_allclose(lengths[lengths > 0], 1.0, rtol=1e-6)


def test_rare_words_weigh_more() -> None:
    found = graph()
    frequent = np.bincount(found.terms["P"].values.indices, minlength=WORDS)
    weights = Descriptions.fit(found).scales["P"].weights
    assert weights[frequent.argmin()] > weights[frequent.argmax()]


def test_a_type_without_properties_has_no_columns() -> None:
    descriptions = Descriptions.fit(graph())
    assert descriptions.own("T").shape == (2, 0)
    assert descriptions.smoothed("T").shape == (2, COMPONENTS)


def test_scales_survive_as_tensors() -> None:
    before = Descriptions.fit(graph())
    after = Descriptions.restore(graph(), before.tensors())
    assert_allclose(after.own("P").toarray(), before.own("P").toarray())
    assert_allclose(after.smoothed("P"), before.smoothed("P"))


def test_no_properties_at_all() -> None:
    bare = TypedGraph({"P": COUNT}, graph().edges)
    descriptions = Descriptions.fit(bare)
    assert (descriptions.depth, descriptions.width("P")) == (0, 0)
