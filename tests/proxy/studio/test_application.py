"""Every page: who may see it, what it may load, and what it says when something is wrong."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest
from studio import studio

from gremlink.proxy.studio.application import static_files
from gremlink.proxy.studio.pages import PAGES

ADDRESSES = [page.address for page in PAGES]
TOKEN = "a token of the tests"


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


async def test_every_page_loads_only_what_is_its_own(tmp_path: Path) -> None:
    async with studio(tmp_path, lambda query: []) as site:
        for address in ADDRESSES:
            page = await site.get(address)
            assert page.status == 200, page.text
            assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert page.headers["X-Content-Type-Options"] == "nosniff"
            loaded = re.findall(r'(?:src|href)="([^"]*)"', page.text)
            for each in loaded:
                assert each.startswith(("/", "#", "?")), each
                if each.startswith("/studio/static/"):
                    assert (await site.get(each)).status == 200, each
            assert not re.search(r"<script(?![^>]*(?:src=|application/json))", page.text)
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page.text)


async def test_without_a_database_every_page_says_so_or_shows_the_rest(tmp_path: Path) -> None:
    async with studio(tmp_path) as site:
        for address in ADDRESSES:
            page = await site.get(address)
            assert page.status in (200, 503), (address, page.seen)
            assert "Traceback" not in page.text


async def test_the_pages_can_be_switched_off(tmp_path: Path) -> None:
    async with studio(tmp_path, studio={"enabled": False}) as site:
        for address in ADDRESSES:
            assert (await site.get(address)).status == 404


async def test_an_address_without_a_page_is_not_found(tmp_path: Path) -> None:
    async with studio(tmp_path) as site:
        assert (await site.get("/studio/nothing")).status == 404
        assert (await site.get("/studio/static/../application.py")).status == 404
        assert (await site.get("/studio/static/%2e%2e/visit.py")).status == 404


@pytest.mark.parametrize("given", ["", "other"])
async def test_a_form_without_our_token_does_nothing(tmp_path: Path, given: str) -> None:
    async with studio(tmp_path) as site:
        answer = await site.post("/studio/nothing", {"a": "b"}, token=given)
        assert answer.status == 400
        assert "reload it" in answer.seen
        assert (await site.post("/studio/nothing", {"a": "b"})).status == 404


async def test_a_foreign_page_is_refused(tmp_path: Path) -> None:
    async with studio(tmp_path) as site:
        for address in ADDRESSES:
            assert (await site.get(address, Origin="https://evil.example")).status == 403
            assert (await site.get(address, Host="evil.example")).status == 403
            assert (await site.get(address, **{"Sec-Fetch-Site": "cross-site"})).status == 403


async def test_credentials_are_asked_for(tmp_path: Path) -> None:
    async with studio(tmp_path, access={"user": "ann", "password": "secret of ann"}) as site:
        page = await site.get("/")
        assert (page.status, page.headers["WWW-Authenticate"][:5]) == (401, "Basic")
        assert (await site.get("/", Authorization=basic("ann", "wrong"))).status == 401
        page = await site.get("/studio/models", Authorization=basic("ann", "secret of ann"))
        assert page.status == 200


async def test_a_token_is_the_password(tmp_path: Path) -> None:
    async with studio(tmp_path, access={"token": TOKEN}) as site:
        assert (await site.get("/studio/models")).status == 401
        for header in (basic("", TOKEN), basic("any", TOKEN), f"Bearer {TOKEN}"):
            page = await site.get("/studio/models", Authorization=header)
            assert page.status == 200, page.seen


async def test_a_query_in_an_address_is_not_run(tmp_path: Path) -> None:
    async with studio(tmp_path, lambda query: []) as site:
        page = await site.get("/studio/console?gremlin=g.V().drop()")
        assert "g.V().drop()" in page.text
        assert site.asked == []


def test_vendored_files_are_as_published() -> None:
    from hashlib import sha256

    found = {
        name: sha256(content).hexdigest()
        for name, content in static_files()
        if name.startswith("vendor/") and not name.endswith(".txt")
    }
    assert found == {
        "vendor/cytoscape-3.35.0.min.js": (
            "71fa9ebec21a7ca2c40cff6aacc30d1f6464e363662ad4b2c197e1adc770cd94"
        ),
        "vendor/htmx-2.0.11.min.js": (
            "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
        ),
        "vendor/uplot-1.6.32.iife.min.js": (
            "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"
        ),
        "vendor/uplot-1.6.32.min.css": (
            "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"
        ),
    }
