"""Shapes of pieces of a script, by which they are classified before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

from gremlink.grammar.script.chain import Link
from gremlink.grammar.script.lalr import Token
from gremlink.grammar.script.tree import Group, Operand, Part
from gremlink.grammar.script.vocabulary import (
    NEGATIONS,
    PREDICATES,
    SOURCE_METHODS,
    SPAWNING,
    SPAWNING_ON_NAMES,
    STEPS,
)
from gremlink.grammar.traversal import (
    Argument,
    Items,
    Kind,
    Literal,
    Predicate,
)

STRINGS = frozenset(
    {"SINGLE_QUOTED", "DOUBLE_QUOTED", "TRIPLE_SINGLE", "TRIPLE_DOUBLE", "SLASHY", "DOLLAR_SLASHY"}
)


CONSTANTS = {
    "null": Literal(Kind.NULL, None),
    "true": Literal(Kind.BOOLEAN, True),
    "false": Literal(Kind.BOOLEAN, False),
    "NaN": Literal(Kind.DOUBLE, float("nan")),
    "Infinity": Literal(Kind.DOUBLE, float("inf")),
    "Double.NaN": Literal(Kind.DOUBLE, float("nan")),
    "Double.POSITIVE_INFINITY": Literal(Kind.DOUBLE, float("inf")),
    "Double.NEGATIVE_INFINITY": Literal(Kind.DOUBLE, float("-inf")),
}
"""Words and dotted names that are literals."""


class Span(NamedTuple):
    """The origin of a node that was read from a script: `text[start:end]`.

    An instruction's span begins where the one before it ended; `name` is where its name begins.
    """

    text: str
    start: int
    end: int
    name: int = -1

    @property
    def piece(self) -> str:
        """The piece itself."""
        return self.text[self.start : self.end]

    def __repr__(self) -> str:
        return f"Span({self.start}:{self.end})"


CASTS = {
    "byte": Kind.BYTE,
    "Byte": Kind.BYTE,
    "short": Kind.SHORT,
    "Short": Kind.SHORT,
    "int": Kind.INT,
    "Integer": Kind.INT,
    "long": Kind.LONG,
    "Long": Kind.LONG,
    "BigInteger": Kind.BIG_INTEGER,
}
"""The types that a whole number can be cast to without a computation."""


def type_name(operand: Operand) -> str | None:
    """Return the name, if the operand is nothing else."""
    primary = operand.primary
    if operand.suffixes or not isinstance(primary, Token) or primary.type != "NAME":
        return None
    return str(primary)


def cast_type(operand: Operand) -> str | None:
    """Return the type in `(byte)`, if the operand is a cast."""
    group = operand.primary
    if operand.suffixes or not isinstance(group, Group) or group.bracket != "(":
        return None
    match group.parts:
        case [Operand() as inner]:
            name = type_name(inner)
            return name if name in CASTS or name == "Set" else None
    return None


def spawns(link: Link) -> bool:
    """Return `True` if the link begins a traversal on a source."""
    return link.is_call and (link.name in SPAWNING or link.name in SPAWNING_ON_NAMES)


def is_source(chain: list[Link], begin: int) -> bool:
    """Return `True` if methods like `with` configure a source: behind a traversal, a plain step
    follows."""
    behind = begin
    while behind < len(chain) and chain[behind].call and chain[behind].name in SOURCE_METHODS:
        behind += 1
    if behind == len(chain) or not chain[behind].is_call:
        return True
    return chain[behind].name not in STEPS or spawns(chain[behind])


def is_groovys(link: Link, index: int) -> bool:
    """Return `True` for Groovy's own calls: `call { … }` and the like as bare words, `with { … }`
    anywhere."""
    return link.call is None and (not index or link.name == "with")


def is_literal(part: Part) -> bool:
    """Return `True` if the part begins with a string or a number."""
    return (
        isinstance(part, Operand)
        and isinstance(part.primary, Token)
        and part.primary.type in (*STRINGS, "NUMBER")
    )


def is_string(argument: Argument) -> TypeGuard[Literal]:
    """Return `True` if the argument is a string literal."""
    return isinstance(argument, Literal) and argument.kind is Kind.STRING


def is_constant(part: Part) -> bool:
    """Return `True` if the part is a literal alone, or its sign."""
    if not isinstance(part, Operand):
        return part in ("-", "+")
    return is_literal(part) and not part.suffixes


def colon(parts: Sequence[Part]) -> int:
    """Return the index of the colon behind a map's key; 0 if there is none."""
    for index, part in enumerate(parts[:3]):
        if isinstance(part, Token) and part == ":":
            return index
    return 0


def dotted(chain: list[Link]) -> str | None:
    """Return `a.b.C` if the chain has nothing but names."""
    if any(link.name is None or link.groups for link in chain):
        return None
    return ".".join(str(link.name) for link in chain)


def predicate_at(chain: list[Link]) -> int | None:
    """Return the link that is a predicate: `P.gt(1)`, `TextP.containing("a")`, `gt(1)`."""
    for index, link in enumerate(chain):
        if link.groups:
            if link.call is None or link.closures or link.name not in PREDICATES:
                return None
            before = chain[index - 1].name if index else None
            return index if before in (None, "P", "TextP") else None
    return None


def predicate(name: str, arguments: tuple[Argument, ...]) -> Predicate:
    """Return the predicate that a method makes; a list is the argument of `within`."""
    match name, arguments:
        case "within" | "without", (Items(_, items),):
            arguments = items
    return Predicate(PREDICATES[name], name, arguments)


def connected(joined: list[Predicate], connective: str) -> Predicate:
    """Return `a.and(b).and(c)` as one predicate."""
    return Predicate("P", connective, tuple(joined)) if connective else joined[0]


def negated(predicate: Predicate) -> Predicate:
    """Return the opposite predicate, where it has a name, else `not`."""
    opposite = NEGATIONS.get(predicate.name)
    if opposite is not None:
        return Predicate(predicate.type, opposite, predicate.arguments)
    return Predicate("P", "not", (predicate,))
