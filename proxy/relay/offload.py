"""Offloading to a thread: long requests, and the steps that answer them.

Reading a script takes about a second a megabyte. A thread does that for long requests and takes
their steps, so that the event loop serves other clients meanwhile; the thread releases the
interpreter's lock within its switch interval (`sys.setswitchinterval`).
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from gremlink.proxy.inference.answer import Answering
from gremlink.proxy.inference.commands import Ask, Command, Reply
from gremlink.proxy.inference.errors import InferenceError, TooManyRequests
from gremlink.proxy.relay.detect import holds_marker
from gremlink.proxy.wire.frames import Message
from gremlink.proxy.wire.request import RequestMessage, read_request

LONG = 16 * 1024
"""Bytes of a request, and of the answers that it waits for, from which on it is read and its steps
are taken in a thread: some 20 ms of reading."""

QUEUE_LIMIT = 64
"""Long steps that may wait, of all clients together."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Done:
    """The end of an inference: `request` goes to the database, `None` for the client's own."""

    request: RequestMessage | None


@dataclass(frozen=True, slots=True)
class Written:
    """The next command, and the frames of its request."""

    needed: Ask | Done
    frames: bytes


def read_if_marked(message: Message) -> RequestMessage | None:
    """Read the request of a message; return `None` if it does not hold the marker. Raises
    `MessageError`.
    """
    if not holds_marker(message.payload):
        return None
    return read_request(message.opcode, message.payload)


def advance_and_write(
    answering: Answering,
    reply: Reply | InferenceError,
    write: Callable[[RequestMessage], bytes],
) -> Command | Done | Written:
    """Do `advance`, and write the frames for the database: they may be megabytes."""
    needed = advance(answering, reply)
    if isinstance(needed, Ask | Done) and needed.request is not None:
        return Written(needed, write(needed.request))
    return needed


def advance(answering: Answering, reply: Reply | InferenceError) -> Command | Done:
    """Return the next command of an inference, given the reply to the last. Raises
    `InferenceError`.
    """
    try:
        if isinstance(reply, InferenceError):
            return answering.throw(reply)
        return answering.send(reply)
    except StopIteration as stop:
        return Done(stop.value)


class Offload:
    """A thread for work that would block the event loop. More threads would share one lock."""

    def __init__(self, waiting: int = QUEUE_LIMIT) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._most = waiting
        self._count = 0

    async def __call__(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Do some work in the thread. Raises `TooManyRequests` if too much of it waits."""
        if self._count >= self._most:
            raise TooManyRequests(
                f"{self._most} long queries are being read already, and no more may: try again"
                " later."
            )
        loop = asyncio.get_running_loop()
        self._count += 1
        future = self._pool.submit(functools.partial(work, *arguments))
        # Work that has begun goes on without its caller, and counts until it is done.
        future.add_done_callback(lambda _: _unless_closed(loop, self._done))
        return await asyncio.wrap_future(future)

    def _done(self) -> None:
        self._count -= 1

    def close(self) -> None:
        """Cancel the work that waits, and accept no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _unless_closed(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
