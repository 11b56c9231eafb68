"""The one form itself: equality, options, walking, and how it shows."""

from __future__ import annotations

import uuid

import pytest

from gremlink.grammar.script import parse
from gremlink.grammar.traversal import (
    Entries,
    EnumConstant,
    Instruction,
    Kind,
    Literal,
    Predicate,
    Strategy,
    Traversal,
    anonymous,
    children,
    step,
    walk,
)


def test_ids_of_different_types_are_different() -> None:
    one = [Literal.of(1), Literal(Kind.LONG, 1), Literal.of("1"), Literal.of(1.0), Literal.of(True)]
    assert len(set(one)) == len(one)
    assert Literal.of(uuid.UUID(int=1)) == Literal.of(uuid.UUID(int=1))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (2**31 - 1, Kind.INT),
        (2**31, Kind.LONG),
        (-(2**63), Kind.LONG),
        (2**63, Kind.BIG_INTEGER),
        (True, Kind.BOOLEAN),
        (None, Kind.NULL),
        (0.5, Kind.DOUBLE),
    ],
)
def test_the_literal_of_a_value(value: object, kind: Kind) -> None:
    assert Literal.of(value) == Literal(kind, value)


def test_no_literal_of_other_things() -> None:
    with pytest.raises(TypeError, match="no Gremlin literal for list"):
        Literal.of([])


def test_where_it_came_from_is_no_part_of_a_traversal() -> None:
    assert parse("g.V( 'a' )").single == Traversal((), (step("V", "a"),), root="h")


def test_walking_goes_into_everything() -> None:
    inner = [anonymous(step(name)) for name in "abcd"]
    traversal = Traversal(
        (),
        (
            Instruction("where", (Predicate("P", "eq", (inner[0],)),)),
            Instruction("inject", (Entries(((Literal.of("k"), inner[1]),)), inner[2])),
            Instruction("by", (Strategy("S", (("k", inner[3]),)),)),
        ),
    )
    names = {path: instruction.name for path, instruction in walk(traversal)}
    assert names == {
        (0,): "where",
        (0, 0, 0): "a",
        (1,): "inject",
        (1, 0, 0): "b",
        (1, 1, 0): "c",
        (2,): "by",
        (2, 0, 0): "d",
    }
    assert list(children(traversal.steps[1])) == inner[1:3]


def test_it_shows_as_gremlin() -> None:
    traversal = Traversal(
        (step("with", "k", 8),),
        (
            step("V", Literal(Kind.LONG, 1)),
            Instruction("option", (EnumConstant("Pick", "none"), anonymous(step("limit", 0)))),
        ),
    )
    assert repr(traversal) == "g.with('k', 8).V(Long(1)).option(Pick.none, __.limit(0))"
