"""Inferences wherever they stand: what is asked for their inputs, and what the query becomes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from answering import as_bytecode, as_script, drive, known, row

from gremlink.grammar.traversal import Items, Literal, Opaque
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import (
    Ask,
    CheckAccess,
    CountValues,
    Edge,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
)
from gremlink.proxy.inference.errors import InvalidParameter, UnsupportedOperation
from gremlink.proxy.wire.mime import format_of

P = 'g.with("Neptune#ml.endpoint","ep").'
LINK = 'out("knows").with("Neptune#ml.prediction").hasLabel("p")'
GENRE = 'properties("genre").with("Neptune#ml.classification")'
INPUT = ".limit(10001).id().fold()"
ROWS = [[row(v="a"), row(v="b")]]

LANG = {"language": Literal.string("gremlin-lang")}


def genres(vertex: object) -> list[tuple[Literal, float]]:
    return [(Literal.string(f"genre of {getattr(vertex, 'value', vertex)}"), 0.5)]


@pytest.mark.parametrize(
    ("query", "leading"),
    [
        (f'V("a").union({GENRE}, values("x"))', 'V("a")'),
        (f'V("a").project("t","g").by("t").by({GENRE}.value().fold())', 'V("a")'),
        (f"V().order().by({GENRE}.value(), desc)", "V()"),
        (f'V("a").local(out("x").{GENRE})', 'V("a").flatMap(__.out("x"))'),
        (f'V("a").where({GENRE}.hasValue("b"))', 'V("a")'),
        (f'V("a").coalesce({GENRE}, constant(1))', 'V("a")'),
        (f'V("a").choose(hasLabel("m"), {GENRE}, identity())', 'V("a")'),
        (f'V("a").out().path().by({GENRE}.value())', 'V("a").out().path().unfold()'),
        (
            f'V("a").as("s").out().as("t").select("s","t").by({GENRE}.value())',
            'V("a").as("s").out().as("t").select("s","t").unfold().select(Column.values).unfold()',
        ),
        (f'V("a").as("s").select("s").by({GENRE})', 'V("a").as("s").select("s").unfold()'),
        (f'union(V("a").{GENRE}, V("b"))', 'inject(0).flatMap(__.V("a"))'),
        (
            f'V("a").local(union(out("x").map({GENRE}), in()))',
            'V("a").flatMap(__.flatMap(__.out("x")))',
        ),
    ],
)
def test_inputs_are_asked_for_where_the_inference_stands(query, leading):
    answered = drive(as_script(P + query), ROWS, values=genres)
    (asked,) = answered.asked
    once_each = "" if leading in ('V("a")', "V()") else ".dedup()"
    assert asked.replace("__.out", "out").replace("__.flatMap", "flatMap") == (
        f"g.{leading}{once_each}{INPUT}".replace("__.out", "out").replace("__.flatMap", "flatMap")
    )
    assert "choose(__.id())" in answered.text
    assert "Neptune#ml" not in answered.text


@pytest.mark.parametrize(
    ("host", "query"),
    [
        ("match", f'V().match(__.as("a").{GENRE}.as("b"))'),
        ("math", f'V().math("_ * 2").by({GENRE}.value())'),
        ("where", f'V().as("a").out().where(eq("a")).by({GENRE}.value())'),
    ],
)
def test_places_without_known_inputs_are_refused(host, query):
    with pytest.raises(UnsupportedOperation, match=rf"inside {host}\(\.\.\.\) is not supported"):
        drive(as_script(P + query), [])


def test_a_repeat_is_refused_in_neptune_s_words():
    with pytest.raises(
        UnsupportedOperation,
        match=r"Neptune ML inference queries are currently not supported inside a repeat step\.",
    ):
        drive(as_script(f"{P}V().repeat({LINK}).times(2)"), [])


def test_one_inference_behind_another():
    query = f'{P}V("a").{LINK}.{GENRE}.value().path()'
    rows = [[row(v="a", n=known())], [row(v="b")]]
    answered = drive(as_script(query, **LANG), rows, links={"a": {"b": 0.5}}, values=genres)
    assert [type(command) for command in answered.commands[:3]] == [
        CheckAccess,
        PrepareLinks,
        PrepareProperty,
    ]
    assert "option('a', __.V('b'))" in answered.asked[1]
    assert answered.text.index("option('a', __.V('b'))") < answered.text.index("gremlink_answers_0")
    assert "'b': [<VertexProperty>]" in repr(answered.final.args["bindings"])


def test_a_second_inference_can_be_forbidden():
    with pytest.raises(UnsupportedOperation, match="only with one ML inference query per gremlin"):
        drive(as_script(f"{P}V().{LINK}.{GENRE}"), [], settings=Settings(one_inference=True))


def test_the_step_s_endpoint_wins():
    query = f'{P}V("a").{GENRE}.with("Neptune#ml.endpoint","other")'
    answered = drive(as_script(query), ROWS, values=genres)
    assert answered.commands[1] == PrepareProperty("other", "classification", "genre")


def test_edges_are_known_by_their_ends():
    query = f'{P}E("e1").properties("scale").with("Neptune#ml.classification")'
    rows = [[row(v="e1", s="a", t="b", l="rated")]]
    answered = drive(as_script(query), rows, values=lambda edge: [], element="edge")
    (work,) = [each for each in answered.commands if isinstance(each, PredictProperty)]
    ids = [Literal.string(name) for name in ("e1", "a", "b")]
    assert work.inputs == [Edge(ids[0], "rated", ids[1], ids[2])]


def test_ids_of_the_database_s_own_are_told_by_their_text():
    query = f'{P}E().limit(2).properties("scale").with("Neptune#ml.classification")'
    own = Opaque("graphbinary", b"\0", "custom")
    ends = {"s": "a", "t": "b", "l": "rated"}
    rows = [[row(v=own, **ends), row(v=own, **ends)], [row(v="x-1", **ends), row(v="x-2", **ends)]]
    answered = drive(as_script(query), rows, values=lambda edge: [(edge.id, 1.0)], element="edge")
    assert ".by(__.id()).by(" in answered.asked[0]
    assert ".by(__.id().asString()).by(" in answered.asked[1]
    assert "level.inject(__.choose(__.id().asString()))" in answered.text
    ((_, bound),) = answered.final.args["bindings"].entries
    assert "'x-1'" in repr(bound)


@pytest.mark.parametrize(
    ("inputs", "element", "has"),
    [
        ('E("e1")', "node", "vertices"),
        ('V("a").outE("x").limit(2)', "node", "vertices"),
        ('V("a").outE().inV().has("x", 1)', "edge", "edges"),
    ],
)
def test_an_endpoint_for_the_other_kind_of_element_is_named(inputs, element, has):
    with pytest.raises(InvalidParameter, match=f"Endpoint ep predicts 'genre' of {has}, "):
        drive(as_script(f"{P}{inputs}.{GENRE}"), [], element=element)


def test_scores_follow_their_values():
    query = f'{P}V("a").properties("genre","Neptune#ml.score").with("Neptune#ml.classification")'
    answered = drive(as_script(query), [[row(v="a")]], values=genres)
    ((_, bound),) = answered.final.args["bindings"].entries
    assert [tuple(each.items[1:]) for each in bound.items] == [
        (Literal.string("genre"), Literal.string("genre of a")),
        (Literal.string("Neptune#ml.score"), Literal.of(0.5)),
    ]


def test_all_of_a_graph_begin_with_the_answers():
    query = f'{P}V().hasLabel("m").{GENRE}.value().groupCount()'
    answered = drive(as_script(query), ROWS, values=genres)
    assert answered.text == "g.inject(gremlink_answers_0 as Object[]).groupCount()"
    ((_, bound),) = answered.final.args["bindings"].entries
    assert repr(bound) == "['genre of a', 'genre of b']"
    answered = drive(as_script(query, **LANG), ROWS, values=genres)
    assert answered.text == "g.inject('genre of a', 'genre of b').groupCount()"


def test_equal_values_come_to_the_client_together_where_nothing_stands_behind():
    def steps(query: str, make=as_bytecode) -> list[str]:
        final = drive(make(query), ROWS, values=genres).final
        return [instruction.name for instruction in final.args["gremlin"].steps]

    query = f'{P}V().hasLabel("m").{GENRE}.value()'
    assert steps(query) == ["inject", "barrier"]
    # What stands behind may look at the order, and to scripts a server gives each result apart.
    assert steps(f"{query}.limit(1)") == ["inject", "limit"]
    answered = drive(as_script(query), ROWS, values=genres)
    assert answered.text == "g.inject(gremlink_answers_0 as Object[])"


def test_the_model_counts_values_that_nobody_tells_apart():
    query = f'{P}V().hasLabel("m").{GENRE}.value()'
    rows = [[Items("list", tuple(Literal.string(f"m{number}") for number in range(12)))]]
    answered = drive(as_bytecode(query), rows, values=lambda _: [(Literal.string("War"), 0.9)])
    assert isinstance(answered.commands[-1], CountValues)
    steps = answered.final.args["gremlin"].steps
    assert [len(each.arguments) for each in steps if each.name == "inject"] == [1, 1, 1]
    assert drive(as_bytecode(query), [[Items("list", ())]], values=genres).text == (
        "g.inject(0).limit(0)"
    )


def test_all_properties_of_a_graph_begin_with_the_answers():
    query = f'{P}V().hasLabel("m").{GENRE}.groupCount().by(value)'
    answered = drive(as_script(query), ROWS, values=genres)
    assert answered.text.startswith("g.inject(gremlink_answers_0.collect { org.apache.tinkerpop")
    assert "choose" not in answered.text
    query = f'{P}E().hasLabel("m").{GENRE}.groupCount().by(value)'
    rows = [[row(v="e1", s="a", t="b", l="m")]]
    answered = drive(as_script(query), rows, values=genres, element="edge")
    begin = "g.inject(gremlink_answers_0.collect { new org.apache.tinkerpop"
    assert answered.text.startswith(begin)
    assert " }).unfold()" in answered.text


def test_gremlin_lang_gets_properties_as_a_binding():
    query = f'{P}V("a").out("x").{GENRE}.path()'
    answered = drive(as_script(query, **LANG), ROWS, values=genres)
    assert answered.text.endswith(
        "flatMap(__.sack(Operator.assign).by(__.id()).constant(gremlink_answers_0_0)"
        ".select(__.sack()).unfold()).path()"
    )
    ((_, bound),) = answered.final.args["bindings"].entries
    assert [key.value for key, _ in bound.entries] == ["a", "b"]
    assert all(item.what == "VertexProperty" for _, found in bound.entries for item in found.items)


def test_gremlin_lang_gets_no_more_bindings_than_a_server_takes():
    many = [row(v=f"v{number}") for number in range(10_000)]
    query = f'{P}V("a").out("x").{GENRE}.path()'
    answered = drive(as_script(query, **LANG), [many], values=genres)
    bound = answered.final.args["bindings"].entries
    assert len(bound) == 8
    assert sum(len(table.entries) for _, table in bound) == 10_000


@pytest.mark.parametrize("mime", ["-v1.0+json", "-v3.0+json;types=false"])
def test_a_format_without_types_has_no_properties_to_bind(mime):
    request = as_script(f'{P}V("a").{GENRE}', **LANG)
    untyped = replace(request, format=format_of(f"application/vnd.gremlin{mime}"))
    with pytest.raises(UnsupportedOperation, match="gremlin-lang scripts are not supported with"):
        drive(untyped, ROWS, values=genres)


def test_writes_run_once():
    query = f'{P}V("a").property("x", 1).{GENRE}.value()'
    answered = drive(as_script(query), [[], [Literal.string("a")], [row(v="a")]], values=genres)
    assert answered.asked[1] == 'g.V("a").property("x", 1).id()'
    assert answered.asked[2].startswith("g.V(gremlink_answers_0 as Object[])")
    assert "property(" not in answered.text


def test_what_looks_back_at_a_write_is_refused_before_it_is_done():
    with pytest.raises(UnsupportedOperation, match="path"):
        drive(as_script(f'{P}V("a").property("x", 1).{GENRE}.path()'), [])


def test_a_new_start_behind_writes_needs_no_elements():
    query = f'{P}addV("m").V("a").{GENRE}.value()'
    answered = drive(as_script(query), [[], [Literal.of(0)], [row(v="a")]], values=genres)
    assert answered.asked[1] == 'g.addV("m").constant(0)'
    assert answered.asked[2].startswith('g.inject(0).V("a")')


@pytest.mark.parametrize("make", [as_bytecode, as_script])
def test_edges_whose_ids_are_the_databases_own_are_gone_on_from(make):
    raw = bytes.fromhex("00 00000000 05") + b"x.RID"
    own = [Opaque("graphbinary", raw, "custom type x.RID")]
    query = f'{P}V("a").addE("m").to("b").{GENRE}.value()'
    rows = [[], own, [row(v="e1", s="a", t="b", l="m")]]
    answered = drive(make(query), rows, values=genres, element="edge")
    asked = [each.request for each in answered.commands if isinstance(each, Ask)][2]
    if make is as_bytecode:
        assert asked.args["gremlin"].steps[0].arguments == tuple(own)
    else:
        assert answered.asked[2].startswith("g.E(gremlink_answers_0)")
        ((_, bound),) = asked.args["bindings"].entries
        assert list(bound.items) == own


def test_the_rest_is_shown_to_the_database_before_anything_is_written():
    query = f'{P}addV("m").{GENRE}.value().fold()'
    answered = drive(as_script(query), [[], [Literal.string("a")], [row(v="a")]], values=genres)
    shown = "g.inject(0).limit(0).flatMap(__.constant('gremlink').fold())"
    assert answered.asked[0] == shown


def test_statements_around_stay_as_they_are():
    query = f'g.V().count().next();\n{P}V("a").{GENRE}.value().toList() // all'
    answered = drive(as_script(query), ROWS, values=genres)
    assert answered.text == (
        "g.V().count().next();\ng.inject(gremlink_answers_0 as Object[]).toList() // all"
    )


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (f'x = "a"; {P}V(x).{GENRE}', "depends on 'x'"),
        (f'def x = g.addV("m").next(); {P}V("a").{GENRE}', "writes before"),
    ],
)
def test_statements_that_an_inference_depends_on_are_refused(query, why):
    with pytest.raises(UnsupportedOperation, match=why):
        drive(as_script(query), [])


def test_statements_that_write_run_one_by_one():
    query = f'g.addV("m").iterate(); {P}V("a").{GENRE}.value().toList(); g.V().count()'
    answered = drive(as_script(query), [[], *ROWS], values=genres)
    assert answered.asked[0] == 'g.addV("m").iterate()'
    assert answered.text == ("g.inject(gremlink_answers_0 as Object[]).toList(); g.V().count()")


MANY = [[row(v=f"m{number}") for number in range(20)]]
BY_VALUE = f'V().project("g").by({GENRE}.value())'


@pytest.mark.parametrize(("make", "more"), [(as_bytecode, {}), (as_script, {}), (as_script, LANG)])
def test_values_inside_by_need_no_properties(make, more):
    answered = drive(make(P + BY_VALUE, **more), MANY, values=genres)
    assert "value()" not in answered.text
    written = answered.text + repr(answered.final.args.get("bindings"))
    assert "'m7': ['genre of m7']" in written
    assert "VertexProperty" not in written


@pytest.mark.parametrize(
    "query",
    [
        f'V().project("g").by({GENRE}.value().path())',
        f'V().project("g").by({GENRE})',
        f"V().map({GENRE}.value())",
        'V().project("g").by(properties("genre","Neptune#ml.score")'
        '.with("Neptune#ml.classification").value().fold())',
    ],
)
def test_properties_stay_where_somebody_sees_them(query):
    answered = drive(as_script(P + query), MANY, values=genres)
    assert "DetachedVertexProperty" in answered.text


def test_few_values_inside_by_stay_properties_in_branches():
    answered = drive(as_script(P + BY_VALUE), ROWS, values=genres)
    assert "DetachedVertexProperty" in answered.text
    assert ".value()" in answered.text
