"""The network's last part in NumPy says what torch says."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.models import property_network
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings
from gremlink.proxy.learning.models.property_network import PropertyHead, fit_property
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.trained import head as module
from gremlink.proxy.learning.trained.head import Head
from gremlink.proxy.learning.trained.target import Form, Subjects

RANDOM = np.random.default_rng(0)
RATED = Relation("user", "rated", "film")


def edges(count: int) -> Subjects:
    ends = RANDOM.integers(0, 5, count), RANDOM.integers(0, 7, count)
    return Subjects(ends, RANDOM.random((count, 2)).astype(np.float32))


def test_the_formula() -> None:
    torch.manual_seed(0)
    layers = PropertyHead(3 * 4 + 2, 6, 3, 0.0).eval()
    states = tuple(RANDOM.normal(size=(count, 4)).astype(np.float32) for count in (5, 7))
    subjects = edges(20)
    numpy_head = Head(
        states,
        *(
            values.detach().numpy()
            for values in (
                layers.hidden.weight.T,
                layers.hidden.bias,
                layers.last.weight.T,
                layers.last.bias,
            )
        ),
    )
    heads, tails = (states[end][subjects.ends[end]] for end in (0, 1))
    columns = np.concatenate([heads, tails, heads * tails, subjects.features], axis=1)
    with torch.no_grad():
        expected = layers(torch.from_numpy(columns)).numpy()
    assert_allclose(numpy_head.raw(subjects), expected, atol=1e-5)
    again = Head.from_tensors(numpy_head.tensors(), states)
    assert (again.raw(subjects) == numpy_head.raw(subjects)).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    states = tuple(RANDOM.normal(size=(count, 4)).astype(np.float32) for count in (5, 7))
    shapes = ((14, 6), (6,), (6, 2), (2,))
    head = Head(states, *(RANDOM.normal(size=shape).astype(np.float32) for shape in shapes))
    subjects = edges(20)
    whole = head.raw(subjects)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert_allclose(head.raw(subjects), whole, rtol=1e-6)
    assert head.raw(subjects.select(np.zeros(0, np.int64))).shape == (0, 2)


def test_several_networks_are_averaged_as_confidences() -> None:
    state = np.zeros((1, 1), np.float32)
    sure, unsure = (
        Head(
            (state,),
            np.zeros((1, 1), np.float32),
            np.zeros(1, np.float32),
            np.zeros((1, 2), np.float32),
            np.array(bias, np.float32),
        )
        for bias in ([10.0, 0.0], [0.0, 0.0])
    )
    vertices = Subjects((np.zeros(1, np.int64),), np.zeros((1, 0), np.float32))
    found = Networks(Form.ONE_CLASS, (sure, unsure)).outputs(vertices)
    assert_allclose(found, [[0.75, 0.25]], atol=1e-3)


@pytest.mark.parametrize("rows", [1000, 20], ids=["all rows", "samples"])
def test_numbers_come_out_on_their_own_scale(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(property_network, "ROWS", rows)
    known = edges(35)
    graph = TypedGraph({"user": 5, "film": 7}, {RATED: Edges(*known.ends)})
    truth = (1000.0 + 100.0 * known.ends[0][:, None]).astype(np.float32)
    settings = FitSettings(EncoderSettings(width=8, dropout=0.0), epochs=120)
    fitted = fit_property(
        graph, ("user", "film"), known, truth, Form.NUMBER, settings, 0, remembers=True
    )
    (last,) = deque(fitted, maxlen=1)
    missed = np.abs(last.head().raw(known) - truth)
    assert missed.mean() < 40
