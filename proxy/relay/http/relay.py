"""Gremlin over HTTP: requests and responses are forwarded as they are, inferences answered.

An inference query makes several requests: those for its inputs, and the rewritten one, whose
response is the client's. Each carries the client's own credentials. An error carries the id of the
client's request, by which drivers find it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import unquote_plus
from uuid import UUID, uuid4

from aiohttp import ClientResponse, web
from multidict import CIMultiDict
from yarl import URL

from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import (
    Ask,
    CheckAccess,
    Command,
    Predictor,
    Reply,
    Results,
    RunSpeculatively,
)
from gremlink.proxy.inference.errors import (
    InferenceError,
    InternalFailure,
    InvalidParameter,
    UnsupportedOperation,
)
from gremlink.proxy.relay.detect import holds_marker, may_hold_marker
from gremlink.proxy.relay.headers import end_to_end, http_url
from gremlink.proxy.relay.http.as_script import as_script, with_traversers
from gremlink.proxy.relay.http.bodies import COMPRESSED_BODY
from gremlink.proxy.relay.http.errors import error_response
from gremlink.proxy.relay.http.forwarding import Forwarder
from gremlink.proxy.relay.http.inferences import run_inference
from gremlink.proxy.relay.http.upstream_formats import NO_KNOWN_FORMAT, UpstreamFormats
from gremlink.proxy.relay.misspelt_keys import MISSPELT_KEYS, SEARCHED_BYTES
from gremlink.proxy.relay.offload import LONG, Offload
from gremlink.proxy.relay.own_queries import http_body, require_results_fit
from gremlink.proxy.wire.errors import MessageError, NewerRequest
from gremlink.proxy.wire.http import is_form, peek_http_id, read_http_request, require_version_3
from gremlink.proxy.wire.request import RequestMessage
from gremlink.proxy.wire.response import read_response

log = logging.getLogger(__name__)

_T = TypeVar("_T")

VERSION_4 = (
    "Predictions are answered to requests of TinkerPop 3, and this is one of TinkerPop 4, of which"
    " plain queries pass: ask with a driver of version 3, or send the script without what is new in"
    " version 4."
)
"""The error for clients whose drivers are too new."""
DATABASE_4 = (
    "Predictions need a database of TinkerPop 3, and this one is of TinkerPop 4, to which plain"
    " queries pass."
)
"""The error for clients of a database that is too new."""


@dataclass(frozen=True, slots=True)
class HttpRelay:
    """The database's HTTP side; `upstream` is its WebSocket address, the timeout in seconds.

    `message_limit` is that of a rewritten request in bytes, `formats` the formats that the database
    has shown to read.
    """

    forwarder: Forwarder
    upstream: str
    predict: Predictor
    settings: Settings
    evaluation_timeout: float
    offload: Offload
    message_limit: int
    formats: UpstreamFormats = field(default_factory=UpstreamFormats)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read()
        try:
            is_marked = await self.is_marked(request, body)
        except InferenceError as error:
            return error_response(error, _id_of(request, body))
        if not is_marked:
            MISSPELT_KEYS.warn(_address(request) + b"&" + body[:SEARCHED_BYTES])
            return await self._forward_as_it_came(request, body)
        return await self.answer(
            request, body, lambda message: self._answer_inference(request, message, body)
        )

    async def is_marked(self, request: web.Request, body: bytes) -> bool:
        """Tell whether the marker is in a request's address or body. Raises `TooManyRequests`."""
        if holds_marker(_address(request)):
            return True
        if may_hold_marker(body) and await self._offload_if_long(body, holds_marker, body):
            return True
        if not is_form(_content_type(request), body) or b"%" not in body:
            return False
        form = await self._offload_if_long(body, _unquoted, body)
        return may_hold_marker(form) and await self._offload_if_long(form, holds_marker, form)

    async def answer(
        self,
        request: web.Request,
        body: bytes,
        answer: Callable[[RequestMessage], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Read the request message in an HTTP request; return the answer or an error response."""
        request_id = _id_of(request, body)
        try:
            require_version_3(request.headers)
            message = await self._offload_if_long(
                body,
                read_http_request,
                _content_type(request),
                body,
                request.query,
                request.headers.get("Accept", ""),
            )
            request_id = message.request_id
            return await answer(message)
        except NewerRequest:
            return error_response(UnsupportedOperation(VERSION_4), request_id)
        except MessageError as error:
            return error_response(
                InvalidParameter(f"The request cannot be read: {error}"), request_id
            )
        except InferenceError as error:
            return error_response(error, request_id)
        except Refused as refused:
            return refused.under_id(request_id)
        except Exception:
            log.exception("inference failed, request %s", request_id, extra={"request": request_id})
            failure = InternalFailure("The inference failed; the proxy's log says why.")
            return error_response(failure, request_id)

    async def _answer_inference(
        self, request: web.Request, message: RequestMessage, body: bytes
    ) -> web.StreamResponse:
        final = await self.run_inference(
            message, len(body), lambda command: self.perform(request, command)
        )
        if final is None:
            return await self._forward_as_it_came(request, body)
        headers = _headers(request)
        final = self.formats.to_database(final)
        headers["Content-Type"], content = await self._offload_if_long(
            body, http_body, final, self.message_limit
        )
        headers.setdefault("Accept", "application/json")
        return await self._forward(request, "POST", headers, content, self._url())

    async def run_inference(
        self, message: RequestMessage, size: int, perform: Callable[[Command], Awaitable[Reply]]
    ) -> RequestMessage | None:
        """Run an inference; return the request for the database, `None` for the client's own."""
        timeout = round(self.evaluation_timeout * 1000)
        scripted = as_script(message) if size < LONG else await self.offload(as_script, message)
        final = await run_inference(
            scripted, self.settings, perform, self.offload, size=size, timeout=timeout
        )
        return final if final is None or scripted is message else with_traversers(final)

    async def perform(self, request: web.Request, command: Command) -> Reply:
        """Carry out a command of an inference, with the client's own credentials."""
        match command:
            case CheckAccess() | Ask():
                return await self.ask(request, command.request)
            case RunSpeculatively():
                return None  # where nothing is sent before it is complete, nothing is tried
            case work:
                return await self.predict(work)

    async def ask(self, request: web.Request, asked: RequestMessage) -> Results:
        """Send a query of the proxy's own, and return its results.

        Raises `Refused`, `InternalFailure`, `UnsupportedOperation`.
        """
        for message in self.formats.forms(asked):
            headers = _headers(request)
            headers["Content-Type"], content = http_body(message, self.message_limit)
            headers["Accept"] = message.format.name
            headers.popall("Accept-Encoding", None)
            async with self._send("POST", headers, content, self._url()) as response:
                body = await _read(response)
                if response.status != 200 and "Gremlin-RequestId" in response.headers:
                    raise UnsupportedOperation(DATABASE_4)
                if self.formats.understood(message.format, response.status, body):
                    break
        else:
            raise UnsupportedOperation(NO_KNOWN_FORMAT)
        if response.status != 200:
            raise Refused(
                web.Response(
                    status=response.status,
                    reason=response.reason,
                    headers=end_to_end(CIMultiDict(response.headers)),
                    body=body,
                ),
                asked.request_id,
            )
        try:
            return (await self._offload_if_long(body, read_response, body)).results
        except MessageError as error:
            raise InternalFailure(f"The database's answer cannot be read: {error}") from error

    async def _offload_if_long(
        self, data: bytes, work: Callable[..., _T], *arguments: object
    ) -> _T:
        """Call `work`, in a thread if `data` is long. Raises `TooManyRequests`."""
        if len(data) < LONG:
            return work(*arguments)
        return await self.offload(work, *arguments)

    async def _forward_as_it_came(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Forward a request as it came, and the database's response."""
        _, _, query = request.raw_path.partition("?")
        url = self._url(query)
        return await self._forward(request, request.method, _headers(request), body, url)

    async def forward(self, request: web.Request, url: URL) -> web.StreamResponse:
        """Forward a request that is no query in Gremlin to `url`, and the response.

        Its bytes stay as they came: its signature may cover the body as it was compressed.
        """
        body = request.get(COMPRESSED_BODY) or await request.read()
        return await self._forward(request, request.method, end_to_end(request.headers), body, url)

    async def fetch(self, request: web.Request, url: URL) -> web.Response | None:
        """Do the same, and return the whole response; `None` if there is none."""
        body = request.get(COMPRESSED_BODY) or await request.read()
        try:
            async with self._send(request.method, end_to_end(request.headers), body, url) as answer:
                return web.Response(
                    status=answer.status,
                    reason=answer.reason,
                    headers=end_to_end(CIMultiDict(answer.headers)),
                    body=await answer.read(),
                )
        except InternalFailure:
            return None

    async def _forward(
        self,
        request: web.Request,
        method: str,
        headers: CIMultiDict[str],
        body: bytes,
        url: URL,
    ) -> web.StreamResponse:
        return await self.forwarder.forward(
            request,
            method,
            url,
            headers,
            body,
            lambda error: error_response(error, _id_of(request, body)),
            place=self._place(url),
        )

    def _url(self, query: str = "") -> URL:
        """Return the database's endpoint, with a query string as it was written."""
        return URL(http_url(self.upstream) + (f"?{query}" if query else ""), encoded=True)

    def _send(
        self, method: str, headers: CIMultiDict[str], body: bytes, url: URL
    ) -> AbstractAsyncContextManager[ClientResponse]:
        """Send a request, and hold the database's response. Raises `InternalFailure` if there is
        none.
        """
        return self.forwarder.send(method, url, headers, body, place=self._place(url))

    def _place(self, url: URL) -> str | None:
        """Return the name of an address in errors: that of the settings, if it is the endpoint."""
        return self.upstream if url.with_query(None) == self._url() else None


class Refused(Exception):
    """The database refused a query of the proxy's own; its response is the client's."""

    def __init__(self, response: web.Response, asked: UUID) -> None:
        super().__init__(response.status)
        self._response = response
        self._asked = asked

    def under_id(self, request_id: UUID) -> web.Response:
        """Return the response under the id of the client's request, by which drivers find it."""
        if isinstance(body := self._response.body, bytes):
            own = str(self._asked).encode()
            self._response.body = body.replace(own, str(request_id).encode())
        return self._response


async def _read(response: ClientResponse) -> bytes:
    """Read the results of a query of the proxy's own. Raise `UnsupportedOperation` if too long."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        require_results_fit(len(body))
    return bytes(body)


def _headers(request: web.Request) -> CIMultiDict[str]:
    """Return the headers to forward with a body that was read and is no longer compressed."""
    headers = end_to_end(request.headers)
    headers.popall("Content-Encoding", None)
    return headers


def _address(request: web.Request) -> bytes:
    return unquote_plus(request.query_string).encode()


def _content_type(request: web.Request) -> str:
    return request.headers.get("Content-Type", "")


def _id_of(request: web.Request, body: bytes) -> UUID:
    """Return the id that a request names if it can be seen at once, else a new one."""
    return peek_http_id(_content_type(request), body) or uuid4()


def _unquoted(form: bytes) -> bytes:
    return unquote_plus(form.decode("latin-1")).encode()
