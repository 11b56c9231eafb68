"""The gate before every route and handshake: requests that a web page made are refused.

A page in a browser on this machine reaches the port, and behind it a database that evaluates code.
A page's request differs from a driver's in headers that browsers set and pages cannot change:
`Origin`, `Sec-Fetch-Site` (W3C Fetch Metadata), and `Host`, which has the attacker's name where a
name of theirs was made to point here (DNS rebinding). Drivers, curl and SDKs send a `Host` of the
proxy's own and nothing else.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from gremlink.proxy.config import Access, Listen
from gremlink.proxy.relay.http.errors import error_body

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOG_PERIOD = 60.0
"""Seconds between two lines of refusals in the log."""

PREFLIGHT_SECONDS = 600
"""Time for which a browser may remember the answer to a preflight."""

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]@/?#\\]+)(?::([0-9]{0,5}))?")
"""Host and port (RFC 3986), which may be a colon alone."""

_DEFAULT_PORTS: Mapping[str, str] = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_OWN_SITE = ("same-origin", "none")
"""Values of `Sec-Fetch-Site` for a page of the proxy's own, and for the address bar."""

_SHOWN = 100
"""Characters of a foreign name in an error."""


class Gate:
    """Checks where requests come from, by the settings `listen` and `access`.

    Use `check` as the first middleware, and `answer` as a signal handler of `on_response_prepare`.
    """

    def __init__(self, listen: Listen, access: Access) -> None:
        self._on_loopback = listen.on_loopback
        self._names = frozenset({listen.host.lower(), socket.gethostname().lower()})
        self._hosts = access.hosts
        self._log = _RefusalLog()
        self._origins = frozenset(access.origins)

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Handle a request that no foreign page made; answer preflights of allowed origins.

        Raises `HTTPForbidden` with what to set in the configuration.
        """
        try:
            preflight = self._judge(request)
        except _Refused as refused:
            self._log.add(refused.why)
            raise
        return preflight if preflight is not None else await handler(request)

    def _judge(self, request: web.Request) -> web.Response | None:
        """Raise `HTTPForbidden`, or return the answer to a preflight."""
        host, origin = _only(request, "Host"), _only(request, "Origin")
        names = [] if host is None else [host]
        if host is not None and request.host != host:
            # A target in absolute form (`GET http://…`) says itself whom it is for (RFC 9112).
            names.append(request.url.raw_authority)
        for name in names:
            if not self.is_own_host(name):
                raise _Refused(
                    f"The host {_excerpt(name)} is none of the names of this proxy: address it as"
                    " localhost, or add the name to the setting access.hosts"
                )
        if origin is not None and origin.lower() in self._origins:
            if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
                return _preflight(request)
        elif origin is not None and not _is_same(origin, host):
            raise _Refused(
                f"Requests of pages of {_excerpt(origin)} are refused. The setting access.origins"
                " allows an origin"
            )
        elif (why := _foreign_by_metadata(request, host)) is not None:
            raise _Refused(why)
        return None

    async def answer(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let a page of an allowed origin read a response (CORS)."""
        origin = request.headers.get("Origin", "")
        if origin.lower() in self._origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "*"
            response.headers.add("Vary", "Origin")

    def is_own_host(self, host: str) -> bool:
        """Tell whether `host`, of a `Host` header, is a name or address of this proxy.

        An address is safe from rebinding by itself. So is a name of one label off this machine: no
        public name server answers for those, and names of containers look so.
        """
        found = _AUTHORITY.fullmatch(host)
        if found is None:
            return False
        name = found[1].strip("[]").lower().removesuffix(".")
        if any(_matches(name, pattern) for pattern in self._hosts):
            return True
        if name == "localhost" or name.endswith(".localhost"):
            return True
        address = _address(name)
        if self._on_loopback:
            return address is not None and address.is_loopback
        if address is not None:
            return not address.is_unspecified
        return name in self._names or "." not in name


def _foreign_by_metadata(request: web.Request, host: str | None) -> str | None:
    """Return the reason why a request without a foreign `Origin` was made by a page all the same,
    if it was.

    `<img>`, scripts and links send no `Origin`. Browsers send their site if the address is https or
    of this machine; elsewhere only a page of the proxy's own leaves its address in `Referer`.
    """
    site = _only(request, "Sec-Fetch-Site")
    if site is not None:
        if site in _OWN_SITE:
            return None
        return (
            f"A page of another site made this request (Sec-Fetch-Site: {_excerpt(site)}). Only"
            " requests with an Origin that the setting access.origins allows are answered"
        )
    acts = request.method not in ("GET", "HEAD") or bool(request.query_string)
    if not acts or not _is_browser(request.headers.get("User-Agent", "")):
        return None
    if "Origin" in request.headers or _is_same(request.headers.get("Referer", ""), host):
        return None
    return (
        "This browser does not tell which page made the request. Send queries with a client, or"
        " open the proxy as https:// or on localhost"
    )


def _only(request: web.Request, name: str) -> str | None:
    """Return the value of a header. Raises `HTTPForbidden` if there are several."""
    values = request.headers.getall(name, ())
    if len(values) > 1:
        raise _Refused(f"The request has more than one header {name}")
    return values[0] if values else None


def _is_same(origin: str, host: str | None) -> bool:
    """Tell whether an origin, or an address, is the proxy's, which the client calls `host`."""
    try:
        parts = urlsplit(origin)
    except ValueError:  # brackets without their other half, characters that hide others
        return False
    if host is None or parts.scheme not in ("http", "https"):
        return False
    return _place(parts.netloc, parts.scheme) == _place(host, parts.scheme)


def _place(authority: str, scheme: str) -> tuple[str, str] | None:
    found = _AUTHORITY.fullmatch(authority)
    return None if found is None else (found[1].lower(), found[2] or _DEFAULT_PORTS[scheme])


def _matches(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and len(name) >= len(pattern)
    return pattern in ("*", name)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(name)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_browser(agent: str) -> bool:
    """Tell whether a `User-Agent` is a browser's. PowerShell calls itself one; pages cannot."""
    return agent.startswith("Mozilla/") and "PowerShell/" not in agent


def _preflight(request: web.Request) -> web.Response:
    headers = {
        "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        "Vary": "Access-Control-Request-Headers",
    }
    asked = request.headers.get("Access-Control-Request-Headers")
    if asked is not None:
        headers["Access-Control-Allow-Headers"] = asked
    if "Access-Control-Request-Private-Network" in request.headers:
        headers["Access-Control-Allow-Private-Network"] = "true"
    return web.Response(status=204, headers=headers)


class _Refused(web.HTTPForbidden):
    """A refusal, and the reason for it."""

    def __init__(self, why: str) -> None:
        told_as: Any = error_body("AccessDeniedException", f"{why}.")
        super().__init__(headers={"X-Content-Type-Options": "nosniff"}, **told_as)
        self.why = why


class _RefusalLog:
    """Refusals in the log: one line a minute, with the number of the others."""

    def __init__(self) -> None:
        self._next = 0.0
        self._untold = 0

    def add(self, why: str) -> None:
        """Write a line, or count one more."""
        now = monotonic()
        if now < self._next:
            self._untold += 1
            log.debug("refused: %s", why)
            return
        before = f" ({self._untold} more since the last such line)" if self._untold else ""
        log.info("refused: %s%s", why, before)
        self._next, self._untold = now + LOG_PERIOD, 0


def _excerpt(value: str) -> str:
    """Escape and shorten a foreign header's value for a message."""
    return repr(value[:_SHOWN])
