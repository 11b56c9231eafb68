"""The one form that every Gremlin request takes here, whatever it was written in.

Codecs (`script`, `graphbinary`, `graphson`) read into this form and print from it. Every node may
carry an *origin*: the exact piece of the request it was read from. A node that nobody replaced is
printed by copying its origin, so a rewrite never touches what it did not mean to touch. Nodes are
immutable: whoever changes one makes a new one, which has no origin, and so do its ancestors.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from gremlink.grammar.lazy import Replaced, Unread, UnreadArguments, UnreadInstructions

OPTIONS_STRATEGY = "OptionsStrategy"


class Kind(Enum):
    """The types of literals that exist on every wire; the value names the Java type."""

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
        """A string literal."""
        return cls(Kind.STRING, value)

    @classmethod
    def of(cls, value: Any) -> Literal:
        """The literal a Python value stands for: `int` is an Integer if it fits, else a Long."""
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


def literals_of(kind: Kind, values: Sequence[Any]) -> list[Literal]:
    """A literal for each value, in half the time that `Literal` itself takes."""
    made: list[Literal] = list(map(object.__new__, repeat(Literal, len(values))))
    deque(map(_SET_KIND, made, repeat(kind)), 0)
    deque(map(_SET_VALUE, made, values), 0)
    deque(map(_SET_LITERAL_ORIGIN, made, repeat(None)), 0)
    return made


_SET_KIND, _SET_VALUE, _SET_LITERAL_ORIGIN = (
    vars(Literal)[name].__set__ for name in ("kind", "value", "origin")
)


class Alike(Sequence[Literal]):
    """Literals of one kind, told by their `values`; they are made when somebody asks for one.

    The ids of ten thousand vertices are read and looked up in less time than it takes to make
    literals of them.
    """

    __slots__ = ("__weakref__", "_made", "kind", "values")

    def __init__(self, kind: Kind, values: Sequence[Any]) -> None:
        self.kind = kind
        self.values = values
        self._made: tuple[Literal, ...] | None = None

    @property
    def literals(self) -> tuple[Literal, ...]:
        """All of them."""
        if self._made is None:
            self._made = tuple(literals_of(self.kind, self.values))
        return self._made

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Literal]:
        return iter(self.literals)

    @overload
    def __getitem__(self, index: int) -> Literal: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Literal]: ...

    def __getitem__(self, index: int | slice) -> Literal | Sequence[Literal]:
        return self.literals[index]


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

    @classmethod
    def unread(cls, kind: str, alike: Alike) -> Items:
        """A list or set that was read, but for the literals in it."""
        made = object.__new__(cls)
        object.__setattr__(made, "kind", kind)
        object.__setattr__(made, "origin", alike)
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, attribute: str) -> tuple[Literal, ...]:
            """The items, the first time that somebody asks for unread ones."""
            if attribute != "items":
                raise AttributeError(f"Items have no {attribute!r}")
            items = self.origin.literals
            object.__setattr__(self, "items", items)
            return items

    @property
    def alike(self) -> Alike | None:
        """The items, if they were read as literals of one kind."""
        return self.origin if isinstance(self.origin, Alike) else None

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
    """The origin of a node that was changed: nothing to copy, but the dialect to keep to."""

    source: Any


@dataclass(frozen=True, slots=True, repr=False)
class Strategy:
    """A traversal strategy as an argument; `name` is the simple class name."""

    name: str
    configuration: tuple[tuple[str, Argument], ...] = ()
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def with_configuration(self, configuration: Sequence[tuple[str, Argument]]) -> Strategy:
        """The same strategy, otherwise configured; printed in the dialect this one came in."""
        source = self.origin.source if isinstance(self.origin, Derived) else self.origin
        return replace(self, configuration=tuple(configuration), origin=Derived(source))

    def __repr__(self) -> str:
        pairs = ", ".join(f"{key}: {value!r}" for key, value in self.configuration)
        return f"{self.name}({pairs})"


@dataclass(frozen=True, slots=True, repr=False)
class Variable:
    """A name whose value the text itself does not tell (scripts; bindings may tell it)."""

    name: str
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, repr=False)
class Bulked:
    """A traverser of a result: a value that stands for `bulk` equal ones."""

    value: Argument
    bulk: int
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    def __repr__(self) -> str:
        return f"{self.bulk} of {self.value!r}"


@dataclass(frozen=True, slots=True, repr=False)
class Opaque:
    """Whatever the rewriting never needs to understand; printable only in its own encoding.

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

    @classmethod
    def unread(cls, name: str, origin: UnreadArguments) -> Instruction:
        """An instruction that was read from `origin`, but for its arguments."""
        made = _NEW(cls)
        _SET_NAME(made, name)
        _SET_ORIGIN(made, origin)
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, attribute: str) -> tuple[Argument, ...]:
            """The arguments, the first time that somebody asks for unread ones."""
            if attribute != "arguments":
                raise AttributeError(f"an Instruction has no {attribute!r}")
            arguments = self.origin.arguments()
            object.__setattr__(self, "arguments", arguments)
            return arguments

    def __repr__(self) -> str:
        return f".{self.name}({_listed(self.arguments)})"


