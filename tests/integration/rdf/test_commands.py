"""`gremlink sparql-server`, `load`, `export` and `serve`, with nothing configured but folders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_server
from typing import Any
from urllib.parse import urlencode

import pytest
from api_requests import send

from gremlink.proxy.embedded.sample import FRIENDS_RDF


def free_port() -> str:
    with create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("home")
    return {
        **os.environ,
        "XDG_DATA_HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "none"),
        "GREMLINK_EMBEDDED_SPARQL_PORT": free_port(),
        "GREMLINK_LISTEN_PORT": free_port(),
        "GREMLINK_STORAGE_ROOTS": f"{FRIENDS_RDF}",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def running(variables: dict[str, str], *command: str) -> Iterator[str]:
    """A command that stays; its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gremlink", *command],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


def gremlink(variables: dict[str, str], *command: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gremlink", *map(str, command)],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def proxy(variables: dict[str, str]) -> Iterator[str]:
    assert "which RDF store?" in gremlink(variables, "load", FRIENDS_RDF)
    assert "which database?" in gremlink(variables, "serve")
    with ExitStack() as both:
        assert "listens at" in both.enter_context(running(variables, "sparql-server"))
        assert gremlink(variables, "load", FRIENDS_RDF).startswith("96 statements loaded")
        assert "listens at" in both.enter_context(running(variables, "serve"))
        yield f"http://127.0.0.1:{variables['GREMLINK_LISTEN_PORT']}"


def asked(proxy: str, query: str) -> Any:
    data = urlencode({"query": query}).encode()
    with urllib.request.urlopen(f"{proxy}/sparql", data, timeout=30) as answer:
        return json.load(answer)


def test_serve_and_export_find_the_store(
    proxy: str, variables: dict[str, str], tmp_path: Path
) -> None:
    found = asked(proxy, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert found["results"]["bindings"][0]["n"]["value"] == "96"
    said = gremlink(variables, "export", "--rdf", "--output", tmp_path / "export")
    assert said.startswith("96 statements exported")


def test_the_api_counts_and_loads(proxy: str) -> None:
    status, document = send(proxy, "GET", "/rdf/statistics/summary?mode=detailed")
    assert status == 200
    assert document["payload"]["graphSummary"]["numQuads"] == 96
    status, document = send(proxy, "GET", "/sparql/statistics")
    assert (status, document["payload"]["signatureInfo"]["instanceCount"]) == (200, 20)
    body = {"source": str(FRIENDS_RDF), "format": "turtle", "iamRoleArn": "x", "region": "x"}
    status, document = send(proxy, "POST", "/loader", body)
    assert status == 200, document
    id = document["payload"]["loadId"]
    deadline = time.monotonic() + 60
    while True:
        overall = send(proxy, "GET", f"/loader/{id}")[1]["payload"]["overallStatus"]
        if overall["status"] == "LOAD_COMPLETED":
            break
        assert "FAILED" not in overall["status"], overall
        assert time.monotonic() < deadline
        time.sleep(0.2)
    named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    assert asked(proxy, named)["results"]["bindings"][0]["n"]["value"] == "96"
