"""The home page: what it says of databases that are there, slow, gone, or only of RDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from studio import studio

from gremlink.proxy.studio.errors import QueryRefused

HOSTILE = "<b onclick=x> \"' & 😀" + "z" * 500


def counted(query: str) -> Sequence[Any]:
    ends = {"source": HOSTILE, "label": "knows", "target": HOSTILE}
    return [{"key": HOSTILE if "g.V()" in query else ends, "count": 3748}]


async def test_the_page_waits_for_no_database(tmp_path: Path) -> None:
    async with studio(tmp_path, counted) as site:
        page = await site.get("/")
        assert not site.asked
        assert "No endpoint yet" in page.seen
        assert "No jobs yet" in page.seen


async def test_a_database_that_is_gone_is_told(tmp_path: Path) -> None:
    async with studio(tmp_path) as site:
        page = await site.fragment("/studio/home/database")
        assert page.status == 200
        assert "The database does not answer." in page.seen
        assert "Reachable" not in page.seen
        assert "Try again" in page.seen


async def test_the_ways_to_connect_have_the_address_of_the_browser(tmp_path: Path) -> None:
    async with studio(tmp_path, access={"hosts": ["graph.example"]}) as site:
        seen = (await site.get("/", Host="graph.example:8282")).seen
        assert "ws://graph.example:8282/gremlin" in seen
        assert 'Cluster.build("graph.example").port(8282).path("/gremlin").create()' in seen
        assert '{"host": "graph.example", "port": 8282, "ssl": false' in seen
        assert "curl http://graph.example:8282/gremlin" in seen
        assert 'endpoint_url="http://graph.example:8282"' in seen
        assert "SPARQL" not in seen
        forwarded = {"Host": "graph.example", "X-Forwarded-Proto": "https"}
        seen = (await site.get("/", **forwarded)).seen
        assert "wss://graph.example/gremlin" in seen
        assert ".port(443)" in seen
        assert ".enableSsl(true)" in seen
        assert '"ssl": true' in seen
        assert 'Cluster.build("::1").port(8182)' in (await site.get("/", Host="[::1]:8182")).seen


async def test_in_front_of_an_rdf_store_alone(tmp_path: Path) -> None:
    store = {"url": "http://127.0.0.1:9"}
    async with studio(tmp_path, upstream={"url": None}, sparql=store) as site:
        seen = (await site.get("/")).seen
        assert "RDF store" in seen
        assert "/sparql" in seen
        assert "gremlin_python" not in seen
        assert "The RDF store does not answer." in (await site.fragment("/studio/home/store")).seen


@pytest.mark.parametrize("whole", [True, False])
async def test_counts_by_label(
    tmp_path: Path, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(query: str) -> Sequence[Any]:
        if not whole and "limit(" not in query:
            raise QueryRefused(598, "It took too long.")
        return counted(query)

    from gremlink.proxy.management.health import Health

    async def healthy(self: Health) -> bool:
        return True

    monkeypatch.setattr(Health, "database_answers", healthy)
    async with studio(tmp_path, answers) as site:
        page = await site.fragment("/studio/home/database")
        assert "Reachable" in page.seen
        assert page.seen.count("3,748") == 4
        assert "<b onclick" not in page.text
        assert HOSTILE in page.seen
        assert ("counts of a part" in page.seen) is not whole
        asked = len(site.asked)
        await site.fragment("/studio/home/database")
        assert len(site.asked) == asked
