"""The connection to the database: aiohttp shakes hands, then its socket is taken over."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
from dataclasses import dataclass

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
)
from multidict import CIMultiDict

from gremlink.proxy.relay.headers import end_to_end, http_url, reason_of

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3

_KEEPALIVE = {
    (socket.SOL_SOCKET, "SO_KEEPALIVE"): 1,
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE"): 30,
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL"): 10,
    (socket.IPPROTO_TCP, "TCP_KEEPCNT"): 3,
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT"): 60_000,
}
"""A database whose machine is gone without a word counts as lost after a minute."""

_AUTOMATIC = ("Accept", "Accept-Encoding", "User-Agent")


class Unreachable(Exception):
    """No connection to the database could be made; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The database answered the handshake with something else than a WebSocket."""

    status: int
    reason: str
    headers: CIMultiDict[str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A WebSocket connection: its socket, paused, the bytes that were already read, and the sub-
    protocol. It has to be taken over or closed.
    """

    transport: asyncio.Transport
    early: bytes
    protocol: str | None
    response: ClientResponse

    def take(self) -> asyncio.Transport:
        """Return the socket, which aiohttp forgets."""
        connection = self.response.connection
        assert connection is not None
        assert connection.protocol is not None
        # For aiohttp the connection ends here: what it keeps of one is ten times what we need.
        connection.protocol.connection_lost(None)
        self.response.close()
        return self.transport

    def close(self) -> None:
        """Close the connection."""
        self.response.close()


async def open_upstream(
    session: ClientSession, url: str, headers: CIMultiDict[str], *, timeout: float
) -> Opened | Declined:
    """Connect to `url` with a client's own headers, within `timeout` seconds.

    Extensions are not offered: compressed frames could not be scanned, and forwarded as they are
    they would bind both sides to one compression state. Raises `Unreachable`.
    """
    key = base64.b64encode(os.urandom(16)).decode()
    asked = CIMultiDict(
        (name, value)
        for name, value in end_to_end(headers).items()
        if name.lower() not in ("sec-websocket-key", "sec-websocket-extensions")
    )
    asked.update({"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": key})
    try:
        answer = await asyncio.wait_for(_shake_hands(session, url, asked), timeout)
    except asyncio.TimeoutError:
        raise Unreachable(
            f"The database at {url} cannot be reached: no answer within {timeout:g} s."
        ) from None
    except (ClientError, OSError) as error:
        raise Unreachable(
            f"The database at {url} cannot be reached: {reason_of(error)}."
        ) from error
    return answer if isinstance(answer, Declined) else _taken_over(answer, url, key)


async def _shake_hands(
    session: ClientSession, url: str, headers: CIMultiDict[str]
) -> ClientResponse | Declined:
    # A request that is not read to its end: from the answer's head on, the bytes are ours.
    response = await session.get(
        http_url(url),
        headers=headers,
        skip_auto_headers=_AUTOMATIC,
        read_until_eof=False,
        allow_redirects=False,
        timeout=ClientTimeout(total=None),
    )
    if response.status == 101:
        return response
    async with response:
        return Declined(
            response.status,
            response.reason or "",
            end_to_end(CIMultiDict(response.headers)),
            await response.read(),
        )


def _taken_over(response: ClientResponse, url: str, key: str) -> Opened:
    connection = response.connection
    accepted = base64.b64encode(hashlib.sha1(key.encode() + _MAGIC).digest()).decode()  # noqa: S324
    if (
        connection is None
        or connection.transport is None
        or response.headers.get("Sec-WebSocket-Accept") != accepted
        or "Sec-WebSocket-Extensions" in response.headers
    ):
        response.close()
        raise Unreachable(f"The database at {url} does not speak WebSocket.")
    transport = connection.transport
    _keep_alive(transport)
    # aiohttp hands over what came in the same segment as the head; no more may come to it.
    assert connection.protocol is not None
    early = _Collector()
    connection.protocol.set_parser(early, None)
    transport.pause_reading()
    protocol = response.headers.get("Sec-WebSocket-Protocol")
    return Opened(transport, bytes(early.data), protocol, response)


class _Collector:
    """A parser for aiohttp that keeps the bytes it is fed."""

    def __init__(self) -> None:
        self.data = bytearray()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        """Do nothing: the socket's new owner sees its end."""


def _keep_alive(transport: asyncio.Transport) -> None:
    taken = transport.get_extra_info("socket")
    for (level, name), value in _KEEPALIVE.items():
        if (option := getattr(socket, name, None)) is not None:  # not every system has them all
            taken.setsockopt(level, option, value)
