"""Look-ups in maps: from an element to the entry for its id, for any number of elements.

    .flatMap(__.sack(assign).by(__.id()).constant(map).select(__.sack()).unfold())

A server hashes the map for each element that it looks up, so that the map must not be large; and it
resets all branches of a `choose` in a nested traversal for each, so that they must not be many.
Maps of some hundred entries behind a `choose` between them are quick for ten thousand::

    .choose(__.id()).option(P.lt("m"), <look-up>).option(P.between("m", "s"), <look-up>)...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from gremlink.grammar.traversal import (
    Argument,
    EnumConstant,
    Instruction,
    Literal,
    Predicate,
    Traversal,
    anonymous,
    step,
)
from gremlink.proxy.inference.queries.inputs import ITS_ID
from gremlink.proxy.inference.rewrite.choose_tree import NOTHING

TABLE_SIZE = 256
"""Entries of one map, unless there were too many of them."""
TABLES = 48

Table = Callable[[Sequence[Literal]], Argument]
"""The map that is to hold what some ids lead to, a list for each of them."""


def look_up(
    ids: Sequence[Literal], table: Table, most: int = TABLES, by: Traversal = ITS_ID
) -> list[Instruction]:
    """Return the steps that lead each element to the items of its list, in their order.

    There are `most` maps at the most. `by` leads to the id of what comes. `ids` are of all elements
    that may come, also of those with nothing: a `select` that finds no entry would go on with a
    label or side effect of that name. They are all different.
    """
    if len(ids) <= TABLE_SIZE:
        return [_look_up(table(ids), by)]
    size = max(TABLE_SIZE, -(-len(ids) // most))
    ordered = _sorted(ids)
    every = list(ids) if ordered is None else ordered
    parts = [every[start : start + size] for start in range(0, len(every), size)]
    options = []
    for number, part in enumerate(parts):
        token = Predicate("P", "within", tuple(part))
        if ordered is not None:
            token = _range(parts, number)
        options.append(step("option", token, anonymous(_look_up(table(part), by))))
    otherwise = step("option", EnumConstant("Pick", "none"), NOTHING)
    return [step("choose", by), *options, otherwise]


def _look_up(table: Argument, by: Traversal) -> Instruction:
    # What happens in a flatMap is seen neither in the path nor in the sack behind it.
    return step(
        "flatMap",
        anonymous(
            step("sack", EnumConstant("Operator", "assign")),
            step("by", by),
            step("constant", table),
            step("select", anonymous(step("sack"))),
            step("unfold"),
        ),
    )


def _range(parts: Sequence[Sequence[Literal]], number: int) -> Predicate:
    """Return the range from the first id of a part to the first of the next."""
    if number == 0:
        return Predicate("P", "lt", (parts[1][0],))
    if number == len(parts) - 1:
        return Predicate("P", "gte", (parts[number][0],))
    return Predicate("P", "between", (parts[number][0], parts[number + 1][0]))


def _sorted(ids: Sequence[Literal]) -> list[Literal] | None:
    """Sort ids in the order in which Java compares them; `None` if it does not compare them all."""
    values = [id.value for id in ids]
    if all(isinstance(value, str) for value in values):
        # Java compares UTF-16 code units.
        return sorted(ids, key=lambda id: id.value.encode("utf-16-be", "surrogatepass"))
    if all(isinstance(value, int | float | Decimal) for value in values):
        return sorted(ids, key=lambda id: id.value)
    if all(isinstance(value, UUID) for value in values):
        return sorted(ids, key=lambda id: (_signed(id.value.int >> 64), _signed(id.value.int)))
    return None


def _signed(bits: Any) -> int:
    """Return the lowest 64 bits as Java's `long`."""
    low = int(bits) & (2**64 - 1)
    return low - 2**64 if low >> 63 else low
