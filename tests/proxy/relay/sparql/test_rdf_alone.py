"""A proxy with an RDF store and no Gremlin database: each query in Gremlin gets one error."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientSession
from scripted_store import store_behind
from sockets import both_loops

JSON = "Content-Type: application/json"


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/gremlin?gremlin=g.V()", b""),
        ("POST", "/gremlin", b'{"gremlin": "g.V()"}'),
        ("POST", "/gremlin", b'{"gremlin": "g.V().out().with(\\"Neptune#ml.prediction\\")"}'),
        ("POST", "/gremlin/explain", b'{"gremlin": "g.V()"}'),
        ("POST", "/gremlin/profile/", b'{"gremlin": "g.V()"}'),
        ("POST", "/", b'{"gremlin": "g.V()"}'),
        ("POST", "/anywhere", b'{"gremlin": "g.V()"}'),
    ],
)
@both_loops
async def test_over_http(method, target, body):
    async with store_behind() as world:
        status, _, content = await world.exchange(method, target, body, JSON)
        document = json.loads(content)
        assert (status, document["code"]) == (400, "UnsupportedOperationException")
        assert "only an RDF store, which is asked in SPARQL at /sparql" in document["message"]
        assert world.got == []


@both_loops
async def test_over_websocket():
    async with store_behind() as world, ClientSession() as session:
        async with session.ws_connect(f"http://127.0.0.1:{world.port}/gremlin") as socket:
            request = {
                "requestId": "41d2e28a-20a4-4ab0-b379-d810dede3786",
                "op": "eval",
                "processor": "",
                "args": {"gremlin": "g.V()", "language": "gremlin-groovy"},
            }
            await socket.send_bytes(
                b"!application/vnd.gremlin-v3.0+json" + json.dumps(request).encode()
            )
            answer = json.loads((await socket.receive()).data)
            assert answer["requestId"] == request["requestId"]
            assert answer["status"]["code"] == 500
            assert "no Gremlin database" in json.dumps(answer["status"])
        assert world.got == []


@pytest.mark.parametrize("path", ["/openCypher", "/opencypher/status"])
@both_loops
async def test_open_cypher_is_not_forwarded_anywhere(path):
    async with store_behind(sections={"upstream": {"open_cypher": "on"}}) as world:
        status, _, _ = await world.exchange("POST", path, b"query=MATCH (n) RETURN n")
        assert status in (400, 404)
        assert world.got == []
