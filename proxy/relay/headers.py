"""HTTP on its way through a proxy: headers, addresses, errors of a connection."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from aiohttp import ServerDisconnectedError, web
from multidict import CIMultiDict, MultiMapping

from gremlink.proxy.messages import system_errors
from gremlink.proxy.relay.http.errors import error_body

HOP_BY_HOP = frozenset(
    """connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding
    upgrade""".split()
)
"""Headers that belong to one connection (RFC 9110 section 7.6.1)."""


def http_url(websocket_url: str) -> str:
    """Return the HTTP address of a server that is named by its WebSocket address."""
    parts = urlsplit(websocket_url)
    return urlunsplit(parts._replace(scheme={"ws": "http", "wss": "https"}[parts.scheme]))


def end_to_end(headers: MultiMapping[str]) -> CIMultiDict[str]:
    """Return the headers that are meant for the other end (RFC 9110 section 7.6.1)."""
    listed = ",".join(headers.getall("Connection", ()))
    named = {word.strip().lower() for word in listed.split(",")}
    dropped = HOP_BY_HOP | named | {"host", "content-length"}
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in dropped
    )


def require_text(headers: MultiMapping[str]) -> None:
    """Raise `HTTPForbidden` for credentials that hold bytes that are not UTF-8.

    aiohttp would leave them out where it writes the header again: others would arrive.
    """
    for value in headers.getall("Authorization", ()):
        try:
            value.encode()
        except UnicodeEncodeError:
            why = "The credentials hold bytes that are not UTF-8."
            raise web.HTTPForbidden(**error_body("AccessDeniedException", why)) from None


def reason_of(error: Exception) -> str:
    """Say why the database cannot be reached, in the operating system's words if it has any."""
    if isinstance(error, ServerDisconnectedError):  # its own words are a head without content
        return "it closed the connection without an answer"
    return system_errors.reason_of(error)
