"""The whole way of a link prediction, driven by hand: what is asked, and what comes out."""

import uuid
from dataclasses import replace

import pytest
from answering import as_bytecode, as_script, text_of
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar import script
from gremlink.grammar.traversal import (
    Bulked,
    Entries,
    Items,
    Kind,
    Literal,
    Opaque,
    Traversal,
    anonymous,
    children,
    step,
    walk,
)
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.answer import answer
from gremlink.proxy.inference.commands import Ask, CheckAccess, PredictLinks, PrepareLinks
from gremlink.proxy.inference.errors import (
    InferenceError,
    InternalFailure,
    InvalidParameter,
    MissingParameter,
    UnsupportedOperation,
)
from gremlink.proxy.inference.queries.dialect import Dialect
from gremlink.proxy.inference.queries.inputs import INPUT_LIMIT, read_vertices
from gremlink.proxy.inference.rewrite import vertices
from gremlink.proxy.inference.rewrite.choose_tree import FAN_OUT, NOTHING, choose_tree
from gremlink.proxy.wire.mime import GRAPHBINARY, format_of
from gremlink.proxy.wire.request import RequestMessage

P = (
    'g.with("Neptune#ml.endpoint","ep")'
    '.with("Neptune#ml.iamRoleArn","arn:aws:iam::0123456789:role/ml")'
)
ML = '.with("Neptune#ml.prediction")'
STRINGD = format_of("application/vnd.graphbinary-v1.0-stringd")
assert STRINGD is not None


def row(vertex: str, *known: str) -> Entries:
    linked = Items("list", tuple(map(Literal.string, known)))
    return Entries(((Literal.string("v"), Literal.string(vertex)), (Literal.string("n"), linked)))


def run(request: RequestMessage, rows, links) -> tuple[list[object], str]:
    """The commands on the way, and the final query as text."""
    answering = answer(request, Settings())
    commands = []
    reply = None
    try:
        while True:
            command = answering.send(reply)
            commands.append(command)
            match command:
                case Ask():
                    reply = tuple(rows)
                case PredictLinks():
                    reply = [
                        [(Literal.string(target), 0.5) for target in links.get(vertex.value, ())]
                        for vertex in command.inputs
                    ]
                case _:
                    reply = None
    except StopIteration as stop:
        return commands, text_of(stop.value)


@pytest.mark.parametrize("make", [as_script, as_bytecode])
def test_the_commands_come_in_this_order(make):
    query = P + f'.V("a").out("F"){ML}.hasLabel("User").values("name")'
    request = make(query)
    commands, final = run(request, [row("a", "k")], {"a": ["b"]})
    admit, prepare, ask, predict = commands
    assert isinstance(admit, CheckAccess)
    assert prepare == PrepareLinks("ep", "F", "out", "User")
    assert isinstance(ask, Ask)
    assert len({request.request_id, admit.request.request_id, ask.request.request_id}) == 3
    asked = text_of(ask.request).replace('"', "'")
    assert "V('a').limit(10001).project('v', 'n').by(__.id())" in asked
    assert ".by(__.out('F').id().fold())" in asked
    assert predict.inputs == [Literal.string("a")]
    assert predict.known == [frozenset({Literal.string("k")})]
    start = "g.V(gremlink_answers_0 as Object[])" if make is as_script else "g.V('b')"
    assert final.replace('"', "'") == f"{start}.hasLabel('User').values('name')"


@pytest.mark.parametrize(
    "query",
    [
        '.V("a").as("x").out("F"){ML}.hasLabel("User").select("x")',
        '.V("a").out("F"){ML}.hasLabel("User").path()',
        '.V("a", "a").out("F"){ML}.hasLabel("User").values("name")',
        '.V("a").outE().inV().out("F"){ML}.hasLabel("User").values("name")',
        '.V("a").union(__.out("F"){ML}.hasLabel("User"))',
    ],
)
def test_what_looks_back_or_comes_often_does_not_begin_with_the_targets(query):
    _, final = run(as_bytecode(P + query.replace("{ML}", ML)), [row("a")], {"a": ["b"]})
    choice = ".choose(__.id()).option('a', __.V('b')).option(Pick.none, __.not(__.identity()))"
    assert choice in final


def test_answers_of_a_script_leave_its_text_as_it_is():
    """A server compiles each new text, which takes it much longer than to run it."""
    query = P + f'.V().hasLabel("User").out("F"){ML}.hasLabel("User")'
    for end in (".values('name')", ".path()"):
        texts = {
            run(as_script(query + end), [row(f"a{n}")], {f"a{n}": [f"b{n}"]})[1] for n in range(3)
        }
        assert len(texts) == 1, texts


