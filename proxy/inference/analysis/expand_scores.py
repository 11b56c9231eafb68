"""Expansion of the short forms in which a query asks for scores as if they were stored properties.

Gremlin has short forms for `values(key)`. A server would look for a property of this name and find
none, so before anything else is done each becomes the step that it is short for::

    project("name", "score").by("name").by("Neptune#ml.score")
    project("name", "score").by("name").by(__.values("Neptune#ml.score"))

    has("Neptune#ml.score", gt(0.5))
    filter(__.values("Neptune#ml.score").is(gt(0.5)))

So are the modulators of a `select` that serve several labels, which may be targets of several
predictions::

    select("a", "b").by("Neptune#ml.score")
    select("a", "b").by(__.values("Neptune#ml.score")).by(__.values("Neptune#ml.score"))

A key that `project(...)` or `as(...)` has given to something else is that of a map.
"""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.grammar.traversal import (
    Argument,
    Instruction,
    Kind,
    Literal,
    Traversal,
    anonymous,
    children,
    step,
    walk,
)
from gremlink.proxy.inference.analysis.input_steps import host_index
from gremlink.proxy.inference.analysis.options import SCORE_KEYS
from gremlink.proxy.inference.splice import with_children


def expand_scores(traversal: Traversal, named: frozenset[str] = frozenset()) -> Traversal:
    """Return the traversal without short forms; the same object if it has none.

    `named` are the keys that mean an entry of a map.
    """
    if not _may_name_scores(traversal):
        return traversal
    steps: list[Instruction] = []
    changed = False
    given: frozenset[str] = named
    for index, instruction in enumerate(traversal.steps):
        if host_index(traversal.steps, index) == index:
            named = given
        spelled = _expanded(instruction, named)
        changed = changed or len(spelled) > 1 or spelled[0] is not instruction
        steps += spelled
        given |= _given(instruction)
    each = _a_by_for_each(steps)
    return traversal.with_steps(each) if changed or len(each) > len(steps) else traversal


def _a_by_for_each(steps: Sequence[Instruction]) -> list[Instruction]:
    """Return the steps with as many modulators behind `select("a", "b")` as it has labels, if
    scores are read there."""
    written: list[Instruction] = []
    for index, instruction in enumerate(steps):
        written.append(instruction)
        following = steps[index + 1] if index + 1 < len(steps) else None
        if instruction.name != "by" or (following is not None and following.name == "by"):
            continue
        host = host_index(steps, index)
        modulators = steps[host + 1 : index + 1]
        if steps[host].name == "select" and _read_scores(modulators):
            labels = [each for each in steps[host].arguments if _is_label(each)]
            missing = range(len(modulators), len(labels))
            written += [modulators[number % len(modulators)] for number in missing]
    return written


def _read_scores(steps: Sequence[Instruction]) -> bool:
    every = (argument for _, each in walk(anonymous(*steps)) for argument in each.arguments)
    return any(map(_score_key, every))


def _is_label(argument: Argument) -> bool:
    return isinstance(argument, Literal) and argument.kind is Kind.STRING


def _may_name_scores(node: Instruction | Traversal) -> bool:
    return any(node.may_mention(key) for key in SCORE_KEYS)


def _given(instruction: Instruction) -> frozenset[str]:
    """Return the keys that a step gives to something else."""
    if instruction.name not in ("project", "as") or not _may_name_scores(instruction):
        return frozenset()
    return frozenset(filter(None, map(_score_key, instruction.arguments)))


def _expanded(instruction: Instruction, named: frozenset[str]) -> list[Instruction]:
    if not _may_name_scores(instruction):
        return [instruction]
    match instruction:
        case Instruction("by", (key, *order)) if _score_key(key) and _score_key(key) not in named:
            return [Instruction("by", (_values(key), *order))]
        case Instruction("has", (key,)) if _score_key(key):
            return [step("filter", _values(key))]
        case Instruction("hasNot", (key,)) if _score_key(key):
            return [step("not", _values(key))]
        case Instruction("has", (key, value)) if _score_key(key):
            return [_compared(key, value)]
        case Instruction("has", (label, key, value)) if _score_key(key):
            return [Instruction("hasLabel", (label,)), _compared(key, value)]
    if not children(instruction):
        return [instruction]
    return [with_children(instruction, lambda child: expand_scores(child, named))]


def _score_key(argument: Argument) -> str | None:
    """Return the key in an argument that reads a score or a reason, if it is one."""
    match argument:
        case Literal(Kind.STRING, str(key)) if key in SCORE_KEYS:
            return key
    return None


def _values(key: Argument) -> Traversal:
    return anonymous(Instruction("values", (key,)))


def _compared(key: Argument, value: Argument) -> Instruction:
    """Return the step for `has(key, value)`; a traversal in the place of the value goes on from
    it."""
    if isinstance(value, Traversal):
        return step("filter", anonymous(*_values(key).steps, *value.steps))
    return step("filter", anonymous(*_values(key).steps, Instruction("is", (value,))))
