"""What a script's traversals are, and what stays opaque."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from gremlink.grammar.errors import NotConvertible
from gremlink.grammar.script import parse, write_value
from gremlink.grammar.traversal import (
    Argument,
    Entries,
    EnumConstant,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Strategy,
    Traversal,
    Variable,
    anonymous,
    step,
)

STORY = """g.with("Neptune#ml.endpoint","friends").with("Neptune#ml.limit",8).
  V().hasLabel("User").has("name","Henry").
  out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")"""


def single(text: str, **bindings: Argument) -> Traversal:
    found = parse(text, bindings).single
    assert found is not None
    return found


def argument(text: str, **bindings: Argument) -> Argument:
    (instruction,) = single(f"g.inject({text})", **bindings).steps
    (found,) = instruction.arguments
    return found


def test_the_storys_query() -> None:
    assert single(STORY) == Traversal(
        (step("with", "Neptune#ml.endpoint", "friends"), step("with", "Neptune#ml.limit", 8)),
        (
            step("V"),
            step("hasLabel", "User"),
            step("has", "name", "Henry"),
            step("out", "FRIEND"),
            step("with", "Neptune#ml.prediction"),
            step("hasLabel", "User"),
            step("values", "name"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1", Kind.INT, 1),
        ("-1", Kind.INT, -1),
        ("1i", Kind.INT, 1),
        ("2147483648", Kind.LONG, 2**31),
        ("1L", Kind.LONG, 1),
        ("0x1F", Kind.INT, 31),
        ("0xFFl", Kind.LONG, 255),
        ("017", Kind.INT, 15),
        ("1_000", Kind.INT, 1000),
        ("1b", Kind.BYTE, 1),
        ("-128b", Kind.BYTE, -128),
        ("1s", Kind.SHORT, 1),
        ("1n", Kind.BIG_INTEGER, 1),
        ("1G", Kind.BIG_INTEGER, 1),
        ("9223372036854775808", Kind.BIG_INTEGER, 2**63),
        ("0.5D", Kind.DOUBLE, 0.5),
        ("1d", Kind.DOUBLE, 1.0),
        ("1e3f", Kind.FLOAT, 1000.0),
        (".5", Kind.BIG_DECIMAL, Decimal("0.5")),
        ("1.50", Kind.BIG_DECIMAL, Decimal("1.50")),
        ("1.5M", Kind.BIG_DECIMAL, Decimal("1.5")),
        ("1e3", Kind.BIG_DECIMAL, Decimal("1e3")),
        ("Infinity", Kind.DOUBLE, float("inf")),
        ("-Infinity", Kind.DOUBLE, float("-inf")),
        ("true", Kind.BOOLEAN, True),
        ("null", Kind.NULL, None),
        ("(byte) 1", Kind.BYTE, 1),
        ("(long) -1", Kind.LONG, -1),
        ("1 as Long", Kind.LONG, 1),
        ("new BigDecimal('1E+3')", Kind.BIG_DECIMAL, Decimal("1E+3")),
        ("WithOptions.tokens", Kind.STRING, "~tinkerpop.valueMap.tokens"),
        (
            "UUID.fromString('6f0b2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b')",
            Kind.UUID,
            uuid.UUID("6f0b2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b"),
        ),
        (
            "UUID('6f0b2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b')",
            Kind.UUID,
            uuid.UUID("6f0b2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b"),
        ),
    ],
)
def test_literals(text: str, kind: Kind, value: object) -> None:
    assert argument(text) == Literal(kind, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a'", "a"),
        ('"a"', "a"),
        ("''", ""),
        ("'''it's'''", "it's"),
        ('"""say "hi" twice"""', 'say "hi" twice'),
        (r"'it\'s'", "it's"),
        (r'"\u0041\t\\"', "A\t\\"),
        (r"'\101'", "A"),
        (r"'\ud83d\ude00'", "😀"),
        ("/a\\/b/", "a/b"),
        ("$/a/b $$x/$", "a/b $x"),
        (r'"\${x}"', "${x}"),
        ("'${x}'", "${x}"),
        ('"5$"', "5$"),
        ("'a // no comment'", "a // no comment"),
        ("'é'", "é"),
    ],
)
def test_strings(text: str, value: str) -> None:
    assert argument(text) == Literal.string(value)


