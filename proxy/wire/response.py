"""Response messages: their heads, their results, and errors of our own.

TinkerPop's provider documentation, "Response Message", describes the form.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gremlink.grammar import graphbinary, graphson
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.traversal import Argument, Items, Kind, Literal
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import Encoding, Format
from gremlink.proxy.wire.request import peek_json_uuid

_VERSION = 0x81
_BINARY_HEAD = 22
"""Bytes of a GraphBinary response up to and with the status code."""
_JSON_HEAD = 1024 * 1024
"""Bytes of a GraphSON response in which the status code is searched; it follows the status message,
which may quote a whole script."""
_INT = struct.Struct(">i")
_NULL = b"\xfe\x01"
_LIST, _SET = b"\x09\x00", b"\x0b\x00"


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """Request id and status of a response. Either is `None` if it is not found."""

    request_id: UUID | None
    code: int | None


def peek_response(data: bytes, *, complete: bool) -> ResponseHead | None:
    """Return the head of the response that begins with `data`; `None` if more bytes are needed.

    Only looks; `complete` says that no more bytes will come.
    """
    if data[:1] == bytes((_VERSION,)):
        if len(data) < _BINARY_HEAD and not complete:
            return None
        if len(data) < _BINARY_HEAD or data[1] != 0:
            code = int.from_bytes(data[2:6], "big") if len(data) >= 6 else None
            return ResponseHead(None, code)
        return ResponseHead(UUID(bytes=data[2:18]), int.from_bytes(data[18:22], "big"))
    if not data and not complete:
        return None
    code = _peek_json_code(data)
    if code is None and not complete and len(data) < _JSON_HEAD and data[:1] == b"{":
        return None
    found = peek_json_uuid(data, b'"requestId"')
    return ResponseHead(found[0] if found is not None else None, code)


def _peek_json_code(data: bytes) -> int | None:
    # Inside a JSON string the quotes would be escaped, so this is the key and nothing else.
    key = b'"code":'
    start = data.find(key)
    if start < 0:
        return None
    digits = data[start + len(key) : start + len(key) + 4].strip()[:3]
    return int(digits) if len(digits) == 3 and digits.isdigit() else None


@dataclass(frozen=True, slots=True)
class ResponseMessage:
    """A whole response; `results` are the items of its data."""

    request_id: UUID | None
    code: int
    message: str
    results: tuple[Argument, ...]


def read_response(payload: bytes) -> ResponseMessage:
    """Read a response in either encoding, by its first byte. Raises `MessageError`."""
    try:
        if payload[:1] == bytes((_VERSION,)):
            return _read_graphbinary(payload)
        return _read_graphson(payload)
    except (GremlinError, ValueError, LookupError, TypeError, struct.error) as error:
        raise MessageError(f"not a readable response: {error}") from error


def data_of(payload: bytes) -> bytes | None:
    """Return the data of a GraphBinary response unread, `None` for another. Raises `MessageError`.

    Equal bytes are equal results, also of different requests.
    """
    if payload[:1] != bytes((_VERSION,)):
        return None
    try:
        return payload[_status_and_data(payload)[-1] :]
    except (GremlinError, ValueError, LookupError, struct.error) as error:
        raise MessageError(f"not a readable response: {error}") from error


def has_results(payload: bytes) -> bool:
    """Return `True` if a response's data holds anything. Raises `MessageError`."""
    if payload[:1] != bytes((_VERSION,)):
        return bool(read_response(payload).results)
    try:
        *_, place = _status_and_data(payload)
        if payload.startswith((_LIST, _SET), place):
            return bool(int.from_bytes(payload[place + 2 : place + 6], "big"))
        return not payload.startswith(_NULL, place)
    except (GremlinError, ValueError, LookupError, struct.error) as error:
        raise MessageError(f"not a readable response: {error}") from error


def _read_graphbinary(data: bytes) -> ResponseMessage:
    request_id, code, message, offset = _status_and_data(data)
    value, offset = graphbinary.read_value(data, offset)
    if offset != len(data):
        raise MessageError(f"{len(data) - offset} bytes follow the message")
    return ResponseMessage(request_id, code, message, _items(value))


