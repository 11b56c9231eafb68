"""Predicted properties as the databases' own: elements written into a request.

A server reads a VertexProperty, or the Property of an edge, that comes as an argument as one
without a graph, which every step treats as it treats those of its own graph, and every serializer
writes alike. Both wires know such values; in Groovy they are made by TinkerPop's own builders.
"""

from __future__ import annotations

from gremlink.grammar import graphbinary, graphson
from gremlink.grammar.traversal import Argument, Literal, Opaque

_VERTEX_PROPERTY = b"\x12\x00"
_PROPERTY = b"\x0f\x00"
_NULL = b"\xfe\x01"
_DETACHED = "org.apache.tinkerpop.gremlin.structure.util.detached"
_BUILDER = f"{_DETACHED}.DetachedVertexProperty.build()"


def graphbinary_property(id: Literal, key: str, value: Argument) -> Opaque:
    """Write a VertexProperty without parent and meta-properties (GraphBinary 1, type 0x12)."""
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


def graphson_property(id: Literal, key: str, value: Argument, version: int) -> Opaque:
    """Write a `g:VertexProperty` without parent and meta-properties (GraphSON 2 and 3)."""
    content = {
        "id": graphson.write_value(id, version),
        "value": graphson.write_value(value, version),
        "label": key,
    }
    return Opaque("graphson", {"@type": "g:VertexProperty", "@value": content}, "VertexProperty")


def groovy_property(id: str, key: str, value: str) -> str:
    """Return the Groovy expression that makes a VertexProperty from three expressions."""
    return f"{_BUILDER}.setId({id}).setLabel({key}).setValue({value}).create()"


def graphbinary_edge_property(key: str, value: Argument) -> Opaque:
    """Write a Property without the edge that has it (GraphBinary 1, type 0x0f)."""
    name = key.encode()
    raw = _PROPERTY + len(name).to_bytes(4, "big") + name + graphbinary.write_value(value) + _NULL
    return Opaque("graphbinary", raw, "Property")


def graphson_edge_property(key: str, value: Argument, version: int) -> Opaque:
    """Write a `g:Property` without the edge that has it (GraphSON 2 and 3)."""
    content = {"key": key, "value": graphson.write_value(value, version)}
    return Opaque("graphson", {"@type": "g:Property", "@value": content}, "Property")


def groovy_edge_property(key: str, value: str) -> str:
    """Return the Groovy expression that makes a Property from two expressions."""
    return f"new {_DETACHED}.DetachedProperty({key}, {value})"
