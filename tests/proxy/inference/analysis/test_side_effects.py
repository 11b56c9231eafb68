"""Steps that must not run twice are recognised, and what could notice that they do not."""

import pytest

from gremlink.grammar import graphson, script
from gremlink.grammar.graphbinary import read_bytecode
from gremlink.grammar.traversal import Instruction, Opaque, Traversal, step
from gremlink.proxy.inference.analysis import side_effects
from gremlink.proxy.inference.analysis.analysis import Analysis


def steps(text: str) -> tuple[Instruction, ...]:
    found = script.parse(text).single
    assert found is not None
    return found.steps


@pytest.mark.parametrize(
    "text",
    [
        'g.addV("x")',
        'g.V().addE("x").to(V("b"))',
        'g.V().property("a", 1)',
        "g.V().drop()",
        'g.mergeV([name: "a"])',
        'g.mergeE([(T.label): "a"])',
        'g.V().sideEffect(property("a", 1))',
        'g.V().where(addV("x"))',
        'g.V().union(out(), coalesce(out("a"), addV("b")))',
        "g.V().sample(3)",
        "g.V().coin(0.5d)",
        "g.V().order().by(shuffle).limit(1)",
        "g.V().order().by(Order.shuffle)",
        "g.V().map{ it.get() }",
        "g.V().filter{ it.get().remove(); true }",
        'g.call("service")',
        "g.V().pageRank()",
    ],
)
def test_what_writes_or_is_random_runs_once(text):
    assert side_effects.runs_once(steps(text))


@pytest.mark.parametrize(
    "text",
    [
        "g.V()",
        'g.V("a", "b").has("name", "drop")',
        'g.V().hasLabel("addV").out("property")',
        'g.V().order().by("name", desc).limit(3)',
        'g.V().repeat(out("x")).times(2).as("a").dedup("a")',
        'g.V().where(out().count().is(P.gt(1))).union(in("x"), out("y"))',
    ],
)
def test_what_only_reads_runs_as_often_as_needed(text):
    assert not side_effects.runs_once(steps(text))


LAMBDA = {"@type": "g:Lambda", "@value": {"script": "it", "language": "gremlin-groovy"}}


def test_lambdas_of_bytecode_run_once():
    json = {"@type": "g:Bytecode", "@value": {"step": [["V"], ["map", LAMBDA]]}}
    assert side_effects.runs_once(graphson.read_bytecode(json).steps)
    value = b"\x1d\x00" + b"\0\0\0\x0egremlin-groovy" + b"\0\0\0\x02it" + b"\0\0\0\x01"
    binary = b"\0\0\0\x01" + b"\0\0\0\x03map" + b"\0\0\0\x01" + value + b"\0\0\0\0"
    traversal, end = read_bytecode(binary)
    assert end == len(binary)
    assert isinstance(traversal.steps[0].arguments[0], Opaque)
    assert side_effects.runs_once(traversal.steps)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('g.V().as("a")', "as"),
        ('g.V().out().select("a")', "select"),
        ("g.V().path()", "path"),
        ("g.V().simplePath()", "simplePath"),
        ('g.V().where(P.eq("a"))', "where"),
        ('g.V().where("a", P.eq("b"))', "where"),
        ('g.V().dedup("a")', "dedup"),
        ('g.V().project("x").by(select("a"))', "select"),
        ('g.V().where(out().as("b"))', "as"),
        ('g.V().cap("x")', "cap"),
        ("g.V().sack()", "sack"),
        ("g.V().tree()", "tree"),
        ("g.V().map{ it.path() }", "map"),
        ("g.V().match(__.as('a').out().as('b'))", "match"),
        ("g.V().repeat(out().simplePath()).emit()", "simplePath"),
    ],
)
def test_steps_that_could_look_back_are_found(text, name):
    found = side_effects.needs_path(steps(text))
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text",
    [
        'g.V().hasLabel("x").values("name")',
        'g.V().where(out("x")).order().by("name").limit(2)',
        'g.V().project("a", "b").by("name").by(out().count())',
        "g.V().dedup().count(local)",
        'g.V().group().by(label).by(values("name").fold())',
        'g.V().union(out("a"), in("b")).elementMap()',
    ],
)
def test_steps_that_cannot_are_not(text):
    assert side_effects.needs_path(steps(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        'g.V().as("a").out().as("b").select("a", "b").by("name")',
        'g.V().as("a").out().where(P.neq("a")).dedup("a")',
        'g.V().as("a").project("x").by(select("a").values("name"))',
        'g.V().as("a").order().by(select("a").values("name"))',
        "g.V().group().by(label).select(values)",
    ],
)
def test_steps_may_look_back_at_labels_of_their_own(text):
    assert side_effects.needs_path(steps(text), frozenset()) is None
    assert side_effects.needs_path(steps(text)) is not None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('g.V().as("a").select("b")', "select"),
        ('g.V().as("a").where("a", P.eq("b"))', "where"),
        ('g.V().as("a").where(as("b").out())', "as"),
        ('g.V().as("a").select(Pop.all, "a")', "select"),
        ('g.V().as("a").path()', "path"),
    ],
)
def test_but_not_at_others(text, name):
    found = side_effects.needs_path(steps(text), frozenset())
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("text", "cut", "query"),
    [
        ('g.V("a").property("x", 1).out("F")', 2, '.property("x", 1).id()'),
        ('g.V("a").property("x", 1).as("y").out("F")', 2, '.property("x", 1).id()'),
        ('g.V().fold().coalesce(unfold(), addV("b")).out("F")', 3, 'addV("b")).id()'),
        ('g.addV("b").V("a").out("F")', 1, 'g.addV("b").constant(0)'),
        ('g.V().addE("x").to("b").out("F")', 3, '.to("b").id()'),
        ('g.V("a").as("y").addE("x").to(V("b")).select("y").out("F")', 5, '.select("y").id()'),
        ('g.V("a").property("x", 1).emit().repeat(out("F")).times(2).out("F")', 2, "1).id()"),
        ('g.V("a").property("x", 1).union(out(), outE()).where(path()).out("F")', 4, "path())"),
    ],
)
def test_what_runs_once_ends_where_others_can_go_on(text, cut, query):
    traversal = script.parse(text).single
    analysis = Analysis(traversal)
    assert analysis.cut_before(len(traversal.steps) - 1) == cut
    starting = side_effects.starts_query(traversal, cut, analysis.type_before(cut))
    assert script.write(starting).replace("'", '"').endswith(query)


def test_no_vertices_never_become_all_vertices():
    traversal = Traversal((), (step("V", "a"), step("property", "x", 1), step("out", "F")))
    going_on = side_effects.going_on(traversal, 2, None)
    assert [instruction.name for instruction in going_on.steps] == ["inject", "limit", "out"]
