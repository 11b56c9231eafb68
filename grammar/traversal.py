"""The data model: one form of a Gremlin traversal for all encodings.

The codecs (`script`, `graphbinary`, `graphson`) read into this form and print from it. Every node
may carry an *origin*: the exact piece of the request it was read from. A node that nothing replaced
is printed by copying its origin, so a rewrite never touches what it did not mean to touch. Nodes
are immutable: changing one means making a new one, which has no origin, and neither have its
ancestors. Large requests are read on first use: see `lazy` for these variants of the nodes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias

OPTIONS_STRATEGY = "OptionsStrategy"


class Kind(Enum):
    """Types of literals that every encoding has; the value names the Java type."""

    NULL = "null"
    STRING = "String"
    BOOLEAN = "Boolean"
    BYTE = "Byte"
    SHORT = "Short"
    INT = "Integer"
    LONG = "Long"
    BIG_INTEGER = "BigInteger"
    FLOAT = "Float"
    DOUBLE = "Double"
    BIG_DECIMAL = "BigDecimal"
    UUID = "UUID"

    __hash__ = object.__hash__  # that of Enum is written in Python; literals are hashed in crowds


@dataclass(frozen=True, slots=True, repr=False)
class Literal:
    """A typed constant.

    `value` is `None`, `str`, `bool`, `int`, `float`, `decimal.Decimal` or `uuid.UUID`, as `kind`
    says. Two literals are equal when kind and value are: `1` and `1L` are different vertex ids to
    a graph, and so they are here.
    """

    kind: Kind
    value: Any
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    @classmethod
    def string(cls, value: str) -> Literal:
        """Make a string literal."""
        return cls(Kind.STRING, value)

    @classmethod
    def of(cls, value: Any) -> Literal:
        """Make the literal of a Python value: `int` becomes an Integer if it fits, else a Long."""
        match value:
            case None:
                return cls(Kind.NULL, None)
            case bool():
                return cls(Kind.BOOLEAN, value)
            case str():
                return cls(Kind.STRING, value)
            case int() if -(2**31) <= value < 2**31:
                return cls(Kind.INT, value)
            case int() if -(2**63) <= value < 2**63:
                return cls(Kind.LONG, value)
            case int():
                return cls(Kind.BIG_INTEGER, value)
            case float():
                return cls(Kind.DOUBLE, value)
            case uuid.UUID():
                return cls(Kind.UUID, value)
        raise TypeError(f"no Gremlin literal for {type(value).__name__}")

    def __repr__(self) -> str:
        match self.kind:
            case Kind.STRING | Kind.INT:
                return repr(self.value)
            case Kind.NULL | Kind.BOOLEAN:
                return str(self.value).lower() if self.value is not None else "null"
        return f"{self.kind.value}({self.value})"


@dataclass(frozen=True, slots=True, repr=False)
class EnumConstant:
    """A constant of one of Gremlin's enums: `T.id`, `Order.desc`, `Pick.none`, `Scope.local` ..."""

    type: str
    name: str
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        return f"{self.type}.{self.name}"


@dataclass(frozen=True, slots=True, repr=False)
class Predicate:
    """`P` or `TextP`: `P.within(1, 2)`, `TextP.containing("a")`; `and`/`or` hold predicates."""

    type: str
    name: str
    arguments: tuple[Argument, ...]
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        return f"{self.type}.{self.name}({_listed(self.arguments)})"


@dataclass(frozen=True, slots=True, repr=False)
class Items:
    """A list or a set (`kind` is `"list"` or `"set"`)."""

    kind: str
    items: tuple[Argument, ...]
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        opening, closing = "{}" if self.kind == "set" else "[]"
        return f"{opening}{_listed(self.items)}{closing}"


@dataclass(frozen=True, slots=True, repr=False)
class Entries:
    """A map, in its order."""

    entries: tuple[tuple[Argument, Argument], ...]
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        if not self.entries:
            return "[:]"
        return f"[{', '.join(f'{key!r}: {value!r}' for key, value in self.entries)}]"


@dataclass(frozen=True, slots=True)
class Derived:
    """Origin of a changed node: nothing to copy, but the dialect to print in."""

    source: Any


@dataclass(frozen=True, slots=True, repr=False)
class Strategy:
    """A traversal strategy as an argument; `name` is the simple class name."""

    name: str
    configuration: tuple[tuple[str, Argument], ...] = ()
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def with_configuration(self, configuration: Sequence[tuple[str, Argument]]) -> Strategy:
        """Return the strategy with another configuration, printed in the dialect of this one."""
        source = self.origin.source if isinstance(self.origin, Derived) else self.origin
        return replace(self, configuration=tuple(configuration), origin=Derived(source))

    def __repr__(self) -> str:
        pairs = ", ".join(f"{key}: {value!r}" for key, value in self.configuration)
        return f"{self.name}({pairs})"


@dataclass(frozen=True, slots=True, repr=False)
class Variable:
    """A name in a script; bindings may have its value."""

    name: str
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, repr=False)
class Bulked:
    """A traverser of a result: `bulk` equal values."""

    value: Argument
    bulk: int
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        return f"{self.bulk} of {self.value!r}"


@dataclass(frozen=True, slots=True, repr=False)
class Opaque:
    """A value that no rewriting needs to understand; printable only in its own encoding.

    `encoding` is `"script"`, `"graphson"` or `"graphbinary"`, `raw` the piece itself, `what` a
    word for messages ("closure", "Vertex", "custom type janusgraph.RelationIdentifier").
    """

    encoding: str
    raw: Any
    what: str = "value"
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        return f"<{self.what}>"


