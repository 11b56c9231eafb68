"""Queries at the root and at other paths: answered like those at the endpoint, and looked at like
them."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from http_exchange import OK, answers, refused
from sockets import both_loops, header, relay

PLAIN = json.dumps({"gremlin": "g.V().count()"}).encode()
ML = 'g.V("a").out("FRIEND").with("Neptune#ml.prediction")'
PATHS = ["/", "/gremlin/", "/query", "/any/where/", "//", "/gremlins", "/%67remlin/"]


def asked(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("path", PATHS)
@both_loops
async def test_a_query_passes_as_at_the_endpoint(path):
    async with relay() as world:
        bodies = answers(world, OK)
        head, content = await world.http(asked("POST", path, PLAIN, "Authorization: Basic abc"))
        assert (head[:13], content) == (b"HTTP/1.1 200 ", b"ok")
        assert bodies == [PLAIN]
        (got,) = world.database.every
        assert got.head.startswith(b"POST /gremlin HTTP/1.1\r\n")
        assert header(got.head, "Authorization") == "Basic abc"
        head, content = await world.http(asked("GET", f"{path}?gremlin=g.V%28%29&bindings.x=%7E"))
        assert (head[:13], content) == (b"HTTP/1.1 200 ", b"ok")
        line = world.database.every[1].head.partition(b"\r\n")[0]
        assert line == b"GET /gremlin?gremlin=g.V%28%29&bindings.x=%7E HTTP/1.1"
        text = (await world.server.figures()).decode()
        assert 'gremlink_requests_total{kind="http",status="200"} 2.0' in text


@pytest.mark.parametrize("path", [*PATHS, "/gremlin/explain/", "/gremlin/profile/"])
@pytest.mark.parametrize(
    ("method", "query", "body", "headers"),
    [
        ("POST", "", json.dumps({"gremlin": ML}).encode(), []),
        ("POST", "", json.dumps({"gremlin": ML}).replace("#", r"\u0023").encode(), []),
        ("POST", "?gremlin=" + quote(ML), b"", []),
        ("GET", "?gremlin=" + quote(ML), b"", []),
        ("GET", "?gremlin=" + quote(ML), b"", ["Accept: text/html"]),
        (
            "POST",
            "",
            b"gremlin=" + quote(ML, safe="").encode(),
            ["Content-Type: application/x-www-form-urlencoded"],
        ),
    ],
    ids=["json", "escaped", "address", "get", "browser", "form"],
)
@both_loops
async def test_an_inference_never_passes_unseen(path, method, query, body, headers):
    async with relay() as world:
        bodies = answers(world, OK)
        head, content = await world.http(asked(method, path + query, body, *headers))
        assert head.startswith(b"HTTP/1.1 400 ")
        code, why = refused(head, content)
        assert code == "UnsupportedOperationException"
        assert "Predicted vertex label" in why
        assert bodies == []


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/page", "/?x=Neptune%23ml."])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@both_loops
async def test_without_a_query_a_page_is_asked_for(path, method):
    async with relay() as world:
        answers(world, OK)
        head, _ = await world.http(asked(method, path, b"", "Accept: text/html"))
        assert head.startswith(b"HTTP/1.1 404 ")
        assert world.database.every == []


@pytest.mark.parametrize("path", ["/gremlin/explian", "/gremlin/a/b"])
@both_loops
async def test_names_below_the_endpoint_are_no_queries(path):
    async with relay() as world:
        answers(world, OK)
        head, _ = await world.http(asked("POST", path, PLAIN))
        assert head.startswith(b"HTTP/1.1 404 ")
        assert world.database.every == []


@both_loops
async def test_an_operation_of_amazons_is_no_query():
    async with relay() as world:
        answers(world, OK)
        target = "X-Amz-Target: SageMaker.DescribeEndpoint"
        head, _ = await world.http(asked("POST", "/", b"{}", target))
        assert head.startswith(b"HTTP/1.1 404 ")
        assert world.database.every == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
@both_loops
async def test_other_methods_are_refused(method):
    async with relay() as world:
        head, body = await world.http(asked(method, "/"))
        assert head.startswith(b"HTTP/1.1 405 ")
        assert refused(head, body)[0] == "MethodNotAllowedException"


@pytest.mark.parametrize("path", ["/", "/gremlin/", "/query", "/?gremlin=g.V()"])
@both_loops
async def test_websockets_are_taken_at_the_endpoint_only(path):
    async with relay() as world:
        headers = [
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        head, body = await world.http(asked("GET", path, b"", *headers))
        assert head.startswith(b"HTTP/1.1 404 ")
        assert "taken at /gremlin" in refused(head, body)[1]
        assert world.database.every == []
