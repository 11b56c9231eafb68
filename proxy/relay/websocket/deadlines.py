"""Time limits of a connection: silence, messages that do not go on, and peers that take nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class IdleTimer:
    """Calls `fired` when `heard` was not called for `timeout` seconds, and again if it goes on.

    One timer a connection, which looks at the clock when it fires: hearing costs an assignment.
    """

    def __init__(self, timeout: float | None, fired: Callable[[], None]) -> None:
        self._timeout = timeout
        self._fired = fired
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = None if timeout is None else self._loop.call_later(timeout, self._look)

    def heard(self) -> None:
        """Somebody said something."""
        if self._timeout is not None:
            self._last = self._loop.time()

    def _look(self) -> None:
        assert self._timeout is not None
        now = self._loop.time()
        left = self._last + self._timeout - now
        if left <= 0:
            self._last, left = now, self._timeout
            self._fired()
        if self._timer is not None:
            self._timer = self._loop.call_later(left, self._look)

    def cancel(self) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class WriteTimer:
    """Calls `fired` when a transport that takes no more has taken nothing for `timeout` seconds."""

    def __init__(self, timeout: float, fired: Callable[[], None]) -> None:
        self._timeout = timeout
        self._fired = fired
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, transport: asyncio.WriteTransport) -> None:
        """The transport's buffer is full."""
        self._arm(transport)

    def end(self) -> None:
        """The transport takes again, or is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, transport: asyncio.WriteTransport) -> None:
        waiting = transport.get_write_buffer_size()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._timeout, self._look, transport, waiting)

    def _look(self, transport: asyncio.WriteTransport, before: int) -> None:
        if transport.get_write_buffer_size() < before:
            self._arm(transport)
        else:
            self._timer = None
            self._fired()


class MessageTimer:
    """Calls `fired` when a message that has begun has not gone on for `timeout` seconds."""

    def __init__(self, timeout: float, fired: Callable[[], None]) -> None:
        self._timeout = timeout
        self._fired = fired
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def goes_on(self) -> None:
        """Some of it came."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._look)

    def end(self) -> None:
        """It is complete, or nobody waits for it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._heard + self._timeout - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._look)
        else:
            self._timer = None
            self._fired()