def test_answers_are_written_out_where_a_binding_would_change_their_type():
    request = as_script(P + f'.V("a").out("F"){ML}.hasLabel("User").path()')
    untyped = format_of("application/vnd.gremlin-v3.0+json;types=false")
    answering = answer(replace(request, format=untyped), Settings())
    reply = None
    while not isinstance(command := answering.send(reply), PredictLinks):
        reply = (row("a"),) if isinstance(command, Ask) else None
    with pytest.raises(StopIteration) as stop:
        answering.send([[(Literal(Kind.LONG, 5), 0.5)]])
    assert "__.V(5L)" in text_of(stop.value.value)
    assert not stop.value.value.bindings


def test_own_queries_keep_types_and_ask_for_few_messages():
    request = as_script(P + f'.V().in("F"){ML}.hasLabel("User")', userAgent=Literal.string("x"))
    request = RequestMessage(STRINGD, request.request_id, "eval", "", request.args)
    commands, _ = run(request, [row("a")], {})
    for command in commands:
        if isinstance(command, CheckAccess | Ask):
            assert command.request.format == GRAPHBINARY
            assert command.request.args["userAgent"] == Literal.string("x")
            assert command.request.args["batchSize"] == Literal(Kind.INT, 256)


@pytest.mark.parametrize(
    ("option", "asked"),
    [
        ("", ".by(__.in('F').id().fold())"),
        ('.with("Neptune#ml.filterExistingEdges")', ".by(__.both('F').id().fold())"),
        ('.with("Neptune#ml.filterExistingEdges", true)', ".by(__.both('F').id().fold())"),
    ],
)
def test_what_is_known_is_asked_with_the_inputs(option, asked):
    query = P + f'.V("a").in("F"){ML}{option}.hasLabel("User")'
    commands, _ = run(as_script(query), [row("a")], {})
    assert asked in text_of(commands[2].request).replace('"', "'")


def test_nothing_known_is_asked_for_where_nothing_is_hidden():
    option = '.with("Neptune#ml.filterExistingEdges", false)'
    commands, _ = run(as_script(P + f'.V("a").in("F"){ML}{option}.hasLabel("U")'), [row("a")], {})
    assert "'n'" not in text_of(commands[2].request).replace('"', "'")


@pytest.mark.parametrize(
    "rows", [[], [row("a")], [row("a"), row("b")]], ids=["no inputs", "no answer", "no answers"]
)
@pytest.mark.parametrize("make", [as_script, as_bytecode])
def test_no_answers_lead_nowhere(make, rows):
    _, final = run(make(P + f'.V("a").out("F"){ML}.hasLabel("User").count()'), rows, {})
    assert ".not(__.identity()).hasLabel(" in final
    assert "__.V()" not in final


def test_a_prefix_that_writes_is_replaced_by_its_ids():
    query = P + f'.addV("User").property("n", 1).out("F"){ML}.hasLabel("User").values("name")'
    answering = answer(as_script(query), Settings())
    asked = []
    reply = None
    final = None
    try:
        while True:
            command = answering.send(reply)
            reply = None
            if isinstance(command, Ask):
                asked.append(text_of(command.request))
                reply = [(), (Literal.string("new"),), (row("new"),)][len(asked) - 1]
            elif isinstance(command, PredictLinks):
                reply = [[(Literal.string("b"), 0.5)]]
    except StopIteration as stop:
        final = text_of(stop.value)
    assert ["addV" in text for text in asked] == [False, True, False]
    assert asked[0].startswith("g.inject(0).limit(0).flatMap(")
    assert asked[2].startswith("g.V(gremlink_answers_0 as Object[])")
    assert "addV" not in final


def test_a_suffix_that_looks_back_at_a_prefix_that_writes_is_refused():
    query = P + f'.addV("User").as("x").property("n", 1).out("F"){ML}.hasLabel("User").select("x")'
    with pytest.raises(UnsupportedOperation, match="ask in two queries"):
        answer(as_script(query), Settings()).send(None)