@dataclass(frozen=True, slots=True, repr=False)
class Instruction:
    """One step or one source instruction: `out("FRIEND")`."""

    name: str
    arguments: tuple[Argument, ...] = ()
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def nested(self, mentioning: str = "") -> Sequence[Traversal]:
        """Return the traversals in the arguments, see `children`."""
        return tuple(_children(self))

    def may_mention(self, text: str) -> bool:
        """Return `False` if it is certain, without reading, that no string holds the text."""
        return True

    def __repr__(self) -> str:
        return f".{self.name}({_listed(self.arguments)})"


@dataclass(frozen=True, slots=True, repr=False)
class Traversal:
    """Source instructions and steps.

    `root` is the beginning of the text (`g`, `gmodern`, `__`, or empty for `out().count()` as an
    argument); bytecode has no root, so it does not take part in equality.
    """

    source: tuple[Instruction, ...] = ()
    steps: tuple[Instruction, ...] = ()
    root: str = field(default="g", compare=False, kw_only=True)
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.steps)

    def step(self, index: int) -> Instruction:
        """Return one of the steps; the others need not be read for it."""
        return self.steps[index]

    def named_or_nesting(self, name: str, mentioning: str) -> Sequence[int]:
        """Return the indexes of the steps to look at for a name and for a text in strings.

        They are those of all steps of this name, and of all that hold traversals in which
        `mentioning` may be found; of all steps, if that is not known without reading.
        """
        return range(len(self.steps))

    def may_mention(self, text: str) -> bool:
        """Return `False` if it is certain, without reading, that no string holds the text."""
        return True

    def with_replaced(self, begin: int, end: int, steps: Sequence[Instruction]) -> Traversal:
        """Return the same traversal with `steps` in the place of those from `begin` to `end`."""
        return self.with_steps([*self.steps[:begin], *steps, *self.steps[end:]])

    def with_steps(self, steps: Sequence[Instruction]) -> Traversal:
        """Return a traversal with the same source and other steps."""
        return Traversal(self.source, tuple(steps), root=self.root)

    def with_source(self, source: Sequence[Instruction]) -> Traversal:
        """Return a traversal with the same steps and other source instructions."""
        return Traversal(tuple(source), self.steps, root=self.root)

    def options(self) -> dict[str, Argument]:
        """Return the source's `with(...)` options in all written forms, the last one winning.

        `with(k)` alone means `True`. Strategies other than OptionsStrategy are not options.
        """
        found: dict[str, Argument] = {}
        for instruction in self.source:
            match instruction:
                case Instruction("with", (Literal(Kind.STRING, key),)):
                    found[key] = Literal(Kind.BOOLEAN, True)
                case Instruction("with", (Literal(Kind.STRING, key), value)):
                    found[key] = value
                case Instruction("withStrategies", arguments):
                    for strategy in arguments:
                        if isinstance(strategy, Strategy) and strategy.name == OPTIONS_STRATEGY:
                            found.update(strategy.configuration)
        return found

    def __repr__(self) -> str:
        return (self.root or "__") + "".join(repr(item) for item in (*self.source, *self.steps))


Argument: TypeAlias = (
    Literal
    | EnumConstant
    | Predicate
    | Items
    | Entries
    | Strategy
    | Variable
    | Bulked
    | Opaque
    | Traversal
)


def _listed(arguments: Sequence[Argument]) -> str:
    return ", ".join([repr(argument) for argument in arguments])


def step(name: str, *arguments: Argument | str | bool | int | float | None) -> Instruction:
    """Make an instruction; plain Python values become literals.

    >>> step("out", "FRIEND").arguments[0].kind.value
    'String'
    """
    return Instruction(name, tuple(_argument(value) for value in arguments))


def anonymous(*steps: Instruction) -> Traversal:
    """Make an anonymous traversal, `__.out().id()`."""
    return Traversal((), steps, root="__")


def _argument(value: Any) -> Argument:
    if value is None or isinstance(value, str | bool | int | float):
        return Literal.of(value)
    return value  # type: ignore[no-any-return]


Path = tuple[int, ...]
"""Position of an instruction: the step's index, then for each traversal around it the number of
that traversal among those of the step (see `children`) and the index of the step inside it."""


def children(argument: Argument | Instruction, mentioning: str = "") -> Sequence[Traversal]:
    """Return the traversals directly inside an instruction or argument, in order, however wrapped.

    None of them, if it is certain without reading that no string in the instruction holds
    `mentioning`.
    """
    if isinstance(argument, Instruction):
        return argument.nested(mentioning)
    return tuple(_children(argument))


def _children(argument: Argument | Instruction) -> Iterator[Traversal]:
    match argument:
        case Traversal():
            yield argument
        case Instruction(_, arguments) | Predicate(_, _, arguments) | Items(_, arguments):
            for inner in arguments:
                if not isinstance(inner, Literal):  # of which there may be thousands
                    yield from _children(inner)
        case Entries(entries):
            for key, value in entries:
                yield from _children(key)
                yield from _children(value)
        case Strategy(_, configuration):
            for _, value in configuration:
                yield from _children(value)
        case Bulked(value):
            yield from _children(value)


def walk(traversal: Traversal, path: Path = ()) -> Iterator[tuple[Path, Instruction]]:
    """Yield every step of the traversal and of those nested in it, outer before inner, in order.

    Source instructions are left out.
    """
    open_ = [(path, enumerate(traversal.steps))]
    while open_:
        path, steps = open_[-1]
        for index, instruction in steps:
            here = (*path, index)
            yield here, instruction
            nested = children(instruction)
            if nested:
                inner = [((*here, n), enumerate(child.steps)) for n, child in enumerate(nested)]
                open_ += reversed(inner)
                break
        else:
            open_.pop()
