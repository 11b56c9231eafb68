"""A store of RDF that answers as a test says and keeps what it got, behind a relay on one loop."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from sockets import PATIENCE, header, no_model

from gremlink.proxy.config import Configuration
from gremlink.proxy.relay.server import Server, runner_of, upstream_session

RESULT = b'{"head":{"vars":["s"]},"results":{"bindings":[]}}'
RESULT_TYPE = "application/sparql-results+json"


@dataclass(frozen=True)
class Got:
    """A request: method, path with parameters, headers in lower case, body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def sent(self) -> tuple[str, str, dict[str, str], bytes]:
        """It without the headers that belong to the connection."""
        own = {"host", "connection", "content-length", "transfer-encoding", "expect"}
        headers = {name: text for name, text in self.headers.items() if name not in own}
        return self.method, self.target, headers, self.body


def result(request: web.Request, body: bytes) -> web.Response:
    """An empty result."""
    return web.Response(body=RESULT, headers={"Content-Type": RESULT_TYPE, "X-Store": "yes"})


@dataclass
class World:
    """The store, and the relay in front of it. `answer` makes each response, or is all of it."""

    port: int = 0
    store: str = ""
    server: Server | None = None
    got: list[Got] = field(default_factory=list)
    answer: Callable[[web.Request, bytes], Any] = result

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.decode().lower(): text.decode() for name, text in request.raw_headers}
        self.got.append(Got(request.method, request.raw_path, headers, body))
        found = self.answer(request, body)
        response: web.StreamResponse = await found if isinstance(found, Awaitable) else found
        return response

    async def exchange(
        self, method: str, target: str, body: bytes = b"", *headers: str, port: int = 0
    ) -> tuple[int, bytes, bytes]:
        """Status, head and body of a response."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.port)
        try:
            writer.write(asking(method, target, body, *headers))
            whole = await asyncio.wait_for(reader.read(), PATIENCE)
        finally:
            writer.close()
        head, _, content = whole.partition(b"\r\n\r\n")
        if header(head, "Transfer-Encoding") == "chunked":
            content = unchunked(content)
        return int(head.split(b" ")[1]), head, content


def asking(method: str, target: str, body: bytes = b"", *headers: str) -> bytes:
    """The bytes of a request that asks for the connection's end."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def packed(content: bytes) -> bytes:
    """The same bytes of gzip each time, for ids of tests."""
    return gzip.compress(content, mtime=0)


def unchunked(content: bytes) -> bytes:
    """The content of a body in chunks."""
    found = b""
    while content:
        size, _, content = content.partition(b"\r\n")
        number = int(size, 16)
        found, content = found + content[:number], content[number + 2 :]
        if not number:
            break
    return found


@contextlib.asynccontextmanager
async def store_behind(
    predict: Any = no_model, sections: Mapping[str, Mapping[str, Any]] | None = None
) -> AsyncIterator[World]:
    """A relay without a Gremlin database in front of a scripted store; settings by section, in
    which `{store}` is the store's address."""
    world = World()
    application = web.Application(client_max_size=1024**3)
    application.router.add_route("*", "/{path:.*}", world.handle)
    behind = web.AppRunner(application, auto_decompress=False, shutdown_timeout=0.1)
    await behind.setup()
    await web.TCPSite(behind, "127.0.0.1", 0).start()
    world.store = f"127.0.0.1:{behind.addresses[0][1]}"
    own = {"sparql": {"url": "http://{store}/query"}, **(sections or {})}
    document: dict[str, dict[str, Any]] = {name: dict(section) for name, section in own.items()}
    for key, text in document["sparql"].items():
        document["sparql"][key] = text.format(store=world.store)
    configuration = Configuration.model_validate(document)
    upstream = configuration.upstream.url
    async with upstream_session() as session, upstream_session(kept=True) as kept:
        world.server = Server(configuration, upstream, session, predict, kept=kept)
        runner = runner_of(world.server.application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        world.port = runner.addresses[0][1]
        try:
            yield world
        finally:
            await runner.cleanup()
            await behind.cleanup()
