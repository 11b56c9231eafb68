"""Requests as the bodies and addresses of HTTP (TinkerPop provider documentation, "HTTP API").

The plain form is JSON, a form or an address, with a script. From TinkerPop 3.6 on a body may also
be a whole request message under its own mime type, and that is what the proxy sends: only there do
values keep their types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from gremlink.grammar import graphson
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.traversal import Argument, Entries, Kind, Literal
from gremlink.proxy.wire.errors import MessageError, NewerRequest
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import GRAPHSON_3, Format, format_of
from gremlink.proxy.wire.request import RequestMessage, peek_request, read_request, write_request

FORM = "application/x-www-form-urlencoded"
"""The content type that `curl -d` sends."""

_JSON = "application/json"

_KNOWN = (
    "gremlin",
    "bindings",
    "aliases",
    "language",
    "batchSize",
    "materializeProperties",
    "evaluationTimeout",
    "queryId",
)

_VERSION_4 = ("parameters", "timeoutMillis", "bulkResults", "transactionId")
"""Fields of JSON that no client of TinkerPop 3 sends."""

_DRIVER_4 = re.compile(r"Gremlin-[A-Za-z]+\.4\.")
"""Beginning of the user agents of TinkerPop 4's drivers."""


def read_http_request(
    content_type: str, body: bytes, address: Mapping[str, str], accept: str = ""
) -> RequestMessage:
    """Read the request of a body, or of the parameters of an address where there is no body.

    `content_type` and `accept` are the headers as they came. Raises `MessageError`, and
    `NewerRequest` for what is no request of TinkerPop 3.
    """
    if not body:
        return _from_address(address, accept)
    format = _message_format(content_type)
    if format is not None:
        return _from_message(format, body)
    if is_form(content_type, body):
        return _from_address(dict(parse_qsl(_text(body), keep_blank_values=True)), accept)
    try:
        content = graphson.loads(body)
        if not isinstance(content, dict):
            raise MessageError("a JSON object is expected")
        if isinstance(content.get("g"), str) or any(name in content for name in _VERSION_4):
            raise NewerRequest("a request of TinkerPop 4")
        args = {name: graphson.read_value(value) for name, value in content.items()}
    except (GremlinError, ValueError, TypeError) as error:
        raise MessageError(f"not a readable request: {error}") from error
    return _eval(args, accept)


def require_version_3(headers: Mapping[str, str]) -> None:
    """Raise `NewerRequest` if the headers, which ignore case, are those of a TinkerPop 4 client."""
    formats = headers.get("Accept", "") + headers.get("Content-Type", "")
    if (
        any(name in formats for name in ("graphbinary-v4", "gremlin-v4"))
        or _DRIVER_4.search(headers.get("User-Agent", ""))
        or "Gremlin-Hints" in headers
        or "X-Transaction-Id" in headers
    ):
        raise NewerRequest("a request of TinkerPop 4")


def is_form(content_type: str, body: bytes) -> bool:
    """Return `True` if a body is a form, and not JSON under a form's content type."""
    return _mime(content_type) == FORM and not body.lstrip().startswith(b"{")


def peek_http_id(content_type: str, body: bytes) -> UUID | None:
    """Return the id of a request that is a whole message, even if the rest is malformed."""
    format = _message_format(content_type)
    head = None if format is None else peek_request(Opcode.BINARY, _prefixed(format, body))
    return None if head is None else head.request_id


def write_http_body(request: RequestMessage) -> tuple[str, bytes]:
    """Return content type and body of the message form.

    The mime type precedes the message, too: servers cannot read GraphBinary without it.
    """
    match request.args.get("evaluationTimeout"):
        case Literal(Kind.INT, int(number)):  # servers take no other type here
            timeout = Literal(Kind.LONG, number)
            request = request.derive(
                request_id=request.request_id, args={"evaluationTimeout": timeout}
            )
    _, payload = write_request(request)
    return request.format.name, payload


def _message_format(content_type: str) -> Format | None:
    """Return the format of a body that is a whole message, `None` for another body."""
    format = format_of(content_type) or format_of(_mime(content_type))
    return None if format is None or format.name == _JSON else format


def _mime(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _prefixed(format: Format, body: bytes) -> bytes:
    prefix = bytes((len(format.name),)) + format.name.encode("ascii")
    return body if body.startswith(prefix) else prefix + body


def _from_message(format: Format, body: bytes) -> RequestMessage:
    request = read_request(Opcode.BINARY, _prefixed(format, body))
    # Values without types are read as what they look like, and have types from here on.
    return request if request.format.typed else replace(request, format=GRAPHSON_3)


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError as error:
        raise MessageError("a form is expected to be percent-encoded") from error


def _from_address(address: Mapping[str, str], accept: str) -> RequestMessage:
    args: dict[str, Argument] = {}
    for name, text in address.items():
        group, _, inner = name.partition(".")
        if inner and group in ("bindings", "aliases"):
            held = args.get(group)
            pairs = held.entries if isinstance(held, Entries) else ()
            args[group] = Entries((*pairs, (Literal.string(inner), Literal.string(text))))
        else:
            args[name] = Literal.string(text)
    return _eval(args, accept)


def _eval(args: dict[str, Argument], accept: str) -> RequestMessage:
    if "gremlin" not in args:
        raise MessageError("no gremlin script supplied")
    given = args.pop("requestId", None)
    try:
        request_id = UUID(given.value) if isinstance(given, Literal) else uuid4()
    except (ValueError, TypeError, AttributeError) as error:
        raise MessageError("the request id is not a UUID") from error
    args = {name: value for name, value in args.items() if name in _KNOWN}
    timeout = args.get("evaluationTimeout")
    if isinstance(timeout, Literal) and timeout.kind is Kind.STRING:  # from an address
        del args["evaluationTimeout"]
    return RequestMessage(_accepted(accept), request_id, "eval", "", args)


def _accepted(accept: str) -> Format:
    """Return the format for a request that names none: one in which the server has to answer
    anyway."""
    for each in accept.split(","):
        format = format_of(each.split(";q=")[0].strip())
        if format is not None and format.name != _JSON and format.typed and format.version > 1:
            return format.readable
    return GRAPHSON_3
