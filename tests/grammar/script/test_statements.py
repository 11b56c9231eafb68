"""Scripts of statements that could be sent alone, and others."""

from __future__ import annotations

import pytest

from gremlink.grammar.script import parse


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("g.V(); g.E()", ["g.V()", "g.E()"]),
        ("g.V().iterate();\ng.E().toList() // all", ["g.V().iterate()", "g.E().toList()"]),
        ("g.V().iterate()\ng.E()", ["g.V().iterate()", "g.E()"]),
        ("g.V()\n  .out()\n  .iterate()\ng.E()", ["g.V()\n  .out()\n  .iterate()", "g.E()"]),
        ("x = g.V().next(); g.V(x)", ["x = g.V().next()", "g.V(x)"]),
        ("x = 5; y = 'a'; g.V(x, y)", ["x = 5", "y = 'a'", "g.V(x, y)"]),
        ("x = g.V().next().id()\ng.V(x)", ["x = g.V().next().id()", "g.V(x)"]),
        (";g.V().next(3);;g.E();", ["g.V().next(3)", "g.E()"]),
    ],
)
def test_plain_ones(text: str, pieces: list[str]) -> None:
    script = parse(text)
    assert [script.between(each.start, each.end) for each in script.statements] == pieces
    held = [each.traversal for each in script.statements if each.traversal is not None]
    assert held == list(range(len(script.traversals)))


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("g.addV('a'); g.V()", [False, False]),
        ("g.addV('a').iterate(); g.V().next()", [True, True]),
        ("x = g.addV('a'); g.V()", [True, False]),
        ("x = 1; g.V()", [True, False]),
    ],
)
def test_a_traversal_that_nobody_iterates_does_nothing(text: str, runs: list[bool]) -> None:
    assert [each.runs for each in parse(text).statements] == runs


@pytest.mark.parametrize(
    "text",
    [
        "g.V()",  # a single traversal is no sequence
        "def x = g.V().next(); g.V(x)",
        "Vertex x = g.V().next(); g.V(x)",
        "if (x) { g.V().iterate() }; g.E()",
        "if (x)\n g.V().iterate()\ng.E()",
        "x = { g.V() }; g.E()",
        "g.V().toList().each { it.remove() }; g.E()",
        "g.V().next() + 1; g.E()",
        "x += 1; g.E()",
        "x == g.V().next(); g.E()",
        "x.y = g.V().next(); g.E()",
        "[g.V().next()]; g.E()",
        "f(); g.V()",
        "new F(); g.V()",
        "return g.V(); g.E()",
        "import a.b.C; g.E()",
        "g.V().next(f()); g.E()",
        "g.V().mine(); g.E()",
        'x = "${g.V().next()}"; g.E()',
        "1; g.V()",
    ],
)
def test_others(text: str) -> None:
    assert parse(text).statements == ()
