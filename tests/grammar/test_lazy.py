"""Lazy nodes equal the plain nodes, read or unread, and become others by `replace`."""

from __future__ import annotations

from dataclasses import replace

from gremlink.grammar import graphbinary, parse, walk
from gremlink.grammar.lazy import (
    LazyInstruction,
    LazyItems,
    LazyTraversal,
    UniformLiterals,
    literals_of,
)
from gremlink.grammar.traversal import Instruction, Items, Kind, Literal, Traversal, children

PLAIN = parse('g.V("a").has("n", gt(1)).where(__.out("x").limit(2)).values("name")')


def unread() -> Traversal:
    found, _ = graphbinary.read_bytecode(graphbinary.write_bytecode(PLAIN))
    assert isinstance(found, LazyTraversal)
    return found


def test_a_traversal_equals_the_plain_one_from_both_sides() -> None:
    assert unread() == PLAIN
    assert unread() == PLAIN
    assert hash(unread()) == hash(PLAIN)
    assert unread() != PLAIN.with_steps(PLAIN.steps[:-1])
    assert unread() != "g.V()"


def test_instructions_equal_plain_ones_from_both_sides() -> None:
    for (_, lazy), (_, plain) in zip(walk(unread()), walk(PLAIN), strict=True):
        assert isinstance(lazy, LazyInstruction)
        assert lazy == plain
        assert plain == lazy
        assert hash(lazy) == hash(plain)
        assert repr(lazy) == repr(plain)
        assert lazy != Instruction(plain.name, (*plain.arguments, Literal.of(1)))


def test_a_list_equals_the_plain_one_from_both_sides() -> None:
    def lazy() -> Items:
        return LazyItems.make("list", UniformLiterals(Kind.LONG, [1, 2]))

    plain = Items("list", tuple(literals_of(Kind.LONG, [1, 2])))
    assert lazy() == plain
    assert plain == lazy()
    assert hash(lazy()) == hash(plain)
    assert lazy() != Items("set", plain.items)


def test_what_is_replaced_has_been_read() -> None:
    where = unread().step(2)
    assert [child.steps[0].name for child in children(where)] == ["out"]
    without = replace(where, arguments=(), origin=None)
    assert children(without) == ()
    assert without == Instruction("where")
    assert without.may_mention("anything")
