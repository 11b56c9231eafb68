"""Which part of a traversal must run only once, and whether the rest can do without it.

Ordinarily the part before an inference runs again and again: for the inputs of the inference,
then as the beginning of the final query, so that paths and labels are the database's own. What
writes, or gives something else each time, runs once; all that follows starts from the ids that it
led to, and must not be able to notice.
"""

from __future__ import annotations

from collections.abc import Sequence

from grammar.traversal import (
    Argument,
    EnumConstant,
    Instruction,
    Items,
    Literal,
    Opaque,
    Predicate,
    Traversal,
    children,
    step,
)
from proxy.inference.place import host_index

_WRITING = frozenset("addV addE property drop mergeV mergeE io call sideEffect".split())
_SHUFFLE = EnumConstant("Order", "shuffle")
_RANDOM = frozenset("sample coin pageRank peerPressure connectedComponent shortestPath".split())

_PATH_FREE = frozenset(
    """V E out in both outE inE bothE outV inV otherV addV addE mergeV mergeE property drop has
    hasId hasKey hasLabel hasNot hasValue is filter not and or where id label key value values
    properties propertyMap valueMap elementMap constant count sum mean min max fold unfold
    order limit range skip tail dedup group groupCount project by local map flatMap union
    coalesce optional choose option identity barrier none discard with""".split()
)

_UNIQUE = frozenset("V E has hasId hasLabel hasNot is filter not and or where order".split())

_TO_VERTICES = frozenset("V out in both outV inV otherV bothV addV mergeV".split())
_TO_EDGES = frozenset("E outE inE bothE addE mergeE".split())
_KEEPING = (
    frozenset("property sideEffect sample coin dedup limit range skip tail order as by".split())
    | _UNIQUE - {"V", "E"}
    | frozenset("option with from to identity barrier".split())
)


def runs_once(steps: Sequence[Instruction]) -> bool:
    """Whether these steps write, or may give something else the second time."""
    for instruction in steps:
        if instruction.name in _WRITING | _RANDOM or _SHUFFLE in instruction.arguments:
            return True
        if any(map(_holds_code, instruction.arguments)):
            return True
        if any(runs_once(child.steps) for child in children(instruction)):
            return True
    return False


def _holds_code(argument: Argument) -> bool:
    """Whether a closure or lambda stands in an argument: it may do anything."""
    match argument:
        case Opaque(_, _, what):
            return what.rpartition(":")[2].lower() in ("closure", "lambda")
        case Items(_, arguments) | Predicate(_, _, arguments):
            return any(map(_holds_code, arguments))
    return False


def once_until(traversal: Traversal, before: int) -> int:
    """How many of the steps before the one at `before` must run only once; with the last of them
    go its modulators."""
    last = 0
    for index, instruction in enumerate(traversal.steps[: host_index(traversal.steps, before)]):
        if runs_once((instruction,)):
            last = index + 1
    while 0 < last < len(traversal.steps) and host_index(traversal.steps, last) != last:
        last += 1
    return last


def ids_query(traversal: Traversal, cut: int) -> Traversal | None:
    """The query that runs the first `cut` steps and tells what the others start from.

    `None` if that cannot be told. The others start from the ids of elements, or, where they begin
    anew, from as many traversers.
    """
    if _begins_anew(traversal, cut) or leads_to(traversal.steps[:cut]) is not None:
        return traversal.with_steps([*traversal.steps[:cut], step("id")])
    return None


def going_on(traversal: Traversal, cut: int, ids: Sequence[Argument]) -> Traversal:
    """The steps from `cut` on, started from what `ids_query` told."""
    rest = traversal.steps[cut:]
    if not ids:
        start = [step("inject", 0), step("limit", 0)]
    elif _begins_anew(traversal, cut):
        start = [Instruction("inject", tuple(step("", 0).arguments[0] for _ in ids))]
    else:
        start = [Instruction(leads_to(traversal.steps[:cut]) or "V", tuple(ids))]
    return traversal.with_steps([*start, *rest])


def _begins_anew(traversal: Traversal, cut: int) -> bool:
    return cut < len(traversal.steps) and traversal.steps[cut].name in ("V", "E", "addV", "mergeV")


def leads_to(steps: Sequence[Instruction]) -> str | None:
    """`V` or `E`, for what these steps lead to; `None` if that cannot be told."""
    for instruction in reversed(steps):
        if instruction.name in _TO_VERTICES:
            return "V"
        if instruction.name in _TO_EDGES:
            return "E"
        if instruction.name not in _KEEPING:
            return None
    return None


def is_unique(steps: Sequence[Instruction]) -> bool:
    """Whether these steps lead to every element at most once, and to nothing else."""
    return (
        bool(steps)
        and steps[0].name in ("V", "E")
        and _is_at_most_one(steps[0].arguments)
        and all(instruction.name in _UNIQUE - {"V", "E"} for instruction in steps[1:])
    )


def _is_at_most_one(ids: Sequence[Argument]) -> bool:
    return not ids or (len(ids) == 1 and isinstance(ids[0], Literal))


def needs_path(steps: Sequence[Instruction]) -> Instruction | None:
    """The first step that may look back at the path, labels or side effects before it."""
    for instruction in steps:
        if instruction.name not in _PATH_FREE:
            return instruction
        for argument in instruction.arguments:
            if _is_label(instruction, argument) or _holds_code(argument):
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
