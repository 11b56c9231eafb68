"""Mini-batches see what the whole graph shows: exactly where all is read, else on average."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse

from gremlink.proxy.learning.features.scaling import unit_blocks
from gremlink.proxy.learning.graph import (
    FeatureBlock,
    Features,
    Indexes,
    Relation,
    TypedGraph,
    distinct_edges,
)
from gremlink.proxy.learning.models.gnn.messages import MessageGraph, message_types
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings, RelationalEncoder
from gremlink.proxy.learning.models.gnn.rounds import WholeRound
from gremlink.proxy.learning.models.gnn.sampling import Sampler, fan_out

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")
CPU = torch.device("cpu")


@pytest.fixture
def graph() -> TypedGraph:
    random = np.random.default_rng(0)
    return TypedGraph(
        {"P": 40, "T": 8},
        {
            KNOWS: distinct_edges(*random.integers(0, 40, (2, 150)), same_type=True),
            LIKES: distinct_edges(
                random.integers(0, 40, 80), random.integers(0, 8, 80), same_type=False
            ),
            Relation("T", "never", "P"): distinct_edges(
                np.zeros(0, np.int64), np.zeros(0, np.int64), same_type=False
            ),
        },
        {
            "P": Features(
                random.normal(size=(40, 3)).astype(np.float32),
                (FeatureBlock("x", "numerical", 0, 3),),
            )
        },
    )


def encoder_of(graph: TypedGraph, *, mean: bool) -> RelationalEncoder:
    torch.manual_seed(0)
    settings = EncoderSettings(width=16, layers=2, global_norm=mean, message_scale=0.7)
    encoder = RelationalEncoder(graph.counts, {"P": 6}, message_types(graph), settings)
    encoder.eval()
    return encoder


@pytest.mark.parametrize("mean", [False, True])
def test_with_all_neighbours_a_mini_batch_is_the_whole_graph(graph: TypedGraph, mean: bool) -> None:
    encoder = encoder_of(graph, mean=mean)
    features = {"P": torch.from_numpy(unit_blocks(graph.features["P"]))}
    messages = MessageGraph(graph)
    whole = encoder(features, [WholeRound(messages, messages.weights(mean=mean))] * 2)
    sampler = Sampler(graph, [1000], mean=mean, device=CPU)
    asked = {"P": np.array([3, 5, 39]), "T": np.array([0])}
    sample = sampler.sample(asked, 2, np.random.default_rng(0))
    assert len(sample.rows["P"]) > 3
    rows = {name: torch.from_numpy(each) for name, each in sample.rows.items()}
    found = encoder({"P": features["P"][rows["P"]]}, sample.rounds, rows)
    for name, vertices in asked.items():
        expected = whole[name][vertices].detach().numpy()
        assert found[name].detach().numpy() == pytest.approx(expected, abs=1e-5)
    assert sample.places("P", np.array([39, 3])).tolist() == [2, 0]


def test_no_message_goes_along_a_hidden_edge(graph: TypedGraph) -> None:
    edges = graph.edges[KNOWS]
    sampler = Sampler(graph, [1000], mean=False, device=CPU)
    everyone: dict[str, Indexes] = {name: np.arange(n) for name, n in graph.counts.items()}
    hidden = {KNOWS: (edges.heads[:20], edges.tails[:20])}
    sample = sampler.sample(everyone, 1, np.random.default_rng(0), hidden)
    (round_,) = sample.rounds
    for kind, matrix in round_.matrices.items():
        seen = matrix.to_dense().numpy() > 0
        whole = graph.adjacency(kind.relation).toarray() > 0
        if kind.relation == KNOWS:
            whole[edges.heads[:20], edges.tails[:20]] = False
        assert np.array_equal(seen, whole if kind.reverse else whole.T)


def test_few_neighbours_stand_for_all(graph: TypedGraph) -> None:
    matrix = graph.adjacency(KNOWS)
    rows = np.array([0, 7, 7, 12])
    random = np.random.default_rng(0)
    drawn = [fan_out(matrix, rows, 2, random) for _ in range(3000)]
    assert all(np.bincount(each.row, minlength=4).max() <= 2 for each in drawn)
    mean = sum(each.tocsr() for each in drawn).toarray() / len(drawn)
    assert mean == pytest.approx(matrix[rows].toarray(), abs=0.15)
    lonely = sparse.csr_array((3, 5), dtype=np.float32)
    assert fan_out(lonely, np.array([1, 2]), 4, random).nnz == 0
