"""Origins that were walked over, and that are read when somebody asks what they hold.

Most of a large request is copied and never looked at. So a codec may leave the arguments of an
instruction or the instructions of a traversal in an origin of these kinds; see
`Instruction.unread` and `Traversal.unread`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gremlink.grammar.traversal import Argument, Instruction, Traversal


class Unread:
    """An origin that was walked over, and is read when somebody asks what it holds.

    Reading never fails: what can be wrong was looked for on the walk.
    """

    __slots__ = ()

    def may_mention(self, text: str) -> bool:
        """Whether the text may stand in a string of this piece; a no is certain."""
        raise NotImplementedError


class UnreadArguments(Unread):
    """The origin of an instruction that has its name, but not yet its arguments."""

    __slots__ = ()

    def nested(self, mentioning: str) -> Sequence[Traversal]:
        """The traversals in the arguments, see `children`."""
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
        """How many steps there are."""
        raise NotImplementedError

    def step(self, index: int) -> Instruction:
        """Read one step."""
        raise NotImplementedError

    def named_or_nesting(self, name: str, mentioning: str) -> Sequence[int]:
        """See `Traversal.named_or_nesting`."""
        raise NotImplementedError


class Replaced(UnreadInstructions):
    """The origin of a traversal that is `original`, which nobody read, but for some of its steps.

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
        """The new steps may: they were not read from anywhere."""
        return True

    def instructions(self) -> tuple[tuple[Instruction, ...], tuple[Instruction, ...]]:
        """Read the original, and replace."""
        steps = self.original.steps
        return self.original.source, (*steps[: self.begin], *self.steps, *steps[self.end :])

    def length(self) -> int:
        """How many steps there are."""
        return self.original.length - (self.end - self.begin) + len(self.steps)

    def step(self, index: int) -> Instruction:
        """One of the new steps, or of the original."""
        if index < self.begin:
            return self.original.step(index)
        if index < self.begin + len(self.steps):
            return self.steps[index - self.begin]
        return self.original.step(index - len(self.steps) - self.begin + self.end)

    def named_or_nesting(self, name: str, mentioning: str) -> Sequence[int]:
        """Those of the original, and all new ones."""
        told = self.original.named_or_nesting(name, mentioning)
        new = self.begin + len(self.steps)
        before = [index for index in told if index < self.begin]
        behind = [index - self.end + new for index in told if index >= self.end]
        return [*before, *range(self.begin, new), *behind]
