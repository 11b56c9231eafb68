"""Nodes that are read on first use, for requests of a megabyte of which most is copied.

A codec that has walked over a piece of a request leaves its instructions, or the arguments of an
instruction, in an *unread* origin. `LazyTraversal` and `LazyInstruction` ask it on first use, and
equal the plain nodes. `dataclasses.replace` makes nodes of these classes that have been read, with
any origin.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, overload

from gremlink.grammar.traversal import Argument, Instruction, Items, Kind, Literal, Traversal


class Unread:
    """An origin that was walked over, and is read on first use.

    Reading never fails: the walk has found everything that can be wrong.
    """

    __slots__ = ()

    def may_mention(self, text: str) -> bool:
        """Return `False` if it is certain that no string of this piece holds the text."""
        raise NotImplementedError


class UnreadArguments(Unread):
    """The origin of an instruction that has its name, but not yet its arguments."""

    __slots__ = ()

    def nested(self, mentioning: str) -> Sequence[Traversal]:
        """Return the traversals in the arguments, see `children`."""
        raise NotImplementedError

    def arguments(self) -> tuple[Argument, ...]:
        """Read the arguments."""
        raise NotImplementedError


class UnreadInstructions(Unread):
    """The origin of a traversal that has not yet its instructions."""

    __slots__ = ()

    def instructions(self) -> tuple[tuple[Instruction, ...], tuple[Instruction, ...]]:
        """Read source instructions and steps."""
        raise NotImplementedError

    def length(self) -> int:
        """Return the number of steps."""
        raise NotImplementedError

    def step(self, index: int) -> Instruction:
        """Read one step."""
        raise NotImplementedError

    def named_or_nesting(self, name: str, mentioning: str) -> Sequence[int]:
        """Return the indexes of steps, see `Traversal.named_or_nesting`."""
        raise NotImplementedError


_NEW = object.__new__
_SET_NAME = vars(Instruction)["name"].__set__
_SET_ORIGIN = vars(Instruction)["origin"].__set__
_GET_STEPS = vars(Traversal)["steps"].__get__


class LazyInstruction(Instruction):
    """An instruction whose arguments are read from its origin on first use."""

    __slots__ = ()

    @classmethod
    def make(cls, name: str, origin: UnreadArguments) -> LazyInstruction:
        """Make an instruction without its arguments."""
        made = _NEW(cls)
        _SET_NAME(made, name)
        _SET_ORIGIN(made, origin)
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, attribute: str) -> tuple[Argument, ...]:
            """Read the arguments: called while their slot is empty."""
            if attribute != "arguments":
                raise AttributeError(f"an Instruction has no {attribute!r}")
            arguments = self.origin.arguments()
            object.__setattr__(self, "arguments", arguments)
            return arguments

    def nested(self, mentioning: str = "") -> Sequence[Traversal]:
        """Return the traversals in the arguments without reading these."""
        if not isinstance(self.origin, UnreadArguments):
            return super().nested()
        return self.origin.nested(mentioning)

    def may_mention(self, text: str) -> bool:
        """Return `False` if it is certain that no string holds the text."""
        return not isinstance(self.origin, Unread) or self.origin.may_mention(text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instruction):
            return NotImplemented
        return self.name == other.name and self.arguments == other.arguments

    __hash__ = Instruction.__hash__


class LazyTraversal(Traversal):
    """A traversal whose instructions are read from its origin on first use."""

    __slots__ = ()

    @classmethod
    def make(cls, root: str, origin: UnreadInstructions) -> LazyTraversal:
        """Make a traversal without its instructions."""
        made = _NEW(cls)
        object.__setattr__(made, "root", root)
        object.__setattr__(made, "origin", origin)
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, attribute: str) -> tuple[Instruction, ...]:
            """Read the instructions: called while their slots are empty."""
            if attribute not in ("source", "steps"):
                raise AttributeError(f"a Traversal has no {attribute!r}")
            source, steps = self.origin.instructions()
            object.__setattr__(self, "source", source)
            object.__setattr__(self, "steps", steps)
            return source if attribute == "source" else steps

    @property
    def _unread(self) -> UnreadInstructions | None:
        """The origin, until the instructions have been read."""
        try:
            _GET_STEPS(self)
        except AttributeError:
            return self.origin  # type: ignore[no-any-return]
        return None

    @property
    def length(self) -> int:
        """Number of steps."""
        unread = self._unread
        return len(self.steps) if unread is None else unread.length()

    def step(self, index: int) -> Instruction:
        """Return one of the steps without reading the others."""
        unread = self._unread
        return self.steps[index] if unread is None else unread.step(index)

    def named_or_nesting(self, name: str, mentioning: str) -> Sequence[int]:
        """Return the indexes of the steps to look at, see `Traversal.named_or_nesting`."""
        unread = self._unread
        if unread is None:
            return range(len(self.steps))
        return unread.named_or_nesting(name, mentioning)

    def may_mention(self, text: str) -> bool:
        """Return `False` if it is certain that no string holds the text."""
        return not isinstance(self.origin, Unread) or self.origin.may_mention(text)

    def with_replaced(self, begin: int, end: int, steps: Sequence[Instruction]) -> Traversal:
        """Return the same traversal, still unread, with other steps from `begin` to `end`."""
        if self._unread is None:
            return super().with_replaced(begin, end, steps)
        return LazyTraversal.make(self.root, Replaced(self, begin, end, tuple(steps)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Traversal):
            return NotImplemented
        return self.source == other.source and self.steps == other.steps

    __hash__ = Traversal.__hash__


class Replaced(UnreadInstructions):
    """The origin of a traversal that is `original`, which is unread, with some other steps.

    An encoding that has the original's bytes copies them around the new steps.
    """

    __slots__ = ("begin", "end", "original", "steps")
    __match_args__ = ("original", "begin", "end", "steps")

    def __init__(
        self, original: Traversal, begin: int, end: int, steps: tuple[Instruction, ...]
    ) -> None:
        self.original = original
        self.begin = begin
        self.end = end
        self.steps = steps

    def may_mention(self, text: str) -> bool:
        """Return `True`: the new steps were not read from anywhere."""
        return True

    def instructions(self) -> tuple[tuple[Instruction, ...], tuple[Instruction, ...]]:
        """Read the original, and replace."""
        steps = self.original.steps
        return self.original.source, (*steps[: self.begin], *self.steps, *steps[self.end :])

    def length(self) -> int:
        """Return the number of steps."""
        return self.original.length - (self.end - self.begin) + len(self.steps)

    def step(self, index: int) -> Instruction:
        """Return one of the new steps, or read one of the original."""
        if index < self.begin:
            return self.original.step(index)
        if index < self.begin + len(self.steps):
            return self.steps[index - self.begin]
        return self.original.step(index - len(self.steps) - self.begin + self.end)

    def named_or_nesting(self, name: str, mentioning: str) -> Sequence[int]:
        """Return the indexes of the original's steps to look at, and those of all new steps."""
        found = self.original.named_or_nesting(name, mentioning)
        new = self.begin + len(self.steps)
        before = [index for index in found if index < self.begin]
        behind = [index - self.end + new for index in found if index >= self.end]
        return [*before, *range(self.begin, new), *behind]


