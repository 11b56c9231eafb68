"""A relay between raw sockets: a client and a database that do exactly what a test says.

`both_loops` runs a test on asyncio's and on uvloop's event loop, `one_loop` on uvloop's, and lets
nothing be left over: no task, no connection, no exception that only a log would show.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import hashlib
import logging
import ssl
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pytest
import uvloop
from aiohttp import web
from patience import soon

from gremlink.proxy.config import Configuration
from gremlink.proxy.relay import server as relay_server
from gremlink.proxy.relay.server import Server, runner_of, upstream_session
from gremlink.proxy.relay.service import Extension, RunningServer, serving
from gremlink.proxy.relay.waits import WAITS, Waits
from gremlink.proxy.wire.frames import FrameReader

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PATIENCE = 30.0
"""Seconds after which a test is stuck."""


Test = Callable[..., Coroutine[Any, Any, None]]
NewLoop = Callable[[], asyncio.AbstractEventLoop]


def both_loops(test: Test) -> Callable[..., None]:
    """Run an asynchronous test on both event loops."""
    return _on(test, {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop})


def one_loop(test: Test) -> Callable[..., None]:
    """Run an asynchronous test on the server's own event loop only: one that waits for seconds."""
    return _on(test, {"uvloop": uvloop.new_event_loop})


def _on(test: Test, loops: Mapping[str, NewLoop]) -> Callable[..., None]:
    @pytest.mark.parametrize("new_loop", loops.values(), ids=loops)
    @wraps(test)
    def run(new_loop: NewLoop, **fixtures: Any) -> None:
        loop = new_loop()
        unhandled: list[dict[str, Any]] = []
        # What there was before the test is looked through no more: after thousands of tests
        # each collection would take a second.
        gc.freeze()
        loop.set_exception_handler(lambda _, context: unhandled.append(context))
        try:
            loop.run_until_complete(asyncio.wait_for(test(**fixtures), 60))
            left = unfinished(loop)
            # Bounded: a loop that missed its executor's end would wait for it for ever.
            with contextlib.suppress(asyncio.TimeoutError):
                loop.run_until_complete(asyncio.wait_for(loop.shutdown_default_executor(), 5))
        finally:
            loop.close()
        gc.collect()
        gc.unfreeze()
        assert not left, f"tasks left over: {left}"
        assert not unhandled, f"not handled: {unhandled}"

    signature_of(run, test)
    return run


def unfinished(loop: asyncio.AbstractEventLoop) -> list[asyncio.Task[Any]]:
    """Tasks that do not end by themselves."""
    left: list[asyncio.Task[Any]] = []
    for _ in range(500):
        loop.run_until_complete(asyncio.sleep(0.01))
        left = [task for task in asyncio.all_tasks(loop) if not task.done()]
        if not left:
            break
    return left


def signature_of(run: Any, test: Any) -> None:
    """Let pytest see the fixtures of the test beside the event loop."""
    import inspect

    own = inspect.signature(test).parameters.values()
    loop = inspect.Parameter("new_loop", inspect.Parameter.KEYWORD_ONLY)
    run.__signature__ = inspect.Signature([*own, loop])
    del run.__wrapped__


