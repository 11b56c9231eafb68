from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.encoding import fit as encoding_of
from gremlink.proxy.learning.features.matrix import encode
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.graph import Edges, Features, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.fitting import Checkpoint, fit
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings
from gremlink.proxy.learning.trained.embeddings import unit_rows
from gremlink.proxy.learning.trained.encoder import (
    Encoder,
    embedded,
    encoder_tensors,
    encoders_of,
)

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")
UNUSED = Relation("T", "unused", "P")
PEOPLE, THINGS = 30, 6


def features(people: int) -> Features:
    columns = {
        "age": [str(20 + 3 * n) for n in range(people)],
        "group": ["ab"[n % 2] for n in range(people)],
    }
    encodings = [
        encoding_of(NumericalFitter("age"), columns["age"][:PEOPLE]),
        encoding_of(CategoryFitter("group"), columns["group"]),
    ]
    return encode(columns, encodings)


def graph() -> TypedGraph:
    random = np.random.default_rng(0)
    people = random.integers(0, PEOPLE, (70, 2))
    likes = np.stack([random.integers(0, PEOPLE, 40), random.integers(0, THINGS, 40)], axis=1)
    nothing = np.zeros(0, np.int64)
    return TypedGraph(
        {"P": PEOPLE, "T": THINGS},
        {
            KNOWS: distinct_edges(*people.T, same_type=True),
            LIKES: distinct_edges(*likes.T, same_type=False),
            UNUSED: Edges(nothing, nothing),
        },
        {"P": features(PEOPLE)},
    )


NORMS = {"layer_norm": True, "global_norm": True}
WAYS = {
    "default": {},
    "norms": NORMS,
    "no residual": {"residual": False},
    "the last round": {"jumping_knowledge": False},
    "convolution": {"residual": False, "jumping_knowledge": False, "self_loop": False},
}


def trained(layers: int, **ways: bool) -> Checkpoint:
    settings = FitSettings(EncoderSettings(width=16, layers=layers, **ways), epochs=5)
    (last,) = deque(fit(graph(), [KNOWS], settings, 0), maxlen=1)
    return last


def rows(*people: int, things: tuple[int, ...] = ()) -> dict[str, np.ndarray]:
    return {"P": np.array(people, np.int64), "T": np.array(things, np.int64)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_numpy_says_what_torch_says(layers: int, way: str) -> None:
    checkpoint = trained(layers, **WAYS[way])
    expected = checkpoint.embeddings().vertices
    (found,) = embedded(
        [checkpoint.encoder()], graph(), rows(*range(30), things=(0, 1, 2, 3, 4, 5))
    )
    assert_allclose(unit_rows(found["P"]), expected["P"], atol=1e-5)
    assert_allclose(unit_rows(found["T"]), expected["T"], atol=1e-5)


def test_a_few_vertices_are_embedded_as_among_all() -> None:
    checkpoint = trained(2)
    (found,) = embedded([checkpoint.encoder()], graph(), rows(3, 17, things=(5,)))
    expected = checkpoint.embeddings().vertices
    assert_allclose(unit_rows(found["P"]), expected["P"][[3, 17]], atol=1e-5)
    assert_allclose(unit_rows(found["T"]), expected["T"][[5]], atol=1e-5)


def test_a_new_vertex_begins_with_the_mean_and_its_features() -> None:
    encoder = trained(0).encoder()
    larger = TypedGraph({"P": 31, "T": 7}, graph().edges, {"P": features(31)})
    (found,) = embedded([encoder], larger, rows(30, things=(6,)))
    assert_allclose(found["T"][0], encoder.embeddings["T"].mean(axis=0), atol=1e-6)
    mean = encoder.embeddings["P"].mean(axis=0)
    assert not np.allclose(found["P"][0], mean)


def test_only_what_is_near_counts() -> None:
    """Two people two edges apart: what happens at one is seen at the other, no farther away."""
    encoder = trained(2).encoder()
    path = Edges(np.array([0, 1, 2]), np.array([1, 2, 3]))
    nothing = Edges(np.zeros(0, np.int64), np.zeros(0, np.int64))
    before = graph().replacing({KNOWS: path, LIKES: nothing})
    changed = graph().features["P"].values.copy()
    changed[0] = changed[1]
    after = TypedGraph(
        before.counts, before.edges, {"P": Features(changed, graph().features["P"].blocks)}
    )
    (old,) = embedded([encoder], before, rows(0, 1, 2, 3))
    (new,) = embedded([encoder], after, rows(0, 1, 2, 3))
    same = [bool(np.allclose(a, b, atol=1e-7)) for a, b in zip(old["P"], new["P"], strict=True)]
    assert same == [False, False, False, True]


@pytest.mark.parametrize("way", WAYS)
def test_encoders_survive_as_tensors(way: str) -> None:
    encoders = [trained(2, **WAYS[way]).encoder(), trained(2, **WAYS[way]).encoder()]
    types, relations = ("P", "T"), tuple(graph().edges)
    again = encoders_of(encoder_tensors(encoders, types, relations), types, relations)
    for one, other in zip(encoders, again, strict=True):
        assert isinstance(other, Encoder)
        for left, right in zip(
            embedded([one], graph(), rows(1, 2)),
            embedded([other], graph(), rows(1, 2)),
            strict=True,
        ):
            assert (left["P"] == right["P"]).all()