@pytest.mark.parametrize(
    "text", ["128b", "40000s", "2147483648i", "9223372036854775808L", "9" * 2000]
)
def test_a_number_out_of_its_range_is_left_alone(text: str) -> None:
    assert argument(text) == Opaque("script", text, "number")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T.id", EnumConstant("T", "id")),
        ("id", EnumConstant("T", "id")),
        ("label", EnumConstant("T", "label")),
        ("desc", EnumConstant("Order", "desc")),
        ("Order.decr", EnumConstant("Order", "desc")),
        ("local", EnumConstant("Scope", "local")),
        ("Pick.none", EnumConstant("Pick", "none")),
        ("none", EnumConstant("Pick", "none")),
        ("VertexProperty.Cardinality.single", EnumConstant("Cardinality", "single")),
        ("org.apache.tinkerpop.gremlin.structure.T.id", EnumConstant("T", "id")),
        ("Direction.from", EnumConstant("Direction", "from")),
        ("OUT", EnumConstant("Direction", "OUT")),
        ("userIds", Variable("userIds")),
        ("ReadOnlyStrategy", Strategy("ReadOnlyStrategy")),
    ],
)
def test_names(text: str, expected: Argument) -> None:
    assert argument(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P.gt(1)", Predicate("P", "gt", (Literal.of(1),))),
        ("gt(1)", Predicate("P", "gt", (Literal.of(1),))),
        ("within([1,2])", Predicate("P", "within", (Literal.of(1), Literal.of(2)))),
        ("P.within('a','b')", Predicate("P", "within", (Literal.of("a"), Literal.of("b")))),
        ("TextP.containing('a')", Predicate("TextP", "containing", (Literal.of("a"),))),
        ("startingWith('a')", Predicate("TextP", "startingWith", (Literal.of("a"),))),
        ("gt(1).negate()", Predicate("P", "lte", (Literal.of(1),))),
        ("not(eq(1))", Predicate("P", "not", (Predicate("P", "eq", (Literal.of(1),)),))),
        (
            "P.gt(1).and(P.lt(3)).and(neq(2))",
            Predicate(
                "P",
                "and",
                (
                    Predicate("P", "gt", (Literal.of(1),)),
                    Predicate("P", "lt", (Literal.of(3),)),
                    Predicate("P", "neq", (Literal.of(2),)),
                ),
            ),
        ),
    ],
)
def test_predicates(text: str, expected: Argument) -> None:
    assert argument(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", Items("list", ())),
        ("[:]", Entries(())),
        ("[1, 'a',]", Items("list", (Literal.of(1), Literal.of("a")))),
        ("{1, 2}", Items("set", (Literal.of(1), Literal.of(2)))),
        ("[1] as Set", Items("set", (Literal.of(1),))),
        ("[a: 1]", Entries(((Literal.of("a"), Literal.of(1)),))),
        ("[new: 1]", Entries(((Literal.of("new"), Literal.of(1)),))),
        ("[(T.id): [2]]", Entries(((EnumConstant("T", "id"), Items("list", (Literal.of(2),))),))),
        ("((1))", Literal.of(1)),
    ],
)
def test_collections(text: str, expected: Argument) -> None:
    assert argument(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__.out('a').id()", anonymous(step("out", "a"), step("id"))),
        ("out('a')", anonymous(step("out", "a"))),
        ("in('a').as('b')", anonymous(step("in", "a"), step("as", "b"))),
        ("not(out())", anonymous(Instruction("not", (anonymous(step("out")),)))),
        ("g.V()", Traversal((), (step("V"),))),
        ("V(1)", anonymous(step("V", 1))),
        ("(out())", anonymous(step("out"))),
    ],
)
def test_nested_traversals(text: str, expected: Argument) -> None:
    assert argument(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "new SubgraphStrategy(vertices: hasLabel('a'))",
        "SubgraphStrategy(vertices: hasLabel('a'))",
        "SubgraphStrategy.build().vertices(hasLabel('a')).create()",
    ],
)
def test_strategies(text: str) -> None:
    expected = Strategy("SubgraphStrategy", (("vertices", anonymous(step("hasLabel", "a"))),))
    assert argument(text) == expected