_SET_KIND, _SET_VALUE, _SET_LITERAL_ORIGIN = (
    vars(Literal)[name].__set__ for name in ("kind", "value", "origin")
)


def literals_of(kind: Kind, values: Sequence[Any]) -> list[Literal]:
    """Make a literal of each value, in half the time that `Literal` itself takes."""
    made: list[Literal] = list(map(_NEW, repeat(Literal, len(values))))
    deque(map(_SET_KIND, made, repeat(kind)), 0)
    deque(map(_SET_VALUE, made, values), 0)
    deque(map(_SET_LITERAL_ORIGIN, made, repeat(None)), 0)
    return made


class UniformLiterals(Sequence[Literal]):
    """Literals of one kind, held as their `values`, and made on first use.

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


class LazyItems(Items):
    """A list of uniform literals, which are its origin."""

    __slots__ = ()

    @classmethod
    def make(cls, kind: str, origin: UniformLiterals) -> LazyItems:
        """Make a list or set without the literals."""
        made = _NEW(cls)
        object.__setattr__(made, "kind", kind)
        object.__setattr__(made, "origin", origin)
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, attribute: str) -> tuple[Literal, ...]:
            """Make the literals: called while their slot is empty."""
            if attribute != "items":
                raise AttributeError(f"Items have no {attribute!r}")
            items = self.origin.literals
            object.__setattr__(self, "items", items)
            return items

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Items):
            return NotImplemented
        return self.kind == other.kind and self.items == other.items

    __hash__ = Items.__hash__
