"""The steps that read something about a predicted link: `values("Neptune#ml.score")`, a number, and
`values("Neptune#ml.explain")`, a map with the score in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gremlink.grammar.traversal import (
    EnumConstant,
    Instruction,
    Kind,
    Literal,
    Path,
    children,
)
from gremlink.proxy.inference.analysis.input_steps import host_index
from gremlink.proxy.inference.analysis.locate import texts
from gremlink.proxy.inference.analysis.options import PREDICTION, PREFIX, SCORE_KEYS


@dataclass(frozen=True, slots=True)
class ScoreRead:
    """A `values("Neptune#ml.score")`, or the like.

    `key` is what it reads; `inference` is the path of the link prediction whose targets it reads,
    if there is one; `pathless` is true if it sees the vertex without the way to it.
    """

    path: Path
    key: str
    inference: Path | None
    pathless: bool


def score_reads(
    steps: Sequence[Instruction],
    path: Path = (),
    inference: Path | None = None,
    *,
    labelled: Mapping[str, Path] | None = None,
    pathless: bool = False,
) -> Iterator[ScoreRead]:
    """Find every step of these, and of those nested in them, that reads something about a link.

    `labelled` are the inferences whose targets have labels: `select("a")` goes back to those.
    `pathless` is true if the steps get vertices without the way to them; with a prediction another
    way begins.
    """
    labels = dict(labelled or {})
    for index, instruction in enumerate(steps):
        here = (*path, index)
        if _predicts(steps, index):
            inference, pathless = here, False
        # A name first: arguments may be many, and unread.
        if instruction.name == "as" and inference is not None:
            labels.update((name, inference) for name in texts(instruction))
        if instruction.name == "select" and len(instruction.arguments) == 1:
            for name in texts(instruction):
                inference = labels.get(name, inference)
        key = _score_key(instruction)
        if key is not None:
            yield ScoreRead(here, key, inference, pathless)
        nested = children(instruction, PREFIX)
        if nested:
            host = steps[host_index(steps, index)]
            meant = labels.get(_selected(steps, index, host), inference)
            alone = pathless or _hands_on_vertices_alone(host)
            for number, child in enumerate(nested):
                yield from score_reads(
                    child.steps, (*here, number), meant, labelled=labels, pathless=alone
                )
        within = _within(instruction, here)
        if within is not None:
            inference, pathless = within
        pathless = pathless or _ends_paths(instruction)


_LETTING_THROUGH = ("local", "union", "optional")
"""Steps whose results are those of their nested traversals, with the way to them."""


def _within(instruction: Instruction, path: Path) -> tuple[Path, bool] | None:
    """Return the one inference inside a step whose targets come out of it, and whether without the
    way to them."""
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


def _selected(steps: Sequence[Instruction], index: int, host: Instruction) -> str:
    """Return the label whose vertex a `by` of `select("a", "b")` gets; empty for anything else."""
    names = texts(host) if host.name == "select" else []
    modulators = steps[host_index(steps, index) + 1 : index]
    number = sum(each.name == "by" for each in modulators)
    return names[number % len(names)] if names else ""


_LOCAL = EnumConstant("Scope", "local")
_NAME = re.compile(r"\b[A-Za-z_]\w*(?!\w*\s*\()")
"""A variable of `math(...)`, and no function of it."""


def _hands_on_vertices_alone(host: Instruction) -> bool:
    """Return whether the traversals of a step get vertices without the way to them."""
    match host.name:
        case "select" | "path" | "tree" | "simplePath" | "cyclicPath":
            return True
        case "where":
            return not children(host)
        case "order" | "dedup":
            return _LOCAL in host.arguments or bool(texts(host))
        case "math":
            expressions = texts(host)
            return any(name != "_" for text in expressions for name in _NAME.findall(text))
    return False


def _ends_paths(instruction: Instruction) -> bool:
    """Return whether paths end with a step."""
    return instruction.name in ("fold", "cap", "group", "groupCount", "tree") and not (
        instruction.name != "cap" and texts(instruction)
    )


def _score_key(instruction: Instruction) -> str | None:
    """Return the key of a step that reads something about a link."""
    if instruction.name != "values" or not instruction.may_mention(PREFIX):
        return None
    match instruction.arguments:
        case (Literal(Kind.STRING, str(key)),) if key in SCORE_KEYS:
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
