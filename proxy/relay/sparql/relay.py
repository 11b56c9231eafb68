"""SPARQL over HTTP: requests and responses are forwarded as they are, inferences answered.

An inference makes several requests: questions for the inputs of its blocks, and the rewritten
query or update, whose response is the client's. Each carries the client's own credentials.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

from aiohttp import ClientResponse, web
from multidict import CIMultiDict
from yarl import URL

from gremlink.proxy.config import Addresses, Limits
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import Predictor
from gremlink.proxy.inference.errors import (
    BadRequest,
    InferenceError,
    InternalFailure,
    UnsupportedOperation,
)
from gremlink.proxy.inference.queries.query import MalformedQuery
from gremlink.proxy.inference.sparql.commands import (
    AskSparql,
    Piece,
    Solutions,
    SparqlReply,
    SparqlRequest,
)
from gremlink.proxy.relay.detect import holds_sparql_marker
from gremlink.proxy.relay.headers import end_to_end
from gremlink.proxy.relay.http.bodies import too_long
from gremlink.proxy.relay.http.errors import error_response
from gremlink.proxy.relay.http.forwarding import Forwarder
from gremlink.proxy.relay.offload import LONG, Offload
from gremlink.proxy.relay.own_queries import require_results_fit, require_sendable
from gremlink.proxy.relay.sparql.arriving import ARRIVED, Arriving, read_arriving, unread
from gremlink.proxy.relay.sparql.explain import explain
from gremlink.proxy.relay.sparql.inferences import Perform, run_sparql_inference
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.http import FORM
from gremlink.proxy.wire.sparql import Rewritten, SparqlMessage, is_update, read_sparql
from gremlink.proxy.wire.sparql_results import JSON, read_json

log = logging.getLogger(__name__)

_T = TypeVar("_T")

NO_STORE = (
    "There is no RDF store behind this proxy: write its address as url below [sparql] in the"
    " settings file, or as GREMLINK_SPARQL_URL, as in http://localhost:7878."
)
"""The error where no store is configured."""

QUOTED = 2000
"""Characters of the store's words about a question that an error tells."""

_OF_CONNECTIONS = ("ntlm", "negotiate")
"""Schemes of authentication that admit a connection, not a request."""

_READS = ("GET", "HEAD", "POST")
_ASCII = re.compile(r"charset\s*=\s*\"?\s*(utf-?8|us-ascii|ascii|iso-?8859-|latin-?1|windows-125)")
"""Charsets in which the marker has the bytes that it has in ASCII."""


