"""Requests as the bodies and addresses of HTTP (TinkerPop provider documentation, "HTTP API").

The plain form is JSON, or an address, with a script. From TinkerPop 3.6 on a body may also be a
whole request message under its own mime type, and that is what the proxy sends: only there do
values keep their types.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from grammar import graphson
from grammar.errors import GremlinError
from grammar.traversal import Argument, Entries, Kind, Literal
from proxy.wire.errors import MessageError
from proxy.wire.frames import Opcode
from proxy.wire.mime import GRAPHSON_3, Encoding, format_of
from proxy.wire.request import RequestMessage, read_request, write_request

_KNOWN = (
    "gremlin",
    "bindings",
    "aliases",
    "language",
    "batchSize",
    "materializeProperties",
    "evaluationTimeout",
)


def read_http_request(content_type: str, body: bytes, address: Mapping[str, str]) -> RequestMessage:
    """The request of a body, or of the parameters of an address where there is no body.

    Raises `MessageError`.
    """
    if not body:
        return _from_address(address)
    format = format_of(content_type)
    if format is not None and content_type != "application/json":
        return _from_message(content_type, body)
    try:
        content = graphson.loads(body)
        if not isinstance(content, dict):
            raise MessageError("a JSON object is expected")
        args = {name: graphson.read_value(value) for name, value in content.items()}
    except (GremlinError, ValueError, TypeError) as error:
        raise MessageError(f"not a readable request: {error}") from error
    return _eval(args)


def write_http_body(request: RequestMessage) -> tuple[str, bytes]:
    """Content type and body of the message form."""
    _, payload = write_request(request)
    return request.format.name, payload[1 + len(request.format.name) :]


def _from_message(mime: str, body: bytes) -> RequestMessage:
    prefix = bytes((len(mime),)) + mime.encode("ascii")
    if not body.startswith(prefix):
        body = prefix + body
    request = read_request(Opcode.BINARY, body)
    if request.format.encoding is Encoding.GRAPHSON and not request.format.typed:
        raise MessageError(f"a request of the mime type {mime} has no types")
    return request


def _from_address(address: Mapping[str, str]) -> RequestMessage:
    args: dict[str, Argument] = {}
    for name, text in address.items():
        group, _, inner = name.partition(".")
        if inner and group in ("bindings", "aliases"):
            held = args.get(group)
            pairs = held.entries if isinstance(held, Entries) else ()
            args[group] = Entries((*pairs, (Literal.string(inner), Literal.string(text))))
        else:
            args[name] = Literal.string(text)
    return _eval(args)


def _eval(args: dict[str, Argument]) -> RequestMessage:
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
    return RequestMessage(GRAPHSON_3, request_id, "eval", "", args)
