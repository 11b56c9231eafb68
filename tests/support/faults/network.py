"""A TCP proxy that breaks connections: drawn from a seed, so that a run can be had again.

Each connection gets one fault, or none. Bytes are only ever lost together with the connection, and
garbage comes only where a WebSocket frame or an HTTP response begins: TCP promises that, and bytes
changed within an answer could be told by nobody who passes them on.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random

from gremlink.proxy.wire.errors import FrameError
from gremlink.proxy.wire.frames import FrameReader

FAULTS = ("refuse", "cut", "half", "reset", "delay", "trickle", "stall", "garbage")
_CHUNK = 1 << 16
_LINGER_NOT = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Plan:
    """What will happen to one connection: `fault` after so many bytes of the database, or of the
    other side if `upwards`; empty for nothing."""

    fault: str
    upwards: bool
    after: int


def drawn(random: Random, share: float) -> Plan:
    """The plan of a connection; `share` of them get a fault."""
    fault = random.choice(FAULTS) if random.random() < share else ""
    upwards = random.random() < 0.3
    # Requests are small, answers are not: every part of both is to be met.
    return Plan(fault, upwards, int(10 ** random.uniform(0, 3.5 if upwards else 5)))


class FaultyNetwork:
    """A way to `port` of this machine; `counts` are the faults that came to pass."""

    def __init__(self, port: int, *, seed: int, share: float = 0.6) -> None:
        self.port = 0
        self.share = share
        self.counts: Counter[str] = Counter()
        self._target = port
        self._seed = seed
        self._number = 0
        self._open: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[FaultyNetwork]:
        """The way as long as the context lasts."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._open):
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._carry(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._number += 1
        random = Random(f"{self._seed} {self._number}")
        plan = drawn(random, self.share)
        if plan.fault == "refuse":
            self.counts["refuse"] += 1
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return
        kept = Plan("", plan.upwards, 0)
        up = self._pipe(reader, far_writer, plan if plan.upwards else kept, random)
        down = self._pipe(far_reader, writer, kept if plan.upwards else plan, random)
        ways = {asyncio.ensure_future(up), asyncio.ensure_future(down)}
        try:
            # A half that ends in order may be followed by the other; a fault ends both.
            while ways:
                done, ways = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                if any(not way.result() for way in done):
                    break
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            if plan.fault in ("reset", "stall"):
                _reset(writer)
            with contextlib.suppress(Exception):
                writer.close()
                await writer.wait_closed()
            far_writer.transport.abort()

    async def _pipe(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        plan: Plan,
        random: Random,
    ) -> bool:
        """Move bytes one way; whether they came to their natural end."""
        passed = 0
        bounds = Boundaries()
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if plan.fault == "garbage":
                    place = bounds.first_from(data, plan.after - passed)
                elif plan.fault in ("cut", "half", "reset", "stall"):
                    place = plan.after - passed if passed + len(data) >= plan.after else None
                else:
                    place = None
                if place is not None:
                    self.counts[plan.fault] += 1
                    writer.write(data[:place])
                    await self._break(plan, writer, random)
                    return False
                if plan.fault in ("delay", "trickle"):
                    await self._slow(plan, data, passed, writer, random)
                else:
                    writer.write(data)
                    await writer.drain()
                passed += len(data)
            if writer.can_write_eof():
                writer.write_eof()
            return True
        return False

    async def _break(self, plan: Plan, writer: asyncio.StreamWriter, random: Random) -> None:
        if plan.fault == "garbage":
            writer.write(random.randbytes(random.randint(1, 400)))
            await writer.drain()
            await asyncio.sleep(random.uniform(0, 0.2))
        elif plan.fault == "half":
            await writer.drain()
            writer.write_eof()
            await asyncio.sleep(random.uniform(0.05, 0.3))
        elif plan.fault == "stall":
            await asyncio.sleep(random.uniform(0.2, 1.0))
        elif plan.fault == "cut":
            await writer.drain()

    async def _slow(
        self, plan: Plan, data: bytes, passed: int, writer: asyncio.StreamWriter, random: Random
    ) -> None:
        if not passed:
            self.counts[plan.fault] += 1
        if plan.fault == "delay":
            await asyncio.sleep(random.uniform(0, 0.03))
        elif passed < 4000:
            head, data = data[: 4000 - passed], data[4000 - passed :]
            while head:
                size = random.randint(1, 120)
                writer.write(head[:size])
                await writer.drain()
                await asyncio.sleep(0.0005)
                head = head[size:]
        writer.write(data)
        await writer.drain()


class Boundaries:
    """Where in one direction of a connection something new may begin."""

    def __init__(self) -> None:
        self._head: bytes | None = b""
        self._frames: FrameReader | None = None
        self._begun = False

    def first_from(self, data: bytes, wanted: int) -> int | None:
        """The first such place in `data` that is not before `wanted`, `None` without one."""
        place = 0
        if not self._begun:
            self._begun = True
            if wanted <= 0:
                return 0
        if self._head is not None:
            self._head += data
            head, ended, _ = self._head.partition(b"\r\n\r\n")
            if not ended:
                return None
            place = len(data) - (len(self._head) - len(head) - 4)
            self._head = None
            if b"upgrade: websocket" in head.lower():
                self._frames = FrameReader()
                if place >= wanted:
                    return place
        if self._frames is None:
            return None
        try:
            for piece in self._frames.feed(data[place:]):
                place += len(piece.raw)
                if piece.last and place >= wanted:
                    return place
        except FrameError:
            self._frames = None
        return None


def _reset(writer: asyncio.StreamWriter) -> None:
    taken: socket.socket | None = writer.get_extra_info("socket")
    if taken is not None:
        with contextlib.suppress(OSError):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()
