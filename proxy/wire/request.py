"""Request messages: what a client asks, in GraphBinary or GraphSON.

TinkerPop's provider documentation, "Request Message", describes the form. Arguments keep the bytes
or the JSON they came in, so that a message that is written again differs only where it was changed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from gremlink.grammar import graphbinary, graphson
from gremlink.grammar.errors import GremlinError, NotConvertible
from gremlink.grammar.traversal import Argument, Entries, Items, Kind, Literal
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import TEXT_FRAME, Encoding, Format, format_of

_VERSION = 0x81
_INT = struct.Struct(">i")


@dataclass(frozen=True, slots=True)
class RequestMessage:
    """One request. `args` are in the order of the message."""

    format: Format
    request_id: UUID
    op: str
    processor: str
    args: Mapping[str, Argument]

    def derive(
        self,
        *,
        request_id: UUID,
        args: Mapping[str, Argument | None],
        format: Format | None = None,
    ) -> RequestMessage:
        """Return the same request under another id with some arguments changed, or removed by
        `None`."""
        merged = {**self.args, **args}
        return replace(
            self,
            request_id=request_id,
            args={name: value for name, value in merged.items() if value is not None},
            format=format or self.format,
        )

    def in_json(self, version: int | None) -> RequestMessage:
        """Return the request for a database that reads JSON without a type as this GraphSON."""
        if version is None or self.format != TEXT_FRAME:
            return self
        return replace(self, format=replace(TEXT_FRAME, version=version))

    @property
    def language(self) -> str:
        """The script language; what the server takes when none is named is Groovy."""
        match self.args.get("language"):
            case Literal(Kind.STRING, str(language)):
                return language
        return "gremlin-groovy"

    @property
    def bindings(self) -> dict[str, Argument]:
        """The values that came with a script, by name."""
        match self.args.get("bindings"):
            case Entries(entries):
                return {key.value: value for key, value in entries if isinstance(key, Literal)}
        return {}


def read_request(opcode: int, payload: bytes) -> RequestMessage:
    """Read the request in a complete data message.

    Raises `MessageError` for anything that is not a request in a known format.
    """
    try:
        if opcode == Opcode.TEXT:
            return _read_graphson(TEXT_FRAME, payload)
        format, start = _read_format(payload)
        if format.encoding is Encoding.GRAPHBINARY:
            return _read_graphbinary(format, payload, start)
        return _read_graphson(format, payload[start:])
    except (GremlinError, ValueError, LookupError, TypeError, struct.error) as error:
        raise MessageError(f"not a readable request: {error}") from error


def write_request(request: RequestMessage) -> tuple[int, bytes]:
    """Return the opcode and the payload of the data message that carries a request."""
    name = request.format.name.encode("ascii")
    prefix = bytes((len(name),)) + name if name else b""
    if request.format.encoding is Encoding.GRAPHBINARY:
        body = _write_graphbinary(request)
    else:
        body = graphson.dumps(_graphson_object(request)).encode()
    return (Opcode.BINARY if name else Opcode.TEXT), prefix + body


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The parts of a request that are found without reading it; `op` is empty if it is not
    found."""

    format: Format
    request_id: UUID
    op: str


def peek_request(opcode: int, payload: bytes) -> RequestHead | None:
    """Return the head of a request without reading the rest; `None` if it is not found."""
    try:
        format, start = (TEXT_FRAME, 0) if opcode == Opcode.TEXT else _read_format(payload)
        if format.encoding is Encoding.GRAPHBINARY:
            op, _ = _read_string(payload, start + 17)
            return RequestHead(format, UUID(bytes=payload[start + 1 : start + 17]), op)
        found = peek_json_uuid(payload, b'"requestId"')
        if found is None:
            return None
        return RequestHead(format, found[0], _peek_json_op(payload))
    except (MessageError, ValueError, struct.error):
        return None


def _peek_json_op(payload: bytes) -> str:
    key = b'"op"'
    start = payload.find(key)
    if start < 0:
        return ""
    before, *words = payload[start + len(key) : start + len(key) + 64].split(b'"', 2)
    if before.strip() != b":" or len(words) < 2:
        return ""
    return words[0].decode(errors="replace")


def peek_json_uuid(payload: bytes, key: bytes) -> tuple[UUID, int] | None:
    """Return the UUID that follows the first occurrence of a key in JSON text, typed or plain, and
    the index of its text."""
    start = payload.find(key)
    if start < 0:
        return None
    # Plain: "requestId":"<36>"; typed: "requestId":{"@type":"g:UUID","@value":"<36>"}
    position = start + len(key)
    for word in payload[position : position + 120].split(b'"'):
        if len(word) == 36 and word.count(b"-") == 4:
            try:
                return UUID(word.decode("ascii")), position
            except ValueError:
                return None
        position += len(word) + 1
    return None


def _read_format(payload: bytes) -> tuple[Format, int]:
    if not payload or not 0 < payload[0] < 128:
        raise MessageError("no mime type")
    start = 1 + payload[0]
    mime = payload[1:start].decode("ascii", errors="replace")
    format = format_of(mime)
    if format is None:
        raise MessageError(f"unknown mime type {mime!r}")
    return format, start


