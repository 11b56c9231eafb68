"""Side effects and randomness: the part of a traversal that must run only once.

Ordinarily the part before an inference runs several times: for the inputs of the inference, then as
the beginning of the final query, so that paths and labels are the database's own. A part that
writes, or gives something else each time, runs once; all that follows starts from the ids that it
led to, and must not be able to notice.
"""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.grammar.traversal import (
    Argument,
    EnumConstant,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Path,
    Predicate,
    Traversal,
    children,
    step,
)
from gremlink.proxy.inference.analysis.input_steps import host_index
from gremlink.proxy.inference.analysis.locate import texts
from gremlink.proxy.inference.analysis.output_types import OTHER, Listed, OutputType

_WRITING = frozenset("addV addE property drop mergeV mergeE io call".split())
_SHUFFLE = EnumConstant("Order", "shuffle")
_RANDOM = frozenset("sample coin pageRank peerPressure connectedComponent shortestPath".split())

_PATH_FREE = frozenset(
    """V E out in both outE inE bothE outV inV otherV addV addE mergeV mergeE property drop has
    hasId hasKey hasLabel hasNot hasValue is filter not and or where id label key value values
    properties propertyMap valueMap elementMap constant count sum mean min max fold unfold
    order limit range skip tail dedup group groupCount project by local map flatMap union
    coalesce optional choose option repeat until emit times loops identity barrier none discard
    with""".split()
)

_UNIQUE = frozenset("V E has hasId hasLabel hasNot is filter not and or where order".split())


def runs_once(steps: Sequence[Instruction]) -> bool:
    """Return whether these steps write, or may give something else the second time."""
    for instruction in steps:
        if instruction.name in _WRITING | _RANDOM or _SHUFFLE in instruction.arguments:
            return True
        if any(map(_holds_code, instruction.arguments)):
            return True
        if any(runs_once(child.steps) for child in children(instruction)):
            return True
    return False


def _holds_code(argument: Argument) -> bool:
    """Return whether an argument holds a closure or lambda: it may do anything."""
    match argument:
        case Opaque(_, _, what):
            return what.rpartition(":")[2].lower() in ("closure", "lambda")
        case Items(_, arguments) | Predicate(_, _, arguments):
            return any(map(_holds_code, arguments))
    return False


def cut_behind(steps: Sequence[Instruction], last: int, end: int) -> int:
    """Return how many of the first `end` steps run once if the one at `last` is the last that must.

    Its modulators go with it, but for labels at their end. If steps behind them look back, all
    steps up to `end` run once.
    """
    cut = last + 1
    while cut < len(steps) and host_index(steps, cut) != cut:
        cut += 1
    if needs_path(steps[_without_labels(steps, cut) : end], frozenset()) is not None:
        cut = end
    return _without_labels(steps, cut)


def _without_labels(steps: Sequence[Instruction], cut: int) -> int:
    while steps[cut - 1].name == "as":
        cut -= 1
    return cut


def writes_inside(traversal: Traversal, path: Path) -> Instruction | None:
    """Return the outermost step around the instruction at `path` where nested steps before that
    must run only once, if there is one."""
    index, *deeper = path
    if not deeper:
        return None
    number, *inner = deeper
    host = traversal.steps[index]
    nested = children(host)[number]
    before = nested.steps[: host_index(nested.steps, inner[0])]
    if runs_once(before):
        return traversal.steps[host_index(traversal.steps, index)]
    return writes_inside(nested, tuple(inner))


def starts_query(traversal: Traversal, cut: int, kind: OutputType) -> Traversal:
    """Return the query that runs the first `cut` steps and gives what the others start from.

    `kind` is the type of what they lead to. The query gives the ids of elements; the elements, if
    their type is not known; or, where the others begin anew, as many zeros as there are traversers.
    """
    steps = traversal.steps[:cut]
    if begins_anew(traversal, cut):
        return traversal.with_steps([*steps, step("constant", 0)])
    return traversal.with_steps(steps if element_of(kind) is None else [*steps, step("id")])


def going_on(traversal: Traversal, cut: int, start: Instruction | None) -> Traversal:
    """Return the steps from `cut` on behind a `start`; without one, behind nothing at all."""
    begin = [step("inject", 0), step("limit", 0)] if start is None else [start]
    return traversal.with_steps([*begin, *traversal.steps[cut:]])


def begins_anew(traversal: Traversal, cut: int) -> bool:
    """Return whether only the number of traversers behind the first `cut` steps matters."""
    return cut < len(traversal.steps) and traversal.steps[cut].name in ("V", "E", "addV", "mergeV")


def element_of(kind: OutputType) -> str | None:
    """Return `V` or `E` for a type of elements; `None` for others and where it is not known."""
    return kind if isinstance(kind, str) and kind != OTHER else None


def is_no_element(kind: OutputType) -> bool:
    """Return whether a type is surely another one than that of elements."""
    return kind == OTHER or isinstance(kind, Listed)


def is_unique(steps: Sequence[Instruction]) -> bool:
    """Return whether these steps lead to every element at most once, and to nothing else."""
    return (
        bool(steps)
        and steps[0].name in ("V", "E")
        and _is_at_most_one(steps[0].arguments)
        and all(instruction.name in _UNIQUE - {"V", "E"} for instruction in steps[1:])
    )


def _is_at_most_one(ids: Sequence[Argument]) -> bool:
    return not ids or (len(ids) == 1 and isinstance(ids[0], Literal))


def needs_path(
    steps: Sequence[Instruction], own: frozenset[str] | None = None
) -> Instruction | None:
    """Return the first step that may look back at the path, labels or side effects before these.

    With a set of labels, `own`, those that the steps give themselves may be looked back at.
    """
    for instruction in steps:
        if own is not None and instruction.name == "as":
            own |= frozenset(texts(instruction))
            continue
        if not (instruction.name in _PATH_FREE or _selects(instruction, own)):
            return instruction
        for argument in instruction.arguments:
            if _holds_code(argument) or (
                _is_label(instruction, argument) and not _is_own(argument, own)
            ):
                return instruction
        for child in children(instruction):
            found = needs_path(child.steps, None if own is None else _inside(child, own))
            if found is not None:
                return found
    return None


def _inside(child: Traversal, own: frozenset[str]) -> frozenset[str] | None:
    """Return the labels that nested steps may use; `None` if they give some, which in `where` means
    to look one up."""
    return None if any(each.name == "as" for each in child.steps) else own


def _selects(instruction: Instruction, own: frozenset[str] | None) -> bool:
    """Return whether a step looks back at nothing but labels of its own traversal."""
    return (
        own is not None
        and instruction.name == "select"
        and bool(instruction.arguments)
        and all(_is_own(each, own) for each in instruction.arguments)
    )


def _is_own(argument: Argument, own: frozenset[str] | None) -> bool:
    """Return whether an argument names a label among `own`, and no other, or is no label at all."""
    match argument:
        case Literal(Kind.STRING, str(label)):
            return own is not None and label in own
        case Predicate(_, _, arguments):
            return own is not None and all(_is_own(each, own) for each in arguments)
        case EnumConstant("Pop", "last") | EnumConstant("Scope" | "Column"):
            return own is not None
    return False


def _is_label(instruction: Instruction, argument: Argument) -> bool:
    """Return whether an argument names an earlier step: `where("a")`, `where(P.eq("a"))`,
    `dedup("a")`."""
    match instruction.name:
        case "where":
            return not isinstance(argument, Traversal)
        case "dedup":
            return not isinstance(argument, EnumConstant)
    return False
