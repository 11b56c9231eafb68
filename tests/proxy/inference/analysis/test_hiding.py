"""No inference hides, in any encoding, and nothing else is taken for one."""

from __future__ import annotations

import uuid

import pytest

from gremlink.grammar.script import parse
from gremlink.grammar.traversal import (
    Argument,
    Entries,
    Instruction,
    Literal,
    Opaque,
    Traversal,
    step,
    walk,
)
from gremlink.proxy.inference.analysis.locate import find_inferences
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.plan import plan_all
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.inference.queries.query import Query, read_query
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import TEXT_FRAME, Format, format_of
from gremlink.proxy.wire.request import RequestMessage, read_request, write_request

P = (
    'g.with("Neptune#ml.endpoint","ep")'
    '.with("Neptune#ml.iamRoleArn","arn:aws:iam::0123456789:role/ml")'
)
ML = "Neptune#ml."
GENRE = "properties('genre').with('Neptune#ml.classification')"
SCORED = "properties('genre', 'Neptune#ml.score').with('Neptune#ml.classification')"
RATED = "out('rated').with('Neptune#ml.prediction')"
FRIEND = "out('FRIEND').with('Neptune#ml.prediction')"

DOCUMENTED = {
    P + '.with("Neptune#ml.limit",2).with("Neptune#ml.threshold",0.5D)'
    '.V("movie_1","movie_2","movie_3").properties("genre").with("Neptune#ml.classification")': [
        GENRE
    ],
    'g.V("m1","m2").properties("genre").with("Neptune#ml.classification")': [GENRE],
    P + '.V("m1").union(properties("genre").with("Neptune#ml.classification"),'
    'properties("genre"))': [GENRE],
    P + '.V().properties("genre").with("Neptune#ml.classification")': [GENRE],
    P + '.V("m1").as("vertex").properties("genre").with("Neptune#ml.classification")'
    '.as("properties").select("vertex","properties")': [GENRE],
    P + '.V("m1").properties("genre").with("Neptune#ml.classification")'
    '.has(value,P.within("Action","Horror"))': [GENRE],
    P + '.V("m1").properties("genre","Neptune#ml.score").with("Neptune#ml.classification")': [
        SCORED
    ],
    P + '.V(\'101\').properties("genre","Neptune#ml.score").with("Neptune#ml.classification")'
    '.with("Neptune#ml.inductiveInference").with("Neptune#ml.deterministic")': [SCORED],
    P + '.V("m1").properties("genre","other").with("Neptune#ml.classification")': [
        "properties('genre', 'other').with('Neptune#ml.classification')"
    ],
    P + '.V("m1").properties("revenue").with("Neptune#ml.regression").value().is(P.gte(1600000))': [
        "properties('revenue').with('Neptune#ml.regression')"
    ],
    P + ".with(\"Neptune#ml.disableInductiveInferenceMetadataCache\").V('101')"
    '.properties("rating").with("Neptune#ml.regression").with("Neptune#ml.inductiveInference")': [
        "properties('rating').with('Neptune#ml.regression')"
    ],
    P + '.E("r1","r2").properties("knows_by","Neptune#ml.score")'
    '.with("Neptune#ml.classification")': [
        "properties('knows_by', 'Neptune#ml.score').with('Neptune#ml.classification')"
    ],
    P + '.E("rating_1").properties("score").with("Neptune#ml.regression").value().is(P.gte(9))': [
        "properties('score').with('Neptune#ml.regression')"
    ],
    P + '.with("Neptune#ml.limit",5).V("m1").in("rated").with("Neptune#ml.prediction")'
    '.hasLabel("user")': ["in('rated').with('Neptune#ml.prediction')"],
    P + '.V("user_1").out("rated").with("Neptune#ml.prediction")': [RATED],
    P + '.V("user_1").out().with("Neptune#ml.prediction").hasLabel("movie")': [
        "out().with('Neptune#ml.prediction')"
    ],
    P + '.V("m1").as("source").in("rated").with("Neptune#ml.prediction").hasLabel("user")'
    '.as("target").select("source","target")': ["in('rated').with('Neptune#ml.prediction')"],
    P + '.V(\'101\').out("eLabel1").with("Neptune#ml.prediction")'
    '.with("Neptune#ml.inductiveInference").hasLabel("label2")': [
        "out('eLabel1').with('Neptune#ml.prediction')"
    ],
    'g.with("Neptune#ml.endpoint","ep").with("Neptune#ml.limit",3)'
    ".with(\"Neptune#ml.threshold\",0.2D).V().hasLabel('movie').hasNot('genre')"
    ".project('title','predicted_genre').by('title')"
    '.by(properties("genre").with("Neptune#ml.classification").value().fold())'
    ".order(local).by(keys,desc)": [GENRE],
    P + ".V('user_1').out('wrote').project('movie','score').by(out('about').values('title'))"
    '.by(properties("score").with("Neptune#ml.regression").value())'
    ".order().by('score',desc).limit(10)": ["properties('score').with('Neptune#ml.regression')"],
    P + ".V('user_2').outE('rated').as('r').properties('scale')"
    ".with(\"Neptune#ml.classification\").value().is('Love').select('r').inV().values('title')": [
        "properties('scale').with('Neptune#ml.classification')"
    ],
    P + ".V('user_1').out('rated').with(\"Neptune#ml.prediction\").hasLabel('movie')"
    ".out('included_in').path().by(id()).by(values('title')).by(id())": [RATED],
    P + ".V().hasLabel('E').hasNot('A').project('n','a').by('n')"
    '.by(properties("genre").with("Neptune#ml.classification").value())'
    ".groupCount().by('a').unfold()": [GENRE],
    P + ".V().where(outE('rated').count().is(0)).out('rated').with(\"Neptune#ml.prediction\")"
    ".hasLabel('JobRole').path().by(elementMap())": [RATED],
}
"""The queries of the user guide and of its sample notebooks."""

