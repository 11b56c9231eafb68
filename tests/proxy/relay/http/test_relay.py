"""Gremlin over HTTP, between raw sockets: what passes, and what must not."""

import asyncio
import gzip
import json
from urllib.parse import quote, quote_plus

import pytest
from http_exchange import OK, answers, post, refused
from sockets import Peer, both_loops, header, relay

PASSED = ("Content-Type: application/json", "Authorization: Basic abc", "User-Agent: x")
ML = 'g.V("a").out("FRIEND").with("Neptune#ml.prediction")'
FRIENDS = f'g.with("Neptune#ml.endpoint", "friends").{ML[2:]}.hasLabel("User")'


@pytest.fixture(autouse=True)
def nothing_logged(caplog):
    yield
    assert [r for r in caplog.records if r.levelname in ("ERROR", "CRITICAL")] == []


def get(query: str) -> bytes:
    return f"GET /gremlin?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


@both_loops
async def test_a_post_passes_with_its_headers_and_body():
    async with relay() as world:
        reply = b"HTTP/1.1 207 Odd\r\nContent-Length: 3\r\nX-Answer: yes\r\n\r\n\0\1\2"
        bodies = answers(world, reply)
        body = b'{"gremlin": "g.V().count()"}'
        head, content = await world.http(
            post(
                body, "Content-Type: application/json", "Authorization: Basic abc", "User-Agent: x"
            )
        )
        assert head.startswith(b"HTTP/1.1 207 Odd")
        assert header(head, "X-Answer") == "yes"
        assert content == b"\0\1\2"
        (got,) = world.database.every
        assert got.head.startswith(b"POST /gremlin HTTP/1.1\r\n")
        assert header(got.head, "Authorization") == "Basic abc"
        assert header(got.head, "Content-Type") == "application/json"
        assert header(got.head, "User-Agent") == "x"
        assert header(got.head, "Accept") == ""
        assert header(got.head, "Host") == f"127.0.0.1:{world.database.port}"
        assert bodies == [body]


@pytest.mark.parametrize(
    "query", ["gremlin=g.V%28%27a%2Bb%27%29&bindings.x=%7E", "gremlin=1%20+2", ""]
)
@both_loops
async def test_an_address_passes_as_it_was_written(query):
    async with relay() as world:
        answers(world, OK)
        head, content = await world.http(get(query))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert content == b"ok"
        (got,) = world.database.every
        line = got.head.partition(b"\r\n")[0].decode()
        assert line == f"GET /gremlin{'?' if query else ''}{query} HTTP/1.1"


@both_loops
async def test_a_chunked_answer_passes():
    async with relay() as world:
        reply = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        )
        answers(world, reply)
        head, content = await world.http(post(b"{}"))
        assert header(head, "Transfer-Encoding") == "chunked"
        parts = content.split(b"\r\n")
        assert b"".join(parts[1::2]) == b"hello world"


@both_loops
async def test_a_compressed_answer_stays_compressed():
    async with relay() as world:
        body = gzip.compress(b"hello")
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        answers(world, head % len(body) + body)
        got, content = await world.http(post(b"{}", "Accept-Encoding: gzip"))
        assert header(got, "Content-Encoding") == "gzip"
        assert content == body


@both_loops
async def test_a_compressed_request_is_looked_into():
    async with relay() as world:
        bodies = answers(world, OK)
        plain = b'{"gremlin": "g.V()"}'
        await world.http(post(gzip.compress(plain), "Content-Encoding: gzip"))
        assert bodies == [plain]
        assert header(world.database.every[0].head, "Content-Encoding") == ""
        refused = json.dumps({"gremlin": ML}).encode()
        head, _ = await world.http(post(gzip.compress(refused), "Content-Encoding: gzip"))
        assert head.startswith(b"HTTP/1.1 400 ")
        assert len(bodies) == 1


@pytest.mark.parametrize(
    "request_bytes",
    [
        get("gremlin=" + quote(ML)),
        get("gremlin=" + quote_plus(ML)),
        get("gremlin=" + "".join(f"%{byte:02x}" for byte in ML.encode())),
        post(json.dumps({"gremlin": ML}).encode()),
        post(json.dumps({"gremlin": ML}).replace("#", r"\u0023").encode()),
        post(json.dumps({"gremlin": ML}).replace("#", r"\\u0023").encode()),
    ],
    ids=["percent", "plus", "all percent", "json", "json escape", "groovy escape"],
)
@both_loops
async def test_an_inference_that_cannot_be_answered_never_reaches_the_database(request_bytes):
    async with relay() as world:
        bodies = answers(world, OK)
        head, body = await world.http(request_bytes)
        assert head.startswith(b"HTTP/1.1 400 ")
        told = json.loads(body)
        assert told["code"] == "UnsupportedOperationException"
        assert "Predicted vertex label" in told["detailedMessage"]
        assert told["message"] == told["detailedMessage"]  # which botocore puts into its exception
        assert told["requestId"]
        assert bodies == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("mime", ["application/json", "application/vnd.gremlin-v3.0+json"])
