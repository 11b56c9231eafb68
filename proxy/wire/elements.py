"""Predicted properties as the databases' own: elements written into a request.

A server reads a VertexProperty that comes as an argument as an element without a graph, which every
step treats as it treats those of its own graph, and every serializer writes alike. Both wires know
such a value; in Groovy it is made by TinkerPop's own builder.
"""

from __future__ import annotations

from grammar import graphbinary, graphson
from grammar.traversal import Literal, Opaque

_VERTEX_PROPERTY = b"\x12\x00"
_NULL = b"\xfe\x01"
_BUILDER = "org.apache.tinkerpop.gremlin.structure.util.detached.DetachedVertexProperty.build()"


def graphbinary_property(id: Literal, key: str, value: Literal) -> Opaque:
    """A VertexProperty without parent and meta-properties (GraphBinary 1, type 0x12)."""
    label = key.encode()
    raw = b"".join(
        (
            _VERTEX_PROPERTY,
            graphbinary.write_value(id),
            len(label).to_bytes(4, "big") + label,
            graphbinary.write_value(value),
            _NULL,
            _NULL,
        )
    )
    return Opaque("graphbinary", raw, "VertexProperty")


def graphson_property(id: Literal, key: str, value: Literal, version: int) -> Opaque:
    """A `g:VertexProperty` without parent and meta-properties (GraphSON 2 and 3)."""
    content = {
        "id": graphson.write_value(id, version),
        "value": graphson.write_value(value, version),
        "label": key,
    }
    return Opaque("graphson", {"@type": "g:VertexProperty", "@value": content}, "VertexProperty")


def groovy_property(id: str, key: str, value: str) -> str:
    """The Groovy expression that makes a VertexProperty from three expressions."""
    return f"{_BUILDER}.setId({id}).setLabel({key}).setValue({value}).create()"