@dataclass
class Peer:
    """One end of a connection: a raw socket behind its handshake."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes = b""

    def send(self, data: bytes) -> None:
        """Write without waiting."""
        self.writer.write(data)

    async def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        return await asyncio.wait_for(self.reader.readexactly(size), PATIENCE)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload."""
        frames = FrameReader()
        parts: list[bytes] = []
        while True:
            for piece in frames.feed(await self.read(1)):
                parts.append(piece.payload())
                if piece.last:
                    return piece.head.opcode, b"".join(parts)

    async def ended(self) -> bytes:
        """What still comes until the other side closes the socket, or breaks it."""
        try:
            return await asyncio.wait_for(self.reader.read(), PATIENCE)
        except ConnectionError:
            return b""

    def abort(self) -> None:
        """Break the connection."""
        self.writer.transport.abort()

    async def close(self) -> None:
        """Close the socket."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


def switching(head: bytes, *more: bytes) -> bytes:
    """The answer of a WebSocket server to a handshake."""
    key = header(head, "Sec-WebSocket-Key").encode()
    accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: upgrade",
        b"Sec-WebSocket-Accept: " + accept,
        *more,
    ]
    return b"\r\n".join([*lines, b"", b""])


def header(head: bytes, name: str) -> str:
    """The value of a header line, empty without one."""
    for line in head.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name.lower():
            return value.strip()
    return ""


class Database:
    """A server that speaks as the test says; `shake` answers a connection's first request."""

    def __init__(self) -> None:
        self.shake: Callable[[Peer], Awaitable[None]] | None = None
        self.connections: asyncio.Queue[Peer] = asyncio.Queue()
        self.every: list[Peer] = []
        self.port = 0
        self._server: asyncio.AbstractServer | None = None

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen."""
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, limit=2**16, ssl=tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.every.append(peer)
        try:
            peer.head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        if self.shake is not None:
            await self.shake(peer)
        else:
            peer.send(switching(peer.head))
        self.connections.put_nowait(peer)

    async def next(self) -> Peer:
        """The next connection that has shaken hands."""
        return await asyncio.wait_for(self.connections.get(), PATIENCE)

    async def stop(self) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        for peer in self.every:
            peer.abort()
        await asyncio.sleep(0)


class World:
    """A database, the relay in front of it, and clients."""

    def __init__(self, database: Database, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.database = database
        self.port = port
        self.clients: list[Peer] = []
        self.tls = tls
        self.server: Server
        self.runner: web.AppRunner

    async def open(self) -> Peer:
        """A socket to the relay."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            self.port,
            limit=2**16,
            ssl=self.tls,
            server_hostname=None if self.tls is None else "localhost",
        )
        peer = Peer(reader, writer)
        self.clients.append(peer)
        return peer

    async def client(self, *headers: str) -> Peer:
        """A client that has sent its handshake and read the answer."""
        peer = await self.open()
        peer.send(handshake(*headers))
        peer.head = await asyncio.wait_for(peer.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        return peer

    async def pair(self, *headers: str) -> tuple[Peer, Peer]:
        """A client and its connection at the database."""
        client = await self.client(*headers)
        assert client.head.startswith(b"HTTP/1.1 101 "), client.head
        return client, await self.database.next()

    async def http(self, request: bytes) -> tuple[bytes, bytes]:
        """Head and body of the response to a request that asks for the connection's end."""
        peer = await self.open()
        peer.send(request)
        head, _, body = (await peer.ended()).partition(b"\r\n\r\n")
        return head, body


def handshake(*headers: str) -> bytes:
    """A client's handshake."""
    lines = [
        "GET /gremlin HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def no_model(work: object) -> None:
    """A predictor that nobody should ask."""
    raise AssertionError(f"a model was asked: {work}")


@contextlib.asynccontextmanager
async def relay(
    predict: Any = no_model,
    *,
    upstream: str = "",
    languages: Mapping[str, str] | None = None,
    waits: Waits = WAITS,
    **limits: Any,
) -> AsyncIterator[World]:
    """A relay in front of a scripted database, `limits` as in the configuration; `languages` are
    settings of `upstream`, in which `{port}` is the database's."""
    database = Database()
    await database.start()
    passed = {key: each.format(port=database.port) for key, each in (languages or {}).items()}
    configuration = Configuration.model_validate({"limits": limits, "upstream": passed})
    address = upstream or f"ws://127.0.0.1:{database.port}/gremlin"
    async with upstream_session() as session:
        server = Server(configuration, address, session, predict, waits=waits)
        runner = runner_of(server.application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        world = World(database, runner.addresses[0][1])
        world.server, world.runner = server, runner
        watched: list[weakref.ref[Any]] = []
        tied = relay_server.Connection

        def watch(*args: Any, **keywords: Any) -> Any:
            connection = tied(*args, **keywords)
            watched.append(weakref.ref(connection))
            return connection

        relay_server.Connection = watch  # type: ignore[assignment,misc]
        try:
            yield world
            for client in world.clients:
                client.abort()
            await soon(lambda: not server._connections)
        finally:
            relay_server.Connection = tied  # type: ignore[misc]
            for client in world.clients:
                client.abort()
            started = asyncio.get_running_loop().time()
            await runner.cleanup()
            took = asyncio.get_running_loop().time() - started
            await database.stop()
        assert took < PATIENCE / 2, f"the clean-up took {took:.1f} s"

    def alive_still() -> list[Any]:
        gc.collect()
        return [found for ref in watched if (found := ref()) is not None]

    for _ in range(50):
        await asyncio.sleep(0.02)
        alive = alive_still()
        if not alive:
            break
    if alive:
        logging.getLogger(__name__).error("%s", [gc.get_referrers(found) for found in alive])
    assert not alive, "connections left over"


@contextlib.asynccontextmanager
async def served(
    sections: dict[str, dict[str, Any]],
    *,
    client_tls: ssl.SSLContext | None = None,
    database_tls: ssl.SSLContext | None = None,
    extension: Extension | None = None,
    waits: Waits = WAITS,
) -> AsyncIterator[tuple[World, RunningServer]]:
    """The server as `gremlink serve` runs it, with settings by section, in front of a scripted
    database; `extension` adds routes, as those of the management API."""
    database = Database()
    await database.start(database_tls)
    scheme = "ws" if database_tls is None else "wss"
    own = {
        "listen": {"port": 0},
        "upstream": {"url": f"{scheme}://localhost:{database.port}/gremlin"},
    }
    document = {
        section: {**own.get(section, {}), **sections.get(section, {})} for section in own | sections
    }
    world = World(database, 0, client_tls)
    try:
        async with serving(Configuration.model_validate(document), extension, waits) as server:
            world.port = int(server.address.rpartition(":")[2].partition("/")[0])
            yield world, server
    finally:
        for client in world.clients:
            client.abort()
        await database.stop()
        await asyncio.sleep(0.01)
