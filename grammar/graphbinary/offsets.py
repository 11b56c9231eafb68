"""Offsets of nested instructions, as a walk over a bytecode notes them.

Offsets are a flat list of numbers, so that a walk over a megabyte leaves few objects behind; these
are made on first use. A bytecode's record is its start, the index behind its record, its steps and
its source instructions. These are a count, a record for each instruction, and the end of the last
one. An instruction's record is its start, the index behind its record, and the records of the
bytecodes in its arguments.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

from gremlink.grammar.graphbinary.skip import Slice
from gremlink.grammar.lazy import (
    LazyInstruction,
    LazyTraversal,
    UnreadArguments,
    UnreadInstructions,
)
from gremlink.grammar.traversal import Argument, Instruction, Traversal

_INT = struct.Struct(">i").unpack_from
_PACK = struct.Struct(">i").pack

ReadArguments: TypeAlias = Callable[[bytes, int, tuple[Traversal, ...]], tuple[Argument, ...]]
"""Reads a count and that many values at an offset; the traversals in them are given."""


class Offsets:
    """The records of the bytecodes in `data`."""

    __slots__ = ("data", "names", "numbers", "read_arguments")

    def __init__(self, data: bytes, read_arguments: ReadArguments) -> None:
        self.data = data
        self.read_arguments = read_arguments
        self.numbers: list[int] = []
        self.names: dict[bytes, str] = {}
        """The names of instructions, of which there are few, by their bytes: length and UTF-8."""

    def origin(self, start: int, end: int, index: int, behind: int) -> UnreadArguments:
        """Return the origin of an instruction; the traversals in it have the records from `index`
        to `behind`."""
        if index == behind:
            return Skipped(self, start, end)
        return _Holding(self, start, end, index, behind)

    def records(self, index: int) -> list[int]:
        """Return the indexes of the records of instructions, from that of their count on.

        The last one is the index behind them, that of their end.
        """
        numbers = self.numbers
        count = numbers[index]
        index += 1
        found = [index]
        for _ in range(count):
            index = numbers[index + 1]
            found.append(index)
        return found

    def instruction(self, index: int) -> Instruction:
        """Return the instruction with this record."""
        numbers, data = self.numbers, self.data
        start, behind = numbers[index], numbers[index + 1]
        name = self.names[data[start : start + 4 + _INT(data, start)[0]]]
        return LazyInstruction.make(name, self.origin(start, numbers[behind], index + 2, behind))


class Skipped(Slice, UnreadArguments):
    """The origin of an instruction whose arguments were only skipped."""

    __slots__ = ("offsets",)

    def __init__(self, offsets: Offsets, start: int, end: int) -> None:
        self.offsets = offsets
        self.data = offsets.data
        self.start = start
        self.end = end

    def nested(self, mentioning: str) -> tuple[Traversal, ...]:
        """Return none."""
        return ()

    def arguments(self) -> tuple[Argument, ...]:
        """Read the arguments."""
        at = self.start + 4 + int(_INT(self.data, self.start)[0])
        return self.offsets.read_arguments(self.data, at, self.nested(""))

    def may_mention(self, text: str) -> bool:
        """Search the bytes: strings are in them as they are."""
        return self.data.find(text.encode(), self.start, self.end) >= 0


class _Holding(Skipped):
    """The origin of an instruction with traversals in its arguments."""

    __slots__ = ("_nested", "behind", "index")

    _nested: tuple[Traversal, ...]

    def __init__(self, offsets: Offsets, start: int, end: int, index: int, behind: int) -> None:
        super().__init__(offsets, start, end)
        self.index = index
        self.behind = behind

    def nested(self, mentioning: str) -> tuple[Traversal, ...]:
        """Return the traversals in the arguments; always the same objects."""
        if mentioning and not self.may_mention(mentioning):
            return ()
        if not hasattr(self, "_nested"):
            found = []
            index = self.index
            while index < self.behind:
                found.append(LazyTraversal.make("__", SkippedBytecode(self.offsets, index)))
                index = self.offsets.numbers[index + 1]
            self._nested = tuple(found)
        return self._nested


class SkippedBytecode(Slice, UnreadInstructions):
    """The origin of a traversal: a Bytecode value."""

    __slots__ = ("index", "offsets", "records")

    def __init__(self, offsets: Offsets, index: int) -> None:
        numbers = offsets.numbers
        super().__init__(offsets.data, numbers[index], numbers[numbers[index + 1] - 1])
        self.offsets = offsets
        self.index = index

    def step_records(self) -> list[int]:
        """Return the indexes of the steps' records, and the index behind them; found once."""
        if not hasattr(self, "records"):
            self.records = self.offsets.records(self.index + 2)
        return self.records

    def instructions(self) -> tuple[tuple[Instruction, ...], tuple[Instruction, ...]]:
        """Read source instructions and steps."""
        make = self.offsets.instruction
        *steps, behind = self.step_records()
        *source, _ = self.offsets.records(behind + 1)
        return tuple(map(make, source)), tuple(map(make, steps))

    def length(self) -> int:
        """Return the number of steps."""
        return self.offsets.numbers[self.index + 2]

    def step(self, index: int) -> Instruction:
        """Return one step."""
        return self.offsets.instruction(self.step_records()[index])

    def place(self, index: int) -> int:
        """Return the offset at which a step begins, or the last one ends."""
        return self.offsets.numbers[self.step_records()[index]]

    def named_or_nesting(self, name: str, mentioning: str) -> Sequence[int]:
        """Search the offsets and the bytes of names."""
        numbers, data = self.offsets.numbers, self.data
        written, text = name.encode(), mentioning.encode()
        name_in_bytes = _PACK(len(written)) + written
        records = self.step_records()
        found = []
        for number, (record, behind) in enumerate(pairwise(records)):
            start = numbers[record]
            if data.startswith(name_in_bytes, start) or (
                behind > record + 2 and data.find(text, start, numbers[behind]) >= 0
            ):
                found.append(number)
        return found

    def may_mention(self, text: str) -> bool:
        """Search the bytes: strings are in them as they are."""
        return self.data.find(text.encode(), self.start, self.end) >= 0
