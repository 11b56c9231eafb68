"""`gremlink.grammar.traversal` → GraphSON 2.0 and 3.0, as JSON values."""

from __future__ import annotations

import math
from typing import Any

from gremlink.grammar.errors import LimitExceeded, NotConvertible
from gremlink.grammar.graphson.read import Node, is_wrapped
from gremlink.grammar.lossless_json import MAX_DEPTH, Number
from gremlink.grammar.strategies import CLASS_NAMES, class_name
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

_CLASS_ARGUMENTS = frozenset({"withoutStrategies"})


def write_bytecode(traversal: Traversal, version: int = 3) -> dict[str, Any]:
    """Return the `g:Bytecode` of a traversal, typed, in GraphSON `version` 2 or 3.

    Nodes that came from GraphSON are taken over as they are. Raises `NotConvertible` for values
    that exist only in another encoding.
    """
    if isinstance(traversal.origin, Node):
        json = traversal.origin.json
        return json if "@type" in json else {"@type": "g:Bytecode", "@value": json}
    return _Writer(version).bytecode(traversal, 0)


def write_value(argument: Argument, version: int = 3) -> Any:
    """Return the JSON value of an argument in GraphSON `version` 2 or 3."""
    return _Writer(version).value(argument, 0)


def _typed(name: str, value: Any) -> dict[str, Any]:
    return {"@type": name, "@value": value}


class _Writer:
    """Version 3 types its collections, version 2 leaves them plain."""

    __slots__ = ("plain",)

    def __init__(self, version: int) -> None:
        if version not in (2, 3):
            raise ValueError(f"bytecode has GraphSON versions 2 and 3, not {version}")
        self.plain = version == 2

    def bytecode(self, traversal: Traversal, depth: int) -> dict[str, Any]:
        if isinstance(traversal.origin, Node):
            json = traversal.origin.json
            return json if "@type" in json else _typed("g:Bytecode", json)
        value: dict[str, Any] = {}
        if traversal.source:
            value["source"] = [self.instruction(item, depth) for item in traversal.source]
        if traversal.steps:
            value["step"] = [self.instruction(item, depth) for item in traversal.steps]
        return _typed("g:Bytecode", value)

    def instruction(self, instruction: Instruction, depth: int) -> list[Any]:
        if isinstance(instruction.origin, Node):
            return instruction.origin.json  # type: ignore[no-any-return]
        json: list[Any] = [instruction.name]
        for argument in instruction.arguments:
            if instruction.name in _CLASS_ARGUMENTS and isinstance(argument, Strategy):
                json.append(_typed("g:Class", class_name(argument.name)))
            else:
                json.append(self.value(argument, depth + 1))
        return json

    def value(self, argument: Argument, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, depth)
        if isinstance(argument.origin, Node):
            return argument.origin.json
        match argument:
            case Literal():
                return _literal(argument)
            case Traversal():
                return self.bytecode(argument, depth)
            case EnumConstant(type_, name):
                return _typed(f"g:{type_}", name)
            case Predicate(type_, name, arguments):
                return _typed(f"g:{type_}", self._predicate(name, arguments, depth))
            case Items(kind, items):
                written = [self.value(item, depth + 1) for item in items]
                if self.plain:
                    return written
                return _typed("g:Set" if kind == "set" else "g:List", written)
            case Entries(entries):
                return self._entries(entries, depth)
            case Strategy():
                return self._strategy(argument, depth)
            case Bulked(value, bulk):
                held = {"bulk": _typed("g:Int64", bulk), "value": self.value(value, depth + 1)}
                return _typed("g:Traverser", held)
            case Opaque(encoding, raw, what):
                if encoding != "graphson":
                    raise NotConvertible(f"a {what} from {encoding} cannot be written as GraphSON")
                return raw
            case Variable(name):
                raise NotConvertible(f"the value of the variable {name} is not known")

    def _predicate(self, name: str, arguments: tuple[Argument, ...], depth: int) -> dict[str, Any]:
        """Write one argument alone, except where the predicate takes a collection."""
        if name in ("and", "or"):
            return {"predicate": name, "value": [self.value(a, depth + 1) for a in arguments]}
        if len(arguments) == 1 and name not in ("within", "without"):
            return {"predicate": name, "value": self.value(arguments[0], depth + 1)}
        return {"predicate": name, "value": self.value(Items("list", arguments), depth)}

    def _entries(self, entries: tuple[tuple[Argument, Argument], ...], depth: int) -> Any:
        if not self.plain:
            flat = [self.value(part, depth + 1) for entry in entries for part in entry]
            return _typed("g:Map", flat)
        written = {}
        for key, value in entries:
            if not isinstance(key, Literal) or key.kind is not Kind.STRING:
                raise NotConvertible("GraphSON 2 has only strings for keys of a map")
            written[key.value] = self.value(value, depth + 1)
        return written

    def _strategy(self, strategy: Strategy, depth: int) -> dict[str, Any]:
        configuration = {key: self.value(value, depth + 1) for key, value in strategy.configuration}
        match strategy.origin:
            case Derived(Node({"@value": value})) if is_wrapped(value):
                wrapped = {"fqcn": value["fqcn"], "conf": configuration}
                return _typed(f"g:{strategy.name}", wrapped)
            case _ if strategy.name not in CLASS_NAMES:
                raise NotConvertible(f"{strategy.name} is no strategy of TinkerPop")
        return _typed(f"g:{strategy.name}", configuration)


_TYPES = {
    Kind.INT: "g:Int32",
    Kind.LONG: "g:Int64",
    Kind.BYTE: "gx:Byte",
    Kind.SHORT: "gx:Int16",
    Kind.BIG_INTEGER: "gx:BigInteger",
}


def _literal(literal: Literal) -> Any:
    kind, value = literal.kind, literal.value
    match kind:
        case Kind.STRING | Kind.BOOLEAN | Kind.NULL:
            return value
        case Kind.DOUBLE | Kind.FLOAT:
            return _typed("g:Double" if kind is Kind.DOUBLE else "g:Float", _real(value))
        case Kind.UUID:
            return _typed("g:UUID", str(value))
        case Kind.BIG_DECIMAL:
            return _typed("gx:BigDecimal", Number(str(value)))
        case _:
            return _typed(_TYPES[kind], value)


def _real(value: float) -> Any:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
