"""GraphBinary 1.0 type codes, how each value is laid out, and what we call it in messages.

Source: Apache TinkerPop, "GraphBinary" in the IO reference, 3.5 to 3.8. All integers big-endian.
"""

from __future__ import annotations

from enum import Enum

CUSTOM = 0x00
INT = 0x01
LONG = 0x02
STRING = 0x03
DATE = 0x04
CLASS = 0x06
DOUBLE = 0x07
FLOAT = 0x08
LIST = 0x09
MAP = 0x0A
SET = 0x0B
UUID = 0x0C
BINDING = 0x14
BYTECODE = 0x15
P = 0x1E
TRAVERSER = 0x21
BIG_DECIMAL = 0x22
BIG_INTEGER = 0x23
BYTE = 0x24
SHORT = 0x26
BOOLEAN = 0x27
TEXT_P = 0x28
STRATEGY = 0x29
BULK_SET = 0x2A
TREE = 0x2B
UNSPECIFIED_NULL = 0xFE

ENUMS = {
    0x13: "Barrier",
    0x16: "Cardinality",
    0x17: "Column",
    0x18: "Direction",
    0x19: "Operator",
    0x1A: "Order",
    0x1B: "Pick",
    0x1C: "Pop",
    0x1F: "Scope",
    0x20: "T",
    0x2E: "Merge",
    0x2F: "DT",
    0x30: "GType",
}
"""Enums are one fully qualified string: the constant's name."""

ENUM_CODES = {name: code for code, name in ENUMS.items()}


class Part(Enum):
    """A part of a value whose size the bytes themselves tell; a plain `int` is a fixed size."""

    BLOB = "int32 length, that many bytes"
    QUALIFIED = "type code, flag, value"
    LIST = "int32 count, that many qualified values"
    MAP = "int32 count, that many qualified keys and values"
    BULK_SET = "int32 count, that many qualified values each with an int64"
    TREE = "int32 count, that many qualified keys each with a tree"
    INSTRUCTIONS = "int32 count, that many names each with a list of qualified arguments"
    GRAPH_VERTICES = "int32 count, that many vertices in full"
    GRAPH_EDGES = "int32 count, that many edges in full"
    CHAR = "one character in UTF-8"


_B, _Q = Part.BLOB, Part.QUALIFIED

LAYOUTS: dict[int, tuple[int | Part, ...]] = {
    INT: (4,),
    LONG: (8,),
    STRING: (_B,),
    DATE: (8,),
    0x05: (8,),
    CLASS: (_B,),
    DOUBLE: (8,),
    FLOAT: (4,),
    LIST: (Part.LIST,),
    MAP: (Part.MAP,),
    SET: (Part.LIST,),
    UUID: (16,),
    0x0D: (_Q, _B, _Q, _B, _Q, _B, _Q, _Q),
    0x0E: (_Q, _Q),
    0x0F: (_B, _Q, _Q),
    0x10: (Part.GRAPH_VERTICES, Part.GRAPH_EDGES),
    0x11: (_Q, _B, _Q),
    0x12: (_Q, _B, _Q, _Q, _Q),
    BINDING: (_B, _Q),
    BYTECODE: (Part.INSTRUCTIONS, Part.INSTRUCTIONS),
    0x1D: (_B, _B, 4),
    P: (_B, Part.LIST),
    TRAVERSER: (8, _Q),
    BIG_DECIMAL: (4, _B),
    BIG_INTEGER: (_B,),
    BYTE: (1,),
    0x25: (_B,),
    SHORT: (2,),
    BOOLEAN: (1,),
    TEXT_P: (_B, Part.LIST),
    STRATEGY: (_B, Part.MAP),
    BULK_SET: (Part.BULK_SET,),
    TREE: (Part.TREE,),
    0x2C: (_B, _B, 8, Part.MAP, Part.MAP, Part.LIST),
    0x2D: (8, Part.LIST),
    0x80: (Part.CHAR,),
    0x81: (12,),
    0x82: (_B,),
    0x83: (12,),
    0x84: (6,),
    0x85: (14,),
    0x86: (8,),
    0x87: (2,),
    0x88: (18,),
    0x89: (12,),
    0x8A: (12,),
    0x8B: (4,),
    0x8C: (5,),
    0x8D: (18,),
    0x8E: (4,),
    **dict.fromkeys(ENUMS, (_Q,)),
}

VERTEX_PROPERTY_IN_GRAPH: tuple[int | Part, ...] = (_Q, _B, _Q, _Q, _Q)
EDGE_IN_GRAPH: tuple[int | Part, ...] = (_Q, _B, _Q, _Q, _Q, _Q, _Q, _Q)
"""A graph's edges write the labels of their ends as qualified nulls, unlike a single edge."""

NAMES = {
    DATE: "Date",
    0x05: "Timestamp",
    CLASS: "Class",
    0x0D: "Edge",
    0x0E: "Path",
    0x0F: "Property",
    0x10: "Graph",
    0x11: "Vertex",
    0x12: "VertexProperty",
    0x1D: "Lambda",
    0x25: "ByteBuffer",
    TREE: "Tree",
    0x2C: "Metrics",
    0x2D: "TraversalMetrics",
    0x80: "Char",
    0x81: "Duration",
    0x82: "InetAddress",
    0x83: "Instant",
    0x84: "LocalDate",
    0x85: "LocalDateTime",
    0x86: "LocalTime",
    0x87: "MonthDay",
    0x88: "OffsetDateTime",
    0x89: "OffsetTime",
    0x8A: "Period",
    0x8B: "Year",
    0x8C: "YearMonth",
    0x8D: "ZonedDateTime",
    0x8E: "ZoneOffset",
}
"""Names of opaque values in messages."""
