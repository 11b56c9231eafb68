from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders.profiles import Profiles, stored
from gremlink.proxy.learning.links.scorers.recommenders.pure_svd import (
    SCALE,
    Decomposition,
    PureSvd,
    SvdSetting,
    leading,
)

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")


def likes() -> TypedGraph:
    heads, tails = np.nonzero(np.random.default_rng(0).random((60, 40)) < 0.4)
    return TypedGraph({"P": 60, "T": 40}, {LIKES: Edges(heads, tails)})


def test_leading_vectors_are_those_of_lapack() -> None:
    random = np.random.default_rng(2)
    matrix = random.standard_normal((300, 12)) @ random.standard_normal((12, 200))
    matrix *= random.random((300, 200)) < 0.3
    matrix[7] = matrix[:, 9] = 0.0
    left, values, right = leading(sparse.csr_array(matrix.astype(np.float32)), 10)
    _, exact, _ = np.linalg.svd(matrix)
    assert values == pytest.approx(exact[:10], rel=0.02)
    assert left.T @ left == pytest.approx(np.eye(10), abs=1e-3)
    best = np.linalg.norm(matrix) ** 2 - (exact[:10] ** 2).sum()
    assert np.linalg.norm(matrix - left * values @ right.T) ** 2 < 1.01 * best


@pytest.mark.parametrize("direction", ["out", "in"])
def test_powers_scale_values_and_candidates(direction: str) -> None:
    graph = likes()
    links = graph.adjacency(LIKES).toarray().astype(np.float64)
    links = links if direction == "out" else links.T
    rows, columns = links.sum(axis=1)[:, None], links.sum(axis=0)
    scaled = links / rows**SCALE / columns**SCALE
    _, values, right = np.linalg.svd(scaled, full_matrices=False)
    setting = SvdSetting(39, 1.0, 0.25, "directed")
    scorer = Decomposition.of(graph, LIKES, "directed", 39).scorer(setting)
    found = scorer.scores(np.arange(len(links)), direction)
    given = links / columns**SCALE
    expected = given @ right[:39].T * values[:39] @ right[:39] / columns**0.25
    assert found == pytest.approx(expected, abs=1e-3)


def test_both_directions_come_from_one_decomposition() -> None:
    random = np.random.default_rng(3)
    heads, tails = np.nonzero(np.triu(random.random((50, 50)) < 0.2, 1))
    graph = TypedGraph({"P": 50}, {KNOWS: Edges(heads, tails)})
    turned = TypedGraph({"P": 50}, {KNOWS: Edges(tails, heads)})
    setting = SvdSetting(40, 0.5, 0.25, "directed")
    found, other = (
        Decomposition.of(each, KNOWS, "directed", 40).scorer(setting) for each in (graph, turned)
    )
    sources = np.arange(50)
    assert found.scores(sources, "in") == pytest.approx(other.scores(sources, "out"), abs=1e-3)


def test_vectors_of_earlier_versions_project() -> None:
    graph = likes()
    links = graph.adjacency(LIKES).toarray().astype(np.float64)
    _, _, right = np.linalg.svd(links, full_matrices=False)
    profiles = {end: Profiles.build(graph, LIKES, end, "directed") for end in ("out", "in")}
    vectors = {"out": right[:8].T.astype(np.float32), "in": np.zeros((60, 8), np.float32)}
    tensors = {name: each for name, each in stored(vectors, profiles).items() if name != "view"}
    found = PureSvd.restore(graph, LIKES, tensors).scores(np.arange(60), "out")
    assert found == pytest.approx(links @ right[:8].T @ right[:8], abs=1e-3)


def test_the_rank_and_the_powers_are_chosen() -> None:
    """Twelve tastes: fewer vectors do not tell them apart."""
    random = np.random.default_rng(1)
    taste, kind = np.arange(240) % 12, np.arange(180) % 12
    likely = np.where(taste[:, None] == kind, 0.5, 0.01)
    heads, tails = np.nonzero(random.random((240, 180)) < likely)
    scorer = PureSvd.fit(TypedGraph({"P": 240, "T": 180}, {LIKES: Edges(heads, tails)}), LIKES)
    assert scorer.tensors()["out"].shape[1] >= 12
    found = scorer.scores(np.arange(24), "out")
    ours = taste[:24, None] == kind
    assert found[ours].mean() > 3.0 * np.abs(found[~ours]).mean()
