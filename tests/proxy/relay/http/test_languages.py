"""openCypher and SPARQL: forwarded to a database that is sure to speak them, and nowhere else.

The database is Neptune as far as its answers go: `/status` tells its languages.
"""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from http_exchange import refused
from sockets import Peer, World, both_loops, header, relay, served

from gremlink.proxy.relay.service import Extension

FORM = "Content-Type: application/x-www-form-urlencoded"
STATUS = {
    "status": "healthy",
    "dbEngineVersion": "1.3.2.1.R1",
    "role": "writer",
    "gremlin": {"version": "tinkerpop-3.7.1"},
    "sparql": {"version": "sparql-1.1"},
    "opencypher": {"version": "Neptune-9.0.20190305-1.0"},
}
NO_SCRIPT = (400, {"message": "no gremlin script supplied"})
CYPHER = urlencode({"query": "MATCH (n) RETURN n LIMIT 1", "parameters": '{"a": "%"}'}).encode()


def neptune(
    world: World, answers: Mapping[str, tuple[int, Any]], bodies: list[bytes]
) -> Callable[[], list[str]]:
    """Let the database answer by path; the request lines that it has got."""

    async def shake(peer: Peer) -> None:
        bodies.append(await peer.read(int(header(peer.head, "Content-Length") or 0)))
        path = peer.head.split(b" ")[1].decode().partition("?")[0]
        status, document = answers.get(path, (404, {}))
        body = json.dumps(document).encode()
        peer.send(
            f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nX-Answer: yes\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await peer.writer.drain()
        peer.writer.close()

    world.database.shake = shake
    return lambda: [got.head.partition(b" HTTP/1.1")[0].decode() for got in world.database.every]


def asked(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/openCypher"),
        ("POST", "/opencypher"),
        ("GET", "/openCypher?query=MATCH%20%28n%29&x=%7e+"),
        ("GET", "/openCypher/status?queryId=q&cancelQuery"),
        ("POST", "/opencypher/status"),
        ("POST", "/sparql"),
        ("GET", "/sparql/status/?includeWaiting=true"),
        ("PUT", "/sparql/gsp/?default"),
        ("GET", "/rdf/statistics/summary"),
    ],
)
@both_loops
async def test_in_front_of_neptune_requests_go_on_as_they_came(method, path):
    async with relay() as world:
        bodies: list[bytes] = []
        answer = {"results": [{"n": 1}]}
        paths = {"/status": (200, STATUS), path.partition("?")[0]: (207, answer)}
        lines = neptune(world, paths, bodies)
        body = b"" if method == "GET" else CYPHER
        headers = ["Authorization: AWS4-HMAC-SHA256 x", "X-Amz-Date: 1", FORM, "Accept: a/b"]
        for _ in range(2):
            head, content = await world.http(asked(method, path, body, *headers))
            assert head.startswith(b"HTTP/1.1 207 Said")
            assert header(head, "X-Answer") == "yes"
            assert json.loads(content) == answer
        assert lines() == ["GET /status", f"{method} {path}", f"{method} {path}"]
        assert bodies == [b"", body, body]
        assert header(world.database.every[0].head, "Authorization") == ""
        got = world.database.every[1].head
        assert header(got, "Authorization") == "AWS4-HMAC-SHA256 x"
        assert (header(got, "X-Amz-Date"), header(got, "Accept")) == ("1", "a/b")
        assert header(got, "Host") == f"127.0.0.1:{world.database.port}"
        text = (await world.server.figures()).decode()
        kind = "sparql" if path.partition("?")[0] in ("/sparql", "/sparql/gsp/") else "http"
        assert f'gremlink_requests_total{{kind="{kind}",status="207"}} 2.0' in text


@both_loops
async def test_a_compressed_body_stays_as_it_was_signed():
    async with relay() as world:
        bodies: list[bytes] = []
        paths = {"/status": (200, STATUS), "/openCypher": (200, {})}
        neptune(world, paths, bodies)
        packed = gzip.compress(CYPHER)
        await world.http(asked("POST", "/openCypher", packed, FORM, "Content-Encoding: gzip"))
        assert bodies[1] == packed
        assert header(world.database.every[1].head, "Content-Encoding") == "gzip"


@pytest.mark.parametrize(
    "said",
    [
        NO_SCRIPT,
        (404, {}),
        (403, {"code": "AccessDeniedException"}),
        (200, {"status": "healthy"}),
        (200, [1]),
        (200, {**STATUS, "opencypher": None, "sparql": "no"}),
        (200, {"dbEngineVersion": "gremlink-0.1.0", "gremlin": {"version": "3.7.5"}}),
    ],
)
@both_loops
async def test_where_it_is_not_sure_nothing_goes_on(said):
    async with relay() as world:
        lines = neptune(world, {"/status": said}, [])
        for _ in range(3):
            for path in ("/openCypher", "/sparql", "/sparql/status"):
                head, _ = await world.http(asked("POST", path, CYPHER, FORM))
                # Whoever is beside the relay would refuse it here; alone, nobody answers.
                assert not head.startswith(b"HTTP/1.1 2")
        assert lines()[0] == "GET /status"
        assert not any("ypher" in line or "sparql" in line for line in lines())