@dataclass(frozen=True, slots=True)
class SparqlRelay:
    """The RDF store's side.

    `kept` sends queries over connections that are kept, `fresh` all that may change something over
    new ones: on a kept one that turns out to be closed, it may have run or not.
    `addresses` finds the store, `None` if there is none. `token` is the proxy's own, and replaces
    the credentials of clients.
    """

    kept: Forwarder
    fresh: Forwarder
    addresses: Callable[[], Awaitable[Addresses | None]]
    token: str | None
    predict: Predictor
    settings: Settings
    offload: Offload
    limits: Limits

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a query or an update."""
        addresses = await self.addresses()
        if addresses is None:
            return _refused(UnsupportedOperation(NO_STORE))
        try:
            arriving = await read_arriving(request, self.limits)
        except ConnectionError:
            log.debug("a client went before its request was complete")
            return web.Response()  # is not sent
        request[ARRIVED] = arriving.plain
        try:
            marked = await self._is_marked(request, arriving.plain)
        except InferenceError as error:
            return _refused(error)
        if not marked:
            return await self._pass(request, arriving, addresses)
        if arriving.rest is not None:
            raise too_long(self.limits.max_message_bytes)
        return await self._answer(request, arriving, addresses)

    async def store(self, request: web.Request, below: str) -> web.StreamResponse:
        """Forward a request of the graph store protocol; `below` is what its path has behind that
        of the protocol.
        """
        addresses = await self.addresses()
        if addresses is None:
            return _refused(UnsupportedOperation(NO_STORE))
        address = addresses.store
        if below:
            address = f"{address.rstrip('/')}/{below}"
        headers = self._headers(request)
        _keep_length(request, headers)
        arriving = unread(request, self.limits)
        return await self.fresh.forward(
            request,
            request.method,
            _url(address, _query_string(request)),
            headers,
            arriving.handed_on(),
            _failed(arriving),
        )

    async def _is_marked(self, request: web.Request, body: bytes) -> bool:
        """Tell whether the marker is in a request's address or body. Raises `TooManyRequests`."""
        if holds_sparql_marker(_query_string(request).encode("utf-8", "surrogateescape")):
            return True
        content_type = request.headers.get("Content-Type", "")
        if "charset" in content_type.lower() and not _ASCII.search(content_type.lower()):
            body = _as_utf_8(content_type, body)
        return await self._aside_if_long(body, holds_sparql_marker, body)

    async def _aside_if_long(self, data: bytes, work: Callable[..., _T], *arguments: object) -> _T:
        """Call `work`, in a thread if `data` is long. Raises `TooManyRequests`."""
        return work(*arguments) if len(data) < LONG else await self.offload(work, *arguments)

    async def _search(self, search: Callable[[bytes], bool], piece: bytes) -> bool:
        return await self._aside_if_long(piece, search, piece)

    async def _read(self, request: web.Request, body: bytes) -> SparqlMessage:
        """Read a request with the marker. Raises `InferenceError`."""
        try:
            return await self._aside_if_long(
                body,
                lambda: read_sparql(
                    request.headers.get("Content-Type", ""),
                    _query_string(request),
                    body,
                    has_body=request.method not in ("GET", "HEAD"),
                ),
            )
        except MessageError as error:
            raise BadRequest(f"The request cannot be read: {error}.") from None

    async def _pass(
        self, request: web.Request, arriving: Arriving, addresses: Addresses
    ) -> web.StreamResponse:
        """Forward a request as it came."""
        content_type = request.headers.get("Content-Type", "")
        changes = is_update(content_type, _query_string(request), arriving.plain)
        reads = not changes and request.method in _READS
        address = addresses.update if changes else addresses.query
        headers = self._headers(request)
        if arriving.rest is not None:
            _keep_length(request, headers)
        return await self._sender(request, reads=reads).forward(
            request,
            request.method,
            _url(address, _query_string(request)),
            headers,
            arriving.handed_on(self._search),
            _failed(arriving),
            repeated=reads and arriving.rest is None,
        )

    async def _answer(
        self, request: web.Request, arriving: Arriving, addresses: Addresses
    ) -> web.StreamResponse:
        """Answer a request with the marker."""
        try:
            message = await self._read(request, arriving.plain)
            asking = self.asking(request, message, addresses)
            if (mode := message.parameter("explain")) is not None:
                page = await explain(
                    lambda perform: self.run_inference(message, perform),
                    message.text,
                    mode,
                    asking,
                    request.headers.get("Accept", ""),
                )
                if page is not None:
                    return page
                text = None
            else:
                text = await self.run_inference(message, asking)
            if text is not None:
                changed = message.with_text(text)
                require_sendable(changed.body or b"", self.limits.max_message_bytes)
        except InferenceError as error:
            return _refused(error)
        except Refused as refused:
            return refused.response
        except Exception:
            log.exception("inference in SPARQL failed")
            return _refused(InternalFailure("The inference failed; the proxy's log says why."))
        if text is None:
            return await self._pass(request, arriving, addresses)
        return await self._send(request, message, addresses, changed)

    def asking(self, request: web.Request, message: SparqlMessage, addresses: Addresses) -> Perform:
        """Return what carries out the commands of a request's inferences."""

        async def perform(command: Piece) -> SparqlReply:
            if isinstance(command, AskSparql):
                return await self._ask(request, message, addresses, command)
            return await self.predict(command)

        return perform

    async def run_inference(self, message: SparqlMessage, perform: Perform) -> str | None:
        """Run an inference, and return the text for the store; `None` for the client's own."""
        return await run_sparql_inference(
            SparqlRequest(message.text, message.is_update),
            self.settings,
            perform,
            self.offload,
            self.limits.evaluation_timeout,
        )

    async def _send(
        self,
        request: web.Request,
        message: SparqlMessage,
        addresses: Addresses,
        changed: Rewritten,
    ) -> web.StreamResponse:
        """Send a request as it was changed, and hand on the store's response."""
        headers = self._headers(request)
        headers.popall("Content-Encoding", None)
        if changed.content_type is not None:
            headers["Content-Type"] = changed.content_type
        query_string = changed.query_string
        if query_string is None:
            query_string = _query_string(request)
        body = changed.body
        if body is None:  # that of a request whose text is in its address
            body = request.get(ARRIVED, b"")
        reads = not message.is_update
        return await self._sender(request, reads=reads).forward(
            request,
            request.method if changed.body is None else "POST",
            _url(addresses.query if reads else addresses.update, query_string),
            headers,
            body,
            _refused,
            repeated=reads,
        )

    async def _ask(
        self,
        request: web.Request,
        message: SparqlMessage,
        addresses: Addresses,
        asked: AskSparql,
    ) -> Solutions:
        """Ask the store something in the client's name.

        Raises `Refused`, and `InferenceError` if there is no answer that can be read.
        """
        headers = self._headers(request)
        for name in ("Content-Encoding", "Accept-Encoding"):
            headers.popall(name, None)
        headers["Content-Type"], headers["Accept"] = FORM, JSON
        sent = self._sender(request, reads=True).send(
            "POST",
            _url(addresses.query),
            headers,
            message.form_to_ask(asked.query),
            repeated=True,
        )
        async with sent as response:
            content = await _content(response)
            if response.status == 400:
                told = content[:QUOTED].decode("utf-8", "replace").strip()
                raise MalformedQuery(
                    f"The store refused the question for the {asked.purpose} of the inference"
                    f" ({asked.query[:QUOTED]}): {told}"
                )
            if response.status != 200:
                raise Refused(
                    web.Response(
                        status=response.status,
                        reason=response.reason,
                        headers=end_to_end(CIMultiDict(response.headers)),
                        body=content,
                    )
                )
        try:
            variables, rows = await self._aside_if_long(content, read_json, content)
        except MessageError as error:
            raise InternalFailure(f"The store's answer cannot be read: {error}.") from None
        return Solutions(variables, rows)

    def _sender(self, request: web.Request, *, reads: bool) -> Forwarder:
        """Return what sends a request: no connection is shared that has a client's rights."""
        scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
        return self.kept if reads and scheme not in _OF_CONNECTIONS else self.fresh

    def _headers(self, request: web.Request) -> CIMultiDict[str]:
        headers = end_to_end(request.headers)
        headers.popall("Expect", None)  # the client has got its answer: it may go on
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers


