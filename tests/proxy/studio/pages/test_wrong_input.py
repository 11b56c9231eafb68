"""Every route with wrong input: one clear error, nothing of it as HTML, and nothing changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from studio import Page, Studio, studio

from gremlink.proxy.studio import templating
from gremlink.proxy.studio.pages import PAGES
from gremlink.proxy.studio.visit import Route

ROUTES = [route for page in PAGES for route in page.routes]
POSTED = [route for route in ROUTES if route.method == "POST"]

HOSTILE = "\"'><img src=x onerror=alert(1)>\0\x1b[31m\u202e\U0001f600"
VALUES = {
    "nothing": None,
    "empty": "",
    "long": "x" * 220,
    "html": HOSTILE,
    "number": "-1",
    "huge": "1" * 200,
    "a path": "../../../etc/passwd",
}


def _fields() -> list[str]:
    """Names of all fields of all forms, and of what addresses carry."""
    folder = Path(str(templating.STATIC)).parent
    texts = [file.read_text() for file in folder.rglob("*.html")]
    texts += [file.read_text() for file in folder.rglob("*.py")]
    written = r'\bname="([a-z_]+)"|visit\.query\("([a-z_]+)"|value\("([a-z_]+)"\)'
    found = {name for text in texts for names in re.findall(written, text) for name in names}
    return sorted(found - {"", "token", "viewport"})


FIELDS = _fields()
"""All names, for every route gets all of them."""

QUERIES = ("gremlin", "query")


def path_of(route: Route, value: str) -> str:
    """The address of a route, its parts the value: one that aiohttp does not take for none."""
    part = quote(value.strip(" \t\n") or "none", safe="").replace(".", "%2E")
    return re.sub(r"\{[a-z]+\}", part, route.path)


def state_of(folder: Path) -> dict[str, Any]:
    """All files below a folder."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file): file.stat().st_mtime_ns for file in files}


async def sent(site: Studio, route: Route, value: str | None, **headers: str) -> Page:
    fields = {} if value is None else dict.fromkeys(FIELDS, value)
    path = path_of(route, value or "")
    if route.method == "POST":
        headers["X-Gremlink-Token"] = (await site.get("/studio/console")).token
        return await site.send("POST", path, data=fields, headers=headers)
    if path == "/":  # with a query it is the database's
        fields = {name: each for name, each in fields.items() if name not in QUERIES}
    return await site.send("GET", f"{path}?{urlencode(fields)}"[:8000], headers=headers)


@pytest.mark.parametrize("kind", VALUES)
async def test_no_wrong_input_breaks_a_page(tmp_path: Path, kind: str) -> None:
    value = VALUES[kind]
    offenders = {}
    async with studio(tmp_path, lambda query: []) as site:
        before = state_of(tmp_path)
        for route in ROUTES:
            for headers in ({}, {"HX-Request": "true"}):
                page = await sent(site, route, value, **headers)
                said = re.findall('class="failure"|class="wrong"', page.text)
                is_silent = route in POSTED and route.path != "/studio/console" and not said
                if (
                    page.status not in (200, 400, 404)
                    or "<img src=x" in page.text
                    or "This page failed" in page.seen
                    or is_silent
                ):
                    offenders[f"{route.method} {route.path} {headers}"] = page.seen[-90:]
        assert state_of(tmp_path) == before
    assert not offenders


@pytest.mark.parametrize("given", ["", "other", "\u00e9"])
async def test_no_form_with_another_token_does_anything(tmp_path: Path, given: str) -> None:
    async with studio(tmp_path, lambda query: []) as site:
        before = state_of(tmp_path)
        for route in POSTED:
            fields = {**dict.fromkeys(FIELDS, "a"), "token": given}
            page = await site.send("POST", path_of(route, "a"), data=fields)
            assert page.status == 400, route.path
            assert page.text.count('class="failure"') == 1
            assert "reload it" in page.seen
        assert state_of(tmp_path) == before
        assert site.asked == []
