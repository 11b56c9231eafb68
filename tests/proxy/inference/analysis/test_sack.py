"""Equal properties keep their places in the results of bytecode."""

from __future__ import annotations

import pytest
from answering import as_bytecode, as_script, drive, row

from gremlink.grammar.traversal import Literal, Traversal, children
from gremlink.proxy.inference.analysis.sack import KEEPING_APART
from gremlink.proxy.wire.request import RequestMessage

EDGES = [[row(v="e", s="a", t="b", l="KNOWS"), row(v="f", s="a", t="c", l="KNOWS")]]
VERTICES = [[row(v="a"), row(v="b")]]
SOURCE = 'g.with("Neptune#ml.endpoint", "e")'
KIND = 'properties("kind").with("Neptune#ml.classification")'
SCORED = 'properties("kind", "Neptune#ml.score").with("Neptune#ml.classification")'


def rewritten(request: RequestMessage, element: str = "edge") -> Traversal:
    rows = EDGES if element == "edge" else VERTICES
    kinds = [(Literal.string("x"), 0.5)]
    final = drive(request, rows, values=lambda _: kinds, element=element).final
    assert final is not None
    traversal = final.args["gremlin"]
    assert isinstance(traversal, Traversal)
    return traversal


def names(traversal: Traversal) -> list[str]:
    return [step.name for step in traversal.steps]


def test_properties_of_edges_are_kept_apart_in_bytecode() -> None:
    final = rewritten(as_bytecode(f"{SOURCE}.E().{KIND}.key()"))
    assert names(final)[-3:] == ["sack", "by", "key"]
    assert final.steps[-3:-1] == KEEPING_APART


def test_in_a_nested_traversal_too() -> None:
    final = rewritten(as_bytecode(f"{SOURCE}.V('a').outE().union({KIND}).key()"))
    (nested,) = children(final.steps[-2])
    assert names(nested)[-2:] == ["sack", "by"]


def test_scores_of_vertices_are_kept_apart() -> None:
    final = rewritten(as_bytecode(f"{SOURCE}.V().{SCORED}"), "node")
    assert names(final)[-2:] == ["sack", "by"]


def test_other_properties_have_ids_of_their_own() -> None:
    final = rewritten(as_bytecode(f"{SOURCE}.V().{KIND}"), "node")
    assert "sack" not in names(final)


def test_scripts_are_answered_one_by_one() -> None:
    answered = drive(
        as_script(f"{SOURCE}.E().{SCORED}"), EDGES, values=lambda _: [], element="edge"
    )
    assert "sack" not in answered.text


@pytest.mark.parametrize("query", [f"E().{KIND}.sack()", f"withSack(1).E().{KIND}"])
def test_a_sack_that_the_query_uses_is_left_alone(query: str) -> None:
    final = rewritten(as_bytecode(f"{SOURCE}.{query}"))
    assert names(final).count("sack") == query.count(".sack()")
