"""Whole scripts: where traversals stand in them, and how they are replaced."""

from __future__ import annotations

import pytest

from gremlink.grammar.errors import LimitExceeded, ScriptError
from gremlink.grammar.script import MAX_DEPTH, parse, write
from gremlink.grammar.traversal import (
    EnumConstant,
    Instruction,
    Kind,
    Literal,
    Predicate,
    Traversal,
    anonymous,
    step,
    walk,
)


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("g.V()", ""),
        ("g.V();", ";"),
        ("g.V().toList()", ".toList()"),
        ("  g.V().next().id() // why\n", ".next().id() // why\n"),
        ("// first\ng.V() /* all */ .iterate();\n", " /* all */ .iterate();\n"),
        ("g.V().toList()[0]", ".toList()[0]"),
        ("g.V().toList().collect { it.id() }", ".toList().collect { it.id() }"),
        ("g.V().mine().out()", ".mine().out()"),
    ],
)
def test_one_statement_that_is_one_traversal(text: str, tail: str) -> None:
    script = parse(text)
    assert script.single is script.traversals[0]
    assert script.single.steps == (step("V"),)
    assert script.tail == tail


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1+1",
        "x = g.V()",
        "g.V(); g.E()",
        "g.V()\ng.E()",
        "[g.V().next()]",
        "return g.V()",
        "g.V().next() + 1",
        "(g.V())",
        "g",
        "g.tx().commit()",
        "g.with('a')",
    ],
)
def test_whatever_else_is_not_single(text: str) -> None:
    script = parse(text)
    assert script.single is None
    assert script.tail == ""


@pytest.mark.parametrize(
    ("text", "traversals", "fragments"),
    [
        ("g.V()\n.out()\ng.E()", ["g.V()\n.out()", "g.E()"], []),
        ("x = g.V('a').next(); g.V(x).out()", ["g.V('a')", "g.V(x).out()"], []),
        ("def t = g.V(1); t.out('a').with('b')", ["g.V(1)"], [".out('a').with('b')"]),
        ("(1..3).each { g.V(it).out().next() }", ["g.V(it).out()"], []),
        (
            "if (g.V().hasNext()) { g.E() } else { g.inject(1) }",
            ["g.V()", "g.E()", "g.inject(1)"],
            [],
        ),
        ("for (x in [1, 2]) { println(g.V(x).count()) }", ["g.V(x).count()"], []),
        ("m = [a: g.V().next(), b: g.E()]", ["g.V()", "g.E()"], []),
        ("g.V().filter { g.E().out() }", ["g.V().filter { g.E().out() }"], ["g.E().out()"]),
        (
            "g.V(g.V().out().id().toList())",
            ["g.V(g.V().out().id().toList())"],
            ["g.V().out().id()"],
        ),
        ("t = __.out('a').with('b')", [], ["__.out('a').with('b')"]),
        ("g.V().mine(1).out('a').with('b')", ["g.V()"], [".out('a').with('b')"]),
        ("g.V().where(__.mine().out('a'))", ["g.V().where(__.mine().out('a'))"], [".out('a')"]),
        ('"a ${g.V().next()} b"', [], ["g.V()"]),
        ('println "${x ? "${g.V()}" : "}"}"', [], ["g.V()"]),
        ("g.V().<String>values('a')", ["g.V()"], ["values('a')"]),
        ("g2 = g.with('k', 'v'); g2.V()", ["g2.V()"], ["g.with('k', 'v')"]),
        ("g.V()?.out()", ["g.V()?.out()"], []),
        ("[t]*.out('a')", [], ["*.out('a')"]),
        ("t.with('a').hasLabel('b')", [], [".with('a').hasLabel('b')"]),
        ("x.with { g.V() }", ["g.V()"], []),
        ("g.V().with { it.out('a') }", ["g.V()"], [".out('a')"]),
        ("f(g.E()).V()", ["f(g.E()).V()"], ["g.E()"]),
        ("'g.V()' // g.E()\n/* g.V() */", [], []),
        ("x = /g.V()/", [], []),
    ],
)
def test_traversals_are_found_wherever_they_stand(
    text: str, traversals: list[str], fragments: list[str]
) -> None:
    script = parse(text)
    assert [write(found) for found in script.traversals] == traversals
    assert [write(found) for found in script.fragments] == fragments
    assert script.text == text


def test_a_replaced_step_leaves_every_other_character() -> None:
    text = """// friends
x = 1 ; g . V( "a" )
   .out( /* which */ 'FRIEND' ).with("k")
   .values( "name","age" )
 .toList()  // done"""
    script = parse(text)
    (traversal,) = script.traversals
    v, _out, _with, values = traversal.steps
    new = step("in", "it's $5\n")
    replaced = script.replace(0, traversal.with_steps([v, new, values]))
    assert (
        replaced.text
        == """// friends
x = 1 ; g . V( "a" ).in('it\\'s $5\\n')
   .values( "name","age" )
 .toList()  // done"""
    )


