"""Results of a client as plain Python, so that they can be compared: elements become tuples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any

from gremlin_python.process.traversal import Traverser
from gremlin_python.structure.graph import Edge, Path, Property, Vertex, VertexProperty


def vertex_property(key: str, value: object) -> tuple[object, ...]:
    """What `plain` makes of a VertexProperty."""
    return "vp", key, value


def edge_property(key: str, value: object) -> tuple[object, ...]:
    """What `plain` makes of a property of an edge."""
    return "p", key, value


def vertex(id: object, label: str) -> tuple[object, ...]:
    """What `plain` makes of a vertex."""
    return "v", id, label


def edge(id: object, label: str) -> tuple[object, ...]:
    """What `plain` makes of an edge."""
    return "e", id, label


def path(*objects: object) -> tuple[object, ...]:
    """What `plain` makes of a path of things that are plain already."""
    return "path", *objects


def plain(value: Any) -> Any:
    """A value without its client's classes.

    Whether an element prints as Gremlin prints it is asserted on the way.
    """
    match value:
        case VertexProperty():
            assert value.label == value.key
            assert str(value) == f"vp[{value.key}->{str(value.value)[:20]}]"
            return vertex_property(value.key, plain(value.value))
        case Property():
            assert str(value) == f"p[{value.key}->{str(value.value)[:20]}]"
            return edge_property(value.key, plain(value.value))
        case Vertex():
            return vertex(value.id, value.label)
        case Edge():
            return edge(value.id, value.label)
        case Path():
            return path(*map(plain, value.objects))
        case Traverser():
            return plain(value.object)
        case dict():
            return {_key(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case int() if type(value) is not bool:
            return int(value)  # gremlinpython has a class of its own for long
        case set():
            return {plain(each) for each in value}
    return value


def _key(key: Any) -> Any:
    """`T.id` and the like are names in GraphSON 2."""
    return key.name if isinstance(key, Enum) else plain(key)


TOLERANCE = 1e-5
"""Of floats, relative: equal computations on blocks of different sizes differ in the last bits."""


def alike(found: Any, expected: Any) -> bool:
    """Whether two plain values are equal, but for the last bits of floats."""
    match found, expected:
        case float(), float():
            return math.isclose(found, expected, rel_tol=TOLERANCE)
        case (list(), list()) | (tuple(), tuple()):
            return len(found) == len(expected) and all(map(alike, found, expected))
        case dict(), dict():
            same = found.keys() == expected.keys()
            return same and all(alike(found[key], expected[key]) for key in found)
    return type(found) is type(expected) and bool(found == expected)


def sorted_alike(values: Sequence[Any]) -> list[Any]:
    """Values in an order that does not depend on that in which they came."""
    return sorted(values, key=_rank)


def _rank(value: Any) -> Any:
    match value:
        case list() | tuple():
            return "list", tuple(map(_rank, value))
        case dict():
            return "dict", tuple((str(key), _rank(value[key])) for key in sorted(value, key=str))
    return type(value).__name__, value