NASTY = {
    "in by": (f"g.V().project('a').by(out('FRIEND').with('{ML}prediction').fold())", [FRIEND]),
    "in union": (f"g.V().union(out('FRIEND').with('{ML}prediction'), in())", [FRIEND]),
    "in an option": (
        f"g.V().choose(label()).option('a', out('FRIEND').with('{ML}prediction'))",
        [FRIEND],
    ),
    "as the chooser": (f"g.V().choose(out('FRIEND').with('{ML}prediction'), id(), id())", [FRIEND]),
    "in where": (f"g.V().where(out('FRIEND').with('{ML}prediction'))", [FRIEND]),
    "in not": (f"g.V().not(out('FRIEND').with('{ML}prediction'))", [FRIEND]),
    "three levels down": (
        f"g.V().where(__.out().union(__.in(), __.map(out('FRIEND').with('{ML}prediction'))))",
        [FRIEND],
    ),
    "in repeat": (f"g.V().repeat(out('FRIEND').with('{ML}prediction')).times(2)", [FRIEND]),
    "in a predicate": (
        f"g.V().has('a', P.eq(__.out('FRIEND').with('{ML}prediction')))",
        [FRIEND],
    ),
    "in a map": (f"g.inject([a: __.out('FRIEND').with('{ML}prediction')])", [FRIEND]),
    "in a list": (f"g.inject([[__.out('FRIEND').with('{ML}prediction')]])", [FRIEND]),
    "in match": (
        f"g.V().match(__.as('a').out('FRIEND').with('{ML}prediction').as('b'))",
        [FRIEND],
    ),
    "in coalesce": (f"g.V().coalesce(__.in('a'), out('FRIEND').with('{ML}prediction'))", [FRIEND]),
    "in optional": (f"g.V().optional(out('FRIEND').with('{ML}prediction'))", [FRIEND]),
    "in local": (f"g.V().local(out('FRIEND').with('{ML}prediction').limit(1))", [FRIEND]),
    "in a side effect": (f"g.V().sideEffect(out('FRIEND').with('{ML}prediction'))", [FRIEND]),
    "in the second by of a group": (
        f"g.V().group().by(label()).by(out('FRIEND').with('{ML}prediction').fold())",
        [FRIEND],
    ),
    "in order": (f"g.V().order().by(out('FRIEND').with('{ML}prediction').count())", [FRIEND]),
    "as the end of a loop": (
        f"g.V().repeat(__.in('a')).until(out('FRIEND').with('{ML}prediction'))",
        [FRIEND],
    ),
    "in two branches": (
        f"g.V().union(out('FRIEND').with('{ML}prediction'), out('FRIEND').with('{ML}prediction'))",
        [FRIEND, FRIEND],
    ),
    "in a step that is modified itself": (
        f"g.V().map(out('FRIEND').with('{ML}prediction')).with('x', 1)",
        [FRIEND],
    ),
    "as the last of three": (
        f"g.V().choose(__.in('a'), id(), out('FRIEND').with('{ML}prediction'))",
        [FRIEND],
    ),
    "modifiers on both sides": (
        f"g.V().out('FRIEND').with('a').with('b', 2).with('{ML}prediction').with('c').in('d')",
        [FRIEND],
    ),
    "modifier with a value": (f"g.V().out('FRIEND').with('{ML}prediction', true)", [FRIEND]),
    "modifiers in any order": (
        f"g.V().out('FRIEND').with('{ML}limit', 3).with('x').with('{ML}prediction')",
        [FRIEND],
    ),
    "twice": (
        f"g.V().out('FRIEND').with('{ML}prediction').hasLabel('a')"
        f".out('FRIEND').with('{ML}prediction').hasLabel('a')",
        [FRIEND, FRIEND],
    ),
    "in a strategy of the source is no step": (f"g.with('{ML}prediction').V().out('a')", []),
    "in a property value": (f"g.V().has('note', '{ML}prediction').out('FRIEND')", []),
    "as a label": (f"g.V().out('{ML}prediction')", []),
    "as a key": (f"g.V().values('{ML}prediction')", []),
    "as the value of an option": (f"g.V().valueMap().with('x', '{ML}prediction')", []),
    "in a nested list": (f"g.inject([['{ML}prediction']]).unfold()", []),
    "with another prefix": ("g.V().out('FRIEND').with('neptune#ml.prediction')", []),
}
"""Shapes that every encoding can hold, and what is in them."""

