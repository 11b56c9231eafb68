"""The answers of a server as plain values, in all formats.

Numbers keep their types as gremlinpython has them (`long`, `SingleByte`, …). Values without such a
type, those of a database and of `java.time`, stay as GraphSON writes them: `{"@type": "gx:Instant",
"@value": "…"}`.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from gremlin_python.statics import SingleByte, bigint, long, short

from gremlink.grammar import graphbinary
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.temporal import temporal_text
from gremlink.grammar.traversal import (
    Argument,
    Bulked,
    Entries,
    EnumConstant,
    Items,
    Kind,
    Literal,
    Opaque,
)

GRAPHBINARY_1 = 0x81
"""The first byte of an answer in GraphBinary; one in GraphSON begins with a brace."""

TYPE, VALUE = "@type", "@value"
_INT = struct.Struct(">i")


_SIGNS = (GremlinError, ValueError, LookupError, TypeError, AttributeError, struct.error)
"""Errors in reading bytes that are no answer."""


class Unreadable(ValueError):
    """An answer is in no format that is known here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One message of a server; `request_id` is `None` where the server could not read the request.

    `results` may hold `Bulk`.
    """

    request_id: str | None
    code: int
    message: str
    results: list[Any]

    def each(self) -> Iterator[Any]:
        """Yield the results, each as often as it was found."""
        for result in self.results:
            if isinstance(result, Bulk):
                for _ in range(result.count):
                    yield result.value
            else:
                yield result


@dataclass(frozen=True, slots=True)
class Bulk:
    """A result that was found several times."""

    value: Any
    count: int


def read_answer(data: bytes | bytearray) -> Answer:
    """Read the answer in a message. Raises `Unreadable`."""
    try:
        if data[:1] == bytes((GRAPHBINARY_1,)):
            return _graphbinary(bytes(data))
        return _graphson(json.loads(data, parse_float=Digits))
    except (
        GremlinError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        struct.error,
    ) as error:
        raise Unreadable(f"an answer cannot be read: {error}") from error


def _results(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# -- GraphBinary


def _graphbinary(data: bytes) -> Answer:
    request_id, offset = None, 2
    if data[1] == 0:
        request_id, offset = str(UUID(bytes=data[2:18])), 18
    (code,) = _INT.unpack_from(data, offset)
    message, offset = "", offset + 5
    if data[offset - 1] == 0:
        end = offset + 4 + _INT.unpack_from(data, offset)[0]
        message, offset = data[offset + 4 : end].decode(), end
    for _ in range(2):  # status attributes, then the result's meta
        (count,) = _INT.unpack_from(data, offset)
        offset += 4
        for _ in range(2 * count):
            offset = graphbinary.skip_value(data, offset)
    value, _ = graphbinary.read_value(data, offset)
    return Answer(request_id, code, message, _results(plain(value)))


_NUMBERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.BYTE: SingleByte,
    Kind.SHORT: short,
    Kind.LONG: long,
    Kind.BIG_INTEGER: bigint,
}


def plain(argument: Argument) -> Any:
    """Return the plain value of a value from GraphBinary."""
    match argument:
        case Literal(kind, value):
            number = _NUMBERS.get(kind)
            return value if number is None else number(value)
        case Items(_, items):
            return [plain(item) for item in items]
        case Entries(entries):
            return {_key(plain(key)): plain(value) for key, value in entries}
        case Bulked(value, count):
            return Bulk(plain(value), count)
        case EnumConstant(_, name):
            return name
        case Opaque(_, bytes(raw), what):
            return _foreign(what, raw)
    return {TYPE: type(argument).__name__, VALUE: None}


def _foreign(what: str, raw: bytes) -> Any:
    text = temporal_text(what, raw)
    if text is not None:
        return {TYPE: f"{'g' if what in ('Date', 'Timestamp') else 'gx'}:{what}", VALUE: text}
    match what:
        case "Duration":
            seconds, nanoseconds = struct.unpack(">qi", raw[2:])
            length = Decimal(nanoseconds).scaleb(-9) + seconds
            return {TYPE: "gx:Duration", VALUE: f"PT{length:f}S"}
        case "ByteBuffer":
            return {TYPE: "gx:ByteBuffer", VALUE: base64.b64encode(raw[6:]).decode()}
        case "Char":
            return raw[2:].decode()
    return {TYPE: what.removeprefix("custom type "), VALUE: None}


# -- GraphSON


def _graphson(document: dict[str, Any]) -> Answer:
    status = document["status"]
    request_id = document.get("requestId")
    message = str(status.get("message") or "")
    results = _results(from_json(document["result"]["data"]))
    return Answer(request_id, int(from_json(status["code"])), message, results)


def from_json(value: Any) -> Any:
    """Return the plain value of JSON with the types of GraphSON, or without."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(TYPE)
    if kind is None:
        return {key: from_json(item) for key, item in value.items()}
    if VALUE not in value:
        return {_key(key): from_json(item) for key, item in value.items()}
    read = _TYPES.get(kind)
    return value if read is None else read(value[VALUE])


def _list(value: Any) -> list[Any]:
    # Most values are texts: a call for each would take half of the time.
    return [item if type(item) is str else from_json(item) for item in value]


def _map(value: Any) -> dict[Any, Any]:
    parts = _list(value)
    return {
        key if type(key) is str else _key(key): item
        for key, item in zip(parts[::2], parts[1::2], strict=True)
    }


def _key(value: Any) -> Any:
    """Return a value as the key of a dictionary."""
    if isinstance(value, list):
        return tuple(map(_key, value))
    return json.dumps(value, default=str) if isinstance(value, dict) else value


def _bulk_set(value: Any) -> list[Any]:
    parts = _list(value)
    return [
        item for item, count in zip(parts[::2], parts[1::2], strict=True) for _ in range(int(count))
    ]


class Digits(float):
    """A number as JSON has it; `text` keeps the digits that a float has no room for."""

    text: str

    def __new__(cls, text: str) -> Digits:
        """Make a number of its digits."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def _number(value: Any) -> Any:
    return float(value)  # also of "NaN" and "Infinity"


def _decimal(value: Any) -> Any:
    try:
        return Decimal(value.text if isinstance(value, Digits) else str(value))
    except InvalidOperation:
        return str(value)


_TYPES: dict[str, Callable[[Any], Any]] = {
    "g:Int32": int,
    "g:Int64": long,
    "g:Float": _number,
    "g:Double": _number,
    "g:UUID": UUID,
    "g:List": _list,
    "g:Set": _list,
    "g:Map": _map,
    "g:BulkSet": _bulk_set,
    "g:Traverser": lambda value: Bulk(from_json(value["value"]), int(from_json(value["bulk"]))),
    "g:T": str,
    "g:Direction": str,
    "gx:Byte": SingleByte,
    "gx:Int16": short,
    "gx:BigInteger": lambda value: bigint(int(value)),
    "gx:BigDecimal": _decimal,
    "gx:Char": str,
}
