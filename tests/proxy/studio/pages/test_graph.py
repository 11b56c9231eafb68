"""The page Graph: schema, neighbourhoods and properties, of a database that answers as told."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from gremlin_python.statics import long
from studio import Page, studio

from gremlink.proxy.studio.errors import QueryRefused

HOSTILE = "<img src=x onerror=alert(1)> \"'` 😀 " + "y" * 500
LABEL = "Ü & <b>"


def named(id: Any) -> dict[str, Any]:
    return {"id": id, "label": LABEL, "properties": [{"key": "name", "value": HOSTILE}]}


def database(query: str) -> Sequence[Any]:
    """Answer as a graph in which `l:1` has three edges to vertices with hostile texts."""
    if "groupCount()" in query:
        ends = {"source": LABEL, "label": HOSTILE, "target": LABEL}
        return [{"key": LABEL if "g.V()" in query else ends, "count": long(7)}]
    if "bothE(" in query or "outE(" in query:
        others = ["1", HOSTILE, long(2)]
        since = [{"key": "since", "value": 1999}]
        rows = [
            {"source": long(1), "label": "knows", "target": each, "properties": since}
            for each in others
        ]
        limit = int(re.findall(r"limit\((\d+)\)", query)[0])
        return rows[:limit]
    if ".map(" in query:
        return [[{"key": "name", "value": HOSTILE}, {"key": "tags", "value": "a"}, TAG, MOMENT]]
    if "project('id', 'label', 'properties')" in query:
        if "V(9L)" in query:
            return []
        ids = [long(1), "1", HOSTILE, long(2)]
        return [named(each) for each in ids if _asked(each, query)]
    return []


TAG = {"key": "tags", "value": "b"}
MOMENT = {"key": "when", "value": {"@type": "g:Date", "@value": "2020-01-02"}}


def _asked(id: Any, query: str) -> bool:
    start = query.split(".limit(")[0]
    if isinstance(id, int):
        return bool(re.search(rf"[(, ]{int(id)}L", start))
    return "'1'" in start if id == "1" else "onerror" in start


def picture(page: Page, name: str) -> Any:
    (found,) = re.findall(rf'<div hidden id="{name}">(.*?)</div>', page.text)
    return json.loads(found)


async def test_the_schema_is_a_picture_and_tables(tmp_path: Path) -> None:
    async with studio(tmp_path, database) as site:
        assert "Counting vertices" in (await site.get("/studio/graph")).seen
        assert not site.asked, "the page itself waits for nothing"
        page = await site.fragment("/studio/graph/schema")
        assert "7 vertices by label" in page.seen
        assert HOSTILE in page.seen
        assert "<img" not in page.text
        drawn = picture(page, "schema-graph")
        assert [each["name"] for each in drawn["vertices"]] == [LABEL]
        assert [each["note"] for each in drawn["edges"]] == ["7"]
        asked = len(site.asked)
        assert "7 vertices by label" in (await site.get("/studio/graph")).seen
        assert len(site.asked) == asked, "the counts are remembered"
        assert "<h1>Graph</h1>" in (await site.get("/studio/graph/schema")).text


async def test_a_neighbourhood_is_a_picture_and_lists(tmp_path: Path) -> None:
    async with studio(tmp_path, database) as site:
        page = await site.get("/studio/graph?vertex=l:1")
        assert page.status == 200
        assert "<img src=x" not in page.text
        drawn = picture(page, "neighbourhood-graph")
        assert {each["id"] for each in drawn["vertices"]} == {"l:1", "s:1", f"s:{HOSTILE}", "l:2"}
        assert [(each["source"], each["predicted"]) for each in drawn["edges"]] == [
            ("l:1", False)
        ] * 3
        assert "4 vertices" in page.seen
        assert "3 edges" in page.seen
        assert page.seen.count("since 1999") == 3
        assert "tags a , b" in page.seen
        assert "2020-01-02" in page.seen
        assert all("limit(" in query for query in site.asked)


async def test_a_hub_shows_some_edges_and_says_so(tmp_path: Path) -> None:
    async with studio(tmp_path, database) as site:
        page = await site.get("/studio/graph?vertex=l:1&limit=2&direction=out&edge=knows")
        assert "2 edges" in page.seen
        assert "has more edges than are shown" in page.seen
        assert any("outE('knows').limit(3)" in query for query in site.asked)


async def test_expanding_keeps_the_address(tmp_path: Path) -> None:
    async with studio(tmp_path, database) as site:
        page = await site.get("/studio/graph?vertex=l:1&limit=2")
        links = [unescape(each) for each in re.findall('href="([^"]*expand=[^"]*)"', page.text)]
        assert "/studio/graph?vertex=l%3A1&limit=2&expand=s%3A1" in links
        fragment = await site.fragment(links[0])
        assert fragment.text.lstrip().startswith('<div id="list"')
        assert any("V('1').bothE" in query for query in site.asked)


async def test_expanding_ends_somewhere(tmp_path: Path) -> None:
    more = "".join(f"&expand=l:{number}" for number in range(2, 40))
    async with studio(tmp_path, database) as site:
        page = await site.get(f"/studio/graph?vertex=l:1{more}")
        assert "20 vertices are expanded" in page.seen
        assert "data-expand" not in page.text
        assert len([query for query in site.asked if "bothE(" in query]) == 20


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("vertex=l:1&limit=0", "'0' is no number of edges: write one from 1 to 200."),
        ("vertex=l:1&limit=many", "is no number of edges"),
        ("vertex=l:1&direction=up", "The direction is both, out or in."),
        ("vertex=l:1&endpoint=none", "No endpoint 'none' predicts links."),
        ("vertex=l:9", "There is no vertex '9'."),
        ("vertex=l:x", "There is no vertex 'l:x'."),
        ("vertex=nobody", "There is no vertex 'nobody'."),
        ("vertex=l:1&expand=u:x", "'u:x' is no vertex"),
    ],
)
async def test_what_is_wrong_is_said(tmp_path: Path, address: str, said: str) -> None:
    async with studio(tmp_path, database) as site:
        page = await site.get(f"/studio/graph?{address}")
        assert page.status == 200
        assert said in page.seen
        assert 'role="alert"' in page.text


async def test_the_properties_of_a_vertex(tmp_path: Path) -> None:
    async with studio(tmp_path, database) as site:
        page = await site.fragment("/studio/graph/vertex?vertex=l:1")
        assert "tags a , b" in page.seen
        assert "<img" not in page.text
        assert "no more" in (await site.fragment("/studio/graph/vertex?vertex=l:9")).seen
        assert 'role="alert"' in (await site.fragment("/studio/graph/vertex?vertex=")).text


async def test_vertices_of_a_label(tmp_path: Path) -> None:
    def some(query: str) -> Sequence[Any]:
        return [named("a")] if "hasLabel(" in query else []

    async with studio(tmp_path, some) as site:
        page = await site.get(f"/studio/graph?{urlencode({'label': LABEL})}")
        assert f"Some vertices of {LABEL}" in page.seen
        assert 'href="/studio/graph?vertex=s%3Aa"' in page.text


async def test_a_database_that_refuses_or_is_not_there(tmp_path: Path) -> None:
    def refusing(query: str) -> Sequence[Any]:
        raise QueryRefused(500, "No.")

    async with studio(tmp_path / "1", refusing) as site:
        assert "There is no vertex '1'" in (await site.get("/studio/graph?vertex=l:1")).seen
        assert 'role="alert"' in (await site.fragment("/studio/graph/schema")).text
    async with studio(tmp_path / "2") as site:
        page = await site.get("/studio/graph?vertex=l:1")
        assert page.status == 200
        assert 'role="alert"' in page.text


async def test_in_front_of_an_rdf_store_alone(tmp_path: Path) -> None:
    store = {"url": "http://127.0.0.1:9"}
    async with studio(tmp_path, upstream={"url": None}, sparql=store) as site:
        page = await site.get("/studio/graph")
        assert "no Gremlin database" in page.seen
        assert 'href="/"' in page.text
