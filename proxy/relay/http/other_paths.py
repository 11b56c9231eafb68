"""Queries at other paths than that of the Gremlin endpoint.

A Gremlin Server answers queries over HTTP at any path, and TinkerPop's documentation sends them to
the root. So a request at a path without a route is treated as a query. Exceptions are pages, which
a browser gets without a query, and names below the endpoint's path, which are Neptune's: a mistyped
`/gremlin/explain` must not run the query.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from gremlink.proxy.relay.http.errors import error_body
from gremlink.proxy.wire.operations import is_operation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CLAIMED: web.AppKey[Callable[[str], bool]] = web.AppKey("claimed", Callable[[str], bool])  # type: ignore[arg-type]
"""Tells whether an extension answers at a path, for paths that are no routes."""


def queries_at_other_paths(endpoint: str, answer: Handler) -> Middleware:
    """Return a middleware that lets `answer` handle queries at other paths than `endpoint`.

    A Gremlin Server does not answer WebSocket handshakes there at all; here they are refused.
    """

    @web.middleware
    async def dispatched(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _may_be_query(request, endpoint):
            return await handler(request)
        if "websocket" in request.headers.get("Upgrade", "").lower():
            why = f"WebSocket connections are taken at {endpoint}, not at {request.path[:100]}."
            raise web.HTTPNotFound(**error_body("BadRequestException", why))
        if _is_query(request):
            return await answer(request)
        return await handler(request)

    return dispatched


def _may_be_query(request: web.Request, endpoint: str) -> bool:
    """Tell whether a request at this path may be a query."""
    path = request.path
    if path == "/":
        return path != endpoint and not is_operation(request.method, path, request.headers)
    if path == f"{endpoint}/":
        return True
    if path == endpoint or path.startswith(f"{endpoint}/"):
        return False
    claimed = request.app.get(CLAIMED)
    if claimed is not None:
        return not claimed(request.rel_url.raw_path)
    refused: Any = request.match_info.http_exception
    return isinstance(refused, web.HTTPNotFound)


def _is_query(request: web.Request) -> bool:
    """Tell whether a request is a query, not a request for a page."""
    return request.method not in ("GET", "HEAD") or "gremlin" in request.query


def patterns_of(application: web.Application) -> list[str]:
    """List regular expressions of the paths at which an application answers."""
    found = []
    for resource in application.router.resources():
        info = resource.get_info()
        if "path" in info:
            found.append(re.escape(info["path"]))
        elif "pattern" in info:
            found.append(info["pattern"].pattern)
    return found


def path_matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that tells whether a path matches one of the `patterns`."""
    compiled = [re.compile(pattern) for pattern in patterns]
    return lambda path: any(pattern.fullmatch(path) for pattern in compiled)
