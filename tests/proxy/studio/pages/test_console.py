"""The console: results of every kind, errors with their place, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from gremlin_python.structure.graph import Edge, Vertex
from gremlin_python.structure.graph import Path as Steps
from studio import studio

from gremlink.proxy.studio.errors import DatabaseGone, QueryRefused
from gremlink.proxy.studio.pages.console import MOST_RESULTS, graph_of

ANN, BOB = Vertex("ann", "Person"), Vertex(2, "Person")
KNOWS = Edge("k", ANN, "knows", BOB)


async def test_results_are_a_table_and_json(tmp_path: Path) -> None:
    async with studio(
        tmp_path, lambda query: [{"name": "<b>Ann</b>", "age": 3}, {"age": 4}]
    ) as site:
        page = await site.post("/studio/console", {"gremlin": "g.V().valueMap()"})
        assert "2 results" in page.seen
        assert "<b>Ann" in page.seen
        assert "<b>Ann" not in page.text
        assert site.asked == ["g.V().valueMap()"]


async def test_one_value_and_none(tmp_path: Path) -> None:
    answers: Sequence[Any] = [float("nan"), None, True]
    async with studio(tmp_path, lambda query: answers) as site:
        page = await site.post("/studio/console", {"gremlin": "g.V()"})
        assert "3 results" in page.seen
        assert "NaN" in page.text
    async with studio(tmp_path, lambda query: []) as site:
        assert "0 results" in (await site.post("/studio/console", {"gremlin": "g.V()"})).seen


async def test_more_than_are_shown_is_said(tmp_path: Path) -> None:
    async with studio(tmp_path, lambda query: range(MOST_RESULTS + 5)) as site:
        page = await site.post("/studio/console", {"gremlin": "g.V()"})
        assert f"{MOST_RESULTS} results , and more" in page.seen.replace("results,", "results ,")


def test_elements_are_a_graph() -> None:
    found = graph_of([Steps([], [ANN, KNOWS, BOB]), ANN, {"x": [BOB]}])
    assert found is not None
    assert {each["id"] for each in found["vertices"]} == {"s:ann", "i:2"}
    assert [(each["source"], each["target"], each["label"]) for each in found["edges"]] == [
        ("s:ann", "i:2", "knows")
    ]
    assert graph_of([1, "a", {"b": 2}]) is None


async def test_vertices_of_a_picture_have_names(tmp_path: Path) -> None:
    def answers(query: str) -> Sequence[Any]:
        if query == "g.V()":
            return [ANN]
        return [
            {"id": "ann", "label": "Person", "properties": [{"key": "name", "value": "Ann Lee"}]}
        ]

    async with studio(tmp_path, answers) as site:
        page = await site.post("/studio/console", {"gremlin": "g.V()"})
        assert '"name": "Ann Lee"' in page.text

    def refusing(query: str) -> Sequence[Any]:
        if query == "g.V()":
            return [ANN]
        raise DatabaseGone("It went.")

    async with studio(tmp_path / "2", refusing) as site:
        page = await site.post("/studio/console", {"gremlin": "g.V()"})
        assert '"name": "ann"' in page.text


async def test_errors_keep_their_lines_and_code(tmp_path: Path) -> None:
    def refuse(query: str) -> Sequence[Any]:
        raise QueryRefused(499, "line 1:\ng.V(\n   ^", "MalformedQueryException")

    async with studio(tmp_path, refuse) as site:
        page = await site.post("/studio/console", {"gremlin": "g.V("})
        assert page.status == 200
        assert "g.V(\n   ^" in page.text
        assert "MalformedQueryException" in page.seen
        assert 'role="alert"' in page.text


async def test_without_a_query_or_a_database(tmp_path: Path) -> None:
    def gone(query: str) -> Sequence[Any]:
        raise DatabaseGone("The connection was closed.")

    async with studio(tmp_path, gone) as site:
        assert "Write a query first" in (await site.post("/studio/console", {"gremlin": " "})).seen
        assert "was closed" in (await site.post("/studio/console", {"gremlin": "g.V()"})).seen
        assert "characters" in (await site.post("/studio/console", {"gremlin": "g" * 100_001})).seen


async def test_a_running_query_is_cancelled_by_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = asyncio.Event(), asyncio.Event()
    ids: list[str] = []

    async def ask(self: Any, query: Any, *, id: str, **options: Any) -> list[Any]:
        ids.append(id)
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return []

    name = "5f9a3a0e-0000-4000-8000-00000000000b"
    async with studio(tmp_path, lambda query: []) as site:
        monkeypatch.setattr("gremlink.proxy.studio.gremlin.GremlinClient.ask", ask)
        token = (await site.get("/studio/console")).token
        waiting = asyncio.create_task(
            site.post("/studio/console", {"gremlin": "g.V()", "query": name}, token=token)
        )
        await asyncio.wait_for(began.wait(), 10)
        refused = await site.post("/studio/console/cancel", {"query": name}, token="other")
        assert refused.status == 400
        assert not ended.is_set()
        done = await site.post("/studio/console/cancel", {"query": name}, token=token)
        assert done.status == 204
        page = await asyncio.wait_for(waiting, 10)
        assert "The query was cancelled" in page.seen
        assert ended.is_set()
        assert ids == [name]
        for gone in (name, "", "x"):
            late = await site.post("/studio/console/cancel", {"query": gone}, token=token)
            assert late.status == 400
            assert "it has ended" in late.seen
