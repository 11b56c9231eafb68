"""`/sparql/inference`: the block of Neptune ML as an endpoint of SPARQL 1.1 Federated Query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web

from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.management.errors import BadRequest
from gremlink.proxy.management.http import Handler, read
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.sparql import read_sparql

Federate = Callable[[str, str], Awaitable[tuple[str, str]]]
"""Answers a query in a format that is accepted: returns content type and content. Awaiting raises
`InferenceError`."""


@dataclass(frozen=True, slots=True)
class Federation:
    """The handlers."""

    federate: Federate

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        return [
            (method, f"/sparql/inference{slash}", self.answer)
            for method in ("GET", "POST")
            for slash in ("", "/")
        ]

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a query with triples of a block and no service around them."""
        try:
            message = read_sparql(
                request.headers.get("Content-Type", ""),
                request.raw_path.partition("?")[2],
                await read(request),
                has_body=request.method == "POST",
            )
        except MessageError as error:
            raise BadRequest(f"The request cannot be read: {error}.") from None
        if message.is_update:
            raise BadRequest("An inference is a query, and this is an update.")
        accept = ",".join(request.headers.getall("Accept", ()))
        try:
            kind, content = await self.federate(message.text, accept)
        except InferenceError as error:
            document = {**error.document(uuid4()), "message": str(error)}
            return web.json_response(document, status=error.http_status)
        return web.Response(body=content.encode(), headers={"Content-Type": kind})
