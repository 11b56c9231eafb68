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

Some steps hand on the vertex without the way to it: `select(...).by(...)`, `path().by(...)`, all
behind `fold()` and the like. There the score is looked up by the target only, and two inputs must
not have given it two scores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gremlink.grammar.traversal import (
    Argument,
    Entries,
    EnumConstant,
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
from gremlink.proxy.inference.analysis.input_steps import host_index
from gremlink.proxy.inference.analysis.options import PREDICTION, PREFIX, SCORE, TOLD
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.rewrite import sack, vertices
from gremlink.proxy.inference.rewrite.vertices import Dialect, Written
from gremlink.proxy.inference.splice import splice

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
    labelled: Mapping[str, Path] | None = None,
    pathless: bool = False,
) -> Iterator[ScoreStep]:
    """Every step of these, and of those nested in them, that reads something about a link.

    `labelled` are the inferences whose targets have labels: `select("a")` goes back to those.
    `pathless` says that the steps get vertices without the way to them; with a prediction another
    way begins.
    """
    labels = dict(labelled or {})
    for index, instruction in enumerate(steps):
        here = (*path, index)
        if _predicts(steps, index):
            inference, pathless = here, False
        # A name first: arguments may be many, and unread.
        if instruction.name == "as" and inference is not None:
            labels.update((name, inference) for name in _texts(instruction.arguments))
        if instruction.name == "select" and len(instruction.arguments) == 1:
            for name in _texts(instruction.arguments):
                inference = labels.get(name, inference)
        key = _told_key(instruction)
        if key is not None:
            yield ScoreStep(here, key, inference, pathless)
        nested = children(instruction, PREFIX)
        if nested:
            host = steps[host_index(steps, index)]
            meant = labels.get(_selected(steps, index, host), inference)
            alone = pathless or _hands_on_vertices_alone(host)
            for number, child in enumerate(nested):
                yield from score_steps(
                    child.steps, (*here, number), meant, labelled=labels, pathless=alone
                )
        within = _within(instruction, here)
        if within is not None:
            inference, pathless = within
        pathless = pathless or _ends_paths(instruction)


_LETTING_THROUGH = ("local", "union", "optional")
"""Steps whose results are those of their nested traversals, with the way to them."""


def _within(instruction: Instruction, path: Path) -> tuple[Path, bool] | None:
    """The one inference inside a step whose targets come out of it, and whether without the way to
    them."""
    if instruction.name not in _LETTING_THROUGH:
        return None
    found = {}
    for number, child in enumerate(children(instruction, PREFIX)):
        last, pathless = None, False
        for index, inner in enumerate(child.steps):
            here = (*path, number, index)
            if _predicts(child.steps, index):
                last, pathless = here, False
            elif (deeper := _within(inner, here)) is not None:
                last, pathless = deeper
            pathless = pathless or _ends_paths(inner)
        if last is not None:
            found[last] = pathless
    return next(iter(found.items())) if len(found) == 1 else None


def _texts(arguments: Sequence[Argument]) -> list[str]:
    return [
        argument.value
        for argument in arguments
        if isinstance(argument, Literal) and argument.kind is Kind.STRING
    ]


def _selected(steps: Sequence[Instruction], index: int, host: Instruction) -> str:
    """The label whose vertex a `by` of `select("a", "b")` gets; empty for anything else."""
    names = _texts(host.arguments) if host.name == "select" else []
    modulators = steps[host_index(steps, index) + 1 : index]
    number = sum(each.name == "by" for each in modulators)
    return names[number % len(names)] if names else ""


_LOCAL = EnumConstant("Scope", "local")
_NAME = re.compile(r"\b[A-Za-z_]\w*(?!\w*\s*\()")
"""A variable of `math(...)`, and no function of it."""


def _hands_on_vertices_alone(host: Instruction) -> bool:
    """Whether the traversals of a step get vertices without the way to them."""
    match host.name:
        case "select" | "path" | "tree" | "simplePath" | "cyclicPath":
            return True
        case "where":
            return not children(host)
        case "order" | "dedup":
            return _LOCAL in host.arguments or bool(_texts(host.arguments))
        case "math":
            expressions = _texts(host.arguments)
            return any(name != "_" for text in expressions for name in _NAME.findall(text))
    return False


def _ends_paths(instruction: Instruction) -> bool:
    """Whether what comes behind a step has no way to it."""
    return instruction.name in ("fold", "cap", "group", "groupCount", "tree") and not (
        instruction.name != "cap" and _texts(instruction.arguments)
    )


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
        written = vertices.tables(self.by_input, self._input, dialect, binding)
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
                        f'values("{key}") inside select(...).by(...), path().by(...) and the like,'
                        " or behind fold(), is not supported with several inputs, which have given"
                        " one vertex different answers: write it inside project(...).by(...), or as"
                        " a step of its own directly behind the prediction."
                    )
        written = vertices.table(_map(single), dialect, binding)
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
