"""`/loader` and `gremlink load` with RDF, by boto3 and by the command."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_requests import LOAD
from running_api import RunningApi
from service_model import faults

from gremlink.grammar.sparql.terms import Iri
from gremlink.proxy.config import Sparql
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.graph.rdf.load import NEPTUNE_GRAPH

TURTLE = "@prefix e: <http://e/> .\ne:a e:p e:b , [] ; e:q 1 .\n<relative> e:p e:b .\n"
NQUADS = "<http://e/x> <http://e/p> <http://e/y> <http://e/g> .\n<http://e/x> <http://e/p> 'no' .\n"


@pytest.fixture
def api(tmp_path: Path, sparql: Sparql) -> Iterator[RunningApi]:
    token = None if sparql.token is None else sparql.token.get_secret_value()
    with RunningApi(tmp_path, sparql={"url": sparql.url, "token": token}) as running:
        yield running


@pytest.fixture
def bucket(api: RunningApi) -> Path:
    folder = api.configuration.storage.s3_folder
    assert folder is not None
    (folder / "b").mkdir(parents=True)
    return folder / "b"


def load(neptune: Any, source: str, form: str, **settings: Any) -> Any:
    asked = {**LOAD, "format": form, **settings}
    id = neptune.start_loader_job(source=source, **asked)["payload"]["loadId"]
    deadline = time.monotonic() + 60
    while True:
        reply = neptune.get_loader_job_status(loadId=id, details=True, errors=True)
        reply.pop("ResponseMetadata")
        assert faults("GetLoaderJobStatus", reply) == []
        status = reply["payload"]["overallStatus"]["status"]
        if status not in ("LOAD_IN_QUEUE", "LOAD_IN_PROGRESS", "LOAD_NOT_STARTED"):
            return reply["payload"]
        assert time.monotonic() < deadline, reply
        time.sleep(0.1)


def graphs(store: RdfStore) -> dict[str, int]:
    rows = store.select("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    return {row[0].value: int(row[1].lexical) for row in rows}  # type: ignore[union-attr]


def test_loads_by_boto3(api: RunningApi, bucket: Path, store: RdfStore, sparql: Sparql) -> None:
    (bucket / "data.ttl.gz").write_bytes(gzip.compress(TURTLE.encode()))
    (bucket / "notes.txt").write_text("words")
    neptune = api.client()
    for _ in range(2):
        payload = load(neptune, "s3://b/", "turtle")
        overall = payload["overallStatus"]
        assert overall["status"] == "LOAD_COMPLETED", overall
        assert (overall["totalRecords"], overall["parsingErrors"]) == (4, 0)
        assert payload["feedCount"] == [{"LOAD_COMPLETED": 1}]
        assert "s3://b/notes.txt is left out" in overall["warnings"][0]
        hidden = [each for each in overall["warnings"] if "is not their union" in each]
        assert len(hidden) == (sparql.token is None)
        assert graphs(store) == {NEPTUNE_GRAPH: 4}
    base = "http://aws.amazon.com/neptune/relative"
    assert store.ask(f"ASK {{ GRAPH <{NEPTUNE_GRAPH}> {{ <{base}> <http://e/p> <http://e/b> }} }}")


def test_graph_and_base_of_a_load(api: RunningApi, bucket: Path, store: RdfStore) -> None:
    (bucket / "data.ttl").write_text(TURTLE)
    names = {"namedGraphUri": "http://e/mine", "baseUri": "http://e/base/"}
    load(api.client(), "s3://b/data.ttl", "turtle", parserConfiguration=names)
    assert graphs(store) == {"http://e/mine": 4}
    assert store.ask("ASK { GRAPH ?g { <http://e/base/relative> ?p ?o } }")


def test_errors_have_file_and_line(api: RunningApi, bucket: Path, store: RdfStore) -> None:
    (bucket / "data.nq").write_text(NQUADS)
    neptune = api.client()
    payload = load(neptune, "s3://b/data.nq", "nquads")
    assert payload["overallStatus"]["status"] == "LOAD_FAILED"
    assert "s3://b/data.nq:2:27: " in payload["overallStatus"]["failureReason"]
    (error,) = payload["errors"]["errorLogs"]
    assert (error["fileName"], error["recordNum"]) == ("s3://b/data.nq", 2)
    assert graphs(store) == {}
    payload = load(neptune, "s3://b/data.nq", "nquads", failOnError=False)
    assert payload["overallStatus"]["status"] == "LOAD_COMPLETED"
    assert payload["overallStatus"]["parsingErrors"] == 1
    assert graphs(store) == {"http://e/g": 1}


@pytest.mark.parametrize("name", ["namedGraphUri", "baseUri"])
def test_iris_of_a_request_are_checked(api: RunningApi, bucket: Path, name: str) -> None:
    neptune = api.client()
    with pytest.raises(neptune.exceptions.InvalidParameterException, match=f"{name}: .*absolute"):
        load(neptune, "s3://b/", "turtle", parserConfiguration={name: "not an iri"})


def gremlink(tmp_path: Path, *arguments: object, **variables: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gremlink", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "home"), **variables},
    )
    return done.returncode, done.stdout, done.stderr


def named(sparql: Sparql) -> dict[str, str]:
    found = {"GREMLINK_SPARQL_URL": str(sparql.url)}
    if sparql.token is not None:
        found["GREMLINK_SPARQL_TOKEN"] = sparql.token.get_secret_value()
    return found


def test_the_command_loads_rdf(tmp_path: Path, store: RdfStore, sparql: Sparql) -> None:
    file = tmp_path / "data.ttl"
    file.write_text(TURTLE)
    base = ("--base", "http://e/")
    code, said, errors = gremlink(tmp_path, "load", file, *base, **named(sparql))
    assert (code, errors) == (0, "")
    assert said.startswith("4 statements loaded in ")
    assert set(store.select("SELECT ?s { ?s <http://e/q> 1 }")) == {(Iri("http://e/a"),)}
    options = ("--format", "trig", "--graph", "http://e/g", *base)
    code, said, errors = gremlink(tmp_path, "load", tmp_path, *options, **named(sparql))
    assert code == 0, errors
    assert graphs(store) == {"http://e/g": 4}


WRONG: dict[str, tuple[list[str], str, int]] = {
    "relative": (["data.ttl"], "data.ttl:3:1: ", 1),
    "graph": (["data.ttl", "--graph", "no iri"], "--graph: 'no iri' is no absolute IRI", 2),
    "both": (["."], "holds both CSV and RDF", 2),
    "for csv": (["people.csv", "--graph", "http://e/g"], "--graph and --base are for RDF", 2),
    "format": (["data.ttl", "--format", "rdfxml"], "data.ttl:", 1),
    "nothing": (["words.md", "--format", "csv"], "words.md", 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_commands(tmp_path: Path, sparql: Sparql, store: RdfStore, name: str) -> None:
    arguments, said, code = WRONG[name]
    data = tmp_path / "files"
    data.mkdir()
    (data / "data.ttl").write_text(TURTLE)
    (data / "people.csv").write_text("~id,~label\na,b\n")
    (data / "words.md").write_text("words\n")
    places = [str(data / arguments[0]), *arguments[1:]]
    found, _, errors = gremlink(tmp_path, "load", *places, **named(sparql))
    assert said in errors
    assert found == code
    assert "Traceback" not in errors
    assert not store.ask("ASK { ?s ?p ?o }")


def test_without_a_store_the_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(TURTLE)
    code, _, errors = gremlink(tmp_path, "load", tmp_path / "data.ttl")
    assert code == 2
    assert "which RDF store?" in errors
    assert "GREMLINK_SPARQL_URL" in errors
    away = {"GREMLINK_SPARQL_URL": "http://127.0.0.1:1/query"}
    code, _, errors = gremlink(tmp_path, "load", tmp_path / "data.ttl", **away)
    assert code == 1
    assert "no connection to the RDF store at http://127.0.0.1:1/query" in errors
    with RunningApi(tmp_path) as running:
        neptune = running.client()
        missing = neptune.exceptions.UnsupportedOperationException
        with pytest.raises(missing, match=r"sparql\.url is not set"):
            load(neptune, "s3://b/", "nquads")
