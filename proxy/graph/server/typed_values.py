"""Typed constants as gremlinpython has them, and back: 1 as Integer and 1 as Long are different."""

from __future__ import annotations

from typing import Any

from gremlin_python.statics import SingleByte, long, short

from gremlink.grammar.traversal import Kind, Literal


def driver_value(literal: Literal) -> Any:
    """Return an id or a value as gremlinpython has it, with its type."""
    match literal.kind:
        case Kind.BYTE:
            return SingleByte(literal.value)
        case Kind.SHORT:
            return short(literal.value)
        case Kind.LONG:
            return long(literal.value)
    return literal.value


def literal_of(value: Any) -> Literal:
    """Return a value of gremlinpython as models know it. Raises TypeError."""
    match value:
        case SingleByte():
            return Literal(Kind.BYTE, int(value))
        case short():
            return Literal(Kind.SHORT, int(value))
        case long():
            return Literal(Kind.LONG, int(value))
    return Literal.of(value)
