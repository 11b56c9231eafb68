"""The formats in which a server may be asked, in the order in which they are tried.

Not every server knows GraphSON 3: some have only GraphBinary, Cosmos DB has only GraphSON 2. The
first answer of a server shows which ones it knows, before it has run anything. A Gremlin Server
takes every unknown format for GraphBinary, and reports that it is none.

gremlinpython's serializers write the requests.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

from gremlin_python.driver.request import RequestMessage
from gremlin_python.driver.serializer import (
    GraphBinarySerializersV1,
    GraphSONMessageSerializer,
    GraphSONSerializersV2d0,
)
from gremlin_python.process.traversal import Bytecode
from gremlin_python.structure.io.graphbinaryV1 import DateIO as BinaryDateIO
from gremlin_python.structure.io.graphbinaryV1 import FloatIO as BinaryFloatIO
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryWriter
from gremlin_python.structure.io.graphsonV3d0 import FloatIO, GraphSONUtil, GraphSONWriter

from gremlink.grammar import graphson, script
from gremlink.proxy.graph.server.results import GRAPHBINARY_1

_LONG = struct.Struct(">q")

NOT_UNDERSTOOD = (498, 499)
"""Status codes of servers for a request that they cannot read."""


class Float32(float):
    """A number to be written as Gremlin's Float; a `float` is written as Double."""


class Milliseconds(int):
    """A moment to be written as Gremlin's Date where `datetime` has no such year."""


class _MillisecondsIO(FloatIO):  # type: ignore[misc]
    python_type = None
    graphson_type = None
    graphson_base_type = "Date"

    @classmethod
    def dictify(cls, obj: int, writer: Any) -> Any:
        """Write as the driver does."""
        return GraphSONUtil.typed_value(cls.graphson_base_type, int(obj))


class _BinaryMillisecondsIO(BinaryDateIO):  # type: ignore[misc]
    python_type = None

    @classmethod
    def dictify(
        cls,
        obj: int,
        writer: Any,
        to_extend: bytearray,
        as_value: bool = False,
        nullable: bool = True,
    ) -> bytearray:
        """Write as the driver does."""
        cls.prefix_bytes(cls.graphbinary_type, as_value, nullable, to_extend)
        to_extend.extend(_LONG.pack(obj))
        return to_extend


class _Float32IO(FloatIO):  # type: ignore[misc]
    python_type = None
    graphson_type = None
    graphson_base_type = "Float"


@dataclass(frozen=True, slots=True)
class Format:
    """A format; `name` is what people call it. Without `bytecode` traversals go as text."""

    name: str
    serializer: Any
    binary: bool = False
    bytecode: bool = True

    def write(self, request_id: str, request: RequestMessage) -> bytes:
        """Return the bytes of a request."""
        gremlin = request.args.get("gremlin")
        if isinstance(gremlin, Bytecode) and not self.bytecode:
            request = RequestMessage("", "eval", {**request.args, "gremlin": _text_of(gremlin)})
        # The serializer changes the arguments that it is given.
        request = RequestMessage(request.processor, request.op, dict(request.args))
        return bytes(self.serializer.serialize_message(request_id, request))

    def is_answer(self, data: bytes | bytearray) -> bool:
        """Return `True` if a message came in this format."""
        return data.startswith(bytes((GRAPHBINARY_1,))) == self.binary


def _text_of(bytecode: Bytecode) -> str:
    written = json.loads(GraphSONWriter().write_object(bytecode))
    return script.write(graphson.read_bytecode(written))


_GRAPHSON = GraphSONWriter({Float32: _Float32IO, Milliseconds: _MillisecondsIO})
_GRAPHBINARY = GraphBinaryWriter({Float32: BinaryFloatIO, Milliseconds: _BinaryMillisecondsIO})

FORMATS = (
    Format("GraphSON 3", GraphSONMessageSerializer(writer=_GRAPHSON)),
    Format(
        "GraphBinary",
        GraphBinarySerializersV1(writer=_GRAPHBINARY),
        binary=True,
    ),
    # Who has nothing else, Cosmos DB, takes no bytecode.
    Format("GraphSON 2", GraphSONSerializersV2d0(), bytecode=False),
)
