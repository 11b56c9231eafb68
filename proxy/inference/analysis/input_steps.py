"""The steps that lead to the inputs of an inference, wherever in a traversal it is.

In the main traversal these are the steps before it. In a nested traversal they are the steps before
its host (`union`, `project`, `order` ...), the steps from the host's input to what its nested
traversals get, and the nested steps before the inference. Filters and early ends on the way are
left out, so that these are all the inputs and perhaps more; predictions for too many do no harm.
"""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.grammar.traversal import (
    EnumConstant,
    Instruction,
    Path,
    Traversal,
    anonymous,
    children,
    step,
)
from gremlink.proxy.inference.analysis.locate import Inference
from gremlink.proxy.inference.errors import UnsupportedOperation

MODULATORS = frozenset("by option with as from to times until emit".split())
"""Steps that belong to another one, which they mostly follow."""

_OF_REPEAT = ("times", "until", "emit")
"""Those that may also come before the step that they belong to."""

_SAME = frozenset(
    """union coalesce choose branch local flatMap map optional where filter not and or sideEffect
    project order group groupCount dedup aggregate store property sack sample fold""".split()
)
"""Hosts whose nested traversals get what the host itself gets."""


def host_index(steps: Sequence[Instruction], index: int) -> int:
    """Return the index of the step that the instruction at `index` belongs to: itself, or for a
    modulator such as `by` the step that it modulates. With `emit()` before a `repeat` a step
    begins."""
    begin = index
    while index > 0 and steps[index].name in MODULATORS:
        if steps[index].name in _OF_REPEAT:
            begin = index
        index -= 1
    return begin if steps[begin].name in _OF_REPEAT and steps[index].name != "repeat" else index


def input_steps(traversal: Traversal, inference: Inference) -> list[Instruction]:
    """Return the steps that lead to the inputs of an inference.

    Raises `UnsupportedOperation` where these are not known.
    """
    leading = _leading(traversal.steps, inference.path, inference)
    first = len(inference.path) > 1 and host_index(traversal.steps, inference.path[0]) == 0
    return [step("inject", 0), *leading] if first else leading  # g.union(V(), ...)


def _leading(steps: Sequence[Instruction], path: Path, inference: Inference) -> list[Instruction]:
    index, *deeper = path
    if not deeper:
        return list(steps[:index])
    number, *inner = deeper
    host = host_index(steps, index)
    nested = _leading(list(children(steps[index]))[number].steps, tuple(inner), inference)
    handed_on = [*steps[:host], *_handed_on(steps[host], inference)]
    return [*handed_on, step("flatMap", anonymous(*nested))] if nested else handed_on


def _handed_on(host: Instruction, inference: Inference) -> list[Instruction]:
    """Return the steps from what the host gets to what its nested traversals get."""
    match host.name:
        case "order" | "dedup" | "sample" if EnumConstant("Scope", "local") in host.arguments:
            return [step("unfold")]
        case name if name in _SAME and not (name == "where" and _compares(host)):
            return []
        case "path" | "tree":
            return [step("path"), step("unfold")]
        case "select" if len(host.arguments) == 1:
            return [host, step("unfold")]
        case "select":
            values = step("select", EnumConstant("Column", "values"))
            return [host, step("unfold"), values, step("unfold")]
    raise UnsupportedOperation(
        f"{inference} inside {host.name}(...) is not supported:"
        " write it as a step of the main traversal, or inside project(...).by(...)."
    )


def _compares(host: Instruction) -> bool:
    """Return whether a step is `where(P)`, whose `by` gets the values of labels."""
    return not any(isinstance(argument, Traversal) for argument in host.arguments)
