"""The encoder by hand: what a round of messages does to a state."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from gremlink.proxy.learning.graph import Floats, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.models.gnn.messages import MessageGraph
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings, RelationalEncoder
from gremlink.proxy.learning.models.gnn.rounds import WholeRound

KNOWS = Relation("P", "knows", "P")
ALONE = 3


def graph() -> TypedGraph:
    """Three people in a row, and one who knows nobody."""
    edges = distinct_edges(np.array([0, 1]), np.array([1, 2]), same_type=True)
    return TypedGraph({"P": 4}, {KNOWS: edges}, {})


def encoded(encoder: RelationalEncoder, layers: int) -> Floats:
    messages = MessageGraph(graph())
    rounds = [WholeRound(messages, messages.weights())] * layers
    with torch.no_grad():
        return np.asarray(encoder.eval()({}, rounds)["P"])


def made(layers: int, **ways: bool) -> RelationalEncoder:
    torch.manual_seed(0)
    settings = EncoderSettings(width=4, layers=layers, message_scale=0.5, **ways)
    return RelationalEncoder({"P": 4}, {}, MessageGraph(graph()).types, settings)


def rounds_by_hand(encoder: RelationalEncoder, *, residual: bool) -> list[Floats]:
    """The states of all rounds, with the matrices as NumPy has them."""
    stored = encoder.stored()
    adjacency = np.zeros((4, 4), np.float32)
    adjacency[[0, 1], [1, 2]] = 1.0
    # Each of the two edges goes out of, and into, one edge only: all degrees are 1.
    states = [stored.embeddings["P"]]
    for layer in stored.layers:
        received = states[-1] @ layer.loop
        received = received + adjacency.T @ states[-1] @ layer.transforms[KNOWS, "out"]
        received = received + adjacency @ states[-1] @ layer.transforms[KNOWS, "in"]
        new = np.tanh(received)
        states.append(states[-1] + new if residual else new)
    return states


@pytest.mark.parametrize("residual", [True, False])
def test_the_output_is_the_mean_over_the_rounds_or_the_last(residual: bool) -> None:
    encoder = made(2, residual=residual)
    states = rounds_by_hand(encoder, residual=residual)
    assert_allclose(encoded(encoder, 2), np.mean(states, axis=0), atol=1e-6)
    last = made(2, residual=residual, jumping_knowledge=False)
    assert_allclose(encoded(last, 2), states[-1], atol=1e-6)


def test_without_residual_and_loop_only_neighbours_speak() -> None:
    ways = {"residual": False, "self_loop": False, "jumping_knowledge": False}
    found = encoded(made(1, **ways), 1)
    assert not found[ALONE].any()
    assert found[:ALONE].any(axis=1).all()


def test_without_residual_the_loop_keeps_the_own_state_at_the_beginning() -> None:
    encoder = made(1, residual=False, jumping_knowledge=False)
    own = encoder.stored().embeddings["P"][ALONE]
    assert_allclose(encoded(encoder, 1)[ALONE], np.tanh(own), atol=1e-6)


def test_the_loop_learns_only_where_there_is_one() -> None:
    for residual in (True, False):
        assert made(1, residual=residual).stored().layers[0].loop.any() == (not residual)
        alone = made(1, residual=residual, self_loop=False)
        assert not alone.stored().layers[0].loop.any()
        assert [
            each.requires_grad for name, each in alone.named_parameters() if "loop" in name
        ] == [False]
