"""Regression on features of several steps and known values; never the own value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gremlink.proxy.learning.graph import (
    Edges,
    FeatureBlock,
    Features,
    Floats,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.properties.context import Context, Known
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.hops import HopsMethod
from gremlink.proxy.learning.properties.methods.tables import Tables
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.target import Form, PropertyTarget, Subjects

COUNT = 800
TO = Relation("P", "to", "P")
ASKED = np.arange(0, COUNT, 5)


def dataset(form: Form) -> PropertyDataset:
    """A number, or a class, that the own feature tells and the feature of the vertex behind."""
    random = np.random.default_rng(0)
    values = random.normal(0.0, 1.0, (COUNT, 2)).astype(np.float32)
    edges = Edges(np.arange(COUNT), np.roll(np.arange(COUNT), 1))
    blocks = (FeatureBlock("one", "numerical", 0, 1), FeatureBlock("two", "numerical", 1, 2))
    features = Features(values, blocks)
    graph = TypedGraph({"P": COUNT}, {TO: edges}, {"P": features})
    number = values[:, 0] + 2.0 * (np.roll(values[:, 1], 1) + np.roll(values[:, 1], -1))
    truth: Floats = number[:, None].astype(np.float32)
    if form is Form.ONE_CLASS:
        truth = np.eye(2, dtype=np.float32)[(number > 0).astype(int)]
    task = "regression" if form is Form.NUMBER else "classification"
    target = PropertyTarget("P", "kind", task, form)  # type: ignore[arg-type]
    everybody = Subjects((np.arange(COUNT),), np.zeros((COUNT, 0), np.float32))
    labelled = np.setdiff1d(np.arange(COUNT), ASKED)
    stored = StoredGraph(graph, {}, {})
    return PropertyDataset(
        target, (0.9, 0.1, 0.0), stored, everybody, truth, labelled, (), None, (), ()
    )


@pytest.mark.parametrize("form", [Form.NUMBER, Form.ONE_CLASS])
def test_features_a_step_away_tell(form: Form) -> None:
    data = dataset(form)
    model = HopsMethod.fit(Tables(data, 0), data.labelled)
    said = model.outputs(data.subjects.select(ASKED))
    if form is Form.NUMBER:
        assert np.corrcoef(said[:, 0], data.truth[ASKED, 0])[0, 1] > 0.98
    else:
        assert (said.argmax(axis=1) == data.truth[ASKED].argmax(axis=1)).mean() > 0.95


def test_the_own_value_never_helps_and_what_is_kept_says_the_same() -> None:
    data = dataset(Form.NUMBER)
    model = HopsMethod.fit(Tables(data, 0), data.labelled)
    truth = data.truth[data.labelled]
    changed = truth.copy()
    changed[7] += 5.0
    one = data.subjects.select(data.labelled[7:8])
    known = Context(data.graph, ("P",), Known((data.labelled,), truth))
    other = replace(known, known=Known((data.labelled,), changed))
    assert np.array_equal(model.on(known).outputs(one), model.on(other).outputs(one))
    restored = type(model).restore(model.entry(), Form.NUMBER, model.tensors(), known)
    assert np.allclose(restored.outputs(data.subjects), model.outputs(data.subjects))


def test_nothing_to_read_without_features() -> None:
    data = dataset(Form.NUMBER)
    graph = TypedGraph({"P": COUNT}, data.graph.edges)
    bare = replace(data, stored=StoredGraph(graph, {}, {}))
    assert HopsMethod.applies(Tables(data, 0))
    assert not HopsMethod.applies(Tables(bare, 0))
