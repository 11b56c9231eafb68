"""From files of RDF in Fuseki to predictions in queries: loads, counts, an export, a model."""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuseki import fuseki
from rdf_proxy import served_rdf
from sparql_requests import QUERY_FORMS, Sparql
from SPARQLWrapper import JSON, POST, SPARQLWrapper

from gremlink.grammar.sparql.terms import Iri
from gremlink.proxy import config
from gremlink.proxy.cli.quickstart.rdf import FRIENDS, QUESTION, TARGET
from gremlink.proxy.config import Upstream
from gremlink.proxy.embedded.sample import FRIENDS_RDF
from gremlink.proxy.graph.rdf.client import RdfStore, StoreRefused
from gremlink.proxy.graph.rdf.counts import count_rdf
from gremlink.proxy.graph.rdf.export import export_rdf
from gremlink.proxy.graph.rdf.load import load_rdf
from gremlink.proxy.graph.rdf.parameters import RdfExportParameters
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.management.tasks.description import rdf_store
from gremlink.proxy.store.records import Store

pytestmark = pytest.mark.integration

SETTINGS = TrainingSettings(epochs=2, networks=1, folds=2)
GRAPH = f"{FRIENDS}graph"
STATEMENTS = 96


def client(address: str) -> RdfStore:
    return rdf_store(config.Sparql(url=address), Upstream())


@pytest.fixture(scope="module", params=[True, False], ids=["union", "named graphs apart"])
def is_union(request: pytest.FixtureRequest) -> bool:
    found: bool = request.param
    return found


@pytest.fixture(scope="module")
def empty(is_union: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fuseki(tmp_path_factory.mktemp("fuseki"), union_default_graph=is_union) as address:
        yield address


@pytest.fixture(scope="module")
def database(empty: str, is_union: bool) -> str:
    """The friends, in a named graph where its default graph shows that."""
    report = load_rdf(client(empty), FRIENDS_RDF, graph=GRAPH if is_union else None)
    assert (report.statements, report.warnings) == (STATEMENTS, ())
    return empty


@pytest.fixture(scope="module")
def proxy(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address for SPARQL of a proxy with a model of the friends."""
    directory = tmp_path_factory.mktemp("proxy")
    targets = {"additionalParams": {"neptune_ml": {"targets": [TARGET]}}}
    parameters = RdfExportParameters.parse({"command": "export-rdf", **targets})
    report = export_rdf(client(database), directory / "export", parameters=parameters)
    assert report.statements == STATEMENTS
    train(directory / "export", directory / "artifact", settings=SETTINGS)
    Store(directory / "store").create_endpoint("friends", directory / "artifact")
    with served_rdf(database, directory / "store") as address:
        yield f"{address}/sparql"


def test_a_second_load_changes_nothing(database: str, is_union: bool) -> None:
    load_rdf(client(database), FRIENDS_RDF, graph=GRAPH if is_union else None)
    counts = count_rdf(client(database))
    assert (counts.quads, counts.subjects) == (STATEMENTS, 20)
    assert counts.classes == (f"{FRIENDS}User",)
    assert counts.predicates[f"{FRIENDS}friend"] == 25
    assert sum(counts.structures.values()) == 20


@pytest.mark.parametrize("has_protocol", [True, False], ids=["graph store", "update"])
def test_named_graphs_and_a_warning(
    empty: str, is_union: bool, has_protocol: bool, tmp_path: Path
) -> None:
    lines = [f'<http://e/a> <http://e/p{n}> "\\u00e9{n}"@en <http://e/g{n}> .' for n in range(9)]
    (tmp_path / "graphs.nq.bz2").write_bytes(bz2.compress("\n".join(lines).encode()))
    addresses = config.Sparql(url=empty).addresses()
    # At an address of queries nothing of the graph store protocol is answered.
    place = addresses.store if has_protocol else addresses.query
    store = client(empty)
    report = load_rdf(
        rdf_store(config.Sparql(url=empty, store=place), Upstream()), tmp_path, base="http://e/"
    )
    rows = list(store.select("SELECT DISTINCT ?g { GRAPH ?g { <http://e/a> ?p ?o } }"))
    assert {row[0] for row in rows} == {Iri(f"http://e/g{n}") for n in range(9)}
    assert len(report.warnings) == (not is_union)
    for number in range(9):
        store.update(f"DROP GRAPH <http://e/g{number}>")


def test_refusals_have_fuseki_s_words(empty: str) -> None:
    with pytest.raises(StoreRefused, match=r"answered 400: .*line 1"):
        list(client(empty).select("SELECT * { nonsense"))


@pytest.mark.parametrize("form", QUERY_FORMS)
def test_plain_queries_have_the_same_bytes(proxy: str, database: str, form: str) -> None:
    query = f"SELECT ?s ?name {{ ?s <{FRIENDS}name> ?name }} ORDER BY ?name"
    with (
        Sparql(f"{database}/sparql", f"{database}/update") as direct,
        Sparql(proxy, proxy) as through,
    ):
        for accept in ("application/sparql-results+json", "text/csv", "*/*"):
            found = through.ask(query, form, accept=accept)
            assert found.status == 200
            assert found == direct.ask(query, form, accept=accept)


def test_henry_s_question(proxy: str) -> None:
    asked = SPARQLWrapper(proxy, returnFormat=JSON)
    asked.setMethod(POST)
    asked.setQuery(QUESTION.format(limit=" ; ml:limit 8"))
    found = asked.queryAndConvert()
    assert isinstance(found, dict)
    names = [row["name"]["value"] for row in found["results"]["bindings"]]
    assert len(set(names)) == 8
    assert "Henry" not in names