REFUSALS = [
    ('g.V("a").out("F")@.hasLabel("U")', MissingParameter,
     "No endpoint provided for external service query."),
    ('g.with("Neptune#ml.endpoint","a b").V("a").out("F")@.hasLabel("U")', InvalidParameter,
     "Invalid endpoint provided for external service query."),
    (P + '.V("a").out()@.hasLabel("U")', MissingParameter,
     "Edge label needs to be specified while using in() or out() step for ML inference queries."),
    (P + '.V("a").in("F","G")@.hasLabel("U")', InvalidParameter,
     "ML inference are currently supported only with one edge label."),
    (P + '.V("a").out("F")@.hasLabel("U","W")', InvalidParameter,
     "ML inference are currently supported only with one vertex label constraint."),
    (P + '.V("a").out("F")@', UnsupportedOperation,
     "Predicted vertex label needs to be specified using has() step for ML inference queries."),
    (P + '.V("a").out("F")@.values("name")', UnsupportedOperation,
     "Predicted vertex label needs to be specified using has() step for ML inference queries."),
    (P + '.V("a").both("F")@.hasLabel("U")', UnsupportedOperation,
     "ML inference queries are currently not supported with both() step."),
    (P + '.V("a").repeat(out("F")@.hasLabel("U")).times(2)', UnsupportedOperation,
     "Neptune ML inference queries are currently not supported inside a repeat step."),
    (P + '.V("a").outE("F")@.hasLabel("U")', UnsupportedOperation,
     "link prediction belongs behind out(...) or in(...)"),
    (P + '.with("Neptune#ml.limit", 101).V("a").out("F")@.hasLabel("U")', InvalidParameter,
     "Neptune#ml.limit must be a whole number from 1 to 100"),
    (P + '.V("a").out("F").hasLabel("U")@', UnsupportedOperation, "hasLabel('U')"),
    (P + '.V("a").out("F")@.with("Neptune#ml.new").hasLabel("U")', UnsupportedOperation,
     'with("Neptune#ml.new") is not supported here: there are Neptune#ml.prediction, '),
    (P + '.V("a").out("F")@.with("Neptune#ml.inductive").hasLabel("U")', UnsupportedOperation,
     'is "Neptune#ml.inductiveInference" meant?'),
    (P + '.V("a").out("F")@.with("Neptune#ml.score").hasLabel("U")', UnsupportedOperation,
     'write values("Neptune#ml.score") behind the predicted vertices'),
    (P + '.V("a").out("F").with("Neptune#ml.prediction", false).hasLabel("U")', InvalidParameter,
     'with("Neptune#ml.prediction", ...) on out(\'F\') takes nothing or true'),
    (P + '.with("Neptune#ml.limits", 3).V("a").out("F")@.hasLabel("U")', UnsupportedOperation,
     'with("Neptune#ml.limits") is not supported here: is "Neptune#ml.limit" meant?'),
    (P + '.with("Neptune#ml.prediction").V("a").out("F").hasLabel("U")', UnsupportedOperation,
     "it belongs behind the step out(...) or in(...)"),
    (P + '.with("Neptune#ml.regression").V("a").properties("F")', UnsupportedOperation,
     "it belongs behind the step properties(...)"),
    (P + '.V("a").repeat(out("F")).until(out("F")@.hasLabel("U"))', UnsupportedOperation,
     "Neptune ML inference queries are currently not supported inside a repeat step."),
    (P + '.V("a").emit(out("F")@.hasLabel("U")).repeat(out("F")).times(2)', UnsupportedOperation,
     "Neptune ML inference queries are currently not supported inside a repeat step."),
]  # fmt: skip


@pytest.mark.parametrize("make", [as_script, as_bytecode])
@pytest.mark.parametrize(("query", "error", "message"), REFUSALS)
def test_refusals_in_the_words_of_neptune(query, error, message, make):
    with pytest.raises(InferenceError) as caught:
        answer(make(query.replace("@", ML)), Settings()).send(None)
    assert type(caught.value) is error
    assert message in str(caught.value)


def test_a_second_inference_is_refused_where_neptune_s_rule_holds():
    query = P + f'.V("a").out("F"){ML}.hasLabel("U").out("F"){ML}.hasLabel("U")'
    with pytest.raises(UnsupportedOperation, match="only with one ML inference query per gremlin"):
        answer(as_script(query), Settings(one_inference=True)).send(None)


def test_an_inference_cannot_hide_in_a_strategy():
    criterion = anonymous(
        step("out", "F"), step("with", "Neptune#ml.prediction"), step("hasLabel", "U")
    )
    from gremlink.grammar.traversal import Strategy

    strategy = Strategy("SubgraphStrategy", (("vertices", criterion),))
    query = Traversal((step("withStrategies", strategy),), (step("V"),))
    request = RequestMessage(GRAPHBINARY, uuid.uuid4(), "bytecode", "traversal", {"gremlin": query})
    with pytest.raises(UnsupportedOperation):
        answer(request, Settings()).send(None)


@pytest.mark.parametrize(
    "query",
    [
        'g.V().has("note", "Neptune#ml.prediction")',
        P + ".V().count()",
        'g.inject("Neptune#ml.limit")',
    ],
)
@pytest.mark.parametrize("make", [as_script, as_bytecode])
def test_a_mention_is_no_inference(query, make):
    with pytest.raises(StopIteration) as caught:
        answer(make(query), Settings()).send(None)
    assert caught.value.value is None


