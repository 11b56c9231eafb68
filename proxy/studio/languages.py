"""A traversal in the languages of TinkerPop's clients, to copy.

Spellings: TinkerPop's reference, "Gremlin Variants".
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gremlin_python.process.traversal import Bytecode
from gremlin_python.process.traversal import Traversal as Built
from gremlin_python.structure.io.graphsonV3d0 import GraphSONWriter

from gremlink.grammar import graphson, script
from gremlink.grammar.traversal import (
    OPTIONS_STRATEGY,
    Argument,
    EnumConstant,
    Instruction,
    Kind,
    Literal,
    Predicate,
    Strategy,
    Traversal,
)


def read(query: Built | Bytecode) -> Traversal:
    """Return a traversal of gremlinpython as the grammar has it."""
    bytecode = query.bytecode if isinstance(query, Built) else query
    return graphson.read_bytecode(json.loads(GraphSONWriter().write_object(bytecode)))


def groovy(query: Built | Bytecode) -> str:
    """Return a traversal as the Gremlin Console takes it."""
    return script.write(read(query))


def in_all_languages(query: Built | Bytecode) -> list[tuple[str, str]]:
    """Return the name of each language, and the traversal in it."""
    found = read(query)
    return [
        ("Gremlin Console", script.write(found)),
        *((language.title, language.write(found)) for language in _LANGUAGES),
    ]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _same(name: str) -> str:
    return name


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def quoted(text: str) -> str:
    """Return a string literal that Python, JavaScript, Java, C# and Go read alike."""
    parts = []
    for each in text:
        if each in '"\\':
            parts.append(f"\\{each}")
        elif each in "\n\r\t":
            parts.append({"\n": "\\n", "\r": "\\r", "\t": "\\t"}[each])
        elif _is_hidden(each):
            parts.append(f"\\u{ord(each):04x}")
        else:
            parts.append(each)
    return f'"{"".join(parts)}"'


def _is_hidden(each: str) -> bool:
    """Return whether a character cannot be seen, or would change how the text around it is shown or
    read: controls, marks of direction, separators of lines, halves of pairs."""
    return ord(each) < 0x10000 and unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp", "Cs")


@dataclass(frozen=True, slots=True)
class _Language:
    """A client's language: `case` spells names, `reserved` has the names with another spelling.

    `kinds` has the forms of values whose plain spelling is another type there, with `{}` for the
    value, and `of_ids` more of them for ids: a number of the wrong width finds no vertex.
    """

    title: str
    case: Callable[[str], str]
    reserved: Mapping[str, str]
    anonymous: str
    enums: Callable[[str, str], str]
    end: str
    true: tuple[str, str] = ("true", "false")
    null: str = "null"
    kinds: Mapping[Kind, str] = field(default_factory=dict)
    of_ids: Mapping[Kind, str] = field(default_factory=dict)
    predicates: str = ""

    def write(self, traversal: Traversal) -> str:
        source = "".join(map(self._step, traversal.source))
        return f"g{source}{''.join(map(self._step, traversal.steps))}{self.end}"

    def _step(self, instruction: Instruction) -> str:
        match instruction.arguments:
            case (Strategy(name=strategy, configuration=options),) if strategy == OPTIONS_STRATEGY:
                return "".join(
                    self._step(Instruction("with", (Literal.string(str(key)), value)))
                    for key, value in options
                )
        name = self.reserved.get(instruction.name) or self.case(instruction.name)
        exact = instruction.name in _OF_IDS
        return f".{name}({', '.join(self._value(each, exact) for each in instruction.arguments)})"

    def _value(self, argument: Argument, exact: bool = False) -> str:
        match argument:
            case Literal(Kind.NULL):
                return self.null
            case Literal(Kind.STRING, value):
                return quoted(str(value))
            case Literal(Kind.BOOLEAN, value):
                return self.true[0] if value else self.true[1]
            case Literal(Kind.UUID, value):
                return self.kinds.get(Kind.UUID, "{}").format(quoted(str(value)))
            case Literal(kind, value):
                form = self.of_ids.get(kind) if exact else None
                return (form or self.kinds.get(kind, "{}")).format(value)
            case Traversal():
                return self.anonymous + "".join(map(self._step, argument.steps)).removeprefix(".")
            case EnumConstant(kind, name):
                return self.enums(kind, name)
            case Predicate(kind, name, arguments):
                return self._predicate(kind, name, [self._value(each, exact) for each in arguments])
        return script.write_value(argument)

    def _predicate(self, kind: str, name: str, arguments: list[str]) -> str:
        spelled = self.reserved.get(name) or self.case(name)
        if name in ("and", "or") and arguments:
            return arguments[0] + "".join(f".{spelled}({each})" for each in arguments[1:])
        return f"{self.predicates}{kind}.{spelled}({', '.join(arguments)})"