@both_loops
async def test_a_language_alone():
    async with relay() as world:
        status = {key: value for key, value in STATUS.items() if key != "opencypher"}
        paths = {"/status": (200, status), "/sparql": (200, {}), "/openCypher": (200, {})}
        lines = neptune(world, paths, [])
        await world.http(asked("POST", "/openCypher", CYPHER, FORM))
        await world.http(asked("POST", "/sparql", b"query=ASK%20%7B%7D", FORM))
        assert "POST /sparql" in lines()
        assert "POST /openCypher" not in lines()


@both_loops
async def test_a_setting_switches_it_off():
    async with relay(languages={"open_cypher": "off", "sparql": "off"}) as world:
        lines = neptune(world, {"/status": (200, STATUS)}, [])
        for path in ("/openCypher", "/sparql"):
            await world.http(asked("GET", f"{path}?query=x"))
        assert lines() == []


@both_loops
async def test_a_setting_switches_it_on_without_a_look():
    async with relay(languages={"open_cypher": "on"}) as world:
        lines = neptune(world, {"/openCypher": (200, {"results": []})}, [])
        head, _ = await world.http(asked("POST", "/openCypher", CYPHER, FORM))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert lines() == ["POST /openCypher"]


@pytest.mark.parametrize(
    ("path", "goes_to"),
    [
        ("/openCypher", "/api/v1/query/g"),
        ("/openCypher?a=%41", "/api/v1/query/g?a=%41"),
        ("/opencypher/status", "/api/v1/query/g/status"),
    ],
)
@both_loops
async def test_a_setting_names_another_address(path, goes_to):
    address = "http://127.0.0.1:{port}/api/v1/query/g"
    async with relay(languages={"open_cypher": address}) as world:
        lines = neptune(world, {goes_to.partition("?")[0]: (200, {"result": []})}, [])
        head, _ = await world.http(asked("POST", path, b'{"command": "x"}'))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert lines() == [f"POST {goes_to}"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"gremlin": "g.V().out().with(\\"Neptune#ml.prediction\\")"}',
        urlencode({"gremlin": 'g.V().with("Neptune#ml.prediction")'}).encode(),
    ],
)
@both_loops
async def test_an_inference_does_not_pass_on_this_way(body):
    async with relay(languages={"open_cypher": "on", "sparql": "on"}) as world:
        lines = neptune(world, {"/openCypher": (200, {}), "/sparql": (200, {})}, [])
        for path in ("/openCypher", "/sparql/status"):
            head, content = await world.http(asked("POST", path, body, FORM))
            assert head.startswith(b"HTTP/1.1 400 ")
            assert "are Gremlin's" in refused(head, content)[1]
        assert lines() == []


@both_loops
async def test_a_database_that_is_away_is_named():
    async with relay(languages={"open_cypher": "http://127.0.0.1:9/cypher"}) as world:
        head, body = await world.http(asked("POST", "/openCypher", CYPHER, FORM))
        assert head.startswith(b"HTTP/1.1 500 ")
        assert "http://127.0.0.1:9/cypher cannot be reached" in refused(head, body)[1]


def status_beside(status: int) -> Extension:
    """The management API's `/gremlin/status`, which answers with this."""

    @contextlib.asynccontextmanager
    async def extension(
        configuration: Any, application: web.Application, *rest: Any
    ) -> AsyncIterator[None]:
        async def answer(request: web.Request) -> web.Response:
            return web.json_response({"here": True}, status=status)

        for path in ("/gremlin/status", "/gremlin/status/{id}"):
            application.router.add_route("*", path, answer)
        yield

    return extension


@pytest.mark.parametrize(
    ("here", "method", "path", "body", "asks", "there"),
    [
        (200, "GET", "/gremlin/status", b"", False, False),
        (200, "GET", "/gremlin/status?queryId=q", b"", False, False),
        (200, "GET", "/gremlin/status?cancelQuery&queryId=q", b"", True, False),
        (200, "POST", "/gremlin/status", b"queryId=q&cancelQuery=TRUE", True, False),
        (400, "GET", "/gremlin/status?cancelQuery&queryId=q", b"", True, True),
        (400, "GET", "/gremlin/status?queryId=q", b"", True, True),
        (400, "POST", "/gremlin/status", b"queryId=q&cancelQuery=TRUE", True, True),
        (400, "DELETE", "/gremlin/status/q", b"", True, True),
        (403, "DELETE", "/gremlin/status/q", b"", False, False),
    ],
)
@both_loops
async def test_neptune_ends_a_query_itself(here, method, path, body, asks, there):
    async with served({}, extension=status_beside(here)) as (world, _):
        plain = path.partition("?")[0]
        bodies: list[bytes] = []

        lines = neptune(world, {"/status": (200, STATUS), plain: (200, {"there": True})}, bodies)
        _, content = await world.http(asked(method, path, body, FORM, "Authorization: x"))
        assert json.loads(content) == ({"there": True} if there else {"here": True})
        assert (f"{method} {path}" in lines()) is asks
        if asks:
            assert bodies[-1] == body
            assert header(world.database.every[-1].head, "Authorization") == "x"


@both_loops
async def test_a_gremlin_server_is_not_asked_to_end_a_query():
    async with served({}, extension=status_beside(400)) as (world, _):
        lines = neptune(world, {"/status": NO_SCRIPT}, [])
        await world.http(asked("GET", "/gremlin/status?cancelQuery&queryId=q"))
        assert lines() == ["GET /status"]
