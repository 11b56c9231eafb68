"""GraphSON as drivers mix it: typed and plain, wrapped strategies, numbers by their text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gremlink.grammar.errors import LimitExceeded, MalformedRequest, NotConvertible
from gremlink.grammar.graphson import (
    dumps,
    loads,
    read_bytecode,
    read_value,
    write_bytecode,
    write_value,
)
from gremlink.grammar.traversal import (
    Bulked,
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

FQCN = "org.apache.tinkerpop.gremlin.process.traversal.strategy.decoration.OptionsStrategy"


def typed(name: str, value: Any) -> dict[str, Any]:
    return {"@type": name, "@value": value}


@pytest.mark.parametrize(
    "text",
    [
        "1.50",
        "1e2",
        "1E+2",
        "-0",
        "-0.0",
        "1.0",
        "0.1",
        "1e400",
        "12345678901234567890",
        '"\\u0023"',
    ],
)
def test_numbers_keep_their_text(text: str) -> None:
    assert dumps(loads(f"[{text}]")) == f"[{text}]".replace("\\u0023", "#")


def test_whatever_can_be_read_can_be_printed() -> None:
    text = '{"a":[1,null,true,{"b":"\\ud800 \\u00e9 \\" \\\\ \\n"}],"":{},"c":[]}'
    assert dumps(loads(text)) == text


@pytest.mark.parametrize(
    "text", ["", "{", "[1,]", "nul", "1 2", "NaN", "[Infinity]", "{'a':1}", '"\x01"', b"\xff"]
)
def test_broken_json(text: str | bytes) -> None:
    with pytest.raises(MalformedRequest):
        loads(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000])
def test_deep_json(text: str) -> None:
    with pytest.raises(LimitExceeded, match="MAX_DEPTH"):
        loads(text)


@pytest.mark.parametrize("text", ["1" * 5000, "1." + "1" * 5000])
def test_long_numbers(text: str) -> None:
    with pytest.raises(LimitExceeded, match="MAX_NUMBER"):
        loads(text)


@pytest.mark.parametrize(
    ("json", "expected"),
    [
        ("a", Literal.of("a")),
        (8, Literal.of(8)),
        (2**40, Literal(Kind.LONG, 2**40)),
        (None, Literal.of(None)),
        (True, Literal.of(True)),
        (loads("0.5"), Literal(Kind.DOUBLE, 0.5)),
        (typed("g:Int32", 8), Literal(Kind.INT, 8)),
        (typed("g:Int64", 8), Literal(Kind.LONG, 8)),
        (typed("g:Double", loads("0.50")), Literal(Kind.DOUBLE, 0.5)),
        (typed("g:Double", 1), Literal(Kind.DOUBLE, 1.0)),
        (typed("g:Double", "Infinity"), Literal(Kind.DOUBLE, float("inf"))),
        (typed("gx:BigDecimal", loads("1.50")), Literal(Kind.BIG_DECIMAL, Decimal("1.50"))),
        (typed("gx:Int16", 1), Literal(Kind.SHORT, 1)),
        (typed("g:T", "label"), EnumConstant("T", "label")),
        (typed("g:List", ["a"]), Items("list", (Literal.of("a"),))),
        (["a"], Items("list", (Literal.of("a"),))),
        (typed("g:Set", []), Items("set", ())),
        ({"a": 1}, Entries(((Literal.of("a"), Literal.of(1)),))),
        (typed("g:Map", ["a", 1]), Entries(((Literal.of("a"), Literal.of(1)),))),
        (typed("g:Map", {"a": 1}), Entries(((Literal.of("a"), Literal.of(1)),))),
        (
            typed("g:BulkSet", ["a", typed("g:Int64", 2)]),
            Items("list", (Bulked(Literal.of("a"), 2),)),
        ),
        (typed("g:Traverser", {"bulk": 2, "value": "a"}), Bulked(Literal.of("a"), 2)),
        (typed("g:Binding", {"key": "x", "value": "a"}), Literal.of("a")),
        (
            typed("g:P", {"predicate": "within", "value": ["a"]}),
            Predicate("P", "within", (Literal.of("a"),)),
        ),
        (
            typed("g:P", {"predicate": "gt", "value": 1}),
            Predicate("P", "gt", (Literal.of(1),)),
        ),
        (
            typed("g:TextP", {"predicate": "containing", "value": "a"}),
            Predicate("TextP", "containing", (Literal.of("a"),)),
        ),
        (typed("g:ReadOnlyStrategy", {}), Strategy("ReadOnlyStrategy")),
        (typed("g:Bytecode", {"step": [["V"]]}), Traversal((), (step("V"),))),
    ],
)
def test_values(json: Any, expected: Any) -> None:
    found = read_value(json)
    assert found == expected
    assert write_value(found) == json


@pytest.mark.parametrize("name", ["g:Vertex", "g:Date", "g:Lambda", "g:Class", "x:Y", "g:Duration"])
def test_other_types_are_opaque(name: str) -> None:
    json = typed(name, {"any": ["thing", loads("1.50")]})
    assert read_value(json) == Opaque("graphson", json, name)
    assert write_value(read_value(json)) is json


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    "value",
    [
        {"Neptune#ml.endpoint": "ep", "Neptune#ml.limit": 8},
        {"fqcn": FQCN, "conf": {"Neptune#ml.endpoint": "ep", "Neptune#ml.limit": 8}},
        {
            "fqcn": FQCN,
            "conf": typed("g:Map", ["Neptune#ml.endpoint", "ep", "Neptune#ml.limit", 8]),
        },
    ],
)
def test_options_in_all_forms(value: dict[str, Any], version: int) -> None:
    json = typed("g:Bytecode", {"source": [["withStrategies", typed("g:OptionsStrategy", value)]]})
    traversal = read_bytecode(json)
    assert traversal.options() == {
        "Neptune#ml.endpoint": Literal.of("ep"),
        "Neptune#ml.limit": Literal.of(8),
    }
    assert write_bytecode(traversal, version) == json


def test_a_changed_strategy_keeps_the_form_it_came_in() -> None:
    new = (("a", Literal.of("b")),)
    wrapped = read_value(typed("g:OptionsStrategy", {"fqcn": FQCN, "conf": {"x": 1}}))
    plain = read_value(typed("g:OptionsStrategy", {"x": 1}))
    assert isinstance(wrapped, Strategy)
    assert isinstance(plain, Strategy)
    assert write_value(wrapped.with_configuration(new).with_configuration(new)) == typed(
        "g:OptionsStrategy", {"fqcn": FQCN, "conf": {"a": "b"}}
    )
    assert write_value(plain.with_configuration(new)) == typed("g:OptionsStrategy", {"a": "b"})
    assert write_value(Strategy("OptionsStrategy", new)) == typed("g:OptionsStrategy", {"a": "b"})


def test_repeated_options_merge_and_the_last_one_wins() -> None:
    """Java sends the growing strategy again, Go a `with` beside it."""
    first = typed("g:OptionsStrategy", {"a": 1, "b": 1})
    second = typed("g:OptionsStrategy", {"a": 1, "b": 2})
    source = [
        ["withStrategies", first],
        ["withStrategies", second],
        ["with", "c", 3],
        ["with", "d"],
    ]
    options = read_bytecode({"source": source}).options()
    assert options == {
        key: Literal.of(value) for key, value in zip("abcd", (1, 2, 3, True), strict=True)
    }


def test_what_is_new_is_typed() -> None:
    traversal = Traversal(
        (),
        (
            step("V", "a", 1, Literal(Kind.LONG, 2), 0.5),
            Instruction("option", (EnumConstant("Pick", "none"), anonymous(step("limit", 0)))),
            Instruction("has", (Predicate("P", "within", (Literal.of("a"),)),)),
            Instruction("has", (Predicate("P", "gt", (Literal.of(None),)),)),
            Instruction("inject", (Items("list", (Literal.of("a"),)), Entries(()))),
        ),
    )
    limit = typed("g:Bytecode", {"step": [["limit", typed("g:Int32", 0)]]})
    steps: list[list[Any]] = [
        ["V", "a", typed("g:Int32", 1), typed("g:Int64", 2), typed("g:Double", 0.5)],
        ["option", typed("g:Pick", "none"), limit],
        ["has", typed("g:P", {"predicate": "within", "value": typed("g:List", ["a"])})],
        ["has", typed("g:P", {"predicate": "gt", "value": None})],
        ["inject", typed("g:List", ["a"]), typed("g:Map", [])],
    ]
    assert write_bytecode(traversal) == typed("g:Bytecode", {"step": steps})
    steps[2][1]["@value"]["value"] = ["a"]
    steps[4][1:] = [["a"], {}]
    assert write_bytecode(traversal, 2) == typed("g:Bytecode", {"step": steps})


@pytest.mark.parametrize(
    "json",
    [
        typed("g:Int32", "x"),
        typed("g:Int32", True),
        typed("g:UUID", 5),
        typed("g:Map", [1]),
        typed("g:List", {}),
        typed("g:P", {"value": 1}),
        typed("g:Bytecode", []),
        typed("g:Bytecode", {"step": [[]]}),
        typed("g:Bytecode", {"step": [[1]]}),
        typed("g:Bytecode", {"step": "V"}),
        typed("g:Traverser", {"bulk": "x", "value": 1}),
        typed("g:Binding", []),
    ],
)
def test_malformed(json: Any) -> None:
    with pytest.raises(MalformedRequest):
        read_value(json)


def test_what_another_encoding_holds_alone_cannot_be_written() -> None:
    for argument in (Opaque("script", "{ it }", "closure"), Variable("x"), Strategy("MyStrategy")):
        with pytest.raises(NotConvertible):
            write_value(argument)
    with pytest.raises(NotConvertible, match="only strings for keys"):
        write_value(Entries(((Literal.of(1), Literal.of(1)),)), 2)


def test_there_is_no_bytecode_in_other_versions() -> None:
    with pytest.raises(ValueError, match="versions 2 and 3"):
        write_bytecode(Traversal(), 1)
