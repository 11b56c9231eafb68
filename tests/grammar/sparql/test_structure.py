"""The operations of a request, their groups, and what is no request."""

from __future__ import annotations

import pytest

from gremlink.grammar.errors import LimitExceeded, ScriptError
from gremlink.grammar.sparql.structure import Group, Request, Select, read_request
from gremlink.grammar.sparql.triples import read_triples


def shown(request: Request, part: Select | Group) -> str:
    """A group as its kinds of elements, with the groups in them."""
    if isinstance(part, Select):
        found = shown(request, part.where)
        found += "".join(f" +{shown(request, each)}" for each in part.conditions)
        names = "*" if part.projected is None else ",".join(part.projected)
        marks = "g" * part.grouped + "l" * part.limited + "v" * (part.values is not None)
        return f"{names}{'/' + marks if marks else ''}{found}"
    if part.select is not None:
        return f"[{shown(request, part.select)}]"
    inside = [
        each.kind + "".join(shown(request, group) for group in each.groups)
        for each in part.elements
    ]
    return f"{{{' '.join(inside)}}}"


def structure(text: str) -> list[str]:
    request = read_request(text)
    return [
        each.form + ("" if each.select is None else " " + shown(request, each.select))
        for each in request.operations
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * { }", "SELECT *{}"),
        ("select ?a where { ?a ?b ?c }", "SELECT a{triples}"),
        ("SELECT (COUNT(?a) AS ?n) ?b { ?a ?b ?c } GROUP BY ?b", "SELECT n,b/g{triples}"),
        ("SELECT ?a { } ORDER BY DESC(?a) LIMIT 3 OFFSET 4 VALUES ?a { 1 }", "SELECT a/lv{}"),
        (
            "SELECT (EXISTS { ?a ?b ?c } AS ?x) { } HAVING (EXISTS { })",
            "SELECT x/g{} +{triples} +{}",
        ),
        ("SELECT * { } ORDER BY EXISTS { ?a ?b ?c }", "SELECT *{} +{triples}"),
        ("ASK FROM <a> FROM NAMED <b> { ?a ?b ?c . ?d ?e ?f }", "ASK *{triples}"),
        ("CONSTRUCT { ?a ?b [ ?c ?d ] } WHERE { ?a ?b ?c }", "CONSTRUCT *{triples}"),
        ("CONSTRUCT WHERE { ?a ?b ?c }", "CONSTRUCT"),
        ("DESCRIBE <a> ?b", "DESCRIBE"),
        ("DESCRIBE ?b WHERE { ?b ?c ?d } LIMIT 1", "DESCRIBE */l{triples}"),
        ("SELECT * { ?a ?b ?c OPTIONAL { } ?a ?b ?c }", "SELECT *{triples OPTIONAL{} triples}"),
        ("SELECT * { { } UNION { } UNION { } }", "SELECT *{group{}{}{}}"),
        (
            "SELECT * { MINUS { } GRAPH ?g { } SERVICE SILENT <a> { } }",
            "SELECT *{MINUS{} GRAPH{} SERVICE{}}",
        ),
        (
            "SELECT * { FILTER(?a < ?b) FILTER regex(?a, 'b') FILTER :f(1) }",
            "SELECT *{FILTER FILTER FILTER}",
        ),
        ("SELECT * { FILTER NOT EXISTS { ?a ?b ?c } }", "SELECT *{FILTER{triples}}"),
        ("SELECT * { FILTER(?a || (EXISTS { } && NOT EXISTS { })) }", "SELECT *{FILTER{}{}}"),
        (
            "SELECT * { BIND(IF(EXISTS { }, 1, 2) AS ?x) VALUES (?a ?b) { (1 UNDEF) } }",
            "SELECT *{BIND{} VALUES}",
        ),
        ("SELECT * { VALUES ?a { } VALUES () { () } }", "SELECT *{VALUES VALUES}"),
        (
            "SELECT * { { SELECT ?a { { ?a ?b ?c } } LIMIT 1 } }",
            "SELECT *{group[a/l{group{triples}}]}",
        ),
        ("SELECT * { ?a :b/^:c*|!(a|^:d) ?e ; a :F , ( 1 [ :g 'h'@en ] ) . }", "SELECT *{triples}"),
        ("SELECT * { ?a ?b ?c {| :d 1 |} . << ?a ?b ?c >> :d 1 }", "SELECT *{triples}"),
    ],
)
def test_queries(text: str, expected: str) -> None:
    assert structure(text) == [expected]


