"""Whether the part of a traversal before an inference may run twice, and the rest without it.

Ordinarily the part before the inference runs twice: first for the ids of the inputs, then as the
beginning of the final query, so that paths and labels are the database's own. What writes, or gives
something else each time, runs only the first time; the final query then starts from the ids, which
the rest must not be able to notice.
"""

from __future__ import annotations

from collections.abc import Sequence

from grammar.traversal import Argument, EnumConstant, Instruction, Opaque, Traversal, children

_WRITING = {"addV", "addE", "property", "drop", "mergeV", "mergeE", "io", "call", "sideEffect"}
_RANDOM = {"sample", "coin", "pageRank", "peerPressure", "connectedComponent", "shortestPath"}

_PATH_FREE = frozenset(
    [
        "V",
        "E",
        "out",
        "in",
        "both",
        "outE",
        "inE",
        "bothE",
        "outV",
        "inV",
        "otherV",
        "has",
        "hasId",
        "hasKey",
        "hasLabel",
        "hasNot",
        "hasValue",
        "is",
        "filter",
        "not",
        "and",
        "or",
        "where",
        "id",
        "label",
        "key",
        "value",
        "values",
        "properties",
        "propertyMap",
        "valueMap",
        "elementMap",
        "constant",
        "count",
        "sum",
        "mean",
        "min",
        "max",
        "fold",
        "unfold",
        "order",
        "limit",
        "range",
        "skip",
        "tail",
        "dedup",
        "group",
        "groupCount",
        "project",
        "by",
        "local",
        "map",
        "flatMap",
        "union",
        "coalesce",
        "optional",
        "choose",
        "option",
        "identity",
        "barrier",
        "none",
        "discard",
        "with",
    ]
)


def runs_once(prefix: Sequence[Instruction]) -> bool:
    """Whether these steps write, or may give something else the second time."""
    for instruction in prefix:
        if instruction.name in _WRITING | _RANDOM:
            return True
        if any(_is_code(argument) for argument in instruction.arguments):
            return True
        if any(runs_once(child.steps) for child in children(instruction)):
            return True
    return False


def _is_code(argument: Argument) -> bool:
    return isinstance(argument, Opaque) and argument.what.lower() in ("closure", "lambda")


def needs_path(suffix: Sequence[Instruction]) -> Instruction | None:
    """The first step that may look back at the path, labels or side effects before it."""
    for instruction in suffix:
        if instruction.name not in _PATH_FREE:
            return instruction
        if any(_is_label(instruction, argument) for argument in instruction.arguments):
            return instruction
        for child in children(instruction):
            found = needs_path(child.steps)
            if found is not None:
                return found
    return None


def _is_label(instruction: Instruction, argument: Argument) -> bool:
    """Whether an argument names an earlier step: `where("a")`, `where(P.eq("a"))`, `dedup("a")`."""
    match instruction.name:
        case "where":
            return not isinstance(argument, Traversal)
        case "dedup":
            return not isinstance(argument, EnumConstant)
    return False
