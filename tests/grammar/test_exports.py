"""The names that `gremlink.grammar` promises to others."""

from __future__ import annotations

import doctest

import pytest

from gremlink import grammar
from gremlink.grammar import (
    Literal,
    MalformedRequest,
    ScriptError,
    Traversal,
    parse,
    parse_script,
    walk,
    write,
)

EXPORTED = """
    Argument Bulked Entries EnumConstant GremlinError Instruction Items Kind LimitExceeded Literal
    MalformedRequest NotConvertible Opaque Predicate Script ScriptError Strategy Traversal Variable
    anonymous children parse parse_script step walk write
"""


def test_exported_names() -> None:
    assert grammar.__all__ == EXPORTED.split()
    assert all(hasattr(grammar, name) for name in grammar.__all__)


def test_the_example_of_the_documentation() -> None:
    assert doctest.testmod(grammar).failed == 0


def test_a_traversal_is_read_and_written() -> None:
    text = "g.V('a').out(\"knows\").toList()"
    traversal = parse(text)
    assert isinstance(traversal, Traversal)
    assert write(traversal) == "g.V('a').out(\"knows\")"


def test_bindings_are_read_as_their_values() -> None:
    traversal = parse("g.V(x)", {"x": Literal.string("a")})
    assert [each.arguments for _, each in walk(traversal)] == [(Literal.string("a"),)]


@pytest.mark.parametrize("text", ["", "1 + 1", "g.V(); g.E()", "x = g.V()", "__.out()"])
def test_a_script_that_is_not_one_traversal(text: str) -> None:
    parse_script(text)
    with pytest.raises(MalformedRequest, match="not one traversal"):
        parse(text)


def test_a_script_that_cannot_be_read() -> None:
    with pytest.raises(ScriptError) as caught:
        parse("g.V(")
    assert (caught.value.line, caught.value.column) == (1, 4)
