"""A pass-through in front of the proxy that reads along: how often each request was answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

from gremlink.proxy.wire.errors import FrameError
from gremlink.proxy.wire.frames import FrameReader, Message, MessageReader, Opcode
from gremlink.proxy.wire.request import peek_request
from gremlink.proxy.wire.response import peek_response
from gremlink.proxy.wire.status import is_final

PATIENCE = 60.0
"""Seconds in which a request has to be answered, or its connection to end."""
_CHUNK = 1 << 16


@dataclass
class Account:
    """One WebSocket connection: endings of each request by its id, and whether it was closed."""

    endings: dict[UUID, int] = field(default_factory=dict)
    strangers: int = 0
    closed_by_proxy: bool = False
    closed_by_client: bool = False

    def unanswered(self) -> int:
        """Requests without a last response."""
        return sum(not count for count in self.endings.values())


class Witness:
    """A way to `port`, the proxy's; `counts` is what it saw, `complaints` what may not be."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.counts: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._target = port
        self._open: dict[asyncio.Task[None], Account] = {}

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Witness]:
        """The way as long as the context lasts."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            if self._open:
                await asyncio.wait(self._open, timeout=PATIENCE)
            for task in list(self._open):
                self.complaints.append("a connection stayed open")
                task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        account = self._open[task] = Account()
        try:
            near, far = writer, await asyncio.open_connection("127.0.0.1", self._target)
            # Messages of ten megabytes are the limit; what is read along may be that long.
            up = asyncio.ensure_future(self._up(reader, far[1], account))
            down = asyncio.ensure_future(self._down(far[0], near, account))
            await down  # the proxy's side decides: it has to answer or to close
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)
            far[1].transport.abort()
        except asyncio.CancelledError:
            pass
        except OSError as error:
            self.complaints.append(f"the proxy could not be reached: {error}")
        finally:
            del self._open[task]
            with contextlib.suppress(Exception):
                writer.close()
            self._judge(account)

    async def _up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, account: Account
    ) -> None:
        messages = MessageReader(1 << 30)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            if b"upgrade: websocket" not in head.lower():
                await _copy(reader, writer)
                return
            while data := await reader.read(_CHUNK):
                for message in messages.feed(data):
                    if isinstance(message, Message):
                        asked = peek_request(message.opcode, message.payload)
                        assert asked is not None
                        account.endings.setdefault(asked.request_id, 0)
                        self.counts["requests"] += 1
                writer.write(data)
                await writer.drain()
            account.closed_by_client = True
            writer.write_eof()

    async def _down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, account: Account
    ) -> None:
        frames, payload = FrameReader(), b""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            if not head.startswith(b"HTTP/1.1 101 "):
                await _copy(reader, writer)
                return
            while data := await reader.read(_CHUNK):
                try:
                    for piece in frames.feed(data):
                        if piece.head.is_control:
                            account.closed_by_proxy |= piece.head.opcode == Opcode.CLOSE
                            continue
                        payload += piece.payload()
                        if piece.last and piece.head.fin:
                            self._heard(payload, account)
                            payload = b""
                except FrameError as error:
                    self.complaints.append(f"the proxy sent a broken frame: {error}")
                    return
                writer.write(data)
                await writer.drain()
        account.closed_by_proxy = True

    def _heard(self, payload: bytes, account: Account) -> None:
        head = peek_response(payload, complete=True)
        if head is None or head.request_id is None or head.request_id not in account.endings:
            account.strangers += 1
            return
        if head.code is None or not is_final(head.code):
            return
        account.endings[head.request_id] += 1

    def _judge(self, account: Account) -> None:
        self.counts["connections"] += 1
        self.counts["messages of nobody"] += account.strangers
        twice = sum(count > 1 for count in account.endings.values())
        if twice:
            self.complaints.append(f"{twice} requests were answered twice")
        answered = sum(count == 1 for count in account.endings.values())
        self.counts["answered"] += answered
        left = account.unanswered()
        if left and account.closed_by_proxy:
            self.counts["closed on"] += left
        elif left and account.closed_by_client:
            self.counts["left by their client"] += left
        elif left:
            self.complaints.append(f"{left} requests had neither an answer nor a close")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Plain HTTP: the client itself counts."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