def _read_graphbinary(format: Format, data: bytes, offset: int) -> RequestMessage:
    if data[offset] != _VERSION:
        raise MessageError(f"GraphBinary version byte {data[offset]:#x} is not {_VERSION:#x}")
    request_id = UUID(bytes=data[offset + 1 : offset + 17])
    op, offset = _read_string(data, offset + 17)
    processor, offset = _read_string(data, offset)
    (count,) = _INT.unpack_from(data, offset)
    offset += 4
    args: dict[str, Argument] = {}
    for _ in range(count):
        key, offset = graphbinary.read_value(data, offset)
        if not isinstance(key, Literal) or key.kind is not Kind.STRING:
            raise MessageError("an argument's name is not a string")
        args[key.value], offset = graphbinary.read_value(data, offset)
    if offset != len(data):
        raise MessageError(f"{len(data) - offset} bytes follow the message")
    return RequestMessage(format, request_id, op, processor, args)


def _write_graphbinary(request: RequestMessage) -> bytes:
    parts = [
        bytes((_VERSION,)),
        request.request_id.bytes,
        _string(request.op),
        _string(request.processor),
        _INT.pack(len(request.args)),
    ]
    for name, value in request.args.items():
        parts.append(graphbinary.write_value(Literal.string(name)))
        parts.append(graphbinary.write_value(value))
    return b"".join(parts)


def _read_string(data: bytes, offset: int) -> tuple[str, int]:
    (size,) = _INT.unpack_from(data, offset)
    end = offset + 4 + size
    if size < 0 or end > len(data):
        raise MessageError(f"a string of {size} bytes where {len(data) - offset - 4} remain")
    return data[offset + 4 : end].decode(), end


def _string(text: str) -> bytes:
    data = text.encode()
    return _INT.pack(len(data)) + data


def _read_graphson(format: Format, text: bytes) -> RequestMessage:
    if format.typed and format.version == 1:
        raise MessageError("GraphSON 1 names Java classes; use GraphSON 2 or 3, or GraphBinary")
    message = _mapping(graphson.loads(text))
    request_id = message["requestId"]
    if isinstance(request_id, dict):
        request_id = request_id["@value"]
    if not isinstance(request_id, str):
        raise MessageError("the request id is not a UUID")
    args = {name: graphson.read_value(value) for name, value in _mapping(message["args"]).items()}
    op, processor = message.get("op", ""), message.get("processor", "")
    if not isinstance(op, str) or not isinstance(processor, str):
        raise MessageError("op and processor must be strings")
    return RequestMessage(format, UUID(request_id), op, processor, args)


def _mapping(value: Any) -> dict[str, Any]:
    """Read a JSON object, or the `g:Map` that the Java driver writes in its place."""
    if isinstance(value, dict) and value.get("@type") == "g:Map":
        flat = value["@value"]
        value = dict(zip(flat[::2], flat[1::2], strict=True))
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise MessageError("a JSON object is expected")
    return value


def _graphson_object(request: RequestMessage) -> dict[str, Any]:
    format, request_id = request.format, str(request.request_id)
    if not format.typed:
        args = {name: _untyped(value) for name, value in request.args.items()}
        return _message(request, request_id, args)
    version = 2 if format.version == 2 else 3
    # The database has not been asked which JSON it reads where none is named; arguments beside a
    # script are written without types by drivers, and some databases read nothing else.
    plain = not format.name or request.op == "eval"
    write = _simplest if plain else graphson.write_value
    args = {name: write(value, version) for name, value in request.args.items()}
    typed_id = {"@type": "g:UUID", "@value": request_id}
    return _message(request, typed_id if format.name else request_id, args)


def _message(request: RequestMessage, request_id: Any, args: dict[str, Any]) -> dict[str, Any]:
    return {
        "requestId": request_id,
        "op": request.op,
        "processor": request.processor,
        "args": args,
    }


def _simplest(value: Argument, version: int) -> Any:
    """Write plain JSON, which every version of GraphSON reads alike, unless a value loses its
    type."""
    try:
        return _untyped(value)
    except NotConvertible:
        return graphson.write_value(value, version)


def _untyped(value: Argument) -> Any:
    """Write plain JSON, in which a server sees no types. Raises `NotConvertible` where it has
    to."""
    if isinstance(value.origin, graphson.Node):
        return value.origin.json
    match value:
        case Literal(Kind.DOUBLE, number) if not math.isfinite(number):
            pass
        case Literal(Kind.STRING | Kind.BOOLEAN | Kind.NULL | Kind.INT | Kind.DOUBLE, plain):
            return plain
        case Literal(Kind.LONG, int(number)) if not -(2**31) <= number < 2**31:
            return number
        case Items("list", items):
            return [_untyped(item) for item in items]
        case Entries(entries):
            keys = [key.value for key, _ in entries if isinstance(key, Literal)]
            if len(keys) == len(entries) and all(isinstance(key, str) for key in keys):
                return {key: _untyped(item) for key, (_, item) in zip(keys, entries, strict=True)}
    what = value.kind.value if isinstance(value, Literal) else type(value).__name__
    raise NotConvertible(f"a value of type {what} loses its type in untyped GraphSON")
