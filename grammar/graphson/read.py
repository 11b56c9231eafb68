"""GraphSON 2.0 and 3.0 → `gremlink.grammar.traversal`.

Typed and plain shapes are read side by side, as drivers mix them under one mime type: Java sends
`g:Map`, Python objects, JavaScript bare numbers.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from decimal import Decimal, InvalidOperation
from typing import Any

from gremlink.grammar.errors import LimitExceeded, MalformedRequest
from gremlink.grammar.lossless_json import MAX_DEPTH, MAX_NUMBER, Number
from gremlink.grammar.traversal import (
    Argument,
    Bulked,
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
)

ENUMS = frozenset(
    {
        "Barrier",
        "Cardinality",
        "Column",
        "Direction",
        "DT",
        "GType",
        "Merge",
        "Operator",
        "Order",
        "Pick",
        "Pop",
        "Scope",
        "T",
    }
)


@dataclass(frozen=True, slots=True)
class Node:
    """The origin of a node that was read from GraphSON: the JSON value itself."""

    json: Any


def read_bytecode(json: Any) -> Traversal:
    """Read the traversal of a `g:Bytecode`: the typed object, or the one under its `@value`."""
    return _bytecode(json, "g", 0)


def read_value(json: Any) -> Argument:
    """Read the argument that a JSON value represents."""
    return _value(json, 0)


def _bytecode(json: Any, root: str, depth: int) -> Traversal:
    value = json.get("@value") if isinstance(json, dict) and "@type" in json else json
    if not isinstance(value, dict):
        raise MalformedRequest("g:Bytecode holds an object with 'source' and 'step'")
    return Traversal(
        _instructions(value.get("source"), "source", depth),
        _instructions(value.get("step"), "step", depth),
        root=root,
        origin=Node(json),
    )


def _instructions(json: Any, what: str, depth: int) -> tuple[Instruction, ...]:
    if json is None:
        return ()
    if not isinstance(json, list):
        raise MalformedRequest(f"'{what}' of g:Bytecode is not a list")
    instructions = []
    for item in json:
        if not isinstance(item, list) or not item or not isinstance(item[0], str):
            raise MalformedRequest(f"a {what} of g:Bytecode is a list that begins with its name")
        arguments = tuple([_value(argument, depth + 1) for argument in item[1:]])
        instructions.append(Instruction(item[0], arguments, origin=Node(item)))
    return tuple(instructions)


def _value(json: Any, depth: int) -> Argument:
    if depth > MAX_DEPTH:
        raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, depth)
    match json:
        case str():
            return Literal(Kind.STRING, json)
        case None:
            return Literal(Kind.NULL, None)
        case bool():
            return Literal(Kind.BOOLEAN, json)
        case int():
            return dataclass_replace(Literal.of(json), origin=Node(json))
        case float():
            return Literal(Kind.DOUBLE, float(json), origin=Node(json))
        case list():
            items = tuple([_value(item, depth + 1) for item in json])
            return Items("list", items, origin=Node(json))
        case {"@type": str(name)} if json.keys() <= {"@type", "@value"}:
            return _typed(name, json, depth)
        case dict():
            entries = tuple(
                [(Literal(Kind.STRING, key), _value(item, depth + 1)) for key, item in json.items()]
            )
            return Entries(entries, origin=Node(json))
    raise MalformedRequest(f"{type(json).__name__} is not JSON")


def _typed(name: str, json: dict[str, Any], depth: int) -> Argument:
    value = json.get("@value")
    node = Node(json)
    literal = _LITERALS.get(name)
    if literal is not None:
        if value is None:
            return Literal(Kind.NULL, None, origin=node)
        kind, convert = literal
        try:
            return Literal(kind, convert(value), origin=node)
        except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
            raise MalformedRequest(f"{name} does not hold {str(value)[:80]!r}") from error
    composite = _COMPOSITES.get(name)
    if composite is not None:
        return composite(value, node, depth)
    prefix, _, simple = name.partition(":")
    if prefix == "g" and simple in ENUMS and isinstance(value, str):
        return EnumConstant(simple, value, origin=node)
    if prefix == "g" and simple.endswith("Strategy"):
        return _strategy(simple, value, node, depth)
    return Opaque("graphson", json, name, origin=node)


# -- composites


def _nested(value: Any, node: Node, depth: int) -> Argument:
    return _bytecode(node.json, "__" if depth else "g", depth + 1)


def _items(kind: str) -> Callable[[Any, Node, int], Argument]:
    def read(value: Any, node: Node, depth: int) -> Argument:
        found = _list(value, kind)
        return Items(kind, tuple([_value(item, depth + 1) for item in found]), origin=node)

    return read


def _pairs(value: Any, what: str) -> list[tuple[Any, Any]]:
    found = _list(value, what)
    if len(found) % 2:
        raise MalformedRequest(f"a {what} has an odd number of parts")
    return list(zip(found[::2], found[1::2], strict=True))


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedRequest(f"a {what} does not hold a list")
    return value


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedRequest(f"a {what} does not hold an object")
    return value


def _map(value: Any, node: Node, depth: int) -> Argument:
    if isinstance(value, dict):
        return dataclass_replace(_value(value, depth + 1), origin=node)
    entries = tuple(
        [(_value(key, depth + 1), _value(item, depth + 1)) for key, item in _pairs(value, "g:Map")]
    )
    return Entries(entries, origin=node)


def _bulk_set(value: Any, node: Node, depth: int) -> Argument:
    items = [
        Bulked(_value(item, depth + 1), _bulk(bulk)) for item, bulk in _pairs(value, "g:BulkSet")
    ]
    return Items("list", tuple(items), origin=node)


def _traverser(value: Any, node: Node, depth: int) -> Argument:
    found = _object(value, "g:Traverser")
    return Bulked(_value(found.get("value"), depth + 1), _bulk(found.get("bulk", 1)), origin=node)


def _bulk(json: Any) -> int:
    bulk = json.get("@value") if isinstance(json, dict) else json
    if not isinstance(bulk, int):
        raise MalformedRequest("the bulk of a traverser is no number")
    return bulk


def _predicate(type_: str) -> Callable[[Any, Node, int], Argument]:
    def read(value: Any, node: Node, depth: int) -> Argument:
        found = _object(value, f"g:{type_}")
        name = found.get("predicate")
        if not isinstance(name, str):
            raise MalformedRequest(f"g:{type_} has no 'predicate'")
        argument = _value(found.get("value"), depth + 1)
        if isinstance(argument, Items):
            return Predicate(type_, name, argument.items, origin=node)
        return Predicate(type_, name, (argument,), origin=node)

    return read


def _strategy(name: str, value: Any, node: Node, depth: int) -> Argument:
    """Read a strategy. Up to 3.7 the value is the configuration; 3.8 wraps it as `{"fqcn": …,
    "conf": …}`."""
    if not isinstance(value, dict):
        return Opaque("graphson", node.json, f"g:{name}", origin=node)
    configuration = value.get("conf") if is_wrapped(value) else value
    if isinstance(configuration, dict) and configuration.get("@type") == "g:Map":
        pairs = _pairs(configuration.get("@value"), "g:Map")
    else:
        pairs = list(_object(configuration or {}, f"g:{name}").items())
    if not all(isinstance(key, str) for key, _ in pairs):
        raise MalformedRequest(f"a key of g:{name} is not a string")
    return Strategy(
        name, tuple([(key, _value(item, depth + 1)) for key, item in pairs]), origin=node
    )


def is_wrapped(value: Any) -> bool:
    """Return `True` if a strategy's value has the form of TinkerPop 3.8."""
    return isinstance(value, dict) and value.keys() == {"fqcn", "conf"}