def test_updates() -> None:
    text = """PREFIX : <a> INSERT DATA { :a :b :c . GRAPH :g { :a :b :c } } ;
    DELETE WHERE { ?a ?b 1 } ;
    WITH :g DELETE { ?a ?b ?c } INSERT { ?a ?b 2 } USING :h USING NAMED :i WHERE { ?a ?b ?c } ;
    CLEAR SILENT ALL ; COPY :a TO DEFAULT ; LOAD <x> INTO GRAPH :g ; INSERT { } WHERE { } ;"""
    assert structure(text) == [
        *("INSERT DATA", "DELETE WHERE", "MODIFY *{triples}", "CLEAR", "COPY", "LOAD", "MODIFY *{}")
    ]
    modified = read_request(text).operations[2]
    assert modified.graph is not None
    assert [named for named, _ in modified.dataset] == [False, True]
    assert len(modified.changes) == 2


def test_prefixes_hold_for_what_follows() -> None:
    request = read_request(
        "BASE <http://a/b> PREFIX x: <c#> CLEAR ALL ; PREFIX x: <d#> BASE <e/f> CLEAR ALL"
    )
    first, second = request.operations
    assert (first.prologue.prefixes, first.prologue.base) == ({"x": "http://a/c#"}, "http://a/b")
    assert (second.prologue.prefixes, second.prologue.base) == (
        {"x": "http://a/d#"},
        "http://a/e/f",
    )
    declared = second.prologue.declarations()
    assert read_request(f"{declared} CLEAR ALL").operations[0].prologue == second.prologue


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {",
        "SELECT * }",
        "SELECT * { ?a ?b ?c } }",
        "FOO",
        "SELECT * { FOO { } }",
        "SELECT * { OPTIONAL ?a }",
        "SELECT * { FILTER { } }",
        "SELECT * { BIND(1 }",
        "SELECT ?a",
        "SELECT * { VALUES { } }",
        "SELECT * { ?a ( } ) }",
        "CONSTRUCT WHERE { OPTIONAL { } }",
        "PREFIX x <a> ASK { }",
        "INSERT WHERE { }",
        "DELETE { ?a ?b ?c }",
        "ASK { } SELECT * { }",
        "CONSTRUCT WHERE { SERVICE <a> { } }",
        "ASK { FILTER(1 { }) }",
        "ASK { ] }",
    ],
)
def test_no_requests(text: str) -> None:
    with pytest.raises(ScriptError, match=r"line 1, column \d+"):
        structure(text)


def test_the_depth_of_groups_has_a_limit() -> None:
    assert structure("ASK " + "{" * 100 + "}" * 100)
    with pytest.raises(LimitExceeded):
        structure("ASK " + "{" * 101 + "}" * 101)
    with pytest.raises(LimitExceeded):
        structure("ASK " + "{" * 100_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("?a ?b ?c", ["?a | ?b | ?c"]),
        ("?a a :B, 'c'@en ; :d 1 .", ["?a | a | :B", "?a | a | 'c'@en", "?a | :d | 1"]),
        ("?a ^:b/(:c|!:d)*+5 .", ["?a | ^:b/(:c|!:d)* | +5"]),
        ("[ :a ?b ] :c ?d ; :e ( 1 2 )", ["[ :a ?b ] | :c | ?d", "[ :a ?b ] | :e | ( 1 2 )"]),
        ("[ :a ?b ] .", ["[ :a ?b ] |  | "]),
        (
            "?a :b [ :c ?d , ?e ; :f ?g ] . ?h :i ?j",
            ["?a | :b | [ :c ?d , ?e ; :f ?g ]", "?h | :i | ?j"],
        ),
        ("?a ?b ?c ; ; .", ["?a | ?b | ?c"]),
    ],
)
def test_triples(text: str, expected: list[str]) -> None:
    request = read_request(f"ASK {{ {text} }}")
    found = [
        " | ".join(request.slice(*span) for span in (triple.subject, triple.verb, triple.object))
        for sentence in read_triples(request.tokens, 2, len(request.tokens) - 1)
        for triple in sentence
    ]
    assert found == expected
