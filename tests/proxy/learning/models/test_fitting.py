from __future__ import annotations

from collections import deque

import numpy as np
import pytest
import torch

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    FeatureBlock,
    Features,
    Relation,
    TypedGraph,
    distinct_edges,
)
from gremlink.proxy.learning.models import ranking_task
from gremlink.proxy.learning.models.adam import Adam
from gremlink.proxy.learning.models.decoder import DistMultDecoder
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.fitting import fit
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings
from gremlink.proxy.learning.models.ranking_task import RankingTask
from gremlink.proxy.learning.trained.embeddings import averaged

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")
SMALL = FitSettings(EncoderSettings(width=16), epochs=30)


@pytest.fixture
def graph() -> TypedGraph:
    random = np.random.default_rng(0)
    people = random.integers(0, 30, (150, 2))
    people = people[people[:, 0] % 2 == people[:, 1] % 2]
    likes = np.stack([random.integers(0, 30, 60), random.integers(0, 6, 60)], axis=1)
    likes = likes[likes[:, 0] % 2 == likes[:, 1] % 2]
    values = np.eye(2, dtype=np.float32)[np.arange(30) % 2]
    return TypedGraph(
        {"P": 30, "T": 6},
        {
            KNOWS: distinct_edges(*people.T, same_type=True),
            LIKES: distinct_edges(*likes.T, same_type=False),
        },
        {"P": Features(values, (FeatureBlock("group", "category", 0, 2),))},
    )


def test_the_loss_falls(graph: TypedGraph) -> None:
    losses = [checkpoint.loss for checkpoint in fit(graph, [KNOWS, LIKES], SMALL, 0)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_equal_seeds_are_equal_and_others_are_not(graph: TypedGraph) -> None:
    def vertices(seed: int) -> np.ndarray:
        (last,) = deque(fit(graph, [KNOWS], SMALL, seed), maxlen=1)
        return last.embeddings().vertices["P"]

    assert np.array_equal(vertices(1), vertices(1))
    assert not np.array_equal(vertices(1), vertices(2))


def test_numpy_scores_are_those_of_the_decoder(graph: TypedGraph) -> None:
    torch.manual_seed(0)
    decoder = DistMultDecoder([KNOWS, LIKES], 8)
    with torch.no_grad():
        decoder.biases.normal_()
        decoder.diagonals.normal_()
    state = {"P": torch.randn(30, 8), "T": torch.randn(6, 8)}
    embeddings = decoder.embeddings(state)
    for relation in (KNOWS, LIKES):
        for direction in DIRECTIONS:
            queries, candidates = decoder.ends(state, relation, direction)
            expected = (queries @ candidates.T).detach().numpy()
            sources = np.arange(len(expected))
            found = embeddings.scorer(relation).scores(sources, direction)
            assert found == pytest.approx(expected, abs=1e-5)


def test_averaged_networks_score_the_mean(graph: TypedGraph) -> None:
    several = []
    for seed in range(3):
        (last,) = deque(fit(graph, [LIKES], SMALL, seed), maxlen=1)
        several.append(last.embeddings())
    sources = np.arange(30)
    for direction in DIRECTIONS:
        asked = sources if direction == "out" else np.arange(6)
        expected = np.mean(
            [each.scorer(LIKES).scores(asked, direction) for each in several], axis=0
        )
        found = averaged(several).scorer(LIKES).scores(asked, direction)
        assert found == pytest.approx(expected, abs=1e-4)


def test_the_loss_is_the_filtered_soft_max(graph: TypedGraph) -> None:
    task = RankingTask(graph, KNOWS)
    decoder = DistMultDecoder([KNOWS], 8)
    state = {"P": torch.randn(30, 8)}
    edges = graph.edges[KNOWS]
    hidden = task.hide(np.random.default_rng(0), 0.3)
    assert hidden.sum() == round(0.3 * len(edges))
    found = task.loss(decoder, state, hidden, "out", np.random.default_rng(0))
    queries, candidates = decoder.ends(state, KNOWS, "out")
    logits = (queries @ candidates.T).detach().double().numpy()
    links = graph.adjacency(KNOWS).toarray() > 0
    expected = []
    for head, tail in zip(edges.heads[hidden], edges.tails[hidden], strict=True):
        competing = ~links[head]
        competing[head] = False
        competing[tail] = True
        row = logits[head]
        expected.append(np.log(np.exp(row[competing]).sum()) - row[tail])
    assert float(found.detach()) == pytest.approx(np.mean(expected), rel=1e-4)


def test_a_sampled_loss_estimates_the_full_one(
    graph: TypedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = RankingTask(graph, KNOWS)
    decoder = DistMultDecoder([KNOWS], 8)
    state = {"P": torch.randn(30, 8, generator=torch.Generator().manual_seed(0))}
    random = np.random.default_rng(0)
    hidden = task.hide(random, 0.5)
    full = float(task.loss(decoder, state, hidden, "in", random).detach())
    monkeypatch.setattr(ranking_task, "LOGITS", 300)
    sampled = [float(task.loss(decoder, state, hidden, "in", random).detach()) for _ in range(200)]
    assert np.std(sampled) > 0
    assert np.mean(sampled) == pytest.approx(full, rel=0.1)


def test_steps_are_those_of_the_library() -> None:
    start = torch.randn(5)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimizer = torch.optim.AdamW([theirs], lr=0.1, weight_decay=0.01)
    adam = Adam([ours], learning_rate=0.1, weight_decay=0.01)
    for _ in range(5):
        adam.step((ours**3).sum())
        optimizer.zero_grad()
        torch.autograd.backward((theirs**3).sum())
        optimizer.step()
    assert ours.detach().numpy() == pytest.approx(theirs.detach().numpy(), abs=1e-6)
