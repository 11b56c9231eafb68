"""The examples of docs/python.md and of the docstrings of the face, with their outputs."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from doc_examples import failures, of_document, of_modules
from gremlin_python.driver.client import Client

import gremlink
from gremlink import Upstream
from gremlink.api.running import Running

pytestmark = pytest.mark.integration

TOP = Path(__file__).parents[3]
DOCUMENT = TOP / "docs" / "python.md"
IN_ORDER = (
    "data",
    "training",
    "results.comparison",
    "results.embeddings",
    "models",
    "rdf",
    "results.segments",
    "serving",
)
"""Modules whose examples need what those before them have made."""


@pytest.fixture(scope="module")
def database() -> Iterator[Upstream]:
    with gremlink.gremlin_server() as database:
        yield database


def use(monkeypatch: pytest.MonkeyPatch, database: Upstream) -> None:
    """Let examples get the server that runs: a second one would take seconds."""
    shared = Running("gremlin_server", nullcontext(database))
    monkeypatch.setattr(gremlink, "gremlin_server", lambda: shared)


def test_every_example_of_the_document(
    database: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").symlink_to(TOP / "docs")
    monkeypatch.chdir(tmp_path)
    use(monkeypatch, database)
    failed = failures(of_document(DOCUMENT), {"gremlink": gremlink})
    assert not failed, failed


def test_every_example_of_the_docstrings(
    database: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    use(monkeypatch, database)
    with gremlink.serve(database) as url, closing(Client(url, "g")) as client:
        client.submit("g.V().drop().iterate()").all().result()
    gremlink.load_csv(database, gremlink.FRIENDS)
    hobby = {"node": "User", "property": "interests", "type": "classification"}
    gremlink.export(database, "hobbies", targets=[{**hobby, "separator": ";"}])
    gremlink.train("hobbies", "property", model="majority", budget=1)
    (tmp_path / "docs").symlink_to(TOP / "docs")
    modules = [importlib.import_module(f"gremlink.api.{name}") for name in IN_ORDER]
    tests = [test for module in modules for test in of_modules([module])]
    with gremlink.sparql_server() as store:
        known = {"gremlink": gremlink, "database": database, "store": store}
        failed = failures(tests, known)
    assert not failed, failed


def test_every_function_and_class_is_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    returned = {
        "AllPredictions",
        "Comparison",
        "Embeddings",
        "Explanation",
        "PredictedLink",
        "PredictedProperty",
    }
    returned |= {
        "PropertyExplanation",
        "ProcessReport",
        "Segments",
        "TrainReport",
        "Table",
        "__version__",
    }
    for name in set(gremlink.__all__) - returned:
        assert re.search(rf"gremlink\.{name}\b", text), name
