"""`gremlink export --rdf`, and training on what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from oxigraph_server import oxigraph_server
from rdf_export import EX, iri, line, literal

from gremlink.proxy.cli import main
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.store.artifacts import read_artifact

QUICK = ["--threads", "1", "--speed", "reference", "--budget", "5s"]
TARGET = {"node": EX + "Movie", "predicate": EX + "genre", "type": "classification"}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    statements = []
    for number in range(40):
        genre = "Drama" if number % 2 else "Comedy"
        statements += [
            line(f"m{number}", "a", iri("Movie")),
            line(f"m{number}", "genre", literal(genre, language="en")),
            line(f"m{number}", "year", literal(str(1950 + number % 3 * 20), "gYear")),
            line(f"m{number}", "like", iri(f"m{(number + 2) % 40}")),
        ]
    with oxigraph_server() as addresses:
        RdfStore(addresses).add("".join(f"{each}\n" for each in statements).encode(), EX + "g")
        yield addresses.query.removesuffix("/query")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["flag", "command"])
def test_an_export_is_trained_on(url: str, tmp_path: Path, way: str) -> None:
    request = {"additionalParams": {"neptune_ml": {"targets": [TARGET]}}}
    if way == "command":
        request["command"] = "export-rdf"  # type: ignore[assignment]
    (tmp_path / "params.json").write_text(json.dumps(request))
    flags = ["--rdf"] if way == "flag" else []
    export = tmp_path / "export"
    asked = ["export", "--sparql", url, "--params", tmp_path / "params.json", "--output", export]
    done = run(*asked, *flags)
    assert done.exit_code == 0, done.output
    assert "160 statements exported" in done.stdout
    output = tmp_path / "model"
    done = run("train", export, "--output", output, "--model", "linear", *QUICK)
    assert done.exit_code == 0, done.output
    manifest = read_artifact(output).manifest
    assert manifest["rdf"] is True
    classes = [value for _, value in manifest["target"]["classes"]]
    assert sorted(classes) == ['"Comedy"@en', '"Drama"@en']


def test_the_store_has_to_be_named(tmp_path: Path) -> None:
    done = run("export", "--rdf", "--output", tmp_path / "export")
    assert done.exit_code != 0
    assert "--sparql" in done.output


def test_neptune_s_sentences(url: str, tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text('{"targets": [{"type": "regression"}]}')
    params = ["--params", tmp_path / "params.json", "--output", tmp_path / "export"]
    done = run("export", "--rdf", "--sparql", url, *params)
    assert done.exit_code != 0
    assert "Illegal target element. Expected 'node' field." in done.output
    assert not (tmp_path / "export").exists()