_NEW = object.__new__
_SET_NAME = vars(Instruction)["name"].__set__
_SET_ORIGIN = vars(Instruction)["origin"].__set__


@dataclass(frozen=True, slots=True, repr=False)
class Traversal:
    """Source instructions and steps.

    `root` is what the text begins with (`g`, `gmodern`, `__`, or empty for `out().count()` as an
    argument); bytecode has no root, so it does not take part in equality.
    """

    source: tuple[Instruction, ...] = ()
    steps: tuple[Instruction, ...] = ()
    root: str = field(default="g", compare=False, kw_only=True)
    origin: Any = field(default=None, compare=False, repr=False, hash=False, kw_only=True)

    @classmethod
    def unread(cls, root: str, origin: UnreadInstructions) -> Traversal:
        """A traversal that is to be read from `origin`."""
        made = object.__new__(cls)
        object.__setattr__(made, "root", root)
        object.__setattr__(made, "origin", origin)
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, attribute: str) -> tuple[Instruction, ...]:
            """The instructions, the first time that somebody asks for unread ones."""
            if attribute not in ("source", "steps"):
                raise AttributeError(f"a Traversal has no {attribute!r}")
            source, steps = self.origin.instructions()
            object.__setattr__(self, "source", source)
            object.__setattr__(self, "steps", steps)
            return source if attribute == "source" else steps

    @property
    def _unread(self) -> UnreadInstructions | None:
        """The origin, while nobody has asked for the instructions."""
        try:
            _GET_STEPS(self)
        except AttributeError:
            return self.origin  # type: ignore[no-any-return]
        return None

    @property
    def length(self) -> int:
        """How many steps there are."""
        unread = self._unread
        return len(self.steps) if unread is None else unread.length()

    def step(self, index: int) -> Instruction:
        """One of the steps, without reading the others."""
        unread = self._unread
        return self.steps[index] if unread is None else unread.step(index)

    def named_or_nesting(self, name: str, mentioning: str) -> Sequence[int]:
        """The indexes of the steps of this name, and of those with a traversal in them, if
        `mentioning` may stand there; all indexes, if that cannot be told without reading."""
        unread = self._unread
        if unread is None:
            return range(len(self.steps))
        return unread.named_or_nesting(name, mentioning)

    def with_replaced(self, begin: int, end: int, steps: Sequence[Instruction]) -> Traversal:
        """The same traversal with `steps` in the place of those from `begin` to `end`."""
        if self._unread is not None:
            return Traversal.unread(self.root, Replaced(self, begin, end, tuple(steps)))
        return self.with_steps([*self.steps[:begin], *steps, *self.steps[end:]])

    def with_steps(self, steps: Sequence[Instruction]) -> Traversal:
        """The same source, other steps."""
        return replace(self, steps=tuple(steps), origin=None)

    def with_source(self, source: Sequence[Instruction]) -> Traversal:
        """The same steps, other source instructions."""
        return replace(self, source=tuple(source), origin=None)

    def options(self) -> dict[str, Argument]:
        """The source's `with(...)` options, in all their written forms, the last one winning.

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


_GET_STEPS = vars(Traversal)["steps"].__get__


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
    """A new instruction; plain Python values become literals.

    >>> step("out", "FRIEND").arguments[0].kind.value
    'String'
    """
    return Instruction(name, tuple(_argument(value) for value in arguments))


def anonymous(*steps: Instruction) -> Traversal:
    """A new anonymous traversal, `__.out().id()`."""
    return Traversal((), steps, root="__")


def _argument(value: Any) -> Argument:
    if value is None or isinstance(value, str | bool | int | float):
        return Literal.of(value)
    return value  # type: ignore[no-any-return]


Path = tuple[int, ...]
"""Where an instruction stands: the step's index, then for each traversal it is nested in the number
of that traversal among those of the step (see `children`) and the index of the step inside it."""


def children(argument: Argument | Instruction, mentioning: str = "") -> Sequence[Traversal]:
    """The traversals directly inside an instruction or argument, in order, however wrapped.

    None of them, if it can be told at once that no string in the instruction holds `mentioning`.
    """
    origin = argument.origin
    if isinstance(origin, UnreadArguments):
        return origin.nested(mentioning)
    return tuple(_children(argument))


def _children(argument: Argument | Instruction) -> Iterator[Traversal]:
    match argument:
        case Traversal():
            yield argument
        case Items(origin=Alike()):
            return
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
        case _:
            return


def may_mention(node: Instruction | Traversal, text: str) -> bool:
    """Whether the text may stand in a string of the node. A no is certain, and needs no reading."""
    return not isinstance(node.origin, Unread) or bool(node.origin.may_mention(text))


def walk(traversal: Traversal, path: Path = ()) -> Iterator[tuple[Path, Instruction]]:
    """Every step of the traversal and of those nested in it, outer before inner, in order.

    Source instructions are not walked.
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
