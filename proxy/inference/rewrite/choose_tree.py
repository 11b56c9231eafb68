"""The tree of `choose` steps from each input to its answers, in the place of an inference.

For Henry's next friend::

    .choose(__.id()).option("user_19", __.V("user_01")).option(Pick.none, __.not(__.identity()))

Many inputs make a tree of such steps: a server renumbers each option against all its siblings, so
that the time for n options grows with the cube of n, while a tree of small ones is quick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gremlink.grammar.traversal import (
    Argument,
    EnumConstant,
    Instruction,
    Literal,
    Predicate,
    Traversal,
    anonymous,
    step,
)
from gremlink.proxy.inference.queries.inputs import ITS_ID, is_own

_Item = TypeVar("_Item")

FAN_OUT = 12
"""Options of one `choose`."""


Answers = Mapping[Literal, Sequence[Instruction]]
"""For each input that has any, the steps that lead to its answers, best first."""


NOTHING = anonymous(step("not", anonymous(step("identity"))))
"""A branch that lets nothing through, one element after the other."""

DRAIN = anonymous(step("limit", 0))
"""The same; but a server takes `limit` for a barrier, and a `choose` with a barrier in a branch
takes in all elements before it gives any. Without one it looks through all branches for each."""


def choose_tree(answers: Answers, by: Traversal = ITS_ID) -> list[Instruction]:
    """Return the steps that lead each input to its answers and let nothing else through.

    `by` leads to what names the input: ordinarily the id of what comes.
    """
    if not answers:
        return list(NOTHING.steps)
    otherwise = NOTHING if len(answers) <= FAN_OUT else DRAIN
    own = any(map(is_own, answers))
    level = [_Branch((vertex,), anonymous(*steps)) for vertex, steps in answers.items()]
    while len(level) > FAN_OUT:
        level = [
            _Branch(
                tuple(vertex for branch in group for vertex in branch.inputs),
                anonymous(*(_found(group) if own else _choose(group, by, otherwise))),
            )
            for group in groups(level)
        ]
    return _found(level) if own else _choose(level, by, otherwise)


@dataclass(frozen=True, slots=True)
class _Branch:
    """A branch: its inputs, and the traversal to their answers."""

    inputs: tuple[Literal, ...]
    traversal: Traversal

    def option(self) -> Instruction:
        token: Argument = self.inputs[0]
        if len(self.inputs) > 1:
            token = Predicate("P", "within", self.inputs)
        return step("option", token, self.traversal)


def _choose(branches: Sequence[_Branch], by: Traversal, otherwise: Traversal) -> list[Instruction]:
    return [
        step("choose", by),
        *(branch.option() for branch in branches),
        step("option", EnumConstant("Pick", "none"), otherwise),
    ]


def _found(branches: Sequence[_Branch]) -> list[Instruction]:
    """Return the steps where ids are not equal to their texts, but are found by them."""
    return [
        step(
            "union",
            *(
                anonymous(Instruction("hasId", branch.inputs), *branch.traversal.steps)
                for branch in branches
            ),
        )
    ]


def groups(level: Sequence[_Item]) -> list[Sequence[_Item]]:
    """Return the options of a level in groups of `FAN_OUT`."""
    return [level[start : start + FAN_OUT] for start in range(0, len(level), FAN_OUT)]