class Refused(Exception):
    """The store refused a question of the proxy's own; its response is the client's."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


async def _content(response: ClientResponse) -> bytes:
    """Read the answer to a question. Raises `UnsupportedOperation` if it is too long."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        require_results_fit(len(content))
    return bytes(content)


def _refused(error: InferenceError) -> web.Response:
    return error_response(error, uuid4())


def _failed(arriving: Arriving) -> Callable[[InternalFailure], web.StreamResponse]:
    """Return the function that makes the response where the store gave none."""

    def failed(error: InternalFailure) -> web.StreamResponse:
        if arriving.refused is not None:
            raise arriving.refused
        return _refused(error)

    return failed


def _keep_length(request: web.Request, headers: CIMultiDict[str]) -> None:
    """Announce the length of a body that is handed on while it comes, if its client did."""
    if request.content_length is not None:
        headers["Content-Length"] = str(request.content_length)


def _query_string(request: web.Request) -> str:
    return request.raw_path.partition("?")[2]


def _url(address: str, query_string: str = "") -> URL:
    return URL(f"{address}?{query_string}" if query_string else address, encoded=True)


def _as_utf_8(content_type: str, body: bytes) -> bytes:
    """Return a body in a charset with bytes of its own in UTF-8; as it is if that is unknown."""
    charset = content_type.lower().partition("charset")[2].partition(";")[0].strip(' ="')
    try:
        return body.decode(charset, "replace").encode("utf-8", "replace")
    except (LookupError, ValueError):
        return body