ONLY_SCRIPTS = {
    "in a comment": (f"g.V() // .out('FRIEND').with('{ML}prediction')\n.count()", []),
    "in a block comment": (f"g.V()/*.out('FRIEND').with('{ML}prediction')*/.count()", []),
    "in a string": (f"g.inject(\"g.V().out('FRIEND').with('{ML}prediction')\")", []),
    "escaped": ("g.V().out('FRIEND').with('Neptune\\u0023ml.prediction')", [FRIEND]),
    "slashy": ("g.V().out('FRIEND').with(/Neptune#ml.prediction/)", [FRIEND]),
    "triple quotes": ("g.V().out('FRIEND').with('''Neptune#ml.prediction''')", [FRIEND]),
    "blanks and comments": (
        "g\n .V( )\n . out /* x */ ( 'FRIEND' )\n // y\n . with ( \"Neptune#ml.prediction\" )",
        [FRIEND],
    ),
    "another source": (
        "graph.traversal().V().out('FRIEND').with('Neptune#ml.prediction')",
        [FRIEND],
    ),
    "an alias": ("gmodern.V().out('FRIEND').with('Neptune#ml.prediction')", [FRIEND]),
    "a quoted method": ("g.V().'out'('FRIEND').\"with\"('Neptune#ml.prediction')", [FRIEND]),
    "behind an assignment": (
        "x = g.V().out('FRIEND').with('Neptune#ml.prediction').toList()",
        [FRIEND],
    ),
    "in a closure": (
        "(1..3).collect { g.V(1).out('FRIEND').with('Neptune#ml.prediction').next() }",
        [FRIEND],
    ),
    "in a condition": (
        "if (g.V(1).out('FRIEND').with('Neptune#ml.prediction').hasNext()) { 1 } else { 2 }",
        [FRIEND],
    ),
    "safe navigation": ("g.V(1)?.out('FRIEND')?.with('Neptune#ml.prediction')", [FRIEND]),
    "in the second statement": (
        "g.V().count(); g.V().out('FRIEND').with('Neptune#ml.prediction')",
        [FRIEND],
    ),
}

REFUSED = {
    "concatenated": "g.V().out('FRIEND').with('Neptune#ml.' + 'prediction').hasLabel('a')",
    "interpolated": 'x = 1; g.V().out("FRIEND").with("Neptune#ml.${p}").hasLabel("a")',
    "a variable": "k = 'Neptune#ml.prediction'; g.V().out('FRIEND').with(k).hasLabel('a')",
    "a call": "g.V().out('FRIEND').with(key('Neptune#ml.prediction')).hasLabel('a')",
    "a conditional": "g.V().out('FRIEND').with(a ? 'Neptune#ml.prediction' : 'x')",
    "split over statements": "t = g.V(); t.out('FRIEND').with('Neptune#ml.prediction')",
    "anonymous in a variable": "t = __.out('FRIEND').with('Neptune#ml.prediction'); g.V().map(t)",
    "behind another method": "g.V().mine().out('FRIEND').with('Neptune#ml.prediction')",
    "in a lambda": "g.V().map { g.V(it).out('FRIEND').with('Neptune#ml.prediction').next() }",
    "in the text of a lambda": (
        "g.V().map(Lambda.function(\"g.V(it).out('a').with('Neptune#ml.prediction').next()\"))"
    ),
    "in a GString": "println \"${g.V().out('FRIEND').with('Neptune#ml.prediction').next()}\"",
    "in an argument that is evaluated": (
        "g.V(g.V().out('FRIEND').with('Neptune#ml.prediction').id().toList())"
    ),
    "spread": "[g.V()]*.out('FRIEND').with('Neptune#ml.prediction')",
    "modifier on a variable": "t.with('Neptune#ml.prediction').hasLabel('a')",
    "behind a step that cannot infer": "g.V().count().with('Neptune#ml.limit', 3)",
}
"""Where an inference is or may be, but cannot be answered: refused with a reason."""

