"""Collective classification: neighbours that are alike, and unlike; never the own value."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Edges, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.properties.context import Context, Known
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.collective import (
    Collective,
    CollectiveMethod,
    Evidence,
)
from gremlink.proxy.learning.properties.methods.tables import Tables
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.target import Form, PropertyTarget, Subjects

COUNT, CLASSES = 600, 3
TO = Relation("P", "to", "P")
KNOWN = np.arange(0, COUNT, 5)
RANDOM = np.random.default_rng(0)
OWN = RANDOM.integers(0, CLASSES, COUNT)


def dataset(shift: int, form: Form = Form.ONE_CLASS) -> PropertyDataset:
    """Vertices of class c link to such of class c + `shift`; there are no features."""
    members = [np.flatnonzero(each == OWN) for each in range(CLASSES)]
    heads = np.repeat(np.arange(COUNT), 4)
    tails = np.array([RANDOM.choice(members[(OWN[head] + shift) % CLASSES]) for head in heads])
    graph = TypedGraph({"P": COUNT}, {TO: Edges(heads, tails)})
    task = "regression" if form is Form.NUMBER else "classification"
    truth = np.eye(CLASSES, dtype=np.float32)[OWN]
    if form is Form.NUMBER:
        truth = OWN[:, None].astype(np.float32)
    classes = () if form is Form.NUMBER else tuple(range(CLASSES))
    target = PropertyTarget("P", "kind", task, form, classes)  # type: ignore[arg-type]
    everybody = Subjects((np.arange(COUNT),), np.zeros((COUNT, 0), np.float32))
    labelled = np.setdiff1d(np.arange(COUNT), KNOWN)
    stored = StoredGraph(graph, {}, {})
    return PropertyDataset(
        target, (0.9, 0.1, 0.0), stored, everybody, truth, labelled, (), None, (), ()
    )


def fitted(data: PropertyDataset) -> Collective:
    return CollectiveMethod.fit(Tables(data, 0), data.labelled)


@pytest.mark.parametrize("shift", [0, 1])
def test_neighbours_tell_the_class_be_they_alike_or_not(shift: int) -> None:
    data = dataset(shift)
    said = fitted(data).outputs(data.subjects.select(KNOWN)).argmax(axis=1)
    assert (said == OWN[KNOWN]).mean() > 0.95


def test_numbers() -> None:
    data = dataset(0, Form.NUMBER)
    said = fitted(data).outputs(data.subjects.select(KNOWN)).ravel()
    assert np.abs(said - OWN[KNOWN]).mean() < 0.25


def test_the_own_value_never_helps() -> None:
    data = dataset(0)
    model = fitted(data)
    ends, truth = data.labelled, data.truth[data.labelled]
    changed = truth.copy()
    changed[0] = np.roll(changed[0], 1)

    def said(known: Floats, rows: Indexes) -> Floats:
        context = Context(data.graph, ("P",), Known((ends,), known))
        return np.asarray(model.on(context).outputs(data.subjects.select(rows)), np.float32)

    asked = ends[:1]
    assert np.array_equal(said(truth, asked), said(changed, asked))
    everybody = np.arange(COUNT)
    assert not np.array_equal(said(truth, everybody), said(changed, everybody))


def test_groups_do_not_depend_on_what_is_asked_together() -> None:
    data = dataset(0)
    known = Known((data.labelled,), data.truth[data.labelled])
    evidence = Evidence(Form.ONE_CLASS, Context(data.graph, ("P",), known))
    every = evidence.groups(data.subjects)
    assert set(every[data.labelled]) == set(range(5))
    assert (every[KNOWN] == -1).all()
    assert np.array_equal(every[::7], evidence.groups(data.subjects.select(np.arange(0, COUNT, 7))))
