"""Queries of the pages: over WebSocket to the proxy itself, as any client sends them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import aiohttp
from gremlin_python.driver.request import RequestMessage
from gremlin_python.process.traversal import Bytecode, Traversal, Traverser

from gremlink.proxy.graph.server.formats import FORMATS, NOT_UNDERSTOOD, Format
from gremlink.proxy.graph.server.results import Answer, Unreadable, read_answer
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.studio.errors import DatabaseGone, QueryRefused

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of one message of an answer that are taken."""

SLACK = 5.0
"""Seconds beyond its own time limit for which an answer is awaited."""

_AUTHENTICATE = 407
_PARTIAL = 206
_SUCCESS = (200, 204, _PARTIAL)


class GremlinClient:
    """One connection to the proxy, opened by the first query; queries go one after the other.

    `session` reaches the proxy's socket, `url` is that of the Gremlin endpoint there. `user` and
    `password` are sent where the database demands them.
    """

    def __init__(
        self, session: aiohttp.ClientSession, url: str, user: str = "", password: str = ""
    ) -> None:
        self._session = session
        self._url = url
        self._user, self._password = user, password
        self._socket: aiohttp.ClientWebSocketResponse[bool] | None = None
        self._turn = asyncio.Lock()
        self._formats = iter(FORMATS)
        self._format: Format = next(self._formats)
        self._settled = False

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def ask(
        self,
        query: Traversal | Bytecode | str,
        *,
        seconds: float,
        most: int | None = None,
        elements: bool = False,
        id: str | None = None,
    ) -> list[Any]:
        """Return the results of a traversal or a script, `most` of them, as plain values.

        With `elements` they are gremlinpython's objects: vertices, edges and paths, too. The
        database stops after so many `seconds`; `id` is the one by which the query can be
        cancelled, a UUID. Raises `QueryRefused`, `DatabaseGone`.
        """
        arguments: dict[str, Any] = {
            "aliases": {"g": "g"},
            "evaluationTimeout": max(1, round(seconds * 1000)),
        }
        if isinstance(query, str):
            message = RequestMessage("", "eval", {**arguments, "gremlin": query})
        else:
            bytecode = query.bytecode if isinstance(query, Traversal) else query
            message = RequestMessage("traversal", "bytecode", {**arguments, "gremlin": bytecode})
        async with self._turn:
            try:
                return await asyncio.wait_for(
                    self._results(message, most, elements, id), seconds + SLACK
                )
            except asyncio.TimeoutError:
                await self.close()
                raise QueryRefused(
                    598, f"The database did not answer within {seconds:g} s."
                ) from None
            except (aiohttp.ClientError, OSError) as error:
                await self.close()
                raise DatabaseGone(
                    f"The connection to the database failed: {reason_of(error)}."
                ) from error
            except asyncio.CancelledError:
                await self.close()  # what comes now would be the answer to another query
                raise

    async def _results(
        self, message: RequestMessage, most: int | None, elements: bool, id: str | None
    ) -> list[Any]:
        found: list[Any] = []
        request_id = await self._send(message, id)
        while True:
            data, answer = await self._answer()
            if answer is None:
                request_id = await self._ask_otherwise(message, id)
                continue
            if answer.code == _AUTHENTICATE:
                await self._authenticate(request_id)
                continue
            if not self._settled and answer.code in NOT_UNDERSTOOD and answer.request_id is None:
                request_id = await self._ask_otherwise(message, id)
                continue
            self._settled = True
            if answer.request_id not in (request_id, None):
                continue
            if answer.code not in _SUCCESS:
                raise _refused(answer)
            results = _objects(self._format, data, answer) if elements else answer.each()
            found.extend(_cut(results, None if most is None else most - len(found)))
            if answer.code != _PARTIAL:
                return found
            if most is not None and len(found) >= most:
                await self.close()  # the rest would be read in vain
                return found

    async def _send(self, message: RequestMessage, id: str | None) -> str:
        if self._socket is None or self._socket.closed:
            try:
                self._socket = await self._session.ws_connect(self._url, max_msg_size=MOST_BYTES)
            except aiohttp.WSServerHandshakeError as error:
                raise DatabaseGone(
                    f"The database refuses connections: {error.status} {error.message}."
                ) from error
        assert self._socket is not None
        request_id = id or str(uuid4())
        await self._socket.send_bytes(self._format.write(request_id, message))
        return request_id

    async def _answer(self) -> tuple[bytes, Answer | None]:
        """Return the next message, and the answer in it, `None` in a format that was not asked
        for.
        """
        assert self._socket is not None
        received = await self._socket.receive()
        if received.type is aiohttp.WSMsgType.TEXT:
            data = received.data.encode()
        elif received.type is aiohttp.WSMsgType.BINARY:
            data = received.data
        else:
            await self.close()
            raise DatabaseGone("The connection to the database was closed.")
        if not self._settled and not self._format.is_answer(data):
            return data, None
        try:
            return data, read_answer(data)
        except Unreadable as error:
            await self.close()
            raise QueryRefused(500, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error

    async def _ask_otherwise(self, message: RequestMessage, id: str | None) -> str:
        await self.close()
        following = next(self._formats, None)
        if following is None:
            names = ", ".join(each.name for each in FORMATS)
            raise QueryRefused(499, f"The database takes requests in none of {names}.")
        self._format = following
        return await self._send(message, id)

    async def _authenticate(self, request_id: str) -> None:
        if not self._user:
            raise QueryRefused(
                _AUTHENTICATE,
                "The database demands a user and a password: set them as access.user and"
                " access.password, by which this page asks for them, too.",
            )
        sasl = base64.b64encode(f"\0{self._user}\0{self._password}".encode()).decode()
        message = RequestMessage("traversal", "authentication", {"sasl": sasl})
        assert self._socket is not None
        await self._socket.send_bytes(self._format.write(request_id, message))


def _refused(answer: Answer) -> QueryRefused:
    """Return the error in an answer; Neptune's errors are JSON where the message goes."""
    if answer.message.startswith("{"):
        try:
            document = json.loads(answer.message)
            return QueryRefused(
                answer.code, str(document["detailedMessage"]), str(document.get("code", ""))
            )
        except (ValueError, LookupError, TypeError):
            pass
    return QueryRefused(answer.code, answer.message or f"The database answered {answer.code}.")


def _objects(format: Format, data: bytes, answer: Answer) -> Iterator[Any]:
    """Yield the results as gremlinpython reads them; as plain values where it cannot."""
    try:
        found = format.serializer.deserialize_message(data)["result"]["data"]
    except Exception:  # types of the database's own
        yield from answer.each()
        return
    for each in found if isinstance(found, list) else [] if found is None else [found]:
        if isinstance(each, Traverser):
            for _ in range(each.bulk):
                yield each.object
        else:
            yield each


def _cut(results: Iterator[Any], most: int | None) -> Iterator[Any]:
    for number, result in enumerate(results):
        if most is not None and number >= most:
            return
        yield result
