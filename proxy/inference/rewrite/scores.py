"""Scores and explanations of predicted links as steps, where a query reads them.

`values("Neptune#ml.score")` is a number, `values("Neptune#ml.explain")` a map with the score in it.
No step of plain Gremlin gives a vertex a number on its way. So every traverser carries the scores
of its input in its sack, and a label of our own keeps the target in the path, by which its score
is looked up::

    .choose(__.id()).option(input, __.sack(assign).by(__.constant(scores)).V(targets))...
    .identity().as("gremlink_target_0")
    .project("name", "score").by("name").by(__.sack().select(__.select("gremlink_target_0").id()))

Where the query has a use of its own for the sack, or reads the scores of several inferences, the
scores of the input are found by a second label and a tree of `choose`, which is slower: a server
resets all that is nested in a step for each traverser.

Some steps hand on the vertex without the way to it: `select(...).by(...)`, `path().by(...)`, all
behind `fold()` and the like. There the score is looked up by the target only, and two inputs must
not have given it two scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gremlink.grammar.traversal import (
    Argument,
    Entries,
    Instruction,
    Literal,
    Traversal,
    anonymous,
    step,
)
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.options import SCORE
from gremlink.proxy.inference.analysis.score_reads import ScoreRead
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.queries.dialect import Dialect
from gremlink.proxy.inference.rewrite import vertices
from gremlink.proxy.inference.rewrite.vertices import Written
from gremlink.proxy.inference.splice import splice

TargetDetails = Mapping[Literal, Mapping[Literal, Argument]]
"""For each input and each of its targets, the score or a map that explains it."""

_SCORE_ENTRY = "score"
"""The entry of an explanation that is the score."""


class ScoreTable:
    """The scores or explanations of the targets of one inference; `number` makes its labels
    unique."""

    def __init__(self, details: TargetDetails, number: int) -> None:
        self._details = details
        self._input = f"gremlink_input_{number}"
        self._target = f"gremlink_target_{number}"

    @property
    def by_input(self) -> dict[Literal, Entries]:
        """The scores or explanations of the targets of each input, as a map."""
        return {source: _map(targets) for source, targets in self._details.items()}

    def labelled(self, steps: Sequence[Instruction]) -> list[Instruction]:
        """Return the steps from the inputs to the targets, both kept in the path."""
        return [
            *(step("identity"), step("as", self._input)),
            *steps,
            *(step("identity"), step("as", self._target)),
        ]

    def look_up_carried(self, key: str) -> list[Instruction]:
        """Return the steps to what `key` asks for, where the sack holds the map of the input."""
        return [self._found([step("sack")], key)]

    def look_up(self, key: str, dialect: Dialect, binding: str) -> Written:
        """Return the steps from a predicted vertex, or what comes after it, to what `key` asks
        for."""
        written = vertices.tables(self.by_input, self._input, dialect, binding)
        return Written([self._found(written.steps, key)], written.bindings)

    def look_up_pathless(self, key: str, dialect: Dialect, binding: str) -> Written:
        """Return the steps from a predicted vertex alone to what `key` asks for.

        Raises `UnsupportedOperation` where it has several.
        """
        single: dict[Literal, Argument] = {}
        for targets in self._details.values():
            for target, value in targets.items():
                if single.setdefault(target, value) != value:
                    raise UnsupportedOperation(
                        f'values("{key}") inside select(...).by(...), path().by(...) and the like,'
                        " or behind fold(), is not supported with several inputs, which have given"
                        " one vertex different answers: write it inside project(...).by(...), or as"
                        " a step of its own directly behind the prediction."
                    )
        written = vertices.table(_map(single), dialect, binding)
        here = [step("identity"), step("as", self._target)]
        return Written([self._found([*here, *written.steps], key)], written.bindings)

    def _found(self, steps: Sequence[Instruction], key: str) -> Instruction:
        """Return the look-up as one step, so that the tables do not show in the path."""
        target = anonymous(step("select", self._target), step("id"))
        entry = [step("select", _SCORE_ENTRY)] if key == SCORE and self._explains() else []
        return step("map", anonymous(*steps, step("select", target), *entry))

    def _explains(self) -> bool:
        """Return whether the details of a target are a map, with the score in it."""
        return any(
            isinstance(value, Entries)
            for targets in self._details.values()
            for value in targets.values()
        )


def may_carry(analysis: Analysis) -> bool:
    """Return whether the sack is free for scores: the query does not use it, and reads those of one
    inference."""
    return analysis.sack_is_free and len({read.inference for read in analysis.score_reads}) == 1


def replace_scores(
    traversal: Traversal,
    reads: Sequence[ScoreRead],
    look_up: Mapping[tuple[str, bool], Sequence[Instruction]],
) -> Traversal:
    """Return the traversal with each of `reads` looked up; `look_up[key, pathless]` are its
    steps."""
    # The last first, so that the paths of the others stay true.
    for read in sorted(reads, key=lambda read: read.path, reverse=True):
        traversal = splice(traversal, read.path, 1, look_up[read.key, read.pathless])
    return traversal


def _map(details: Mapping[Literal, Argument]) -> Entries:
    return Entries(tuple(details.items()))
