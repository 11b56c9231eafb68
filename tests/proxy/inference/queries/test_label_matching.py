"""What a label finds is what the database says, whichever way it has several labels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from answering import Answered, as_bytecode, as_script, drive, row

from gremlink.grammar.traversal import Entries, Literal
from gremlink.proxy.inference.commands import Ask, Bearers, PredictLinks
from gremlink.proxy.inference.errors import InvalidParameter
from gremlink.proxy.wire.request import RequestMessage

STORED = {"m0": "Admin::Person", "m1": "Admin::Person", "p0": "Person"}


def tinkergraph(label: str, asked: str) -> bool:
    return label == asked


def neptune(label: str, asked: str) -> bool:
    """Each of several labels is one; all together are none."""
    return asked in label.split("::")


Finds = Callable[[str, str], bool]
DATABASES = {"tinkergraph": tinkergraph, "neptune": neptune}


def told(database: Finds, asked: str, *ids: str) -> list[Entries]:
    """The answer of a database to the question about some vertices."""
    return [row(v=id, l=STORED[id], n=Literal.of(database(STORED[id], asked))) for id in ids]


def ask(
    database: str,
    label: str,
    bearers: Bearers,
    make: Callable[[str], RequestMessage] = as_script,
    more: str = "",
) -> Answered:
    query = (
        'g.with("Neptune#ml.endpoint","e").V("x").out("F").with("Neptune#ml.prediction")'
        f'.hasLabel("{label}"){more}'
    )
    ids = [id.value for samples in bearers.samples.values() for id in samples]
    links = {"x": {"p0": 0.9}}
    rows = [told(DATABASES[database], label, *ids), [row(v="x")], [Literal.string("p0")]]
    return drive(make(query), rows, links=links, bearers=bearers)


def samples(*ids: str) -> tuple[Literal, ...]:
    return tuple(map(Literal.string, ids))


SEVERAL = Bearers({"Admin;Person": samples("m0", "m1")}, sure=False)
BESIDE = Bearers({"Admin;Person": samples("m0", "m1")}, sure=True)


def without(answered: Answered) -> frozenset[str]:
    (predicted,) = [each for each in answered.commands if isinstance(each, PredictLinks)]
    return predicted.without


@pytest.mark.parametrize("make", [as_script, as_bytecode])
@pytest.mark.parametrize(
    ("database", "label", "bearers", "left_out"),
    [
        ("tinkergraph", "Admin::Person", SEVERAL, False),
        ("tinkergraph", "Person", BESIDE, True),
        ("neptune", "Person", SEVERAL, False),
        ("neptune", "Admin", SEVERAL, False),
        ("neptune", "Person", BESIDE, False),
    ],
)
def test_types_that_a_label_does_not_find_are_no_candidates(
    database: str,
    label: str,
    bearers: Bearers,
    left_out: bool,
    make: Callable[[str], RequestMessage],
) -> None:
    answered = ask(database, label, bearers, make)
    assert without(answered) == (frozenset(bearers.samples) if left_out else frozenset())


@pytest.mark.parametrize(
    ("database", "label"),
    [
        ("tinkergraph", "Person"),
        ("tinkergraph", "Admin;Person"),
        ("tinkergraph", "Person::Admin"),
        ("neptune", "Admin::Person"),
        ("neptune", "Admin;Person"),
    ],
)
def test_a_label_that_finds_nothing_is_refused(database: str, label: str) -> None:
    with pytest.raises(InvalidParameter, match="has them labelled 'Admin::Person'"):
        ask(database, label, SEVERAL)


def test_the_database_is_asked_about_some_vertices() -> None:
    first, *_ = ask("neptune", "Person", SEVERAL, as_bytecode).asked
    assert first == (
        "g.V('m0', 'm1').project('v', 'l', 'n').by(__.id()).by(__.label())"
        ".by(__.coalesce(__.hasLabel('Person').constant(true), __.constant(false)))"
    )


def test_many_ids_come_in_a_binding() -> None:
    first, *_ = [
        each.request for each in ask("neptune", "Person", SEVERAL).commands if isinstance(each, Ask)
    ]
    assert list(first.bindings) == ["gremlink_samples"]


def test_a_type_of_which_a_part_is_found_is_asked_for_as_a_whole() -> None:
    mixed = Bearers({"Admin;Person": samples("m0", "p0")}, sure=False)
    answered = ask("tinkergraph", "Person", mixed)
    assert without(answered) == frozenset()
    assert "g.V().hasLabel('Person').limit(100001).id()" in answered.asked


def test_vertices_that_are_gone_say_nothing() -> None:
    gone = Bearers({"Admin;Person": samples()}, sure=False)
    assert without(ask("tinkergraph", "Person", gone)) == frozenset()


def test_two_inferences_of_a_label_ask_once() -> None:
    more = '.out("F").with("Neptune#ml.prediction").hasLabel("Person")'
    query = (
        'g.with("Neptune#ml.endpoint","e").V("x").out("F").with("Neptune#ml.prediction")'
        f'.hasLabel("Person"){more}'
    )
    rows = [told(neptune, "Person", "m0", "m1"), [row(v="x")], [row(v="p0")]]
    answered = drive(as_script(query), rows, links={"x": {"p0": 1.0}}, bearers=SEVERAL)
    assert sum("coalesce" in text for text in answered.asked) == 1
