"""Factors of linear models: those of the whole matrix of scores, which is small here."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers import FITTED
from gremlink.proxy.learning.links.scorers.recommenders.candidate_factors import candidate_factors
from gremlink.proxy.learning.links.scorers.recommenders.linear import LinearScorer

LIKES = Relation("P", "likes", "T")


@pytest.mark.parametrize("name", ["ease", "item-knn"])
def test_factors_are_singular_vectors_of_the_scores(name: str) -> None:
    random = np.random.default_rng(3)
    linked = random.random((40, 15)) < 0.2
    linked[:, 0] = False  # never linked, and so never predicted
    graph = TypedGraph({"P": 40, "T": 15}, {LIKES: Edges(*np.nonzero(linked))})
    scorer = FITTED[name].fit(graph, LIKES)
    assert isinstance(scorer, LinearScorer)
    for end in DIRECTIONS:
        sources = graph.counts[LIKES.source_type(end)]
        scores = scorer.scores(np.arange(sources), end).astype(np.float64)
        factors = candidate_factors(scorer, end).astype(np.float64)
        assert len(factors) == graph.counts[LIKES.target_type(end)]
        expected = scores.T @ scores  # is V S² Vᵀ
        assert_allclose(factors @ factors.T, expected, atol=1e-3 * np.abs(expected).max())
    assert not candidate_factors(scorer, "out")[0].any()


def test_nothing_is_predicted() -> None:
    graph = TypedGraph({"P": 4, "T": 3}, {LIKES: Edges(np.zeros(0, int), np.zeros(0, int))})
    scorer = FITTED["item-knn"].fit(graph, LIKES)
    assert isinstance(scorer, LinearScorer)
    assert not candidate_factors(scorer, "out").any()
