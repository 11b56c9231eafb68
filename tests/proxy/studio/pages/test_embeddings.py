"""The page of embeddings: points of a model in the order of its vertices, and their neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gremlin_python.statics import long
from studio import studio

import gremlink
from gremlink.proxy.store.records import Store
from gremlink.proxy.studio.places import PCA, TSNE, placed
from tests.support.communities import write_communities


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("model")
    write_communities(here / "export")
    gremlink.train(here / "export", here / "artifact", model="ials", budget=1)
    return here / "artifact"


@pytest.mark.parametrize("method", [PCA, TSNE])
def test_every_vertex_has_a_point(artifact: Path, method: str) -> None:
    space = placed(artifact, method)
    assert space.points.shape == (32, 2)
    assert np.abs(space.points).max() == pytest.approx(1.0)
    assert space.share == 1.0
    for point in range(32):
        assert space.point_of(space.id_of(point)) == point
    assert placed(artifact, method) is space


async def test_points_and_neighbours(artifact: Path, tmp_path: Path) -> None:
    Store(tmp_path / "store").create_endpoint("knows", artifact)
    async with studio(tmp_path, lambda query: []) as site:
        page = await site.get("/studio/embeddings")
        assert "ials" in page.text
        async with site.session.get(
            f"{site.address}/studio/embeddings/points?run=endpoint:knows"
        ) as answer:
            content = await answer.read()
        assert len(content) == 32 * 9
        assert np.frombuffer(content[: 32 * 8], "<f4").max() <= 1.0
        near = await site.fragment("/studio/embeddings/nearest?run=endpoint:knows&point=0")
        assert "p0" in near.seen
        for wrong in ("32", "-1", "x", ""):
            found = await site.get(f"/studio/embeddings/nearest?run=endpoint:knows&point={wrong}")
            assert found.status == 400
        gone = await site.get("/studio/embeddings?run=endpoint:knows&vertex=s:nobody")
        assert "came after the training" in gone.seen
        assert "no model" in (await site.get("/studio/embeddings?run=endpoint:x")).seen


async def test_a_model_without_embeddings_says_so(tmp_path: Path) -> None:
    write_communities(tmp_path / "export", people=12)
    gremlink.train(tmp_path / "export", tmp_path / "model", model="popularity", budget=1)
    Store(tmp_path / "store").create_endpoint("popular", tmp_path / "model")
    async with studio(tmp_path, lambda query: [long(1)]) as site:
        page = await site.get("/studio/embeddings?run=endpoint:popular")
        assert "no network and no factorisation" in page.seen
