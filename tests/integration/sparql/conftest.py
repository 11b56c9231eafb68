"""RDF stores that are not ours, and the proxy in front of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdf_proxy import served_rdf
from rdf_stores import oxigraph
from sparql_requests import Sparql

from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

FILMS = Path(__file__).parents[3] / "docs" / "examples" / "films.ttl"
NAMESPACE = "http://example.org/films/"
SETTINGS = TrainingSettings(epochs=2, networks=1, folds=2)
TARGETS = {
    "genre": ("classification", {"node": "Film", "predicate": "genre"}),
    "score": ("regression", {"node": "Film", "predicate": "criticScore"}),
    "likes": ("link_prediction", {"subject": "User", "predicate": "likes", "object": "Film"}),
}
"""Endpoints, their tasks and targets, without the namespace."""


@pytest.fixture(scope="session")
def plain_store() -> Iterator[str]:
    """An Oxigraph whose default graph is one of its own."""
    with oxigraph(union_default_graph=False) as address:
        yield address


@pytest.fixture(scope="session")
def films_endpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a proxy with a model of films.ttl for each of `TARGETS`."""
    directory = tmp_path_factory.mktemp("films")
    export = directory / "export"
    export.mkdir()
    shutil.copy(FILMS, export)
    store = Store(directory / "store")
    for name, (task, target) in TARGETS.items():
        iris = {key: NAMESPACE + value for key, value in target.items()}
        label = {"task_type": task, "targets": [{**iris, "split_rate": [0.8, 0.1, 0.1]}]}
        document = {
            "version": "v2.0",
            "query_engine": "sparql",
            "graph": {"rdfs": [{"file_name": FILMS.name, "label": label}]},
            "warnings": [],
        }
        (export / f"{name}.json").write_text(json.dumps(document))
        train(export, directory / name, settings=SETTINGS, configuration=f"{name}.json")
        store.create_endpoint(name, directory / name)
    return directory / "store"


@pytest.fixture(scope="session")
def films(films_endpoints: Path) -> Iterator[str]:
    """The address for SPARQL of a proxy in front of a store with films.ttl."""
    with oxigraph() as store:
        with Sparql(f"{store}/query", f"{store}/update") as direct:
            kind = {"Content-Type": "text/turtle"}
            assert direct.send("POST", "/store?default", kind, FILMS.read_bytes()).status == 204
        with served_rdf(store, films_endpoints) as address:
            yield f"{address}/sparql"
