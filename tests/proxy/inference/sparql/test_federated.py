"""A block alone: enclosed in its service, with inputs of its own or all that the model knows."""

from __future__ import annotations

import pytest

from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import (
    KnownLinks,
    ListVertices,
    PredictLinks,
    PrepareLinks,
)
from gremlink.proxy.inference.errors import BadRequest, MalformedQuery, UnsupportedOperation
from gremlink.proxy.inference.sparql.commands import AskSparql, Solutions
from gremlink.proxy.inference.sparql.federated import answer_federated, enclosed

SPACE = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
PREFIX = f"PREFIX ml: <{SPACE}> "
LINKS = (
    "ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:endpoint 'people' ; ml:predicate"
    " <http://x/likes> ; ml:outputClass <http://x/Film> ; "
)  # fmt: skip
MODEL = PrepareLinks("people", "http://x/likes", "out", "http://x/Film")
ANN, TOM, FILM = (Literal.string(f"http://x/{name}") for name in ("ann", "tom", "film"))


def one_by_one(iri: str, value: str) -> str:
    return f"<{SPACE}config> <{SPACE}{iri}> {value} ."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"SELECT * {{ {LINKS} ml:output ?o }}", "SERVICE <{I}> {{ {B} ml:output ?o }}"),
        (
            f"SELECT * {{ VALUES ?who {{ <a> }} {LINKS} ml:output ?o . }}",
            "VALUES ?who {{ <a> }} SERVICE <{I}> {{ {B} ml:output ?o }}",
        ),
        (
            f"SELECT * {{ {LINKS} ml:output 'Drama'@en ; ml:outputScore 0.5 . BIND(1 AS ?x) }}",
            "VALUES ?gremlink_bound_output {{ 'Drama'@en }}"
            " VALUES ?gremlink_bound_outputScore {{ 0.5 }}"
            " SERVICE <{I}> {{ {B} ml:output ?gremlink_bound_output ;"
            " ml:outputScore ?gremlink_bound_outputScore }} BIND(1 AS ?x)",
        ),
        (
            f"SELECT ?o {{ {{ {LINKS} ml:output ?o }} }}",
            "{{ SERVICE <{I}> {{ {B} ml:output ?o }} }}",
        ),
        (
            "SELECT * { "
            + one_by_one("output", "?o")
            + " FILTER(?o > 1) "
            + one_by_one("input", "<a>")
            + " }",
            "SERVICE <{I}> {{ <{S}config> <{S}output> ?o . <{S}config> <{S}input> <a> }}"
            " FILTER(?o > 1)",
        ),
    ],
)  # fmt: skip
def test_the_triples_get_their_service(text, expected):
    wanted = expected.format(I=f"{SPACE}inference", S=SPACE, B=LINKS.strip())
    got = enclosed(PREFIX + text)
    assert " ".join(wanted.split()) in " ".join(got.split())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "ASK { ml:config ml:input ?x }",
        "INSERT DATA { ml:config ml:input 1 }",
        "SELECT * { SERVICE ml:inference { ?s ?p ?o } }",
    ],
)
def test_what_is_no_block_alone_is_refused(text):
    with pytest.raises(BadRequest, match="federated query"):
        enclosed(PREFIX + text)
    with pytest.raises(MalformedQuery):
        enclosed("SELECT * {")


def ask(text, vertices=(ANN, TOM)):
    """The commands but questions, and the query in the end."""
    answering = answer_federated(PREFIX + text, Settings())
    commands, reply = [], None
    while True:
        try:
            command = answering.send(reply)
        except StopIteration as stop:
            return commands, stop.value
        commands.append(command)
        match command:
            case AskSparql():
                from gremlink.proxy.relay.sparql.federation import _solutions

                commands.pop()
                reply = Solutions(*_solutions(command.query))
            case ListVertices():
                reply = tuple(vertices)
            case KnownLinks(_, inputs):
                reply = [frozenset([FILM]) for _ in inputs]
            case PredictLinks():
                reply = [[(FILM, 0.5)] for _ in command.inputs]
            case _:
                reply = None


@pytest.mark.parametrize(
    ("text", "inputs", "lists"),
    [
        ("ml:input ?who", [ANN, TOM], True),
        ("ml:input <http://x/ann>", [ANN], False),
        ("ml:input <http://x/ann>, <http://x/tom>", [ANN, TOM], False),
        ("ml:input ?who . VALUES ?who { <http://x/tom> }", [TOM], False),
        ("ml:input ?who . BIND(<http://x/tom> AS ?who)", [TOM], False),
    ],
)
def test_inputs_come_with_the_query_or_are_all_that_the_model_knows(text, inputs, lists):
    before = ""
    if "BIND" in text or "VALUES" in text:
        text, _, before = text.partition(" . ")
    commands, query = ask(f"SELECT * {{ {before} {LINKS} ml:output ?film ; {text} }}")
    listed = [each for each in commands if isinstance(each, ListVertices)]
    assert bool(listed) is lists
    assert KnownLinks(MODEL, inputs) in commands
    (asked,) = (each for each in commands if isinstance(each, PredictLinks))
    assert list(asked.inputs) == inputs
    assert list(asked.known) == [frozenset([FILM])] * len(inputs)
    assert query.count("<http://x/film>") == len(inputs)


def test_too_many_inputs_are_refused():
    many = [Literal.string(f"http://x/{number}") for number in range(10_001)]
    with pytest.raises(UnsupportedOperation, match="more than 10000 inputs"):
        ask(f"SELECT * {{ {LINKS} ml:output ?film ; ml:input ?who }}", many)
