"""The server of the embedded RDF store in this process, over a real port."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pyoxigraph as ox
import pytest
from aiohttp import ClientSession, web

from gremlink.proxy.embedded.rdf import server
from gremlink.proxy.embedded.rdf.server import RdfServer

TOKEN = {"Authorization": "Bearer secret"}


@pytest.fixture
async def address(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(server, "MOST_BODY_BYTES", 1000)
    runner = web.AppRunner(RdfServer(ox.Store(), "secret", 5).application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_request_that_is_too_large_is_refused(address: str) -> None:
    async with ClientSession(headers=TOKEN) as session:
        for path in ("/update", "/query"):
            data = {"update" if path == "/update" else "query": "ASK {}" + " " * 2000}
            async with session.post(address + path, data=data) as answer:
                assert answer.status == 413
                assert "more than 1,000 bytes" in await answer.text()
        async with session.get(f"{address}/query", params={"query": "ASK {}"}) as answer:
            assert answer.status == 200


async def test_packed_bodies_and_graphs_named_twice(address: str) -> None:
    async with ClientSession(headers=TOKEN) as session:
        both = f"{address}/store?default&graph=http://e/g"
        async with session.post(both, data=b"", headers={"Content-Type": "text/turtle"}) as answer:
            assert answer.status == 400
        packed = gzip.compress(b"query=ASK%20%7B%7D")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Encoding": "gzip",
        }
        async with session.post(f"{address}/query", data=packed, headers=headers) as answer:
            assert answer.status == 200