def _python_enum(kind: str, name: str) -> str:
    return f"{kind}.{'id_' if name == 'id' else name}"


def _js_enum(kind: str, name: str) -> str:
    return f"{kind[:1].lower()}{kind[1:]}.{name}"


_OF_IDS = ("V", "E", "hasId")
"""Steps that take ids."""

_PYTHON = ("and", "as", "from", "id", "in", "is", "max", "min", "not", "or", "range", "sum", "with")
_PYTHON_RESERVED = {
    **{name: f"{name}_" for name in (*_PYTHON, "filter", "map", "set")},
    "hasLabel": "has_label",
    "V": "V",
    "E": "E",
}

_LANGUAGES = (
    _Language(
        "Python",
        _snake,
        _PYTHON_RESERVED,
        "__.",
        _python_enum,
        ".to_list()",
        true=("True", "False"),
        null="None",
        kinds={
            **{Kind.BYTE: "SingleByte({})", Kind.SHORT: "short({})", Kind.LONG: "long({})"},
            **{Kind.BIG_INTEGER: "bigint({})", Kind.UUID: "UUID({})"},
        },
    ),
    _Language(
        "JavaScript",
        _same,
        {name: f"{name}_" for name in ("from", "in", "with")},
        "__.",
        _js_enum,
        ".toList()",
        kinds={Kind.LONG: 'toLong("{}")'},
    ),
    _Language(
        "Java",
        _same,
        {},
        "__.",
        lambda kind, name: f"{kind}.{name}",
        ".toList();",
        kinds={
            **{Kind.BYTE: "(byte) {}", Kind.SHORT: "(short) {}", Kind.LONG: "{}L"},
            **{Kind.FLOAT: "{}f", Kind.UUID: "UUID.fromString({})"},
            Kind.BIG_INTEGER: 'new BigInteger("{}")',
            Kind.BIG_DECIMAL: 'new BigDecimal("{}")',
        },
    ),
    _Language(
        "C#",
        _pascal,
        {},
        "__.",
        lambda kind, name: f"{kind}.{_pascal(name)}",
        ".ToList();",
        kinds={
            **{Kind.BYTE: "(sbyte) {}", Kind.SHORT: "(short) {}", Kind.LONG: "{}L"},
            **{Kind.FLOAT: "{}f", Kind.UUID: "Guid.Parse({})"},
            Kind.BIG_INTEGER: 'BigInteger.Parse("{}")',
            Kind.BIG_DECIMAL: "{}m",
        },
    ),
    _Language(
        "Go",
        _pascal,
        {},
        "gremlingo.T__.",
        lambda kind, name: f"gremlingo.{kind}.{_pascal(name)}",
        ".ToList()",
        null="nil",
        kinds={
            **{Kind.BYTE: "int8({})", Kind.SHORT: "int16({})", Kind.LONG: "int64({})"},
            **{Kind.FLOAT: "float32({})", Kind.UUID: "uuid.MustParse({})"},
        },
        of_ids={Kind.INT: "int32({})"},
        predicates="gremlingo.",
    ),
)
