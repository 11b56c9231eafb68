"""Unsupported parts of Neptune's data API, unknown paths, and unsupported methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from gremlink.proxy.management.errors import BadRequest, MethodNotAllowed, UnsupportedOperation
from gremlink.proxy.management.http import Handler

REASONS: Mapping[str, tuple[str, ...]] = {
    "openCypher queries are not answered: gremlink speaks Gremlin.": ("/opencypher", "/openCypher"),
    "There are no statistics of RDF graphs.": ("/sparql/statistics", "/rdf"),
    "There is no stream of changes: the database behind the proxy keeps none.": (
        "/sparql/stream",
        "/propertygraph/stream",
        "/pg/stream",
        "/gremlin/stream",
    ),
    "The graph is not reset over this API: send g.V().drop() as a query.": ("/system",),
}
"""Reasons, and the paths that they hold for, with everything below."""

PARTS = (
    "ml",
    "endpoints",
    "loader",
    "v1",
    "neptune-export",
    "propertygraph",
    "pg",
    "sparql",
    "rdf",
)
"""First segments of the API's paths."""


def unsupported() -> list[tuple[str, str, Handler]]:
    """Return method, path and handler of the routes that raise UnsupportedOperationException."""
    return [
        ("*", f"{path}{below}", _refusing(reason))
        for reason, paths in REASONS.items()
        for path in paths
        for below in ("", "/{rest:.*}")
    ]


def not_allowed(routes: Iterable[tuple[str, str, Handler]]) -> list[tuple[str, str, Handler]]:
    """Return method, path and handler of the unsupported methods of some routes' paths."""
    methods: dict[str, list[str]] = {}
    for method, path, _ in routes:
        methods.setdefault(path, []).append(method)
    return [("*", path, _only(allowed)) for path, allowed in methods.items()]


def unknown(routes: Iterable[tuple[str, str, Handler]]) -> list[tuple[str, str, Handler]]:
    """Return catch-all routes for the other paths below those of some routes. They come last."""
    paths = list(dict.fromkeys(path for _, path, _ in routes))
    found: list[tuple[str, str, Handler]] = []
    for part in PARTS:
        there = [path for path in paths if f"{path}/".startswith(f"/{part}/")]
        refuse = _nothing(there)
        found += [("*", f"/{part}", refuse), ("*", f"/{part}/{{rest:.*}}", refuse)]
    return found


def _nothing(there: list[str]) -> Handler:
    async def refuse(request: web.Request) -> dict[str, Any]:
        raise BadRequest(f"Bad route: {request.path[:100]}. There are {', '.join(there)}.")

    return refuse


def _refusing(reason: str) -> Handler:
    async def refuse(request: web.Request) -> dict[str, Any]:
        raise UnsupportedOperation(reason)

    return refuse


def _only(methods: list[str]) -> Handler:
    async def refuse(request: web.Request) -> dict[str, Any]:
        raise MethodNotAllowed(f"{request.path} takes {', '.join(methods)}, not {request.method}.")

    return refuse
