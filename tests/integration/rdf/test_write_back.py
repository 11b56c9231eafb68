"""Predictions of models of RDF, written into a store by the command, twice, and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import gremlink
from gremlink.grammar.sparql.terms import Iri, RdfLiteral
from gremlink.proxy.cli import main
from gremlink.proxy.config import Sparql, Upstream
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.learning.predictions.rows import NothingToPredict
from gremlink.proxy.management.tasks import predict
from gremlink.proxy.management.tasks.description import describe_rdf_store

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
FILMS = "http://example.org/films/"
NAME = f"{FILMS}mayHave"
JOB: dict[str, Any] = {
    "locations": {"roots": [], "s3_folder": None, "s3_endpoint": None},
    "asked": {"limit": 2},
    "label": None,
    "ids": None,
    "remove": None,
    "dry_run": False,
    "name": "likes",
}
"""What a job of the management API is told."""


@pytest.fixture
def export(store: RdfStore, sparql: Sparql, tmp_path: Path) -> Path:
    gremlink.load_rdf(sparql, EXAMPLES / "films.ttl")
    gremlink.export_rdf(sparql, tmp_path / "export", params=EXAMPLES / "films.json")
    return tmp_path / "export"


@pytest.mark.parametrize(
    ("configuration", "model"), [("likes.json", "pure-svd"), ("score.json", "mean")]
)
def test_predictions_are_written_twice_and_removed(
    export: Path, store: RdfStore, sparql: Sparql, tmp_path: Path, configuration: str, model: str
) -> None:
    artifact = tmp_path / "artifact"
    gremlink.train(export, artifact, configuration=configuration, model=model, budget=1)

    def said(*words: str) -> str:
        token = None if sparql.token is None else sparql.token.get_secret_value()
        done = CliRunner().invoke(
            main,
            ["predict", *words, "--sparql", str(sparql.url)],
            env={"GREMLINK_SPARQL_TOKEN": token},
        )
        assert done.exit_code == 0, done.output
        return done.stdout

    def content() -> set[object]:
        return set(
            store.select("SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g {?s ?p ?o} } }")
        )

    before = content()
    loaded = gremlink.load(artifact)
    rows = list(loaded.predict_all(limit=2))
    if isinstance(loaded, gremlink.PropertyModel):
        rows = list(loaded.predict_all(limit=1))
    from_python = loaded.predict_all(limit=2).write_back(sparql, NAME)
    assert from_python.written == len(rows)
    assert gremlink.remove_predictions(sparql, NAME) == (len(rows), 0)
    assert content() == before
    database = {"rdf_store": describe_rdf_store(sparql, Upstream())}
    job = {**JOB, **database, "artifact": str(artifact), "write_back": NAME}
    assert predict.run(job, tmp_path, lambda *told: None)["predictions"] == len(rows)
    gone = predict.run({**job, "remove": NAME}, tmp_path, lambda *told: None)
    assert gone == {"edges": len(rows), "values": 0, "dryRun": False}
    with pytest.raises(NothingToPredict, match=r"sparql\.url is not set"):
        predict.run({**JOB, "artifact": str(artifact), "write_back": NAME}, tmp_path, print)
    asked = (str(artifact), "--all", "--limit", "2", "--write-back", NAME)
    assert said(*asked, "--dry-run") == f"{len(rows)} predictions would be written as {NAME}\n"
    assert content() == before
    assert said(*asked) == f"{len(rows)} predictions are in the graph as {NAME}\n"
    once = content()
    assert said(*asked) == f"{len(rows)} predictions are in the graph as {NAME}\n"
    assert content() == once
    written = set(store.select(f"SELECT ?s ?o {{ GRAPH <{NAME}> {{ ?s <{NAME}> ?o }} }}"))
    if isinstance(loaded, gremlink.LinkModel):
        assert written == {(Iri(row[0]), Iri(row[1])) for row in rows}
    else:
        found = {(s, float(o.lexical)) for s, o in written if isinstance(o, RdfLiteral)}
        assert found == {(Iri(row[0]), row[1]) for row in rows}
    assert said("--remove", NAME, "--dry-run") == f"{len(rows)} predictions would go\n"
    assert said("--remove", NAME) == f"{len(rows)} predictions are removed\n"
    assert content() == before