FORMATS = [
    "application/vnd.graphbinary-v1.0",
    "application/vnd.gremlin-v2.0+json",
    "application/vnd.gremlin-v3.0+json",
]


def script_request(text: str) -> RequestMessage:
    args: dict[str, Argument] = {"gremlin": Literal.string(text)}
    return RequestMessage(TEXT_FRAME, uuid.uuid4(), "eval", "", args)


def bytecode_request(text: str, mime: str) -> RequestMessage:
    """The request as it comes off the wire."""
    format_ = format_of(mime)
    traversal = parse(text).single
    assert isinstance(format_, Format)
    assert isinstance(traversal, Traversal)
    sent = RequestMessage(format_, uuid.uuid4(), "bytecode", "traversal", {"gremlin": traversal})
    return read_request(Opcode.BINARY, write_request(sent)[1])


def found(query: Query | None) -> list[str]:
    if query is None:
        return []
    return [
        str(inference)
        for number in query.concerned
        for inference in find_inferences(query.traversals[number])
    ]


EVERYWHERE = DOCUMENTED | dict(NASTY.values())


@pytest.mark.parametrize(("text", "expected"), EVERYWHERE.items())
def test_a_script_is_seen_through(text: str, expected: list[str]) -> None:
    assert found(read_query(script_request(text))) == expected


@pytest.mark.parametrize("mime", FORMATS)
@pytest.mark.parametrize(("text", "expected"), EVERYWHERE.items())
def test_bytecode_is_seen_through(text: str, expected: list[str], mime: str) -> None:
    request = bytecode_request(text, mime)
    query = read_query(request)
    assert query is not None
    assert found(query) == expected
    (traversal,) = query.traversals
    steps = dict(walk(traversal))
    for inference in find_inferences(traversal):
        assert steps[inference.path] is inference.step


@pytest.mark.parametrize(("text", "expected"), ONLY_SCRIPTS.values(), ids=ONLY_SCRIPTS.keys())
def test_a_script_cannot_hide_one(text: str, expected: list[str]) -> None:
    assert found(read_query(script_request(text))) == expected


def test_a_key_in_a_binding_is_known() -> None:
    request = RequestMessage(
        TEXT_FRAME,
        uuid.uuid4(),
        "eval",
        "",
        {
            "gremlin": Literal.string("g.V().out(edge).with(key)"),
            "bindings": _bindings(edge="FRIEND", key="Neptune#ml.prediction"),
        },
    )
    assert found(read_query(request)) == [FRIEND]


def _bindings(**bound: str) -> Argument:
    return Entries(
        tuple((Literal.string(name), Literal.string(value)) for name, value in bound.items())
    )


def plan(text: str) -> None:
    query = read_query(script_request(text))
    assert query is not None, "it would be forwarded"
    for number in query.concerned:
        plan_all(query.analyses[number], Settings(default_endpoint="ep"))


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_known_is_refused(text: str) -> None:
    with pytest.raises(InferenceError) as caught:
        plan(text)
    assert len(str(caught.value)) > 40


@pytest.mark.parametrize("mime", FORMATS)
def test_a_lambda_in_bytecode_is_refused(mime: str) -> None:
    text = "g.V(it).out('FRIEND').with('Neptune#ml.prediction').next()"
    if "graphbinary" in mime:
        parts = [part.encode() for part in ("gremlin-groovy", text)]
        bare = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        function = Opaque("graphbinary", b"\x1d\x00" + bare + b"\xff\xff\xff\xff", "Lambda")
    else:
        value = {"script": text, "language": "gremlin-groovy", "arguments": -1}
        function = Opaque("graphson", {"@type": "g:Lambda", "@value": value}, "g:Lambda")
    format_ = format_of(mime)
    assert isinstance(format_, Format)
    gremlin = Traversal((), (step("V"), Instruction("map", (function,))))
    sent = RequestMessage(format_, uuid.uuid4(), "bytecode", "traversal", {"gremlin": gremlin})
    query = read_query(read_request(Opcode.BINARY, write_request(sent)[1]))
    assert query is not None
    with pytest.raises(InferenceError, match="holds a lambda with an inference"):
        plan_all(query.analyses[0], Settings(default_endpoint="ep"))
