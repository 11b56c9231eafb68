"""Candidates near the sources: which they are, and that the loss does not count them twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import sparse

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Relation,
    TypedGraph,
    distinct_edges,
)
from gremlink.proxy.learning.models import ranking_task
from gremlink.proxy.learning.models.decoder import DistMultDecoder
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.fitting import fit
from gremlink.proxy.learning.models.gnn.mini_batches import Sampling
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings
from gremlink.proxy.learning.models.hard_negatives import near_candidates
from gremlink.proxy.learning.models.ranking_task import RankingTask
from gremlink.proxy.learning.settings import TrainingSettings

LIKES = Relation("P", "likes", "T")
PEOPLE, THINGS, GROUPS = 60, 300, 3


@pytest.fixture(scope="module")
def graph() -> TypedGraph:
    """People like things of their own group."""
    random = np.random.default_rng(0)
    people, things = random.integers(0, PEOPLE, 2000), random.integers(0, THINGS, 2000)
    near = people % GROUPS == things % GROUPS
    edges = distinct_edges(people[near], things[near], same_type=False)
    return TypedGraph({"P": PEOPLE, "T": THINGS}, {LIKES: edges})


def test_walks_of_three_edges_by_hand() -> None:
    """0 likes a and b, 1 likes b and c, 2 likes d: from 0 a walk ends at a, b or c, never at d."""
    links = sparse.csr_array(np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], np.float32))
    random = np.random.default_rng(0)
    back = links.T.tocsr()
    assert near_candidates(links, back, np.array([0]), 50, random).tolist() == [0, 1, 2]
    assert near_candidates(links, back, np.array([2]), 50, random).tolist() == [3]
    assert len(near_candidates(links, back, np.array([0, 2]), 2, random)) == 2
    nobody = sparse.csr_array((1, 4), dtype=np.float32)
    assert not len(near_candidates(nobody, nobody.T.tocsr(), np.array([0]), 50, random))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_sample_is_near_as_far_as_it_was_asked_for(
    graph: TypedGraph, direction: Direction
) -> None:
    random = np.random.default_rng(0)
    task = RankingTask(graph, LIKES, 0.5)
    hidden = np.zeros(len(task), np.bool_)
    sources, _ = graph.edges[LIKES].ends(direction)
    hidden[sources % GROUPS == 1] = True
    asked = task.questions(hidden, direction, random, most_candidates=20)
    assert len(asked.pool) == len(set(asked.pool)) == 20
    assert 0 < asked.near <= 10
    assert (asked.pool[: asked.near] % GROUPS == 1).all()
    assert {0, 2} <= set(asked.pool[asked.near :] % GROUPS), "the others are drawn from all"


def test_where_all_compete_none_are_chosen(graph: TypedGraph) -> None:
    task = RankingTask(graph, LIKES, 0.5)
    hidden = task.hide(np.random.default_rng(0), 0.5)
    asked = task.questions(hidden, "out", np.random.default_rng(0))
    assert (asked.near, asked.pool.tolist()) == (0, list(range(THINGS)))


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_the_loss_still_estimates_the_full_one(
    graph: TypedGraph, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    """Near candidates that score high: counted like those that were drawn, they would count too
    much."""
    decoder = DistMultDecoder([LIKES], 4)
    axes = torch.eye(4)
    state = {
        "P": 2.0 * axes[torch.arange(PEOPLE) % GROUPS],
        "T": axes[torch.arange(THINGS) % GROUPS] + 0.01 * axes[3],
    }
    task = RankingTask(graph, LIKES, share)
    hidden = np.zeros(len(task), np.bool_)
    hidden[graph.edges[LIKES].heads % GROUPS == 0] = True
    random = np.random.default_rng(0)
    full = float(task.loss(decoder, state, hidden, "out", random).detach())
    monkeypatch.setattr(ranking_task, "LOGITS", 20 * 60)
    sampled = [float(task.loss(decoder, state, hidden, "out", random).detach()) for _ in range(100)]
    assert np.mean(sampled) == pytest.approx(full, rel=0.03)


def test_without_them_the_draws_are_what_they_were(graph: TypedGraph) -> None:
    task = RankingTask(graph, LIKES)
    hidden = task.hide(np.random.default_rng(0), 0.5)
    asked = task.questions(hidden, "out", np.random.default_rng(7), most_candidates=40)
    expected = np.sort(np.random.default_rng(7).permutation(THINGS)[:40])
    assert (asked.near, asked.pool.tolist()) == (0, expected.tolist())


def test_a_network_learns_with_them(graph: TypedGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gremlink.proxy.learning.models.link_network.POOL", 40)
    sampling = Sampling(mini_batches="always", batch_size=64, fan_outs=(3, 3))
    settings = FitSettings(
        EncoderSettings(width=16), epochs=15, learning_rate=0.03, sampling=sampling
    )
    with_them = list(fit(graph, [LIKES], replace(settings, hard_negatives=0.5), 0))
    without = list(fit(graph, [LIKES], settings, 0))
    assert with_them[-1].loss < with_them[0].loss
    assert with_them[-1].loss != without[-1].loss
    scores = with_them[-1].embeddings().scorer(LIKES).scores(np.arange(PEOPLE), "out")
    own = np.arange(PEOPLE)[:, None] % GROUPS == np.arange(THINGS) % GROUPS
    assert scores[own].mean() > scores[~own].mean() + scores[~own].std()


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_leaves_nothing_to_draw_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="hard_negatives is"):
        TrainingSettings(hard_negatives=share)
