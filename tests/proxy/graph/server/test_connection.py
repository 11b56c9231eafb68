"""The connection against a scripted server: authentication, and a server that goes away."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import WSMsgType, web

from gremlink.proxy.graph.errors import ConnectionFailed, FileProblem, MessageTooBig, ServerRefused
from gremlink.proxy.graph.limits import ReadLimits, limits, use_limits
from gremlink.proxy.graph.load.bulk_load import load_csv
from gremlink.proxy.graph.server.connection import GraphConnection, Server

Script = Callable[[dict[str, Any]], list[dict[str, Any] | None]]
"""From a request to the answers, `None` for hanging up."""


@contextmanager
def server(script: Script, tls: ssl.SSLContext | None = None, most: int = 2**22) -> Iterator[str]:
    """A Gremlin server that answers as the script says, and takes messages of at most so many
    bytes; its address without the scheme."""
    loop = asyncio.new_event_loop()
    started = threading.Event()
    port: list[int] = []

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=most)
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                break
            asked = json.loads(message.data[1 + message.data[0] :])
            for answer in script(asked):
                if answer is None:
                    await socket.close()
                    return socket
                await socket.send_bytes(json.dumps(answer).encode())
        return socket

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/gremlin", handle)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port.append(runner.addresses[0][1])
        started.set()
        await stop.wait()
        await runner.cleanup()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert started.wait(10)
        yield f"127.0.0.1:{port[0]}/gremlin"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def answer(asked: dict[str, Any], code: int, data: Any = (), message: str = "") -> dict[str, Any]:
    return {
        "requestId": asked["requestId"]["@value"],
        "status": {"code": code, "message": message, "attributes": {}},
        "result": {"data": {"@type": "g:List", "@value": list(data)}, "meta": {}},
    }


def test_batches_and_bulk() -> None:
    bulked = {
        "@type": "g:Traverser",
        "@value": {"bulk": {"@type": "g:Int64", "@value": 3}, "value": "b"},
    }
    script: Script = lambda asked: [answer(asked, 206, ["a"]), answer(asked, 200, [bulked])]  # noqa: E731
    with server(script) as address, GraphConnection(f"ws://{address}") as connection:
        assert list(connection.submit("g.V()")) == ["a", "b", "b", "b"]
        assert list(connection.submit("g.V()")) == ["a", "b", "b", "b"]


def test_request() -> None:
    seen: list[dict[str, Any]] = []

    def script(asked: dict[str, Any]) -> list[dict[str, Any] | None]:
        seen.append(asked)
        return [answer(asked, 204)]

    with server(script) as address, GraphConnection(f"ws://{address}", "gmodern") as connection:
        assert list(connection.submit("g.V()", batch=7, language="gremlin-lang")) == []
    (asked,) = seen
    assert (asked["op"], asked["processor"]) == ("eval", "")
    assert asked["args"]["aliases"] == {"g": "gmodern"}
    assert asked["args"]["batchSize"] == 7
    assert asked["args"]["language"] == "gremlin-lang"


def test_password() -> None:
    secret = base64.b64encode(b"\0me@x\0p:w").decode()

    def script(asked: dict[str, Any]) -> list[dict[str, Any] | None]:
        if asked["op"] == "authentication":
            right = asked["args"]["sasl"] == secret
            return [answer(asked, 200, ["in"]) if right else answer(asked, 401, message="no")]
        return [answer(asked, 407)]

    with server(script) as address:
        with GraphConnection(f"ws://me%40x:p%3Aw@{address}") as connection:
            assert list(connection.submit("g.V()")) == ["in"]
            assert "p%3Aw" not in connection.url
        for user, expected in (("me:wrong@", "401: no"), ("", "ws://user:password@host")):
            connection = GraphConnection(f"ws://{user}{address}")
            with connection, pytest.raises(ServerRefused, match=expected):
                list(connection.submit("g.V()"))


def test_error_and_then_another_request() -> None:
    def script(asked: dict[str, Any]) -> list[dict[str, Any] | None]:
        if asked["args"]["gremlin"] == "bad":
            detail = json.dumps({"detailedMessage": "cannot", "code": "BadRequestException"})
            return [answer(asked, 206, ["a"]), answer(asked, 500, message=detail)]
        return [answer(asked, 200, ["fine"])]

    with server(script) as address, GraphConnection(f"ws://{address}") as connection:
        with pytest.raises(ServerRefused, match="the server answered 500: cannot") as caught:
            list(connection.submit("bad"))
        assert caught.value.status == 500
        assert list(connection.submit("good")) == ["fine"]


def test_server_hangs_up_in_the_middle() -> None:
    script: Script = lambda asked: [answer(asked, 206, ["a"]), None]  # noqa: E731
    with server(script) as address, GraphConnection(f"ws://{address}") as connection:
        rows = connection.submit("g.V()")
        assert next(rows) == "a"
        with pytest.raises(ConnectionFailed, match=address):
            next(rows)


def test_answer_must_be_read() -> None:
    script: Script = lambda asked: [answer(asked, 200, ["a"])]  # noqa: E731
    with server(script) as address, GraphConnection(f"ws://{address}") as connection:
        connection.send("g.V()")
        with pytest.raises(RuntimeError, match="has not been read"):
            connection.send("g.V()")


@pytest.mark.parametrize("url", ["http://localhost:8182/gremlin", "localhost:8182", "ws:///x"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConnectionFailed, match="ws://host:port/gremlin"):
        GraphConnection(url)


def test_a_port_without_a_listener() -> None:
    with pytest.raises(ConnectionFailed, match=r"ws://127\.0\.0\.1:1/gremlin.*refused|failed"):
        GraphConnection("ws://127.0.0.1:1/gremlin")


def of_one_authority() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side of TLS, and that of a client that believes it."""
    authority = trustme.CA()
    offered = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(offered)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return offered, trusting


