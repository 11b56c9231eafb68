"""The client of RDF stores, beside the `oxigraph` server."""

from __future__ import annotations

import pytest
from oxigraph_server import StoreAddresses

from gremlink.grammar.sparql.terms import XSD, Iri, RdfLiteral
from gremlink.proxy.graph import ConnectionFailed, ServerRefused
from gremlink.proxy.graph.rdf.client import RdfStore, StoreRefused, StoreUnreachable

SUBJECT, PREDICATE = Iri("http://e/s"), Iri("http://e/p")
OBJECTS = {
    Iri("http://e/o"),
    RdfLiteral('a "quoted"\nline'),
    RdfLiteral("ja", language="de"),
    RdfLiteral("2024-01-01", f"{XSD}date"),
}
DATA = (
    b"<http://e/s> <http://e/p> <http://e/o> .\n"
    b'<http://e/s> <http://e/p> "a \\"quoted\\"\\nline" .\n'
    b'<http://e/s> <http://e/p> "ja"@de .\n'
    b'<http://e/s> <http://e/p> "2024-01-01"^^<http://www.w3.org/2001/XMLSchema#date> .\n'
)


@pytest.mark.parametrize("graph", [None, "http://e/graph?a=1&b=ü"])
def test_what_is_added_is_selected(store: RdfStore, graph: str | None) -> None:
    store.add(DATA, graph)
    rows = list(store.select("SELECT ?s ?p ?o ?nothing { ?s ?p ?o }"))
    assert {row[2] for row in rows} == OBJECTS
    assert {(row[0], row[1], row[3]) for row in rows} == {(SUBJECT, PREDICATE, None)}
    graphs = list(store.select("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"))
    assert graphs == ([] if graph is None else [(Iri(graph),)])
    assert store.ask("ASK { ?s ?p 'ja'@de }")


def test_named_solutions_leave_out_what_is_unbound(store: RdfStore) -> None:
    store.add(DATA, None)
    query = "SELECT ?s ?n { ?s ?p <http://e/o> OPTIONAL { ?s <http://e/none> ?n } }"
    assert list(store.select_with_names(query)) == [{"s": SUBJECT}]


def test_constructed_triples_are_whole_lines(store: RdfStore) -> None:
    many = "".join(f'<http://e/{n}> <http://e/p> "{n}" .\n' for n in range(5000))
    store.add(many.encode(), None)
    pieces = list(store.construct_ntriples("CONSTRUCT WHERE { ?s ?p ?o }"))
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert sorted(b"".join(pieces).splitlines()) == sorted(many.encode().splitlines())


def test_datasets_are_parameters(store: RdfStore) -> None:
    store.add(DATA, "http://e/one")
    store.add(b"<http://e/other> <http://e/p> 1 .\n", "http://e/two")
    query = "SELECT DISTINCT ?s { ?s ?p ?o }"
    assert list(store.select(query, default_graphs=["http://e/two"])) == [(Iri("http://e/other"),)]


def test_a_refusal_has_the_words_of_the_store(store: RdfStore) -> None:
    with pytest.raises(StoreRefused, match="answered 400: ") as refused:
        list(store.select("SELECT {"))
    assert isinstance(refused.value, ServerRefused)
    assert refused.value.status == 400
    with pytest.raises(StoreRefused, match="answered 400: "):
        store.update("INSERT nothing")


def test_a_store_that_is_not_there_is_said_to_be_so() -> None:
    store = RdfStore(StoreAddresses("http://user:secret@127.0.0.1:1/query", None, None))
    with pytest.raises(StoreUnreachable, match="no connection to the RDF store") as failed:
        list(store.select("SELECT * { ?s ?p ?o }"))
    assert isinstance(failed.value, ConnectionFailed)
    assert "secret" not in str(failed.value)


def test_an_address_of_another_kind_is_refused() -> None:
    store = RdfStore(StoreAddresses("ws://127.0.0.1:1/gremlin", None, None))
    with pytest.raises(StoreUnreachable, match="must look like"):
        store.update("CLEAR ALL")
