"""The port: limits of connections and of silent clients, and TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp import web

from gremlink.errors import Error
from gremlink.proxy.config import Limits, Listen
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.relay.tls import ServerCertificate
from gremlink.proxy.relay.waits import WAITS

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 1\r\n"
    b"X-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
)
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class ListenError(Error):
    """The address to listen on cannot be used."""

    @classmethod
    def at(cls, host: str, port: int, error: OSError) -> ListenError:
        """Build the error from the system's own."""
        return cls(
            f"cannot listen on {host}:{port}: {reason_of(error)};"
            " choose another port, or stop what uses it"
        )


class Listener:
    """Hands connections to aiohttp's handlers, as many as the limits allow.

    `arrived` has to be a middleware of the application: it notes that a connection has brought its
    first request in time.
    """

    def __init__(
        self,
        listen: Listen,
        limits: Limits,
        certificate: ServerCertificate | None,
        renewal_period: float = WAITS.renewal,
    ) -> None:
        self._renewal_period = renewal_period
        self._listen = listen
        self._limits = limits
        self._certificate = certificate
        self._silent: dict[asyncio.BaseProtocol, asyncio.TimerHandle] = {}
        self._server: asyncio.AbstractServer | None = None
        self._renewal: asyncio.TimerHandle | None = None

    @property
    def arrived(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        """A middleware for every request."""

        @web.middleware
        async def arrived(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            timer = self._silent.pop(request.protocol, None)
            if timer is not None:
                timer.cancel()
            return await handler(request)

        return arrived

    async def open(
        self, handlers: web.Server, websocket_count: Callable[[], int]
    ) -> tuple[str, int]:
        """Listen, and return address and port in use. Raises `ListenError`.

        `websocket_count` counts the connections that the handlers no longer have.
        """
        loop = asyncio.get_running_loop()
        host, port = self._listen.host, self._listen.port
        tls = self._certificate
        try:
            self._server = await loop.create_server(
                lambda: self._accept(handlers, websocket_count()),
                host,
                port,
                backlog=1024,
                reuse_port=self._listen.workers > 1,
                ssl=None if tls is None else tls.context,
                ssl_handshake_timeout=None if tls is None else self._limits.handshake_timeout,
            )
        except OSError as error:
            raise ListenError.at(host, port, error) from error
        self._renew()
        address: tuple[str, int] = self._server.sockets[0].getsockname()[:2]
        return address

    def close(self) -> None:
        """Accept no more connections; open ones stay."""
        if self._server is not None:
            self._server.close()
        if self._renewal is not None:
            self._renewal.cancel()
        for timer in self._silent.values():
            timer.cancel()
        self._silent.clear()

    def _accept(self, handlers: web.Server, websocket_count: int) -> asyncio.BaseProtocol:
        most = self._limits.max_connections
        if len(handlers.connections) + websocket_count >= most:
            return _Busy(most)
        handler = handlers()
        self._silent[handler] = asyncio.get_running_loop().call_later(
            self._limits.handshake_timeout, self._late, handler
        )
        return handler

    def _late(self, handler: web.RequestHandler) -> None:
        del self._silent[handler]
        # Without a transport TLS is not agreed on, for which there is a time limit of its own.
        if handler.transport is not None and not handler.transport.is_closing():
            handler.transport.write(_TOO_LATE)
            handler.transport.close()

    def _renew(self) -> None:
        if self._certificate is not None:
            self._certificate.renew()
            loop = asyncio.get_running_loop()
            self._renewal = loop.call_later(self._renewal_period, self._renew)


def host_and_port(host: str, port: int) -> str:
    """Return host and port as an address has them."""
    return f"{f'[{host}]' if ':' in host else host}:{port}"


class _Busy(asyncio.Protocol):
    """Answers one client too many with 503."""

    def __init__(self, most: int) -> None:
        self._reason = f"The proxy serves {most} connections, and no more at one time.\n".encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer before anything is asked."""
        writer = cast(asyncio.WriteTransport, transport)  # uvloop's are of no common class
        writer.write(_BUSY % (len(self._reason), self._reason))
        writer.close()