def test_over_tls_nothing_stays_open() -> None:
    offered, trusting = of_one_authority()
    with server(lambda asked: [answer(asked, 200, ["a"])], offered) as address:
        for _ in range(5):
            with GraphConnection(Server(f"wss://{address}", trusting)) as connection:
                assert list(connection.submit("g.V()")) == ["a"]
        with pytest.raises(ConnectionFailed, match="certificate"):
            GraphConnection(f"wss://{address}")
        gc.collect()  # what is still open warns, which is an error here


def test_over_tls_a_server_that_hangs_up_leaves_nothing_open() -> None:
    offered, trusting = of_one_authority()
    with server(lambda asked: [None], offered) as address:
        for _ in range(5):
            connection = GraphConnection(Server(f"wss://{address}", trusting))
            with connection, pytest.raises(ConnectionFailed):
                list(connection.submit("g.V()"))
        gc.collect()


@pytest.mark.parametrize("most", [100_000, 3_000_000])
def test_a_message_that_the_server_does_not_take_is_said_to_be_one(most: int) -> None:
    with (
        server(lambda asked: [answer(asked, 204)], most=most) as address,
        GraphConnection(f"ws://{address}") as connection,
    ):
        assert list(connection.submit("g.V()")) == []
        with pytest.raises(MessageTooBig, match=r"is more than it takes: .* maxContentLength"):
            list(connection.submit("x" * (4 * most)))


def test_an_answer_that_is_too_long_is_said_to_be_one() -> None:
    before = limits()
    use_limits(ReadLimits(answer=100_000))
    try:
        with (
            server(lambda asked: [answer(asked, 200, ["x" * 200_000])]) as address,
            GraphConnection(f"ws://{address}") as connection,
            pytest.raises(MessageTooBig, match=r"more than 100,000 bytes: .*max_answer_bytes"),
        ):
            list(connection.submit("g.V()"))
    finally:
        use_limits(before)


def test_a_row_that_is_too_large_for_the_server_is_named(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text(f"~id,~label,t:String\n1,a,x\n2,a,{'y' * 200_000}\n")

    def script(asked: dict[str, Any]) -> list[dict[str, Any] | None]:
        labels = {"@type": "g:Map", "@value": ["a", {"@type": "g:Int64", "@value": 1}]}
        return [answer(asked, 200, [labels])]

    with (
        server(script, most=100_000) as address,
        pytest.raises(FileProblem, match=r"v\.csv:3: .* is more than it takes"),
    ):
        load_csv(f"ws://{address}", tmp_path)