def test_replacing_several() -> None:
    script = parse("a = g.V(1); b = g.V(2); c = g.V(3)")
    for index in (2, 0):
        script = script.replace(index, Traversal((), (step("E", index),)))
    assert script.text == "a = g.E(0); b = g.V(2); c = g.E(2)"


def test_a_step_taken_out_of_a_chain_gets_its_dot() -> None:
    (where,) = parse("g.V().where(out('a').in('b'))").single.steps[1].arguments
    assert write(Traversal((), (step("V"), *where.steps))) == "g.V().out('a').in('b')"
    assert write(anonymous(*where.steps)) == "__.out('a').in('b')"


def test_what_is_new_is_plain_gremlin() -> None:
    traversal = Traversal(
        (step("withSack", 0.0),),
        (
            step("V", "a", 1, Literal(Kind.LONG, 2)),
            Instruction(
                "choose",
                (anonymous(step("id")),),
            ),
            Instruction(
                "option",
                (
                    Predicate("P", "within", (Literal.of("é😀"), Literal.of(None))),
                    anonymous(step("limit", 0)),
                ),
            ),
            step("by", EnumConstant("T", "id")),
            step("property", EnumConstant("Cardinality", "single"), "a", True),
        ),
    )
    text = (
        "g.withSack(0.0D).V('a', 1, 2L).choose(__.id())"
        ".option(P.within('\\u00e9\\ud83d\\ude00', null), __.limit(0))"
        ".by(T.id).property(VertexProperty.Cardinality.single, 'a', true)"
    )
    assert write(traversal) == text
    assert parse(text).single == traversal


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("g.V(", 1, 4, "this ( is never closed: expected ) before the end"),
        ("g.V(\n  'a'\n", 1, 4, "this ( is never closed: expected ) before the end"),
        ("g.V())", 1, 6, ") closes nothing: no bracket is open here"),
        ("g\n.V([1)", 2, 6, "] does not close"),
        ("g.V(,)", 1, 5, "expected an argument before the ,"),
        ("g.V('a',)", 1, 9, "expected an argument behind the ,"),
        ("g.V('a' 'b')", 1, 9, "expected , or ) before this"),
        ("g.V('a", 1, 5, "this string is never closed: expected ' at its end"),
        ("g.V() /* x", 1, 7, "this comment is never closed: expected */ at its end"),
        ("g.inject([a:])", 1, 12, "expected a value behind the :"),
        ("g.V().", 1, 6, "expected the name of a step behind the ."),
        ("g.V(out().)", 1, 10, "expected the name of a step behind the ."),
    ],
)
def test_errors_say_what_was_expected_and_where(
    text: str, line: int, column: int, reason: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        parse(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert error.reason.startswith(reason.replace("] does", ") does"))
    shown, mark = error.excerpt.splitlines()
    assert shown.strip() == text.splitlines()[line - 1].strip()
    assert mark.index("^") == column - 1 + 2


def test_a_long_line_is_cut_around_the_place() -> None:
    with pytest.raises(ScriptError) as caught:
        parse("g.V(" + "1," * 5000 + ",1)")
    shown, mark = caught.value.excerpt.splitlines()
    assert len(shown) < 120
    assert shown[mark.index("^")] == ","


def test_nesting_has_a_limit() -> None:
    deepest = "g.V()" + ".where(out()" * MAX_DEPTH + ")" * MAX_DEPTH
    with pytest.raises(LimitExceeded, match="MAX_DEPTH"):
        parse(deepest)
    inner = "out()"
    for _ in range(MAX_DEPTH - 1):
        inner = f"where({inner})"
    traversal = parse(f"g.V().{inner}").single
    assert len(list(walk(traversal))) == MAX_DEPTH + 1
    assert "where" in write(Traversal((), traversal.steps))
    with pytest.raises(LimitExceeded, match="MAX_DEPTH"):
        parse("(" * 100_000 + ")" * 100_000)


@pytest.mark.parametrize(
    "shape",
    [
        "x.with('a', {}).out()",
        "f({}).V()",
        "gt(1).foo({})",
        "P.gt({}).and({}, 1)",
        "(byte) ({})",
        "({} as Long)",
        "new XStrategy({})",
        "XStrategy.build().with({}, 1, 2).create()",
        "XStrategy(a: {})",
        "UUID.fromString({})",
        "new BigDecimal({})",
        "not({}).foo()",
        "[1..2, {}]",
        "[a: 1, {}]",
        "{{ {} }}",
        "g.V().map({{ {} }})",
        "({}, 1)",
        "__.foo({})",
        "[{}: {}]",
    ],
)
def test_nothing_is_read_twice(shape: str) -> None:
    """Reading twice what is nested would double the work with every level."""
    text = "__.out('a')"
    braces = shape.count("{}")
    for _ in range(12 if braces == 1 else 6):
        text = shape.replace("{}", text).replace("{{", "{").replace("}}", "}")
    script = parse(f"g.V().by({text})")
    found = [*script.traversals, *script.fragments]
    steps = [step for traversal in found for _, step in walk(traversal) if step.name == "out"]
    innermost = [step for step in steps if step.arguments]
    assert len(innermost) == text.count("'a'") - shape.count("'a'") * 12
