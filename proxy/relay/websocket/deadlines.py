"""Timers of a connection: for idle clients, unfinished messages, and peers that do not read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class IdleTimer:
    """Calls `fired` when `heard` was not called for `timeout` seconds, and again if that goes on.

    One timer a connection, which looks at the clock when it fires: `heard` costs an assignment.
    """

    def __init__(self, timeout: float | None, fired: Callable[[], None]) -> None:
        self._timeout = timeout
        self._fired = fired
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = None if timeout is None else self._loop.call_later(timeout, self._look)

    def heard(self) -> None:
        """Note that bytes came."""
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
        """Stop for good."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class WriteTimer:
    """Calls `fired` when a transport with a full buffer has sent nothing for `timeout` seconds."""

    def __init__(self, timeout: float, fired: Callable[[], None]) -> None:
        self._timeout = timeout
        self._fired = fired
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, transport: asyncio.WriteTransport) -> None:
        """Start: the transport's buffer is full."""
        self._arm(transport)

    def end(self) -> None:
        """Stop: the transport sends again, or is closed."""
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
    """Calls `fired` when nothing more of a begun message has come for `timeout` seconds."""

    def __init__(self, timeout: float, fired: Callable[[], None]) -> None:
        self._timeout = timeout
        self._fired = fired
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def goes_on(self) -> None:
        """Note that more of the message came."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._look)

    def end(self) -> None:
        """Stop: the message is complete or of no interest any more."""
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
