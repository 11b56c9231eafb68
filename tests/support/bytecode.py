"""A traversal that was written as text, as gremlinpython's own bytecode."""

from __future__ import annotations

import re
from typing import Any

from gremlin_python.process import strategies
from gremlin_python.process import traversal as gremlin
from gremlin_python.statics import SingleByte, bigint, long
from gremlin_python.structure.graph import Graph

from gremlink.grammar import script
from gremlink.grammar.traversal import (
    Argument,
    Entries,
    EnumConstant,
    Items,
    Kind,
    Literal,
    Predicate,
    Strategy,
    Traversal,
)

_TYPED = {Kind.LONG: long, Kind.BYTE: SingleByte, Kind.BIG_INTEGER: bigint}


def bytecode(text: str) -> gremlin.Bytecode:
    """The bytecode of a Gremlin text that holds one traversal."""
    traversal = script.parse(text, {}).single
    assert traversal is not None, text
    return _bytecode(traversal)


def _bytecode(traversal: Traversal) -> gremlin.Bytecode:
    code = gremlin.Bytecode()
    for instruction in traversal.source:
        code.add_source(instruction.name, *map(_value, instruction.arguments))
    for instruction in traversal.steps:
        code.add_step(instruction.name, *map(_value, instruction.arguments))
    return code


def _value(argument: Argument) -> Any:
    match argument:
        case Literal(kind, value):
            return _TYPED[kind](value) if kind in _TYPED else value
        case Traversal():
            nested = gremlin.Traversal(Graph(), gremlin.TraversalStrategies(), _bytecode(argument))
            return nested.bytecode
        case EnumConstant(type_, name):
            enum = getattr(gremlin, type_)
            snake = re.sub("[A-Z]", lambda letter: f"_{letter.group().lower()}", name)
            spellings = (name, f"{name}_", snake)
            return next(enum[each] for each in spellings if each in enum.__members__)
        case Predicate(type_, name, arguments):
            values = [_value(each) for each in arguments]
            if name in ("within", "without"):
                values = [values]
            elif name in ("and", "or"):
                return gremlin.P(name, *values)
            other = values[1] if len(values) > 1 else None
            return getattr(gremlin, type_)(name, values[0], other)
        case Items("set", items):
            return {_value(each) for each in items}
        case Items(_, items):
            return [_value(each) for each in items]
        case Entries(entries):
            return {_value(key): _value(value) for key, value in entries}
        case Strategy(name):
            return getattr(strategies, name)
    raise TypeError(f"{argument!r} is not for bytecode")
