"""Popularity inside segments: counted by hand, on links of the training alone, within its share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from communities import write_communities
from numpy.testing import assert_allclose

from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.segment_popularity import SegmentPopularity
from gremlink.proxy.learning.links.training.experiment import LinkExperiment
from gremlink.proxy.learning.methods import SEGMENT_POPULARITY
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train_links import load_dataset

LIKES = Relation("P", "likes", "T")
PEOPLE, THINGS = 60, 12


def two_groups(seed: int = 0) -> TypedGraph:
    """Even people like even things, odd ones odd things; the first two people like nothing."""
    random = np.random.default_rng(seed)
    liked = np.add.outer(np.arange(PEOPLE), np.arange(THINGS)) % 2 == 0
    liked &= random.random(liked.shape) < 0.6
    liked[:2] = False
    return TypedGraph({"P": PEOPLE, "T": THINGS}, {LIKES: Edges(*np.nonzero(liked))})


def test_scores_are_the_links_of_the_segment() -> None:
    graph = two_groups()
    found = SegmentPopularity.fit(graph, LIKES)
    for end in DIRECTIONS:
        links = graph.adjacency(LIKES).toarray()
        links = links if end == "out" else links.T
        segments = found._segments[end]
        every = np.arange(len(links))
        scores = found.scores(every, end)
        assert scores.dtype == np.float32
        counts = np.array([links[segments == segments[source]].sum(axis=0) for source in every])
        popular = links.sum(axis=0) / (1.0 + links.sum(axis=0).max())
        assert_allclose(scores, counts + popular, atol=1e-4)
    own = np.argsort(-found.scores(np.array([2, 3]), "out"), axis=1)[:, :3]
    assert (own % 2 == [[0], [1]]).all()
    (lonely,) = found.scores(np.array([0]), "out")
    assert lonely.argmax() == graph.adjacency(LIKES).sum(axis=0).argmax()
    assert lonely.max() < 1.0  # what is popular in all of the graph is all that is left


def test_it_applies_where_two_segments_have_room() -> None:
    few = TypedGraph({"P": 9, "T": 60}, {LIKES: Edges(np.arange(9), np.arange(9))})
    assert not SegmentPopularity.applies(few, LIKES)
    assert SegmentPopularity.applies(two_groups(), LIKES)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> LinkExperiment:
    export = write_communities(tmp_path_factory.mktemp("export"), people=60, only="knows")
    return LinkExperiment(load_dataset(export), "popularity", TrainingSettings(), 0, unheard)


def test_held_out_links_are_ranked_by_the_links_of_the_training(
    experiment: LinkExperiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that is held out is in no segment and in no count: it would rank its own target."""
    (relation,) = experiment.relations
    graph = experiment.dataset.graph
    edges = graph.edges[relation]
    keep = np.arange(len(edges)) % 4 > 0
    without = graph.replacing({relation: edges.select(keep)})
    held_out = {relation: edges.select(~keep)}
    fitted: list[TypedGraph] = []
    fit = SegmentPopularity.fit

    def spied(given: TypedGraph, asked: Relation) -> SegmentPopularity:
        fitted.append(given)
        return fit(given, asked)

    monkeypatch.setattr(SegmentPopularity, "fit", spied)
    found = experiment.baseline_ranks(without, held_out)[SEGMENT_POPULARITY]
    assert fitted == [without]
    assert {end: len(found[relation, end]) for end in DIRECTIONS} == dict.fromkeys(
        DIRECTIONS, len(held_out[relation])
    )
    leaking = experiment.baseline_ranks(graph, held_out)[SEGMENT_POPULARITY]
    assert np.mean(leaking[relation, "out"]) < np.mean(found[relation, "out"])


def test_it_is_left_out_where_it_would_take_more_than_its_share(
    experiment: LinkExperiment, tmp_path: Path
) -> None:
    assert experiment.baselines == (SEGMENT_POPULARITY,)
    small = LinkExperiment(
        experiment.dataset, "popularity", replace(experiment.settings, budget=0.01), 0, unheard
    )
    assert small.baselines == ()
    assert small.baseline_ranks(experiment.dataset.graph, {}) == {}
    few = load_dataset(write_communities(tmp_path / "few", people=9, only="knows"))
    assert LinkExperiment(few, "auto", TrainingSettings(), 0, unheard).baselines == ()