def _status_and_data(data: bytes) -> tuple[UUID | None, int, str, int]:
    """Return id, status code and message of a GraphBinary response, and the offset of its data."""
    request_id, offset = None, 2
    if data[1] == 0:
        request_id, offset = UUID(bytes=data[2:18]), 18
    (code,) = _INT.unpack_from(data, offset)
    message, offset = "", offset + 5
    if data[offset - 1] == 0:
        (size,) = _INT.unpack_from(data, offset)
        message = data[offset + 4 : offset + 4 + size].decode()
        offset += 4 + size
    for _ in range(2):  # status attributes, then the result's meta
        (count,) = _INT.unpack_from(data, offset)
        offset += 4
        for _ in range(2 * count):
            offset = graphbinary.skip_value(data, offset)
    return request_id, code, message, offset


def _read_graphson(data: bytes) -> ResponseMessage:
    message: Any = graphson.loads(data)
    status = message["status"]
    request_id = message.get("requestId")
    return ResponseMessage(
        UUID(request_id) if isinstance(request_id, str) else None,
        int(str(status["code"])),
        str(status.get("message") or ""),
        _items(graphson.read_value(message["result"]["data"])),
    )


def _items(value: Argument) -> tuple[Argument, ...]:
    match value:
        case Items(_, items):
            return items
        case Literal(Kind.NULL):
            return ()
    return (value,)


def json_version(payload: bytes) -> int:
    """Return the version of GraphSON, 3 or 2, in which a database has written a response: only in 3
    the attributes of the status have a type."""
    start = payload.find(b'"attributes":')
    return 3 if payload[start : start + 24].count(b"@type") else 2


def readdress(payload: bytes, request_id: UUID) -> bytes:
    """Return the same response under another request id. Raises `MessageError`."""
    if payload[:1] == bytes((_VERSION,)) and payload[1:2] == b"\0":
        return payload[:2] + request_id.bytes + payload[18:]
    found = peek_json_uuid(payload, b'"requestId"')
    if payload[:1] != b"{" or found is None:
        raise MessageError("a response without an id")
    start = found[1]
    return payload[:start] + str(request_id).encode() + payload[start + 36 :]


def write_error(
    format: Format,
    request_id: UUID,
    code: int,
    message: str,
    attributes: Mapping[str, str | list[str]] | None = None,
) -> tuple[int, bytes]:
    """Return the opcode and payload of an error response, in the format of the request."""
    attributes = attributes or {}
    opcode = Opcode.BINARY if format.name else Opcode.TEXT
    if format.encoding is Encoding.GRAPHBINARY:
        text = message.encode()
        parts = [
            bytes((_VERSION, 0)) + request_id.bytes + _INT.pack(code),
            b"\0" + _INT.pack(len(text)) + text,
            _INT.pack(len(attributes)),
        ]
        for name, value in attributes.items():
            parts.append(graphbinary.write_value(Literal.string(name)))
            parts.append(graphbinary.write_value(_attribute(value)))
        return opcode, b"".join([*parts, _INT.pack(0), _NULL])
    typed = format.typed and format.version == 3
    body = {
        "requestId": str(request_id),
        "status": {
            "message": message,
            "code": code,
            "attributes": _typed_map(attributes) if typed else dict(attributes),
        },
        "result": {"data": None, "meta": _typed_map({}) if typed else {}},
    }
    return opcode, graphson.dumps(body).encode()


def _attribute(value: str | list[str]) -> Argument:
    if isinstance(value, str):
        return Literal.string(value)
    return Items("list", tuple(Literal.string(item) for item in value))


def _typed_map(attributes: Mapping[str, str | list[str]]) -> dict[str, Any]:
    flat: list[Any] = []
    for name, value in attributes.items():
        flat.append(name)
        flat.append({"@type": "g:List", "@value": value} if isinstance(value, list) else value)
    return {"@type": "g:Map", "@value": flat}
