"""Points of a model: one for each vertex, found by its id; pictures that need an extra."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gremlink.proxy.studio.plane.places import PCA, TSNE, UMAP, NotInstalled, placed, sampled


@pytest.mark.parametrize("picture", [PCA, TSNE])
def test_every_vertex_has_a_point(factorised: Path, picture: str) -> None:
    sample, points = sampled(factorised, picture), placed(factorised, picture)
    assert points.shape == (32, 2)
    assert np.abs(points).max() == pytest.approx(1.0)
    assert sample.share == 1.0
    for point in range(32):
        assert sample.point_of(sample.id_of(point)) == point
    assert placed(factorised, picture) is points


def test_umap_is_asked_with_what_it_can_do(
    factorised: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    class Stub:
        def __init__(self, **given: Any) -> None:
            asked.update(given)

        def fit_transform(self, table: Any) -> Any:
            return np.asarray(table[:, :2])

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Stub))
    assert placed(factorised, UMAP).shape == (32, 2)
    assert asked == {"n_neighbors": 15, "init": "spectral", "random_state": 0}


def test_umap_that_is_absent_is_an_error_with_the_extra(
    factorised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    shutil.copytree(factorised, tmp_path / "other")
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(NotInstalled, match=r"gremlink\[umap\]"):
        placed(tmp_path / "other", UMAP)


def test_a_picture_of_many_vertices_is_a_sample(
    factorised: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gremlink.proxy.studio.plane.places.MOST_POINTS", {PCA: 8})
    sample = sampled(factorised, PCA)
    assert len(sample) == 8
    assert sample.share == 0.25
    shown = {sample.id_of(point) for point in range(8)}
    hidden = [id for ids in sample.embeddings.stored.ids.values() for id in ids if id not in shown]
    assert len(hidden) == 24
    assert all(sample.point_of(id) is None for id in hidden)
