"""gremlinpython's transport, whose socket has closed when `close` returns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from gremlin_python.driver.aiohttp.transport import AiohttpTransport

from gremlink.proxy.graph.limits import limits

CLOSING = 1.0
"""Seconds that the other side gets for its part of the end."""
_LOOK = 0.002


TOO_BIG = 1009
"""Close code: a message has more bytes than its receiver takes (RFC 6455)."""

NOTICEABLE = 64 * 1024
"""Bytes of a message from which on its size may be why a connection broke under it."""


class TooBig(RuntimeError):
    """A message is larger than the server, or than we, take."""


class Transport(AiohttpTransport):  # type: ignore[misc]
    """Messages of an answer have a bound, and one that the server does not take is said to be so.

    Over TLS an end takes both sides, and the driver stops its event loop before: what is then
    left of the connection stays open until Python's garbage collector comes by."""

    _socket = None
    _sent = 0

    def connect(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        """Connect as the driver does."""
        super().connect(url, headers)
        self._socket = self._websocket.get_extra_info("socket")

    def write(self, message: bytes) -> None:
        """Write as the driver does. Raises `TooBig`."""
        self._sent = len(message)
        try:
            super().write(message)
        except (OSError, RuntimeError) as error:
            if self._sent < NOTICEABLE:
                raise
            raise TooBig(self._not_taken("perhaps ")) from error

    def read(self) -> object:
        """Read as the driver does. Raises `TooBig`."""
        try:
            return super().read()
        except RuntimeError as error:
            if "exceeds limit" in str(error):
                most = f"{limits().answer:,}"
                raise TooBig(
                    f"a message of its answer has more than {most} bytes: raise "
                    "limits.max_answer_bytes, if the graph has values of that size"
                ) from error
            if getattr(self._websocket, "close_code", None) == TOO_BIG:
                raise TooBig(self._not_taken("")) from error
            if self._sent >= NOTICEABLE:
                raise TooBig(self._not_taken("perhaps ")) from error
            raise

    def _not_taken(self, perhaps: str) -> str:
        return (
            f"it closed the connection, {perhaps}because a message of {self._sent:,} bytes is more "
            "than it takes: shorten the values, or raise the limit of the server (Gremlin Server: "
            "maxContentLength)"
        )

    def close(self) -> None:
        """Close as the driver does; at most `CLOSING` seconds longer."""
        until = time.monotonic() + CLOSING
        if not self._loop.is_closed() and self._websocket is not None:
            self._loop.run_until_complete(self._websocket.close())
            while self._open() and time.monotonic() < until:
                self._loop.run_until_complete(asyncio.sleep(_LOOK))
        super().close()

    def _open(self) -> bool:
        return self._socket is not None and self._socket.fileno() >= 0
