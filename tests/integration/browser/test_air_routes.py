"""Every page on a graph of 3,748 vertices and 57,538 edges, without a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

from air_routes import AIRPORTS, EDGES, HUB, ROUTES, SCRIPT, VERTICES
from gremlin_python.driver.client import Client
from studio import studio

from gremlink.proxy.studio.pages import PAGES


def fill(url: str) -> None:
    client = Client(url, "g")
    try:
        client.submit(SCRIPT).all().result()
    finally:
        client.close()


async def test_every_page_shows_air_routes(empty_graph: str, tmp_path: Path) -> None:
    await asyncio.to_thread(fill, empty_graph)
    async with studio(tmp_path, upstream={"url": empty_graph}) as site:
        for page in PAGES:
            shown = await site.get(page.address)
            assert shown.status == 200, shown.seen
            assert "failed" not in shown.seen
        counted = (await site.fragment("/studio/home/database")).seen
        for number in (VERTICES, EDGES, AIRPORTS, ROUTES):
            assert f"{number:,}" in counted
        schema = await site.fragment("/studio/graph/schema")
        assert f"{ROUTES:,}" in schema.seen
        found = await site.fragment("/studio/vertices?text=hartsfield")
        assert "Town 0 airport · 1000" in found.seen
        around = await site.get("/studio/graph?vertex=s:1000")
        assert HUB in around.seen
        assert "more" in around.seen
        assert around.seen.count("Town ") > 20
        form = await site.get("/studio/train?element=%5B%22airport%22%5D&what=runways")
        assert "city" in form.seen
        nobody = await site.get("/studio/graph?vertex=i:1000")
        assert "no vertex '1000'" in nobody.seen
