"""What a query reads about predicted links: `values("Neptune#ml.score")`, a number, and
`values("Neptune#ml.explain")`, a map with the score in it.

No step of plain Gremlin gives a vertex a number on its way. So every traverser carries the scores
of its input in its sack, and a label of our own keeps the target in the path, by which its score
is looked up::

    .choose(__.id()).option(input, __.sack(assign).by(__.constant(scores)).V(targets))...
    .identity().as("gremlink_target_0")
    .project("name", "score").by("name").by(__.sack().select(__.select("gremlink_target_0").id()))

Where the query has a use of its own for the sack, or reads the scores of several inferences, the
scores of the input are found by a second label and a tree of `choose`, which is slower: a server
resets all that is nested in a step for each traverser.

The path ends at `select(...).by(...)`, which hands on the vertex alone: there the score is looked
up by the target only, and two inputs must not have given it two scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grammar.traversal import (
    Argument,
    Entries,
    Instruction,
    Kind,
    Literal,
    Path,
    Traversal,
    anonymous,
    children,
    may_mention,
    step,
)
from proxy.inference import answers, sack
from proxy.inference.answers import Dialect, Written
from proxy.inference.errors import UnsupportedOperation
from proxy.inference.place import host_index
from proxy.inference.predicates import PREDICTION, PREFIX, SCORE, TOLD
from proxy.inference.splice import splice

Told = Mapping[Literal, Mapping[Literal, Argument]]
"""For each input, what is told of its targets: their scores, or maps that explain them."""

_SCORE_ENTRY = "score"
"""Where the score stands in an explanation."""


@dataclass(frozen=True, slots=True)
class ScoreStep:
    """One `values("Neptune#ml.score")`, or the like.

    `key` is what it reads, `inference` the path of the link prediction whose targets it stands
    behind, if there is one; `pathless` says that it sees the vertex without the way to it.
    """

    path: Path
    key: str
    inference: Path | None
    pathless: bool


def score_steps(
    steps: Sequence[Instruction],
    path: Path = (),
    inference: Path | None = None,
    *,
    pathless: bool = False,
) -> Iterator[ScoreStep]:
    """Every step of these, and of those nested in them, that reads something about a link."""
    for index, instruction in enumerate(steps):
        here = (*path, index)
        if _predicts(steps, index):
            inference = here
        key = _told_key(instruction)
        if key is not None:
            yield ScoreStep(here, key, inference, pathless)
        nested = children(instruction, PREFIX)
        alone = pathless or (nested and steps[host_index(steps, index)].name == "select")
        for number, child in enumerate(nested):
            yield from score_steps(child.steps, (*here, number), inference, pathless=bool(alone))


def _told_key(instruction: Instruction) -> str | None:
    """What a step reads about a link, if it does."""
    if instruction.name != "values" or not may_mention(instruction, PREFIX):
        return None
    match instruction.arguments:
        case (Literal(Kind.STRING, str(key)),) if key in TOLD:
            return key
    return None


def _predicts(steps: Sequence[Instruction], index: int) -> bool:
    if steps[index].name not in ("out", "in"):
        return False
    for following in steps[index + 1 :]:
        if following.name != "with":
            return False
        if following.arguments[:1] == (Literal(Kind.STRING, PREDICTION),):
            return True
    return False


class ScoreTable:
    """What is told of the targets of one inference; `number` tells its labels from others'."""

    def __init__(self, told: Told, number: int) -> None:
        self._told = told
        self._input = f"gremlink_input_{number}"
        self._target = f"gremlink_target_{number}"

    @property
    def by_input(self) -> dict[Literal, Entries]:
        """What is told of the targets of each input, as a map."""
        return {source: _map(targets) for source, targets in self._told.items()}

    def labelled(self, steps: Sequence[Instruction]) -> list[Instruction]:
        """The steps from the inputs to the targets, both kept in the path."""
        return [
            *(step("identity"), step("as", self._input)),
            *steps,
            *(step("identity"), step("as", self._target)),
        ]

    def look_up_carried(self, key: str) -> list[Instruction]:
        """The steps to what `key` asks for, where the sack holds what is told for the input."""
        return [self._found([step("sack")], key)]

    def look_up(self, key: str, dialect: Dialect, binding: str) -> Written:
        """The steps from a predicted vertex, or what comes after it, to what `key` asks for."""
        written = answers.tables(self.by_input, self._input, dialect, binding)
        return Written([self._found(written.steps, key)], written.bindings)

    def look_up_pathless(self, key: str, dialect: Dialect, binding: str) -> Written:
        """The steps from a predicted vertex alone to what `key` asks for.

        Raises `UnsupportedOperation` where it has several.
        """
        single: dict[Literal, Argument] = {}
        for targets in self._told.values():
            for target, value in targets.items():
                if single.setdefault(target, value) != value:
                    raise UnsupportedOperation(
                        f'values("{key}") inside select(...).by(...) is not supported with'
                        " several inputs, which have given one vertex different answers: write it"
                        " inside project(...).by(...), or as a step of its own."
                    )
        written = answers.table(_map(single), dialect, binding)
        here = [step("identity"), step("as", self._target)]
        return Written([self._found([*here, *written.steps], key)], written.bindings)

    def _found(self, steps: Sequence[Instruction], key: str) -> Instruction:
        """One step, so that the tables do not show in the path."""
        target = anonymous(step("select", self._target), step("id"))
        entry = [step("select", _SCORE_ENTRY)] if key == SCORE and self._explains() else []
        return step("map", anonymous(*steps, step("select", target), *entry))

    def _explains(self) -> bool:
        """Whether what is told of a target is a map, with the score in it."""
        return any(
            isinstance(value, Entries)
            for targets in self._told.values()
            for value in targets.values()
        )


def may_carry(traversal: Traversal, places: Sequence[ScoreStep]) -> bool:
    """Whether the sack is free for scores: the query does not use it, and reads those of one
    inference; `places` are all that it reads."""
    return sack.is_free(traversal) and len({place.inference for place in places}) == 1


def replace_scores(
    traversal: Traversal,
    places: Sequence[ScoreStep],
    look_up: Mapping[tuple[str, bool], Sequence[Instruction]],
) -> Traversal:
    """The traversal with each of `places` looked up; `look_up[key, pathless]` are its steps."""
    # The last first, so that the paths of the others stay true.
    for place in sorted(places, key=lambda place: place.path, reverse=True):
        traversal = splice(traversal, place.path, 1, look_up[place.key, place.pathless])
    return traversal


def _map(told: Mapping[Literal, Argument]) -> Entries:
    return Entries(tuple(told.items()))
