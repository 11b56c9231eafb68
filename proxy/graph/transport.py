"""gremlinpython's transport, whose socket has closed when `close` returns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from gremlin_python.driver.aiohttp.transport import AiohttpTransport

CLOSING = 1.0
"""Seconds that the other side gets for its part of the end."""
_LOOK = 0.002


class Transport(AiohttpTransport):  # type: ignore[misc]
    """Over TLS an end takes both sides, and the driver stops its event loop before: what is then
    left of the connection stays open until Python's garbage collector comes by."""

    _socket = None

    def connect(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        """As the driver's."""
        super().connect(url, headers)
        self._socket = self._websocket.get_extra_info("socket")

    def close(self) -> None:
        """As the driver's; at most `CLOSING` seconds longer."""
        until = time.monotonic() + CLOSING
        if not self._loop.is_closed() and self._websocket is not None:
            self._loop.run_until_complete(self._websocket.close())
            while self._open() and time.monotonic() < until:
                self._loop.run_until_complete(asyncio.sleep(_LOOK))
        super().close()

    def _open(self) -> bool:
        return self._socket is not None and self._socket.fileno() >= 0
