"""Where nested instructions stand, as a walk over a bytecode has written them down.

A tape is a flat list of numbers, so that a walk over a megabyte leaves few objects behind; they are
made of it where somebody looks. A bytecode's record is its start, the index behind its record, its
steps and its source instructions. These are a count, a record for each instruction, and where the
last one ends. An instruction's record is its start, the index behind its record, and the records of
the bytecodes in its arguments.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

from grammar.graphbinary.walk import Slice
from grammar.traversal import (
    Argument,
    Instruction,
    Traversal,
    UnreadArguments,
    UnreadInstructions,
)

_INT = struct.Struct(">i").unpack_from

ReadArguments: TypeAlias = Callable[[bytes, int, tuple[Traversal, ...]], tuple[Argument, ...]]
"""Reads a count and that many values at an offset; the traversals in them are given."""


class Tape:
    """The records of the bytecodes in `data`."""

    __slots__ = ("data", "names", "numbers", "read_arguments")

    def __init__(self, data: bytes, read_arguments: ReadArguments) -> None:
        self.data = data
        self.read_arguments = read_arguments
        self.numbers: list[int] = []
        self.names: dict[bytes, str] = {}
        """The names of instructions, of which there are few, by their bytes."""

    def origin(self, start: int, end: int, index: int, behind: int) -> UnreadArguments:
        """The origin of an instruction; the records of the traversals in it are those from
        `index` to `behind`."""
        if index == behind:
            return Skipped(self, start, end)
        return _Holding(self, start, end, index, behind)

    def instructions(self, index: int) -> tuple[tuple[Instruction, ...], int]:
        """The instructions whose count stands at `index`, and the index behind them."""
        numbers, data = self.numbers, self.data
        made = []
        count = numbers[index]
        index += 1
        for _ in range(count):
            start, behind = numbers[index], numbers[index + 1]
            name = self.names[data[start + 4 : start + 4 + _INT(data, start)[0]]]
            origin = self.origin(start, numbers[behind], index + 2, behind)
            made.append(Instruction.unread(name, origin))
            index = behind
        return tuple(made), index + 1


class Skipped(Slice, UnreadArguments):
    """The origin of an instruction whose arguments were only skipped."""

    __slots__ = ("tape",)

    def __init__(self, tape: Tape, start: int, end: int) -> None:
        self.tape = tape
        self.data = tape.data
        self.start = start
        self.end = end

    def nested(self, mentioning: str) -> tuple[Traversal, ...]:
        """There is none."""
        return ()

    def arguments(self) -> tuple[Argument, ...]:
        """Read the arguments."""
        at = self.start + 4 + int(_INT(self.data, self.start)[0])
        return self.tape.read_arguments(self.data, at, self.nested(""))

    def may_mention(self, text: str) -> bool:
        """Strings stand as they are."""
        return self.data.find(text.encode(), self.start, self.end) >= 0


class _Holding(Skipped):
    """The origin of an instruction with traversals in its arguments."""

    __slots__ = ("_nested", "behind", "index")

    _nested: tuple[Traversal, ...]

    def __init__(self, tape: Tape, start: int, end: int, index: int, behind: int) -> None:
        super().__init__(tape, start, end)
        self.index = index
        self.behind = behind

    def nested(self, mentioning: str) -> tuple[Traversal, ...]:
        """The traversals in the arguments; always the same objects."""
        if mentioning and not self.may_mention(mentioning):
            return ()
        if not hasattr(self, "_nested"):
            found = []
            index = self.index
            while index < self.behind:
                found.append(Traversal.unread("__", _Bytecode(self.tape, index)))
                index = self.tape.numbers[index + 1]
            self._nested = tuple(found)
        return self._nested


class _Bytecode(Slice, UnreadInstructions):
    """The origin of a nested traversal: a Bytecode value."""

    __slots__ = ("index", "tape")

    def __init__(self, tape: Tape, index: int) -> None:
        numbers = tape.numbers
        super().__init__(tape.data, numbers[index], numbers[numbers[index + 1] - 1])
        self.tape = tape
        self.index = index

    def instructions(self) -> tuple[tuple[Instruction, ...], tuple[Instruction, ...]]:
        """Source instructions and steps."""
        steps, index = self.tape.instructions(self.index + 2)
        source, _ = self.tape.instructions(index)
        return source, steps

    def may_mention(self, text: str) -> bool:
        """Strings stand as they are."""
        return self.data.find(text.encode(), self.start, self.end) >= 0
