"""Steps replaced inside whatever may hold a traversal."""

from __future__ import annotations

import pytest

from gremlink.grammar.graphbinary import read_bytecode, write_bytecode
from gremlink.grammar.traversal import (
    Argument,
    Bulked,
    Entries,
    Instruction,
    Items,
    Literal,
    Predicate,
    Strategy,
    Traversal,
    anonymous,
    step,
)
from gremlink.proxy.inference.analysis.locate import find_inferences
from gremlink.proxy.inference.splice import splice

ML = anonymous(step("out", "FRIEND"), step("with", "Neptune#ml.prediction"), step("id"))
ANSWERED = anonymous(step("V", "a"), step("id"))
ONE = Literal.of(1)


def holders(inner: Traversal) -> dict[str, Argument]:
    """Arguments with this traversal inside, among others that stay."""
    return {
        "traversal": inner,
        "predicate": Predicate("P", "within", (ONE, inner)),
        "list": Items("list", (anonymous(step("in")), inner, inner)),
        "value": Entries(((ONE, inner),)),
        "key": Entries(((inner, ONE),)),
        "strategy": Strategy("SubgraphStrategy", (("vertices", inner),)),
        "traverser": Bulked(inner, 3),
        "traverser in a list": Items("list", (Bulked(ONE, 2), Bulked(inner, 3))),
    }


@pytest.mark.parametrize("name", holders(ML))
@pytest.mark.parametrize("is_read", [True, False], ids=["read", "made"])
def test_replaced_inside(name: str, is_read: bool) -> None:
    before = Traversal((), (step("V"), Instruction("map", (ONE, holders(ML)[name])), step("id")))
    expected = Traversal(
        (), (step("V"), Instruction("map", (ONE, holders(ANSWERED)[name])), step("id"))
    )
    traversal = read_bytecode(write_bytecode(before))[0] if is_read else before
    for inference in find_inferences(traversal):
        traversal = splice(traversal, inference.path, inference.width, [step("V", "a")])
    assert traversal == expected
    assert read_bytecode(write_bytecode(traversal))[0] == expected
