"""When training reads samples, where it computes, and that it learns all the same."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
import pytest
import torch

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.fitting import fit
from gremlink.proxy.learning.models.gnn import mini_batches
from gremlink.proxy.learning.models.gnn.mini_batches import Sampling, device_for, samples
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings
from gremlink.proxy.learning.models.property_network import fit_property
from gremlink.proxy.learning.trained.target import Form, Subjects

CPU = torch.device("cpu")
KNOWS = Relation("P", "knows", "P")
PEOPLE, GROUPS = 60, 3
SAMPLED = Sampling(mini_batches="always", batch_size=64, fan_outs=(3, 3))
SETTINGS = FitSettings(EncoderSettings(width=16), epochs=15, learning_rate=0.03, sampling=SAMPLED)


@pytest.fixture(scope="module")
def graph() -> TypedGraph:
    """People who know others of their group."""
    random = np.random.default_rng(0)
    heads, tails = random.integers(0, PEOPLE, (2, 1500))
    near = heads % GROUPS == tails % GROUPS
    return TypedGraph(
        {"P": PEOPLE}, {KNOWS: distinct_edges(heads[near], tails[near], same_type=True)}
    )


def test_links_are_learned_from_samples(graph: TypedGraph) -> None:
    checkpoints = list(fit(graph, [KNOWS], SETTINGS, 0))
    assert [each.epoch for each in checkpoints] == list(range(1, 16))
    assert checkpoints[-1].loss < checkpoints[0].loss
    scores = checkpoints[-1].embeddings().scorer(KNOWS).scores(np.arange(PEOPLE), "out")
    mates = np.arange(PEOPLE)[:, None] % GROUPS == np.arange(PEOPLE) % GROUPS
    np.fill_diagonal(scores, np.nan)
    assert np.nanmean(scores[mates]) > np.nanmean(scores[~mates]) + 2 * np.nanstd(scores[~mates])


def test_equal_seeds_are_equal(graph: TypedGraph) -> None:
    def vertices(seed: int) -> np.ndarray:
        (last,) = deque(fit(graph, [KNOWS], replace(SETTINGS, epochs=2), seed), maxlen=1)
        return last.embeddings().vertices["P"]

    assert np.array_equal(vertices(1), vertices(1))
    assert not np.array_equal(vertices(1), vertices(2))


def test_classes_are_learned_from_samples(graph: TypedGraph) -> None:
    truth = np.eye(GROUPS, dtype=np.float32)[np.arange(PEOPLE) % GROUPS]
    known = np.arange(0, PEOPLE, 2)
    subjects = Subjects((known,), np.zeros((len(known), 0), np.float32))
    found = fit_property(
        graph, ("P",), subjects, truth[known], Form.ONE_CLASS,
        replace(SETTINGS, epochs=30, sampling=replace(SAMPLED, batch_size=8)), 0, remembers=True,
    )  # fmt: skip
    (last,) = deque(found, maxlen=1)
    others = np.arange(1, PEOPLE, 2)
    said = last.head().raw(Subjects((others,), np.zeros((len(others), 0), np.float32)))
    assert (said.argmax(axis=1) == others % GROUPS).mean() > 0.8


def test_samples_are_for_what_does_not_fit(
    graph: TypedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not samples(graph, 64, 2, Sampling(), CPU)
    assert samples(graph, 64, 2, SAMPLED, CPU)
    large = TypedGraph({"P": 3_000_000}, {KNOWS: Edges(np.zeros(1, int), np.ones(1, int))})
    assert samples(large, 64, 2, Sampling(), CPU)
    assert not samples(large, 64, 2, Sampling(mini_batches="never"), CPU)
    assert samples(graph, 64, 2, Sampling(mini_batches="never"), torch.device("cuda"))


def test_a_gpu_is_used_where_there_is_one_and_it_pays(
    graph: TypedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_for(graph, Sampling()) == CPU
    with pytest.raises(ValueError, match="no GPU here"):
        device_for(graph, Sampling(device="cuda"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_for(graph, Sampling()) == CPU
    assert device_for(graph, Sampling(device="cuda")).type == "cuda"
    monkeypatch.setattr(mini_batches, "WORTH_A_GPU", 100)
    assert device_for(graph, Sampling()).type == "cuda"
    assert device_for(graph, Sampling(device="cpu")) == CPU
