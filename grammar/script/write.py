"""`gremlink.grammar.traversal` → script text that Groovy and gremlin-lang both read."""

from __future__ import annotations

import math
from decimal import Decimal

from gremlink.grammar.errors import LimitExceeded, NotConvertible
from gremlink.grammar.script.shapes import Span
from gremlink.grammar.script.strings import quote
from gremlink.grammar.script.tree import MAX_DEPTH
from gremlink.grammar.temporal import temporal_text
from gremlink.grammar.traversal import (
    OPTIONS_STRATEGY,
    Argument,
    Entries,
    EnumConstant,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Strategy,
    Traversal,
    Variable,
)


def write(traversal: Traversal) -> str:
    """Return the traversal as text; instructions that came from a script are copied from it.

    Raises `NotConvertible` for values that exist only in another encoding.
    """
    return _traversal(traversal, 0)


def write_value(argument: Argument) -> str:
    """Return an argument as text."""
    return _value(argument, 0)


def _traversal(traversal: Traversal, depth: int) -> str:
    if isinstance(traversal.origin, Span):
        return traversal.origin.piece
    root = traversal.root or "__"
    return root + "".join(
        [_instruction(item, depth) for item in (*traversal.source, *traversal.steps)]
    )


def _instruction(instruction: Instruction, depth: int) -> str:
    origin = instruction.origin
    if isinstance(origin, Span):
        return origin.piece if origin.start != origin.name else f".{origin.piece}"
    match instruction.arguments:
        case (Strategy(name, configuration),) if (
            name == OPTIONS_STRATEGY
            and instruction.name == "withStrategies"
            and not isinstance(instruction.arguments[0].origin, Span)
        ):
            return "".join(
                [f".with({quote(key)}, {_value(value, depth)})" for key, value in configuration]
            )
    return f".{instruction.name}({_many(instruction.arguments, depth)})"


def _many(arguments: tuple[Argument, ...], depth: int) -> str:
    return ", ".join([_value(argument, depth + 1) for argument in arguments])


def _value(argument: Argument, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, depth)
    if isinstance(argument.origin, Span):
        return argument.origin.piece
    match argument:
        case Literal():
            return _literal(argument)
        case Traversal():
            return _traversal(argument, depth)
        case EnumConstant(type_, name):
            return f"{_CLASSES.get(type_, type_)}.{name}"
        case Predicate():
            return _predicate(argument, depth)
        case Items(kind, items):
            listed = f"[{_many(items, depth)}]"
            return f"({listed} as Set)" if kind == "set" else listed
        case Entries(entries):
            return _entries(entries, depth)
        case Strategy(name, configuration):
            if not configuration:
                return name
            pairs = [f"{key}: {_value(value, depth + 1)}" for key, value in configuration]
            return f"new {name}({', '.join(pairs)})"
        case Variable(name):
            return name
        case Opaque("script", raw):
            return str(raw)
        case Opaque(encoding, _, what):
            moment = _moment(argument)
            if moment is not None:
                return moment
            raise NotConvertible(f"a {what} from {encoding} cannot be written in a script")
        case _:
            raise NotConvertible("a traverser cannot be written in a script")


_CLASSES = {"Cardinality": "VertexProperty.Cardinality", "Barrier": "SackFunctions.Barrier"}
"""Enums that scripts name by more than their simple class name."""


_MOMENTS = {"Date": "Date", "Timestamp": "java.sql.Timestamp"}
"""Classes that are made of milliseconds, which clients send as dates."""


def _moment(opaque: Opaque) -> str | None:
    """Write a date of another encoding in Groovy; `None` for another value."""
    what = opaque.what.rpartition(":")[2]
    match what, opaque.raw:
        case "OffsetDateTime", bytes() as raw:
            text = temporal_text(what, raw)
            return text and f"java.time.OffsetDateTime.parse({quote(text)})"
        case "OffsetDateTime", {"@value": str(text)}:
            return f"java.time.OffsetDateTime.parse({quote(text)})"
        case "Date" | "Timestamp", bytes() as raw if len(raw) == _DATE:
            return f"new {_MOMENTS[what]}({int.from_bytes(raw[2:], 'big', signed=True)}L)"
        case "Date" | "Timestamp", {"@value": int(count)}:
            return f"new {_MOMENTS[what]}({count}L)"
    return None


_DATE = 10
"""Bytes of a qualified date in GraphBinary."""


def _predicate(predicate: Predicate, depth: int) -> str:
    if predicate.name in ("and", "or") and predicate.arguments:
        first, *rest = [_value(argument, depth + 1) for argument in predicate.arguments]
        return first + "".join([f".{predicate.name}({other})" for other in rest])
    return f"{predicate.type}.{predicate.name}({_many(predicate.arguments, depth)})"


def _entries(entries: tuple[tuple[Argument, Argument], ...], depth: int) -> str:
    if not entries:
        return "[:]"
    written = []
    for key, value in entries:
        text = _value(key, depth + 1)
        plain = isinstance(key, Literal) and key.kind is Kind.STRING
        written.append(f"{text if plain else f'({text})'}: {_value(value, depth + 1)}")
    return f"[{', '.join(written)}]"


def _literal(literal: Literal) -> str:
    kind, value = literal.kind, literal.value
    match kind:
        case Kind.STRING:
            return quote(value)
        case Kind.NULL:
            return "null"
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.INT:
            return str(value)
        case Kind.LONG:
            return f"{value}L"
        case Kind.BYTE:
            return f"((byte) {value})"
        case Kind.SHORT:
            return f"((short) {value})"
        case Kind.BIG_INTEGER:
            return f"{value}G"
        case Kind.DOUBLE:
            return _real(value, "Double", "D")
        case Kind.FLOAT:
            return _real(value, "Float", "F")
        case Kind.BIG_DECIMAL:
            return _decimal(value)
        case Kind.UUID:
            return f"UUID.fromString('{value}')"


def _real(value: float, class_name: str, suffix: str) -> str:
    if math.isnan(value):
        return f"{class_name}.NaN"
    if math.isinf(value):
        return f"{class_name}.{'POSITIVE' if value > 0 else 'NEGATIVE'}_INFINITY"
    return f"{value!r}{suffix}"


def _decimal(value: Decimal) -> str:
    text = str(value)
    if "." in text and "E" not in text:
        return text
    return f"new BigDecimal('{text}')"
