from __future__ import annotations

import numpy as np
import pytest
import torch

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.models.gnn.messages import MessageGraph

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")


@pytest.fixture
def graph() -> TypedGraph:
    return TypedGraph(
        {"P": 4, "T": 2},
        {
            KNOWS: Edges(np.array([0, 0, 1]), np.array([1, 2, 2])),
            LIKES: Edges(np.array([3]), np.array([1])),
        },
    )


def test_every_relation_has_its_reverse(graph: TypedGraph) -> None:
    names = [kind.name for kind in MessageGraph(graph).types]
    assert names == [
        ("P", "knows", "P"),
        ("P", "rev-knows", "P"),
        ("P", "likes", "T"),
        ("T", "rev-likes", "P"),
    ]


@pytest.mark.parametrize("hide", [False, True])
def test_messages_are_the_normalised_matrix_product(graph: TypedGraph, hide: bool) -> None:
    messages = MessageGraph(graph)
    mask = torch.tensor([False, hide, False])
    weights = messages.weights({KNOWS: mask})
    kept = graph.replacing({KNOWS: graph.edges[KNOWS].select(~mask.numpy())})
    for kind in messages.types:
        matrix = kept.adjacency(kind.relation).toarray()
        matrix = matrix if kind.reverse else matrix.T  # [targets, sources]
        degrees = [np.maximum(matrix.sum(axis=axis), 1) for axis in (1, 0)]
        matrix = matrix / np.sqrt(degrees[0][:, None] * degrees[1][None, :])
        values = torch.randn(graph.counts[kind.source], 5)
        found = messages.propagate(kind, values, weights)
        assert found.numpy() == pytest.approx(matrix @ values.numpy(), abs=1e-6)


def test_a_hidden_edge_carries_nothing(graph: TypedGraph) -> None:
    messages = MessageGraph(graph)
    hidden = messages.weights({LIKES: torch.tensor([True])})
    likes = next(kind for kind in messages.types if kind.relation == LIKES and not kind.reverse)
    assert messages.propagate(likes, torch.ones(4, 3), hidden).abs().sum() == 0


def test_means_over_all_relations(graph: TypedGraph) -> None:
    messages = MessageGraph(graph)
    weights = messages.weights(mean=True)
    got = torch.zeros(4, 1)
    for kind in messages.types:
        if kind.target == "P":
            got += messages.propagate(kind, torch.ones(graph.counts[kind.source], 1), weights)
    # Everybody hears from somebody, and all that they hear counts 1 together.
    assert got.numpy() == pytest.approx(np.ones((4, 1)))
    knows = messages.propagate(messages.types[0], torch.eye(4), weights)
    # The third hears from the first and the second, and nothing else; the second from three.
    assert knows[2].tolist() == pytest.approx([0.5, 0.5, 0.0, 0.0])
    assert knows[1].tolist() == pytest.approx([0.5, 0.0, 0.0, 0.0])
