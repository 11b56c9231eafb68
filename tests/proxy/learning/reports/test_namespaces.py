"""Short names in the reports of RDF graphs."""

from __future__ import annotations

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import Edges, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.reports.namespaces import (
    namespaces_of,
    shortened,
    with_short_names,
)
from gremlink.proxy.learning.trained.stored_graph import StoredGraph

EX = "http://example.org/ontology/"
NONE: Indexes = np.zeros(0, np.int64)


def stored(*, rdf: bool) -> StoredGraph:
    types = {f"{EX}Film {EX}Movie": 1, "_:http://xmlns.com/foaf/0.1/Person": 1, "urn:x": 0}
    relation = Relation(*list(types)[:1], "http://example.org/ontology/old/by#made", "urn:x")
    ids = {name: [Literal.string("http://1.2.3.4/a")][:count] for name, count in types.items()}
    return StoredGraph(
        TypedGraph(types, {relation: Edges(NONE, NONE)}), ids, dict.fromkeys(types, ()), {}, rdf
    )


def test_namespaces_have_prefixes() -> None:
    found = namespaces_of(stored(rdf=True))
    assert found == {
        EX: "ontology",
        "http://1.2.3.4/": "ns2",
        "http://xmlns.com/foaf/0.1/": "foaf",
        f"{EX}old/by#": "by",
    }
    text = f"({EX}Movie)-{EX}old/by#made->(urn:x)"
    assert shortened(text, found) == "(ontology:Movie)-by:made->(urn:x)", "the longest first"
    lines = with_short_names([text], found)
    assert lines[0] == "(ontology:Movie)-by:made->(urn:x)"
    assert f"ontology: is {EX}" in lines[1]


def test_names_of_property_graphs_stay() -> None:
    assert namespaces_of(stored(rdf=False)) == {}
    assert with_short_names([f"{EX}Movie"], {}) == [f"{EX}Movie"]
