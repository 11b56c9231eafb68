"""The steps that stand for an inference in the final query: from each input to its answers.

For Henry's next friend::

    .choose(__.id()).option("user_19", __.V("user_01")).option(Pick.none, __.limit(0))

Many inputs make a tree of such steps: a server renumbers each option against all its siblings, so
that the time for n options grows with the cube of n, while a tree of small ones is quick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grammar.traversal import (
    Argument,
    EnumConstant,
    Instruction,
    Literal,
    Predicate,
    Traversal,
    anonymous,
    step,
)

_Item = TypeVar("_Item")

FAN_OUT = 12
"""Options of one `choose`."""

Answers = Mapping[Literal, Sequence[Instruction]]
"""For each input that has any, the steps that lead to its answers, best first."""


ITS_ID = anonymous(step("id"))


def choose_tree(answers: Answers, by: Traversal = ITS_ID) -> list[Instruction]:
    """The steps that lead each input to its answers and let nothing else through.

    `by` tells the input: ordinarily it is the id of what comes.
    """
    if not answers:
        return [step("limit", 0)]
    level = [_Branch((vertex,), anonymous(*steps)) for vertex, steps in answers.items()]
    while len(level) > FAN_OUT:
        level = [
            _Branch(
                tuple(vertex for branch in group for vertex in branch.inputs),
                anonymous(*_choose(group, by)),
            )
            for group in groups(level)
        ]
    return _choose(level, by)


@dataclass(frozen=True, slots=True)
class _Branch:
    """What the inputs of a branch lead to."""

    inputs: tuple[Literal, ...]
    traversal: Traversal

    def option(self) -> Instruction:
        token: Argument = self.inputs[0]
        if len(self.inputs) > 1:
            token = Predicate("P", "within", self.inputs)
        return step("option", token, self.traversal)


def _choose(branches: Sequence[_Branch], by: Traversal) -> list[Instruction]:
    otherwise = step("option", EnumConstant("Pick", "none"), anonymous(step("limit", 0)))
    return [
        step("choose", by),
        *(branch.option() for branch in branches),
        otherwise,
    ]


def groups(level: Sequence[_Item]) -> list[Sequence[_Item]]:
    """The options of a level, `FAN_OUT` together."""
    return [level[start : start + FAN_OUT] for start in range(0, len(level), FAN_OUT)]
