"""Serializers for gremlinpython's own client, which read answers by what they are.

They also read values of types that gremlinpython does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gremlin_python.driver.request import RequestMessage

from proxy.graph.answers import Bulk, read_answer
from proxy.graph.dialects import DIALECTS, NOT_UNDERSTOOD, Dialect


class NotUnderstood(Exception):
    """The server does not read the format of the request, and has run nothing."""


class Serializer:
    """One format for requests, and each for answers."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.version = dialect.serializer.version

    def serialize_message(self, request_id: str, request: RequestMessage) -> bytes:
        """The bytes of a request."""
        return self._dialect.write(request_id, request)

    def deserialize_message(self, data: bytes | bytearray) -> dict[str, Any]:
        """The message in an answer, as gremlinpython has it. Raises `NotUnderstood`."""
        answer = read_answer(data)
        if answer.code in NOT_UNDERSTOOD and answer.request_id is None:
            raise NotUnderstood(answer.message)
        dialect = next(each for each in DIALECTS if each.is_answer(data))
        try:
            message: dict[str, Any] = dialect.serializer.deserialize_message(bytes(data))
        except Exception:  # it knows fewer types than there are, and says so in many ways
            results = [each.value if isinstance(each, Bulk) else each for each in answer.results]
            message = {
                "requestId": answer.request_id,
                "status": {"code": answer.code, "message": answer.message, "attributes": {}},
                "result": {"meta": {}, "data": results},
            }
        return message


def serializers() -> Iterator[Serializer]:
    """Those that are worth trying, in this order."""
    return map(Serializer, DIALECTS)
