"""Connections of clients: handlers that end with them, and responses towards browsers, which must
not guess their type from bytes.

Browsers look into responses for HTML, and run what they find. `X-Content-Type-Options: nosniff`
(WHATWG Fetch) forbids that. Every response carries it, the database's too: their bytes and their
own headers stay as they are.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

ENDS_WITH_CLIENT = web.RequestKey("ends_with_client", bool)
"""Set on a request whose handler ends when the client goes, the only one who waits for it."""

NO_SNIFFING = ("X-Content-Type-Options", "nosniff")


async def forbid_sniffing(request: web.Request, response: web.StreamResponse) -> None:
    """Set the header; for `on_response_prepare`. A handshake has no content."""
    if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        response.headers.setdefault(*NO_SNIFFING)


class Runner(web.AppRunner):
    """Runs an application whose errors carry the header, too, if there is no request: for bytes
    that are no HTTP.

    No signal is sent for them, and they quote the bytes. Handlers of requests with
    `ENDS_WITH_CLIENT` end with the client's connection.
    """

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server
        return server


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class _Handler(web.RequestHandler):
    __slots__ = ()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End the handler, if it is not to go on without its client."""
        request, task = self._current_request, self._task_handler
        super().connection_lost(exc)
        if isinstance(request, web.Request) and request.get(ENDS_WITH_CLIENT) and task is not None:
            task.cancel()

    def handle_error(self, *arguments: Any, **options: Any) -> web.StreamResponse:
        response = super().handle_error(*arguments, **options)
        response.headers.setdefault(*NO_SNIFFING)
        return response
