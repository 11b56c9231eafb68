"""Filters of an export: Gremlin steps that choose elements, as `has("age", gt(30))`.

They are parsed and written anew, never passed on as text, and only steps that read are let through.
"""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.grammar import script
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.traversal import (
    Argument,
    EnumConstant,
    Instruction,
    Literal,
    Predicate,
    Traversal,
    anonymous,
    step,
    walk,
)
from gremlink.proxy.graph.errors import BadParameters

FILTERS = frozenset("and has hasId hasKey hasLabel hasNot hasValue is not or where".split())
"""Steps that leave elements out and change nothing else."""

READING = FILTERS | frozenset(
    """both bothE bothV coalesce constant count dedup fold id in inE inV key label limit local max
    mean min otherV out outE outV properties simplePath sum unfold value values""".split()
)
"""Steps that are allowed inside of those."""

Steps = tuple[Instruction, ...]

VERTEX_ROW = ("i", "l", "p")
EDGE_ROW = ("i", "l", "from", "to", "fl", "tl", "p")


def read_filter(text: str, where: str) -> Steps:
    """Read the steps of a filter. Raises `BadParameters`, which names `where`."""
    wanted = text.strip().removeprefix("__").removeprefix(".")
    if not wanted:
        return ()
    try:
        traversal = script.parse(f"g.V().{wanted}").single
    except GremlinError as error:
        raise BadParameters(where, f"{text!r} cannot be read: {error}") from None
    if traversal is None or traversal.source or traversal.steps[:1] != (step("V"),):
        raise BadParameters(where, f"{text!r} is more than steps that filter")
    found = tuple(traversal.steps[1:])
    for path, instruction in walk(traversal.with_steps(found)):
        allowed = FILTERS if len(path) == 1 else READING
        if instruction.name not in allowed:
            raise BadParameters(
                where,
                f"the step {instruction.name} may not stand in a filter: there are "
                f"{', '.join(sorted(allowed))}",
            )
        if not all(map(_plain, instruction.arguments)):
            raise BadParameters(where, f"{text!r} has an argument that is no plain value")
    return found


def _plain(argument: Argument) -> bool:
    match argument:
        case Literal() | EnumConstant() | Traversal():
            return True
        case Predicate(arguments=arguments):
            return all(map(_plain, arguments))
        case _:
            return False


def vertices(labels: Sequence[str], steps: Steps) -> str:
    """Return the script that reads the vertices of a filter, a map of `VERTEX_ROW` for each."""
    by: list[Argument] = [_token("id"), _token("label"), anonymous(step("valueMap"))]
    return _script("V", labels, steps, VERTEX_ROW, by)


def edges(labels: Sequence[str], steps: Steps) -> str:
    """Return the script that reads the edges of a filter, a map of `EDGE_ROW` for each."""
    out, into = step("outV"), step("inV")
    by: list[Argument] = [
        _token("id"),
        _token("label"),
        anonymous(out, step("id")),
        anonymous(into, step("id")),
        anonymous(out, step("label")),
        anonymous(into, step("label")),
        anonymous(step("valueMap")),
    ]
    return _script("E", labels, steps, EDGE_ROW, by)


def _script(
    start: str, labels: Sequence[str], steps: Steps, row: Sequence[str], by: Sequence[Argument]
) -> str:
    labelled = [step("hasLabel", *labels)] if labels else []
    modulators = [step("by", argument) for argument in by]
    whole = [step(start), *labelled, *steps, step("project", *row), *modulators]
    return script.write(Traversal((), tuple(whole)))


def _token(name: str) -> EnumConstant:
    return EnumConstant("T", name)
