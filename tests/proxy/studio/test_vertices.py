"""Vertices found by typing, on a database that answers as told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from gremlin_python.statics import bigint, long, short
from studio import Studio, studio

from gremlink.proxy.studio.errors import DatabaseGone, QueryRefused, WrongInput
from gremlink.proxy.studio.vertices import PART, Named, quoted, read_id, spell_id, typed_ids

HOSTILE = "<script>alert(1)</script> \"'` 😀 " + "x" * 500


def row(id: Any, name: str | None, label: str = "User") -> dict[str, Any]:
    properties = [] if name is None else [{"key": "name", "value": name}]
    return {"id": id, "label": label, "properties": properties}


PEOPLE = [row("u1", "Henry"), row("u2", "Bill"), row("u3", "Hen"), row("u4", "Stephen")]


def database(query: str) -> Sequence[Any]:
    """Answer what is asked about the keys of names, and every search with everybody."""
    if "label().dedup()" in query:
        return ["User"]
    if "project('label'" in query:
        return PEOPLE
    if query.startswith("g.V().or(") or query.startswith("g.V().has("):
        return PEOPLE[:1] if "^" in query else PEOPLE
    return []


async def found(site: Studio, text: str) -> tuple[list[str], str]:
    """Return the shown vertices, and what the list says beside them."""
    page = await site.fragment(f"/studio/vertices?{urlencode({'text': text})}")
    assert page.status == 200
    shown = [unescape(each) for each in re.findall('data-shown="([^"]*)"', page.text)]
    said = re.findall('class="quiet none">([^<]*)<', page.text)
    return shown, unescape("".join(said))


@pytest.mark.parametrize(
    "id",
    ["1", "s:1", "", HOSTILE, 1, long(1), long(2**40), short(1), bigint(2**80), 1.5, UUID(int=7)],
)
def test_an_address_keeps_the_type_of_an_id(id: Any) -> None:
    read = read_id(spell_id(id))
    assert (type(read), read) == (type(id), id)


@pytest.mark.parametrize(
    "text", ["", "user_01", "urn:user:1", "i:", "i:x", "i:99999999999", "l:1e3", "u:7", "d:x"]
)
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(WrongInput):
        read_id(text)


def test_something_is_shown_of_every_vertex() -> None:
    assert Named("u1", "User", "Ann").shown == "Ann"
    assert Named(long(7), "User").shown == "7"
    assert Named(" ", "User").shown == '" "'


def test_the_ids_that_a_text_may_mean() -> None:
    assert [spell_id(id) for id in typed_ids("7")] == ["s:7", "l:7", "i:7"]
    assert [spell_id(id) for id in typed_ids("9999999999")] == ["s:9999999999", "l:9999999999"]
    assert [spell_id(id) for id in typed_ids(str(UUID(int=7)))][1:] == [f"u:{UUID(int=7)}"]
    assert typed_ids("9" * 19 + "9") == ["9" * 20]


def test_a_pattern_matches_the_text_alone() -> None:
    assert quoted("a.b (c)\\E ä") == "a\\.b\\ \\(c\\)\\\\E\\ ä"


async def test_the_best_are_first(tmp_path: Path) -> None:
    async with studio(tmp_path, database) as site:
        assert await found(site, "hen") == (["Hen", "Henry", "Bill", "Stephen"], "")


async def test_every_query_is_bounded_and_keys_are_learnt_once(tmp_path: Path) -> None:
    async with studio(tmp_path, database) as site:
        await found(site, "hen")
        assert all("limit(" in query for query in site.asked)
        asked = len(site.asked)
        await found(site, "bill")
        assert not any("project('label'" in query for query in site.asked[asked:])


async def test_texts_of_the_data_stay_texts(tmp_path: Path) -> None:
    def hostile(query: str) -> Sequence[Any]:
        return [row(HOSTILE, HOSTILE, HOSTILE)] if "project('id'" in query else []

    async with studio(tmp_path, hostile) as site:
        page = await site.fragment("/studio/vertices?text=a")
        assert "<script" not in page.text
        assert (await found(site, HOSTILE))[0] == [" ".join(HOSTILE.split())]


async def test_a_large_graph_is_searched_in_part(tmp_path: Path) -> None:
    def slow(query: str) -> Sequence[Any]:
        if "regex" in query and f"limit({PART})" not in query:
            raise QueryRefused(598, "A timeout occurred.")
        return database(query) or ([PEOPLE[0]] if "regex" in query else [])

    async with studio(tmp_path, slow) as site:
        shown, said = await found(site, "hen")
        assert shown == ["Henry"]
        assert "The graph is large: 20,000 vertices were searched." in said
        asked = len(site.asked)
        await found(site, "hen")
        assert all("limit(20000)" in q for q in site.asked[asked:] if "regex" in q)


async def test_a_database_without_regular_expressions(tmp_path: Path) -> None:
    def old(query: str) -> Sequence[Any]:
        if "regex" in query:
            raise QueryRefused(500, "No such predicate.")
        return [PEOPLE[0]] if "startingWith" in query and "or(" in query else database(query)

    async with studio(tmp_path, old) as site:
        assert "Henry" in (await found(site, "hen"))[0]


async def test_a_database_that_refuses_everything_or_is_gone(tmp_path: Path) -> None:
    def refusing(query: str) -> Sequence[Any]:
        raise QueryRefused(500, "No.")

    def gone(query: str) -> Sequence[Any]:
        raise DatabaseGone("It is not there.")

    async with studio(tmp_path / "1", refusing) as site:
        shown, said = await found(site, "hen")
        assert not shown
        assert said.startswith("Nothing found")
    async with studio(tmp_path / "2", gone) as site:
        assert await found(site, "hen") == ([], "It is not there.")
