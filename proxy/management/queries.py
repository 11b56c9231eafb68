"""`/gremlin/status` and `/sparql/status`: running queries, and their cancellation.

Reference: Neptune's user guide, "Gremlin query status" and "Gremlin query cancellation", and the
same of SPARQL.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import parse_qs

from aiohttp import web

from gremlink.proxy.management.errors import BadRequest, InvalidParameter
from gremlink.proxy.management.http import Handler, yes


class OpenQuery(Protocol):
    """A query that has not got its last response."""

    @property
    def id(self) -> str:
        """The client's request id."""
        ...

    @property
    def started(self) -> float:
        """Time of arrival, in seconds of the monotonic clock."""
        ...

    def text(self) -> str:
        """Return the query, as far as it can be read."""
        ...


class Queries(Protocol):
    """Source of the queries in flight."""

    async def open(self, language: str) -> Sequence[OpenQuery]:
        """Return all of them in a language, oldest first."""
        ...

    async def cancel(self, id: str, language: str, *, silent: bool = False) -> bool:
        """Cancel a query; return False if there is none with this id."""
        ...


class QueryStatus:
    """The handlers for one language. `path` is that of its endpoint."""

    def __init__(self, queries: Queries, path: str, language: str) -> None:
        self._queries = queries
        self._path = f"{path}/status"
        self._language = language

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        ways: tuple[tuple[str, Handler], ...] = (("GET", self.get), ("POST", self.post))
        return [
            *(
                (way, f"{self._path}{slash}", handler)
                for slash in ("", "/")
                for way, handler in ways
            ),
            ("GET", f"{self._path}/{{id}}", self.get),
            ("DELETE", f"{self._path}/{{id}}", self.cancel),
        ]

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET /gremlin/status[/{id}]`, with arguments as in Neptune's console examples."""
        arguments = {name: request.query[name] for name in request.query}
        return await self._answer(request.match_info.get("id"), arguments)

    async def post(self, request: web.Request) -> dict[str, Any]:
        """`POST /gremlin/status` with a form in the body."""
        body = (await request.read()).decode("utf-8", errors="replace")
        form = parse_qs(body, keep_blank_values=True)
        arguments = {name: values[-1] for name, values in form.items()}
        return await self._answer(None, arguments | dict(request.query))

    async def cancel(self, request: web.Request) -> dict[str, Any]:
        """`DELETE /gremlin/status/{id}`."""
        return await self._cancel(request.match_info["id"], silent=False)

    async def _answer(self, id: str | None, arguments: dict[str, str]) -> dict[str, Any]:
        id = id or arguments.get("queryId")
        # The guide's own command sends the word without a value.
        if yes(arguments.get("cancelQuery", "FALSE") or "TRUE", "cancelQuery"):
            if id is None:
                raise InvalidParameter("The parameter queryId is required to cancel a query.")
            silent = yes(arguments.get("silent", "FALSE"), "silent")
            return await self._cancel(id, silent=silent)
        found = await self._queries.open(self._language)
        if id is None:
            return {
                "acceptedQueryCount": len(found),
                "runningQueryCount": len(found),
                "queries": [_described(query) for query in found],
            }
        for query in found:
            if query.id == id:
                return _described(query)
        raise _unknown(id)

    async def _cancel(self, id: str, *, silent: bool) -> dict[str, Any]:
        if not await self._queries.cancel(id, self._language, silent=silent):
            raise _unknown(id)
        return {"status": "200 OK", "payload": True}


def _unknown(id: str) -> BadRequest:
    return BadRequest(f"There is no running query with the id {id}.")


def _described(query: OpenQuery) -> dict[str, Any]:
    elapsed = round((time.monotonic() - query.started) * 1000)
    return {
        "queryId": query.id,
        "queryString": query.text(),
        "queryEvalStats": {"waited": 0, "elapsed": elapsed, "cancelled": False},
    }
