"""`gremlink.grammar.traversal` → GraphBinary bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from decimal import Decimal

from gremlink.grammar.errors import LimitExceeded, NotConvertible
from gremlink.grammar.graphbinary import codes
from gremlink.grammar.graphbinary.offsets import SkippedBytecode
from gremlink.grammar.graphbinary.skip import MAX_DEPTH, Slice
from gremlink.grammar.lazy import Replaced
from gremlink.grammar.strategies import class_name
from gremlink.grammar.traversal import (
    Argument,
    Bulked,
    Derived,
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

_INT = struct.Struct(">i")
_LONG = struct.Struct(">q")
_Pieces = list["bytes | memoryview"]

_CLASS_ARGUMENTS = frozenset({"withoutStrategies"})


def write_bytecode(traversal: Traversal) -> bytes:
    """Return the Bytecode *value* of a traversal, without type code and flag.

    Nodes that came from GraphBinary are copied. Raises `NotConvertible` for values that exist only
    in another encoding.
    """
    out: _Pieces = []
    _bytecode(traversal, out, 0)
    return b"".join(out)


def write_value(argument: Argument) -> bytes:
    """Return the qualified value: type code, flag, value."""
    out: _Pieces = []
    _value(argument, out, 0)
    return b"".join(out)


def _bytecode(traversal: Traversal, out: _Pieces, depth: int) -> None:
    match traversal.origin:
        case Slice() as origin:
            out.append(origin.view)
        case Replaced(Traversal(origin=SkippedBytecode() as around), begin, end, steps):
            out.append(_INT.pack(traversal.length))
            out.append(memoryview(around.data)[around.place(0) : around.place(begin)])
            _instructions(steps, out, depth)
            out.append(memoryview(around.data)[around.place(end) : around.end])
        case _:
            _counted(traversal.steps, out, depth)
            _counted(traversal.source, out, depth)


def _counted(instructions: Sequence[Instruction], out: _Pieces, depth: int) -> None:
    out.append(_INT.pack(len(instructions)))
    _instructions(instructions, out, depth)


def _instructions(instructions: Sequence[Instruction], out: _Pieces, depth: int) -> None:
    """Copy instructions that are adjacent in a request as one piece."""
    data, begin, end = b"", 0, 0
    for instruction in instructions:
        origin = instruction.origin
        if not isinstance(origin, Slice):
            out.append(memoryview(data)[begin:end])
            data, begin, end = b"", 0, 0
            _instruction(instruction, out, depth)
        elif origin.data is data and origin.start == end:
            end = origin.end
        else:
            out.append(memoryview(data)[begin:end])
            data, begin, end = origin.data, origin.start, origin.end
    out.append(memoryview(data)[begin:end])


def _instruction(instruction: Instruction, out: _Pieces, depth: int) -> None:
    _string(instruction.name, out)
    if instruction.name not in _CLASS_ARGUMENTS:
        _many(instruction.arguments, out, depth)
        return
    out.append(_INT.pack(len(instruction.arguments)))
    for argument in instruction.arguments:
        if isinstance(argument, Strategy):
            out.append(bytes((codes.CLASS, 0)))
            _string(class_name(argument.name), out)
        else:
            _value(argument, out, depth + 1)


def _value(argument: Argument, out: _Pieces, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, depth)
    origin = argument.origin
    if isinstance(origin, Slice) and not isinstance(argument, Traversal):
        out.append(origin.view)
        return
    match argument:
        case Literal():
            _literal(argument, out)
        case Traversal():
            out.append(bytes((codes.BYTECODE, 0)))
            _bytecode(argument, out, depth)
        case EnumConstant(type_, name):
            if type_ not in codes.ENUM_CODES:
                raise NotConvertible(f"GraphBinary has no enum {type_}")
            out.append(bytes((codes.ENUM_CODES[type_], 0, codes.STRING, 0)))
            _string(name, out)
        case Predicate(type_, name, arguments):
            out.append(bytes((codes.TEXT_P if type_ == "TextP" else codes.P, 0)))
            _string(name, out)
            _many(arguments, out, depth)
        case Items(kind, items):
            out.append(bytes((codes.SET if kind == "set" else codes.LIST, 0)))
            _many(items, out, depth)
        case Entries(entries):
            out.append(bytes((codes.MAP, 0)))
            out.append(_INT.pack(len(entries)))
            written: dict[int, bytes] = {}
            for key, value in entries:
                _value(key, out, depth + 1)
                if isinstance(value, Items):  # the same one may occur a thousand times
                    piece = written.get(id(value))
                    if piece is None:
                        part: _Pieces = []
                        _value(value, part, depth + 1)
                        piece = written[id(value)] = b"".join(part)
                    out.append(piece)
                else:
                    _value(value, out, depth + 1)
        case Strategy():
            _strategy(argument, out, depth)
        case Bulked(value, bulk):
            out.append(bytes((codes.TRAVERSER, 0)) + _LONG.pack(bulk))
            _value(value, out, depth + 1)
        case Opaque(encoding, raw, what):
            if encoding != "graphbinary":
                raise NotConvertible(f"a {what} from {encoding} cannot be written as GraphBinary")
            out.append(raw)
        case Variable(name):
            raise NotConvertible(f"the value of the variable {name} is not known")


def _many(arguments: tuple[Argument, ...], out: _Pieces, depth: int) -> None:
    out.append(_INT.pack(len(arguments)))
    written: dict[int, bytes] = {}
    for argument in arguments:
        if isinstance(argument, Literal):  # the same one may occur a thousand times
            piece = written.get(id(argument))
            if piece is None:
                piece = written[id(argument)] = write_value(argument)
            out.append(piece)
        else:
            _value(argument, out, depth + 1)


def _string(text: str, out: _Pieces) -> None:
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotConvertible("a string with half a surrogate pair has no UTF-8") from error
    out.append(_INT.pack(len(raw)))
    out.append(raw)


def _strategy(strategy: Strategy, out: _Pieces, depth: int) -> None:
    out.append(bytes((codes.STRATEGY, 0)))
    match strategy.origin:
        case Derived(Slice(data, start, _)):
            # the full class name is where it was read: behind type code and flag
            size = 4 + int(_INT.unpack_from(data, start + 2)[0])
            out.append(data[start + 2 : start + 2 + size])
        case _:
            _string(class_name(strategy.name), out)
    out.append(_INT.pack(len(strategy.configuration)))
    for key, value in strategy.configuration:
        out.append(bytes((codes.STRING, 0)))
        _string(key, out)
        _value(value, out, depth + 1)


_NUMBERS = {
    Kind.INT: (codes.INT, _INT),
    Kind.LONG: (codes.LONG, _LONG),
    Kind.DOUBLE: (codes.DOUBLE, struct.Struct(">d")),
    Kind.FLOAT: (codes.FLOAT, struct.Struct(">f")),
    Kind.BYTE: (codes.BYTE, struct.Struct(">b")),
    Kind.SHORT: (codes.SHORT, struct.Struct(">h")),
}


def _literal(literal: Literal, out: _Pieces) -> None:
    kind, value = literal.kind, literal.value
    number = _NUMBERS.get(kind)
    if number is not None:
        code, layout = number
        try:
            out.append(bytes((code, 0)) + layout.pack(value))
        except (struct.error, OverflowError) as error:
            raise NotConvertible(f"{value} does not fit into a {kind.value}") from error
        return
    match kind:
        case Kind.STRING:
            out.append(bytes((codes.STRING, 0)))
            _string(value, out)
        case Kind.NULL:
            out.append(bytes((codes.UNSPECIFIED_NULL, 1)))
        case Kind.BOOLEAN:
            out.append(bytes((codes.BOOLEAN, 0, int(value))))
        case Kind.UUID:
            out.append(bytes((codes.UUID, 0)) + value.bytes)
        case Kind.BIG_INTEGER:
            out.append(bytes((codes.BIG_INTEGER, 0)))
            _integer(value, out)
        case Kind.BIG_DECIMAL:
            out.append(bytes((codes.BIG_DECIMAL, 0)))
            _decimal(value, out)


def _integer(value: int, out: _Pieces) -> None:
    """Append two's complement in the fewest bytes, as Java's `BigInteger.toByteArray`."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    out.append(_INT.pack(size))
    out.append(value.to_bytes(size, "big", signed=True))


def _decimal(value: Decimal, out: _Pieces) -> None:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise NotConvertible(f"{value} is no BigDecimal")
    unscaled = int("".join(map(str, digits)) or "0")
    out.append(_INT.pack(-exponent))
    _integer(-unscaled if sign else unscaled, out)
