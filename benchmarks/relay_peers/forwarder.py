"""The least that a relay in this language can be: bytes from one socket to the other, on uvloop."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvloop


class Side(asyncio.Protocol):
    """One socket of a pair; what it receives goes to the other."""

    def __init__(self, other: Any) -> None:
        self.other = other

    def data_received(self, data: bytes) -> None:
        self.other.write(data)

    def pause_writing(self) -> None:
        self.other.pause_reading()

    def resume_writing(self) -> None:
        self.other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.other.close()


class Client(asyncio.Protocol):
    """A client until there is a connection for it to the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._early: list[bytes] = []
        self._task: asyncio.Task[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._task = asyncio.get_running_loop().create_task(self._tie(transport))

    def data_received(self, data: bytes) -> None:
        self._early.append(data)

    async def _tie(self, own: Any) -> None:
        loop = asyncio.get_running_loop()
        other, _ = await loop.create_connection(lambda: Side(own), "127.0.0.1", self._port)
        other.write(b"".join(self._early))
        own.set_protocol(Side(other))


async def main(port: int, upstream: int) -> None:
    """Forward until the process is ended."""
    server = await asyncio.get_running_loop().create_server(
        lambda: Client(upstream), "127.0.0.1", port
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
