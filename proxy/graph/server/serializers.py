"""Serializers for gremlinpython's own client, which read answers by what they are.

They also read values of types that gremlinpython does not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from gremlin_python.driver.request import RequestMessage
from gremlin_python.structure.io import graphsonV2d0, graphsonV3d0

from gremlink.grammar.temporal import iso_milliseconds
from gremlink.proxy.graph.server.formats import FORMATS, NOT_UNDERSTOOD, Format
from gremlink.proxy.graph.server.results import TYPE, VALUE, Bulk, Digits, read_answer


class NotUnderstood(Exception):
    """The server does not read the format of the request, and has run nothing."""


class _Texts:
    """Reads what the driver reads, and values that Python cannot hold as their texts."""

    deserializers: Mapping[str, Any]

    def to_object(self, value: Any) -> Any:
        """Return the driver's value of JSON."""
        if isinstance(value, dict) and value.keys() == {TYPE, VALUE}:
            kind, content = value[TYPE], value[VALUE]
            if kind == "gx:BigDecimal" and isinstance(content, Digits):
                return Decimal(content.text)
            if kind not in self.deserializers and isinstance(content, str):
                return content
            if kind in _MOMENTS and isinstance(content, int):
                try:
                    return super().to_object(value)  # type: ignore[misc]
                except (ValueError, OverflowError, OSError):
                    return iso_milliseconds(content)
        return super().to_object(value)  # type: ignore[misc]


class _Reader3(_Texts, graphsonV3d0.GraphSONReader):  # type: ignore[misc]
    pass


class _Reader2(_Texts, graphsonV2d0.GraphSONReader):  # type: ignore[misc]
    pass


_MOMENTS = ("g:Date", "g:Timestamp")
_READERS = {"GraphSON 3": _Reader3(), "GraphSON 2": _Reader2()}
"""Readers by the names of formats."""


class Serializer:
    """One format for requests, and each for answers."""

    def __init__(self, format: Format) -> None:
        self._format = format
        self.version = format.serializer.version

    def serialize_message(self, request_id: str, request: RequestMessage) -> bytes:
        """Return the bytes of a request."""
        return self._format.write(request_id, request)

    def deserialize_message(self, data: bytes | bytearray) -> dict[str, Any]:
        """Return the message in an answer, as gremlinpython has it. Raises `NotUnderstood`."""
        answer = read_answer(data)
        if answer.code in NOT_UNDERSTOOD and answer.request_id is None:
            raise NotUnderstood(answer.message)
        format = next(each for each in FORMATS if each.is_answer(data))
        try:
            message: dict[str, Any]
            if reader := _READERS.get(format.name):
                message = reader.to_object(json.loads(data, parse_float=Digits))
            else:
                message = format.serializer.deserialize_message(bytes(data))
        except Exception:  # it knows fewer types than there are, and says so in many ways
            results = [each.value if isinstance(each, Bulk) else each for each in answer.results]
            message = {
                "requestId": answer.request_id,
                "status": {"code": answer.code, "message": answer.message, "attributes": {}},
                "result": {"meta": {}, "data": results},
            }
        return message


def serializers() -> Iterator[Serializer]:
    """Return the serializers that are worth trying, in this order."""
    return map(Serializer, FORMATS)