def test_options_of_a_built_strategy() -> None:
    text = "g.withStrategies(OptionsStrategy.build().with('k', 1).with('l').create()).V()"
    assert single(text).options() == {"k": Literal.of(1), "l": Literal.of(True)}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{ it.get() }", "closure"),
        ("{}", "closure"),
        ("'a' + 'b'", "expression"),
        ('"a${x}"', "GString"),
        ('"a$x.y"', "GString"),
        ('"""a${x}"""', "GString"),
        ("1..3", "range"),
        ("[1..3]", "range"),
        ("new Date()", "new Date"),
        ("datetime('2023-01-01')", "expression"),
        ("g.V().next()", "expression"),
        ("x.y", "constant"),
        ("a ? b : c", "expression"),
        ("(int) x", "expression"),
        ("Lambda.function('it')", "expression"),
        ("()", "expression"),
        ("(a, b)", "expression"),
        ("[a: 1, 2]", "map"),
    ],
)
def test_what_is_not_gremlin_is_opaque_and_in_place(text: str, what: str) -> None:
    assert argument(text) == Opaque("script", text, what)


def test_closures_behind_or_instead_of_brackets_are_arguments() -> None:
    traversal = single("g.V().filter { it.get() }.sack(){a, b -> a}")
    assert [i.arguments for i in traversal.steps[1:]] == [
        (Opaque("script", "{ it.get() }", "closure"),),
        (Opaque("script", "{a, b -> a}", "closure"),),
    ]


def test_a_binding_is_read_as_its_value_and_printed_as_its_name() -> None:
    text = "g.V(id1).out(edge)"
    script = parse(text, {"edge": Literal.string("FRIEND"), "id1": Literal(Kind.LONG, 7)})
    assert script.single == Traversal(
        (), (Instruction("V", (Literal(Kind.LONG, 7),)), step("out", "FRIEND"))
    )
    assert script.replace(0, script.single.with_steps(script.single.steps)).text == text


@pytest.mark.parametrize(
    "root", ["g", "gmodern", "graph.traversal()", "ctx.g", "graphs['a'].traversal()"]
)
def test_any_source_begins_a_traversal(root: str) -> None:
    traversal = single(f"{root}.V().count()")
    assert traversal.root == root
    assert traversal.steps == (step("V"), step("count"))


def test_only_names_inject() -> None:
    assert single("gmodern.inject(1)").steps == (step("inject", 1),)
    assert not parse("[1, 2].inject(0) { a, b -> a + b }").traversals
    assert not parse("(1..3).inject(0)").traversals


def test_method_names_may_be_strings() -> None:
    assert single("g.V().'out'('a').\"with\"('b')").steps == (
        step("V"),
        step("out", "a"),
        step("with", "b"),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Opaque("graphbinary", b"\x04\0" + (7).to_bytes(8, "big"), "Date"), "new Date(7L)"),
        (Opaque("graphson", {"@type": "g:Date", "@value": -7}, "g:Date"), "new Date(-7L)"),
        (
            Opaque("graphson", {"@type": "g:Timestamp", "@value": 7}, "g:Timestamp"),
            "new java.sql.Timestamp(7L)",
        ),
        (
            Opaque("graphson", {"@type": "x", "@value": "2020-01-01T00:00Z"}, "gx:OffsetDateTime"),
            "java.time.OffsetDateTime.parse('2020-01-01T00:00Z')",
        ),
    ],
)
def test_dates_of_other_encodings_are_written(value: Opaque, text: str) -> None:
    assert write_value(value) == text


def test_other_values_of_other_encodings_are_not() -> None:
    for value in (Opaque("graphbinary", b"\x04\0", "Date"), Opaque("graphson", {}, "g:Edge")):
        with pytest.raises(NotConvertible):
            write_value(value)
