"""Segments of vectors whose groups are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.segments import clustering
from gremlink.proxy.learning.segments.clustering import NONE, parted, segments


def groups(sizes: list[int], spread: float = 0.2, width: int = 12) -> tuple[Floats, Indexes]:
    """Points around a centre for each size, and the centre of each."""
    random = np.random.default_rng(5)
    centres = random.normal(size=(len(sizes), width))
    own = np.repeat(np.arange(len(sizes)), sizes)
    points = centres[own] + spread * random.normal(size=(len(own), width))
    return points.astype(np.float32), own


def pairs(found: Indexes) -> np.ndarray:
    return found[:, None] == found[None]


@pytest.mark.parametrize("count", [None, 3])
def test_groups_are_found_and_numbered_by_size(count: int | None) -> None:
    vectors, own = groups([20, 40, 30])
    found = segments(vectors, count)
    assert (found.count, found.without) == (3, 0)
    assert found.sizes.tolist() == [40, 30, 20]
    assert_array_equal(pairs(found.of), pairs(own))
    assert found.silhouette is not None
    assert found.silhouette > 0.6
    assert ("as asked" in found.reason) == (count is not None)


def test_equal_seeds_give_equal_segments() -> None:
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    first, again = segments(vectors, seed=3), segments(vectors, seed=3)
    assert_array_equal(first.of, again.of)
    assert first.reason == again.reason
    assert first.structure == "no substantial structure"


def test_directions_are_compared() -> None:
    vectors, own = groups([25, 35])
    lengths = np.random.default_rng(1).uniform(0.1, 9.0, (len(vectors), 1)).astype(np.float32)
    assert_array_equal(pairs(segments(vectors * lengths).of), pairs(own))


def test_vertices_between_dense_groups_have_none() -> None:
    vectors, own = groups([60, 50], spread=0.05)
    far = np.random.default_rng(2).normal(size=(4, vectors.shape[1]))
    space = np.concatenate([vectors, 5 * far])
    found = clustering._dense(space, 0)
    assert found is not None
    assert found.of[-4:].tolist() == [NONE] * 4
    assert_array_equal(pairs(found.of[:-4]), pairs(own))
    without = clustering._silhouette(space[:-4], found.of[:-4], 0)
    assert found.silhouette == pytest.approx(without * 110 / 114)
    assert found.describe() == "HDBSCAN with 2 segments, 4% of the vertices in none"


def test_a_sample_decides_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "SAMPLE", 60)
    vectors, own = groups([150, 100])
    for count in (None, 2):
        assert_array_equal(pairs(segments(vectors, count).of), pairs(own))


@pytest.mark.parametrize(
    ("vectors", "count", "segments_found", "why"),
    [
        (np.zeros((0, 4)), None, 0, "do not differ"),
        (np.zeros((1, 4)), 3, 1, "do not differ"),
        (np.zeros((40, 4)), None, 1, "do not differ"),
        (np.full((3, 2), np.nan), None, 1, "do not differ"),
        (np.zeros((3, 0)), 2, 1, "do not differ"),
        (np.eye(4), None, 1, "only 4 vertices"),
        (np.eye(4), 9, 4, "no more vertices differ"),
        (np.eye(4), 1, 1, "as asked"),
    ],
)
def test_few_and_equal_vectors(
    vectors: Floats, count: int | None, segments_found: int, why: str
) -> None:
    found = segments(vectors.astype(np.float32), count)
    assert found.count == segments_found
    assert why in found.reason
    assert len(found.of) == len(vectors)


def test_the_cheap_way_finds_the_same_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, own = groups([20, 40, 30])
    assert_array_equal(parted(vectors, 12), parted(vectors, 12))
    finest = parted(vectors, 12)
    assert all(len(set(own[finest == each].tolist())) == 1 for each in set(finest.tolist()))
    monkeypatch.setattr(clustering, "SAMPLE", 30)
    sampled = parted(vectors, 12)
    assert all(len(set(own[sampled == each].tolist())) == 1 for each in set(sampled.tolist()))
    for few in (np.zeros((0, 3)), np.zeros((5, 3)), np.eye(4)):
        assert len(set(parted(few.astype(np.float32), 9).tolist())) == len(np.unique(few, axis=0))


def test_many_equal_vectors_among_others() -> None:
    random = np.random.default_rng(4)
    lonely = np.zeros((200, 6), np.float32)
    found = segments(np.concatenate([lonely, random.normal(size=(30, 6)).astype(np.float32)]))
    assert len(set(found.of[:200].tolist())) == 1