# Reading inputs ---------------------------------------------------------------------------------


def test_inputs_may_come_in_bulks():
    inputs, known = read_vertices((Bulked(row("a", "x"), 3), Bulked(row("b"), 1)))
    assert inputs == [Literal.string("a"), Literal.string("b")]
    assert known == [frozenset({Literal.string("x")}), frozenset()]


def test_ids_of_unknown_types_are_named():
    odd = Entries(((Literal.string("v"), Opaque("graphbinary", b"", "custom")),))
    with pytest.raises(InternalFailure, match="strings, numbers and UUIDs"):
        read_vertices((odd,))


def test_too_many_inputs_are_refused():
    with pytest.raises(UnsupportedOperation, match="more than 10000 inputs"):
        read_vertices(tuple(row(str(number)) for number in range(INPUT_LIMIT + 1)))


def test_ids_that_a_database_confuses_are_refused():
    def numbered(kind: Kind) -> Entries:
        return Entries(((Literal.string("v"), Literal(kind, 1)),))

    read_vertices((numbered(Kind.INT), row("1")))
    with pytest.raises(UnsupportedOperation, match="such as 1 and 1L"):
        read_vertices((numbered(Kind.INT), numbered(Kind.LONG)))


# The tree of answers ----------------------------------------------------------------------------


def answered(steps, vertex: Literal) -> list[Literal]:
    """Where `choose` steps lead a vertex, evaluated as a server does."""
    (choose, *options) = steps
    assert choose.name == "choose"
    assert len(options) <= FAN_OUT + 1
    for option in options:
        token, then = option.arguments
        if token == vertex or (hasattr(token, "arguments") and vertex in token.arguments):
            (child,) = children(then)
            if child.steps[0].name == "choose":
                return answered(child.steps, vertex)
            assert [inner.name for inner in child.steps] == ["V"]
            assert child.steps[0].arguments
            return list(child.steps[0].arguments)
    none = options[-1]
    assert none.arguments[0].name == "none"
    return []


@given(st.dictionaries(st.integers(0, 5000), st.lists(st.integers(), min_size=1, max_size=3)))
def test_every_input_finds_its_answers_in_the_tree(links):
    targets = {Literal(Kind.INT, vertex): links[vertex] for vertex in links}
    found = {
        vertex: [Literal(Kind.LONG, target) for target in values]
        for vertex, values in targets.items()
    }
    steps = choose_tree({vertex: [step("V", *values)] for vertex, values in found.items()})
    if not links:
        assert steps == list(NOTHING.steps)
        return
    for vertex, values in found.items():
        assert answered(steps, vertex) == values
    assert answered(steps, Literal(Kind.INT, -1)) == []
    assert answered(steps, Literal.string("0")) == []


def test_a_large_tree_has_small_nodes_and_few_levels():
    found = {Literal(Kind.INT, n): [step("V", n)] for n in range(1000)}
    traversal = Traversal((), tuple(choose_tree(found)))
    widths: dict[tuple[int, ...], int] = {}
    for path, instruction in walk(traversal):
        if instruction.name == "option":
            widths[path[:-1]] = widths.get(path[:-1], 0) + 1
    assert max(widths.values()) <= FAN_OUT + 1
    assert max(len(path) for path in widths) <= 2 * 3


@pytest.mark.parametrize("count", [2, 1000])
def test_answers_of_a_script_travel_as_a_binding(count):
    query = P + f'.V().out(e){ML}.hasLabel("User").count()'
    bindings = Entries(((Literal.string("e"), Literal.string("F")),))
    request = as_script(query, bindings=bindings)
    answering = answer(request, Settings())
    rows = tuple(row(f"v{number}") for number in range(count))
    reply = None
    try:
        while True:
            command = answering.send(reply)
            reply = None
            if isinstance(command, Ask):
                reply = rows
            elif isinstance(command, PredictLinks):
                reply = [[(Literal.string("t"), 0.5)]] * count
    except StopIteration as stop:
        final: RequestMessage = stop.value
    names = set(final.bindings)
    assert "e" in names
    assert len(names) == 2
    assert len(text_of(final)) < 2000
    again = script.parse(text_of(final), final.bindings)
    assert again.text == text_of(final)


def test_the_same_number_of_answers_gives_the_same_script():
    """The server compiles it once."""
    dialect = Dialect(GRAPHBINARY, "gremlin-groovy")
    texts = set()
    for start in (0, 1000):
        targets = {Literal.string(f"v{start + n}"): [Literal.string("t")] for n in range(500)}
        written = vertices.vertices(targets, dialect, "b")
        texts.add(script.write(Traversal((), tuple(written.steps))))
        assert set(written.bindings) == {"b"}
    assert len(texts) == 1
