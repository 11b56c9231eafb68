"""The types of what comes out of steps, as far as the names of the steps tell them.

For the upsert of older posts, `V().has("name", "Ann").fold().coalesce(unfold(), addV("User"))`:
vertices, a list of vertices, then vertices on both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from gremlink.grammar.traversal import Instruction, Predicate, Traversal, children
from gremlink.proxy.inference.analysis.input_steps import MODULATORS
from gremlink.proxy.inference.analysis.locate import texts

VERTEX: Final = "V"
EDGE: Final = "E"
OTHER: Final = "other"
"""No element: a text, a number, a map, a property."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of things of one kind."""

    of: OutputType


OutputType: TypeAlias = str | Listed | None
"""A type; `None` where it is not known, or where there are several."""

_TO_VERTICES = frozenset("V out in both outV inV otherV bothV addV mergeV".split())
_TO_EDGES = frozenset("E outE inE bothE addE mergeE".split())
_TO_OTHERS = frozenset(
    """values value id label key count sum mean min max constant properties propertyMap valueMap
    elementMap project group groupCount path tree loops math sack index concat asString length
    toUpper toLower trim lTrim rTrim replace split substring format asDate dateAdd dateDiff
    none discard""".split()
)
_KEEPING = frozenset(
    """property sideEffect sample coin dedup limit range skip tail order has hasId hasKey hasLabel
    hasNot hasValue is filter not and or where identity barrier drop aggregate store simplePath
    cyclicPath timeLimit subgraph profile""".split()
)
_WITHIN = frozenset("local flatMap map".split())
_BRANCHING = frozenset("union coalesce".split())


def output_type(steps: Sequence[Instruction], kind: OutputType = None) -> OutputType:
    """Return the type of what comes out of these steps if what goes in is of a `kind`."""
    labels: dict[str, OutputType] = {}
    for index, instruction in enumerate(steps):
        name = instruction.name
        if name == "as":
            for label in texts(instruction):
                labels[label] = kind if labels.get(label, kind) == kind else None
        elif name not in MODULATORS:
            kind = _behind(instruction, _modulators(steps, index), kind, labels)
    return kind


def _behind(
    host: Instruction,
    modulators: Sequence[Instruction],
    kind: OutputType,
    labels: dict[str, OutputType],
) -> OutputType:
    name = host.name
    if name in _TO_VERTICES:
        return VERTEX
    if name in _TO_EDGES:
        return EDGE
    if name in _TO_OTHERS:
        return OTHER
    if name in _KEEPING:
        return kind
    if name == "fold":
        return OTHER if host.arguments else Listed(kind)
    if name == "unfold":
        return kind.of if isinstance(kind, Listed) else None if kind == OTHER else kind
    if name in _WITHIN and isinstance(host.arguments[0], Traversal):
        return _nested(host.arguments[0], kind)
    if name in _BRANCHING:
        return _joined([_nested(child, kind) for child in children(host)])
    if name == "optional":
        return _joined([kind, *(_nested(child, kind) for child in children(host))])
    if name == "choose":
        return _chosen(host, modulators, kind)
    if name == "repeat":
        return _joined([kind, *(_nested(child, kind) for child in children(host))])
    if name == "select" and len(host.arguments) == 1 and not modulators:
        (label,) = texts(host) or ("",)
        return labels.get(label)
    return None


def _chosen(host: Instruction, modulators: Sequence[Instruction], kind: OutputType) -> OutputType:
    """Return the type of what comes out of `choose`; what no option fits goes on as it is."""
    tested = isinstance(host.arguments[0], Traversal | Predicate) if host.arguments else False
    branches = [each for each in host.arguments[1:] if isinstance(each, Traversal)]
    kinds = [_nested(branch, kind) for branch in branches]
    for each in modulators:
        kinds += [_nested(child, kind) for child in children(each)[-1:]]
    if not (tested and len(branches) == 2):
        kinds.append(kind)
    return _joined(kinds)


def _nested(traversal: Traversal, kind: OutputType) -> OutputType:
    return output_type(traversal.steps, kind)


def _joined(kinds: Sequence[OutputType]) -> OutputType:
    return kinds[0] if kinds and all(each == kinds[0] for each in kinds) else None


def _modulators(steps: Sequence[Instruction], index: int) -> Sequence[Instruction]:
    end = index + 1
    while end < len(steps) and steps[end].name in MODULATORS:
        end += 1
    return [each for each in steps[index + 1 : end] if each.name != "as"]