def _binding(value: Any, node: Node, depth: int) -> Argument:
    bound = _value(_object(value, "g:Binding").get("value"), depth + 1)
    return dataclass_replace(bound, origin=node)


_COMPOSITES: dict[str, Callable[[Any, Node, int], Argument]] = {
    "g:Bytecode": _nested,
    "g:List": _items("list"),
    "g:Set": _items("set"),
    "g:Map": _map,
    "g:BulkSet": _bulk_set,
    "g:Traverser": _traverser,
    "g:P": _predicate("P"),
    "g:TextP": _predicate("TextP"),
    "g:Binding": _binding,
}


# -- literals


def _whole(value: Any) -> int:
    if isinstance(value, str) and len(value) <= MAX_NUMBER:
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _real(value: Any) -> float:
    if isinstance(value, str):
        return (
            {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}[value]
            if value in ("NaN", "Infinity", "-Infinity")
            else float(value)
        )
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _decimal(value: Any) -> Decimal:
    text = value.text if isinstance(value, Number) else str(value)
    if len(text) > MAX_NUMBER:
        raise ValueError
    return Decimal(text)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _uuid(value: Any) -> uuid.UUID:
    return uuid.UUID(value if isinstance(value, str) else "")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_LITERALS: dict[str, tuple[Kind, Callable[[Any], Any]]] = {
    "g:Int32": (Kind.INT, _whole),
    "g:Int64": (Kind.LONG, _whole),
    "g:Double": (Kind.DOUBLE, _real),
    "g:Float": (Kind.FLOAT, _real),
    "g:UUID": (Kind.UUID, _uuid),
    "g:Boolean": (Kind.BOOLEAN, _boolean),
    "g:String": (Kind.STRING, _text),
    "gx:BigDecimal": (Kind.BIG_DECIMAL, _decimal),
    "gx:BigInteger": (Kind.BIG_INTEGER, _whole),
    "gx:Byte": (Kind.BYTE, _whole),
    "gx:Int16": (Kind.SHORT, _whole),
}