@both_loops
async def test_an_inference_in_wide_characters_never_reaches_the_database(mime, encoding):
    async with relay() as world:
        bodies = answers(world, OK)
        body = json.dumps({"gremlin": ML}).encode(encoding)
        head, body = await world.http(post(body, f"Content-Type: {mime}"))
        assert head.startswith(b"HTTP/1.1 400 ")
        assert "cannot be read" in refused(head, body)[1]
        assert bodies == []


@pytest.mark.parametrize("what", ["explain", "profile"])
@pytest.mark.parametrize("script", [5, None, ["g.V()"], {}])
@both_loops
async def test_what_is_no_script_cannot_be_explained(what, script):
    async with relay() as world:
        request = post(json.dumps({"gremlin": script}).encode(), "Content-Type: application/json")
        head, body = await world.http(request.replace(b"/gremlin", f"/gremlin/{what}".encode(), 1))
        assert head.startswith(b"HTTP/1.1 400 ")
        assert json.loads(body)["code"] == "UnsupportedOperationException"


@both_loops
async def test_a_database_that_is_away_is_named():
    async with relay(upstream="ws://127.0.0.1:9/gremlin") as world:
        head, body = await world.http(post(b"{}"))
        assert head.startswith(b"HTTP/1.1 500 ")
        assert "ws://127.0.0.1:9/gremlin cannot be reached" in json.loads(body)["message"]


@both_loops
async def test_a_database_lost_within_its_answer_breaks_the_connection():
    async with relay() as world:
        answers(world, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        head, body = await world.http(post(b"{}"))
        assert head == b"" or head.startswith(b"HTTP/1.1 200 ")
        assert body in (b"", b"half")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/gremlin", "/gremlin/explain", "/gremlin/profile"])
@both_loops
async def test_other_methods_are_refused(path, method):
    async with relay() as world:
        asked = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        head, body = await world.http(asked.encode())
        assert head.startswith(b"HTTP/1.1 405 ")
        assert header(head, "Allow") == "GET,POST"
        if method != "HEAD":
            why = f"{path} takes GET, POST, not {method}."
            assert refused(head, body) == ("MethodNotAllowedException", why)
        assert world.database.every == []


@pytest.mark.parametrize("pieces", [1, 2])
@both_loops
async def test_a_body_over_the_limit_is_refused(pieces):
    async with relay(max_message_bytes=2000) as world:
        bodies = answers(world, OK)
        whole = post(bytes(2001))
        client = await world.open()
        if pieces == 2:
            client.send(whole[:-10])
            await asyncio.sleep(0.05)
            whole = whole[-10:]
        client.send(whole)
        head, _, body = (await client.ended()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413 ")
        code, why = refused(head, body)
        assert code == "BadRequestException"
        assert why.startswith("Request size exceeds max allowed value of 2000 bytes.")
        assert bodies == []


@both_loops
async def test_a_client_that_goes_within_an_answer_is_no_error():
    async with relay() as world:

        async def shake(peer: Peer) -> None:
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(200):
                peer.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")
                try:
                    await peer.writer.drain()
                except ConnectionError:
                    return
                await asyncio.sleep(0)

        world.database.shake = shake
        client = await world.open()
        client.send(post(b"{}"))
        await client.read(100_000)
        client.abort()
        await asyncio.sleep(0.2)


@both_loops
async def test_endless_inputs_are_given_up(monkeypatch):
    monkeypatch.setattr("gremlink.proxy.relay.own_queries.RESULT_LIMIT", 1000)
    async with relay() as world:
        reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
        bodies = answers(world, reply + b" " * 9000)
        head, body = await world.http(post(json.dumps({"gremlin": FRIENDS}).encode()))
        assert refused(head, body)[1].startswith(
            "The inputs of the inference and their links take more than 1000 bytes"
        )
        assert len(bodies) == 1
        head, _ = await world.http(post(b'{"gremlin": "g.V()"}'))
        assert head.startswith(b"HTTP/1.1 200 ")
