"""RDF stores that are not ours, and the proxy in front of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuseki import fuseki
from rdf_proxy import served_rdf
from rdf_stores import oxigraph

from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

ROOT = Path(__file__).parents[3]
FILMS = ROOT / "docs" / "examples" / "films.ttl"
NAMESPACE = "http://example.org/films/"
SETTINGS = TrainingSettings(epochs=2, networks=1, folds=2)
STORES = ["oxigraph", "fuseki"] if os.environ.get("GREMLINK_DATABASES") else ["oxigraph"]
"""Fuseki is a download: `make databases` asks for it."""
DOCUMENTED_STORE = "http://localhost:7878"
(COMMANDS,) = re.findall(
    r"```\n(gremlink load docs.*?)```", (ROOT / "docs" / "sparql.md").read_text("utf-8"), re.DOTALL
)
"""How docs/sparql.md makes endpoints of films.ttl, and serves them."""


@pytest.fixture(scope="session", params=STORES)
def plain_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a store whose default graph is one of its own."""
    if request.param == "oxigraph":
        with oxigraph(union_default_graph=False) as address:
            yield address
        return
    directory = tmp_path_factory.mktemp("fuseki")
    with fuseki(directory, union_default_graph=False) as address:
        yield address


@pytest.fixture(scope="session")
def films(films_and_store: tuple[str, str]) -> str:
    """The address for SPARQL of a proxy with the documented endpoints, quickly trained."""
    return films_and_store[0]


@pytest.fixture(scope="session")
def films_and_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """That address, and that of the store behind it."""
    directory = tmp_path_factory.mktemp("films")
    (directory / "docs").symlink_to(ROOT / "docs")
    *commands, serve = COMMANDS.strip().split("\n")
    assert serve == f"gremlink serve --sparql {DOCUMENTED_STORE}"
    with oxigraph() as store:
        for command in commands:
            words = command.replace(DOCUMENTED_STORE, store).split()
            match words[1:]:
                case ["train", export, "--configuration", name, "--output", output]:
                    train(
                        directory / export,
                        directory / output,
                        settings=SETTINGS,
                        configuration=name,
                    )
                case ["endpoint", "create", name, "--artifact", artifact]:
                    Store(directory / "store").create_endpoint(name, directory / artifact)
                case _:
                    done = subprocess.run(
                        [sys.executable, "-m", *words],
                        cwd=directory,
                        capture_output=True,
                        text=True,
                    )
                    assert done.returncode == 0, (command, done.stdout, done.stderr)
        with served_rdf(store, directory / "store") as address:
            yield f"{address}/sparql", store
