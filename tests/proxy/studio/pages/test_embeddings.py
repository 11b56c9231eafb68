"""The page of embeddings: points of a model, their groups, and their neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gremlin_python.statics import long
from studio import studio

import gremlink
from gremlink.proxy.store.records import Store
from tests.support.communities import write_communities


async def test_points_and_neighbours(factorised: Path, tmp_path: Path) -> None:
    Store(tmp_path / "store").create_endpoint("knows", factorised)
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
        assert "vertex=s%3Ap" in near.text  # neighbours are links, for the keyboard and to share
        for wrong in ("32", "-1", "x", ""):
            found = await site.get(f"/studio/embeddings/nearest?run=endpoint:knows&point={wrong}")
            assert found.status == 400
        gone = await site.get("/studio/embeddings?run=endpoint:knows&vertex=s:nobody")
        assert "came after the training" in gone.seen
        assert "no model" in (await site.get("/studio/embeddings?run=endpoint:x")).seen
        assert "use pca" in (await site.get("/studio/embeddings?picture=cube")).seen


async def test_groups_of_a_property_have_words_shapes_and_numbers(
    factorised: Path, tmp_path: Path
) -> None:
    Store(tmp_path / "store").create_endpoint("knows", factorised)
    start = "run=endpoint:knows&colour=property:group"
    async with studio(tmp_path, lambda query: []) as site:
        page = await site.get(f"/studio/embeddings?{start}")
        assert 'value="property:group" selected' in page.text
        legend = await site.fragment(f"/studio/embeddings/legend?{start}")
        assert legend.text.count("data-group=") == legend.text.count("data-shape=") >= 2
        near = await site.fragment(f"/studio/embeddings/nearest?{start}&point=0")
        assert "group: " in near.seen
        for part in ("legend", "points", "nearest"):
            address = f"/studio/embeddings/{part}?run=endpoint:knows&colour=property:x&point=0"
            assert (await site.get(address)).status == 400


async def test_a_vertex_is_found_without_scripts_and_without_a_database(
    factorised: Path, tmp_path: Path
) -> None:
    Store(tmp_path / "store").create_endpoint("knows", factorised)
    async with studio(tmp_path) as site:
        page = await site.get("/studio/embeddings?run=endpoint:knows&vertex=p3")
        assert "data-point=" in page.text


async def test_the_method_is_chosen(factorised: Path, tmp_path: Path) -> None:
    Store(tmp_path / "store").create_endpoint("knows", factorised)
    async with studio(tmp_path, lambda query: []) as site:
        page = await site.get("/studio/embeddings?run=endpoint:knows&method=ials")
        assert "data-point" not in page.text
        assert "by ials" in page.text
        page = await site.get("/studio/embeddings?run=endpoint:knows&method=rgcn")
        assert "no embeddings of 'rgcn': use ials" in page.seen


async def test_umap_that_is_absent_is_named_with_its_extra(
    factorised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path / "store").create_endpoint("knows", factorised)
    monkeypatch.setattr("gremlink.proxy.studio.pages.embeddings.has_umap", lambda: False)
    async with studio(tmp_path, lambda query: []) as site:
        page = await site.get("/studio/embeddings?run=endpoint:knows&picture=umap")
        assert "pip install 'gremlink[umap]'" in page.seen
        assert "UMAP (not installed)" in page.seen


async def test_a_model_without_embeddings_says_so(tmp_path: Path) -> None:
    write_communities(tmp_path / "export", people=12)
    gremlink.train(tmp_path / "export", tmp_path / "model", model="popularity", budget=1)
    Store(tmp_path / "store").create_endpoint("popular", tmp_path / "model")
    async with studio(tmp_path, lambda query: [long(1)]) as site:
        page = await site.get("/studio/embeddings?run=endpoint:popular")
        assert "no network and no factorisation" in page.seen
