"""Graphs in texts of SPARQL."""

from __future__ import annotations

import pytest

from gremlink.proxy.embedded.rdf.texts import Block, NotUnderstood, names_graphs, operations


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * FROM <http://e/g> { ?s ?p ?o }", True),
        ("# FROM\nPREFIX from: <http://e/> SELECT * from NAMED from:g { ?s ?p ?o }", True),
        ("CONSTRUCT { ?s ?p ?o } FROM <http://e/g> WHERE { ?s ?p ?o }", True),
        ("DESCRIBE ?s FROM <http://e/g> WHERE { ?s ?p ?o }", True),
        ('SELECT ?from WHERE { ?s <http://e/FROM> \'FROM\' , """a" FROM <b> """ }', False),
        ("SELECT * { ?s ?p ?o FILTER(?o < 5 && ?o > 3) # FROM\n }", False),
        ("ASK { ?from:x ?p ?o }", False),
    ],
)
def test_a_query_names_graphs(query: str, expected: bool) -> None:
    assert names_graphs(query) is expected


def test_operations_have_their_templates_and_patterns() -> None:
    text = """PREFIX e: <http://e/>
    DELETE { ?s ?p ?o . GRAPH ?g { ?s e:q ';' } . ?o ?p ?s } INSERT { GRAPH e:g {} } # ; }
    WHERE { ?s ?p ?o FILTER(?o < 1) { SELECT * { ?s ?p ?o } } };
    BASE <http://b/> CLEAR ALL ; WITH e:g DELETE {} USING NAMED <x> WHERE {} ;
    DELETE WHERE { GRAPH <http://e/h> { ?a ?b ?c } } ; DELETE DATA { e:a e:b e:c } ;"""
    first, clear, third, fourth, fifth = operations(text)
    assert first.delete == (
        Block("?s ?p ?o ."),
        Block("?s e:q ';'", "?g"),
        Block("?o ?p ?s"),
    )
    assert first.delete[1].variable == "g"
    assert first.insert == (Block("", "e:g"),)
    assert first.where == "{ ?s ?p ?o FILTER(?o < 1) { SELECT * { ?s ?p ?o } } }"
    assert not first.names_graphs
    assert (clear.delete, clear.text) == (None, "CLEAR ALL")
    assert third.names_graphs
    assert fourth.delete == (Block("?a ?b ?c", "<http://e/h>"),)
    assert fourth.where == "{ GRAPH <http://e/h> { ?a ?b ?c } }"
    assert (fifth.delete, fifth.where) == ((Block("e:a e:b e:c"),), "")
    assert fifth.prologue.split() == ["PREFIX", "e:", "<http://e/>", "BASE", "<http://b/>"]


@pytest.mark.parametrize(
    "text",
    [
        "PREFIX e:",
        "DELETE { ?s ?p ?o",
        "DELETE { ?s ?p ?o } WHERE",
        "DELETE { ?s ?p ?o } WHERE { } ?x",
        "DELETE { GRAPH } WHERE { }",
        "DELETE WHERE { } { }",
    ],
)
def test_what_is_not_understood_is_said(text: str) -> None:
    with pytest.raises(NotUnderstood):
        list(operations(text))
