"""A server as Cosmos DB is: it reads GraphSON 2 and scripts, nothing else."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from aiohttp import ClientSession, WSMsgType, web

MIME = b"application/vnd.gremlin-v2.0+json"


def refused(request_id: str | None, code: int, message: str) -> bytes:
    status = {"code": code, "message": message, "attributes": {}}
    answer = {"requestId": request_id, "status": status, "result": {"data": None, "meta": {}}}
    return json.dumps(answer).encode()


@contextmanager
def answering(answers: Callable[[bytes], AsyncIterator[bytes]]) -> Iterator[str]:
    """The address of a server that answers each message."""
    loop = asyncio.new_event_loop()
    started, stop, port = threading.Event(), asyncio.Event(), list[int]()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        client = web.WebSocketResponse(max_msg_size=0)
        await client.prepare(request)
        async for message in client:
            if message.type is WSMsgType.BINARY:
                async for answer in answers(message.data):
                    await client.send_bytes(answer)
        return client

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/gremlin", handle)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.append(runner.addresses[0][1])
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert started.wait(10)
        yield f"ws://127.0.0.1:{port[0]}/gremlin"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def graphson_2_front(upstream: str) -> AbstractContextManager[str]:
    """The address of such a server in front of a Gremlin Server."""

    async def answers(data: bytes) -> AsyncIterator[bytes]:
        if data[1 : 1 + data[0]] != MIME:
            yield refused(None, 498, "GraphMalformedException: mime type")
            return
        asked: dict[str, Any] = json.loads(data[1 + data[0] :])
        if asked["op"] == "bytecode":
            yield refused(asked["requestId"]["@value"], 500, "bytecode is not supported")
            return
        async with ClientSession() as session, session.ws_connect(upstream) as database:
            await database.send_bytes(data)
            async for message in database:
                yield message.data
                if json.loads(message.data)["status"]["code"] != 206:
                    return

    return answering(answers)


async def speechless(data: bytes) -> AsyncIterator[bytes]:
    """Understand nothing."""
    yield refused(None, 498, "what is this?")
