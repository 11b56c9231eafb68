"""Clients of TinkerPop 4: their plain queries pass as they came, their predictions are refused with
the reason. The requests are those of gremlinpython 4.0.0b3."""

from __future__ import annotations

import json

import pytest
from http_exchange import answers, refused
from sockets import both_loops, header, relay

DRIVER = (
    "User-Agent: NotAvailable Gremlin-Python.4.0.0-beta.3 3.11.7 Linux.6.1 x86_64",
    "Accept: application/vnd.graphbinary-v4.0",
    "Content-Type: application/json",
    "Accept-Encoding: deflate",
)
PLAIN = b'{"gremlin": "g.V().count()", "g": "g", "bulkResults": true, "batchSize": 64}'
FLUENT = (
    b"{\"gremlin\": \"g.V().has('User','name','Henry').out('FRIEND')"
    b".with('Neptune#ml.prediction').hasLabel('User')\","
    b' "g": "g", "bulkResults": true, "batchSize": 64}'
)
SCRIPT = (
    b"{\"gremlin\": \"g.with('Neptune#ml.endpoint','friends').V(x).out('FRIEND')"
    b".with('Neptune#ml.prediction').hasLabel('User')\","
    b' "g": "g", "parameters": "[\'x\':1]", "batchSize": 64}'
)
BARE = SCRIPT.partition(b', "g"')[0] + b"}"


def post(body: bytes, *headers: str, path: str = "/gremlin") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


@pytest.mark.parametrize("path", ["/gremlin", "/"])
@both_loops
async def test_a_plain_query_passes(path):
    async with relay() as world:
        reply = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nGremlin-RequestId: x\r\n\r\n\x84\0\1"
        bodies = answers(world, reply)
        head, content = await world.http(post(PLAIN, *DRIVER, path=path))
        assert (header(head, "Gremlin-RequestId"), content) == ("x", b"\x84\0\1")
        assert bodies == [PLAIN]
        assert header(world.database.every[0].head, "Accept") == DRIVER[1].partition(": ")[2]


@pytest.mark.parametrize("path", ["/gremlin", "/", "/gremlin/explain", "/gremlin/profile"])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (FLUENT, DRIVER),
        (SCRIPT, DRIVER),
        (SCRIPT, ()),
        (FLUENT, ("Content-Type: application/json",)),
        (BARE, DRIVER[:1]),
        (BARE, DRIVER[1:2]),
        (BARE, ("Accept: application/vnd.gremlin-v4.0+json;types=false",)),
        (BARE, ("Content-Type: application/vnd.gremlin-v4.0+json",)),
        (b"\x84" + SCRIPT, ("Content-Type: application/vnd.graphbinary-v4.0",)),
        (BARE, ("Gremlin-Hints: mutations=no",)),
        (BARE, ("X-Transaction-Id: 1",)),
        (BARE[:-1] + b', "timeoutMillis": 5}', ()),
    ],
)
@both_loops
async def test_a_prediction_is_refused_with_the_reason(path, body, headers):
    async with relay() as world:
        bodies = answers(world, b"HTTP/1.1 500 Odd\r\nContent-Length: 0\r\n\r\n")
        head, content = await world.http(post(body, *headers, path=path))
        assert head.startswith(b"HTTP/1.1 400 ")
        code, why = refused(head, content)
        assert code == "UnsupportedOperationException"
        assert "this is one of TinkerPop 4" in why
        assert bodies == []


@both_loops
async def test_a_database_of_version_4_is_named():
    async with relay() as world:
        said = json.dumps({"message": "body could not be parsed"}).encode()
        reply = b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\nGremlin-RequestId: x\r\n\r\n"
        answers(world, reply % len(said) + said)
        head, content = await world.http(post(BARE))
        assert head.startswith(b"HTTP/1.1 400 ")
        assert "this one is of TinkerPop 4" in refused(head, content)[1]
