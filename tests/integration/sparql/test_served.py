"""`gremlink serve` in front of an RDF store alone: streams, a store that goes, workers, the end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import pytest
from oxigraph_server import oxigraph_server
from patience import eventually

QUERY = "SELECT * { ?s ?p ?o } LIMIT 3"
TRIPLES = 3_000


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def proxy(
    directory: Path, store: str, *options: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command; its address and its process."""
    port = free_port()
    command = [sys.executable, "-m", "gremlink", "serve", "--sparql", store, "--port", str(port)]
    environment = {name: text for name, text in os.environ.items() if "GREMLINK" not in name}
    process = subprocess.Popen(
        [*command, "--store", str(directory), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        assert "listens at" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def ask(address: str, text: str = QUERY, kind: str = "query", **more: str) -> Any:
    form = urlencode({kind: text, **more}).encode()
    return urllib.request.urlopen(urllib.request.Request(address, form), timeout=60)


def said(address: str, text: str = QUERY, kind: str = "query", **more: str) -> tuple[int, bytes]:
    """Status and content of a response."""
    try:
        with ask(address, text, kind, **more) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def figure(address: str, name: str) -> float:
    with urllib.request.urlopen(f"{address}/metrics") as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """A store with some thousand triples."""
    with oxigraph_server() as addresses:
        assert addresses.update is not None
        triples = " ".join(f"<http://x/{n}> <http://x/p> '{n:0200}' ." for n in range(TRIPLES))
        assert said(addresses.update, f"INSERT DATA {{ {triples} }}", "update")[0] == 204
        yield addresses.query


def test_a_large_result_streams_through_a_small_process(store: str, tmp_path: Path) -> None:
    with proxy(tmp_path, store) as (address, process):
        said(f"{address}/sparql")
        before = psutil.Process(process.pid).memory_info().rss
        text = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 200000"
        received, most = 0, 0
        with ask(f"{address}/sparql", text) as response:
            while piece := response.read(1024 * 1024):
                received += len(piece)
                most = max(most, psutil.Process(process.pid).memory_info().rss - before)
        assert received > 75e6
        assert most < 40e6


def test_a_large_update_streams_through_a_small_process(tmp_path: Path) -> None:
    with oxigraph_server() as addresses, proxy(tmp_path, addresses.query) as (address, process):
        said(f"{address}/sparql")
        before = psutil.Process(process.pid).memory_info().rss
        triples = "\n".join(f"<http://x/{n}> <http://x/p> '{n:0300}' ." for n in range(200_000))
        body = f"INSERT DATA {{ {triples} }}".encode()
        assert len(body) > 60e6
        most = 0
        done = threading.Event()

        def watch() -> None:
            nonlocal most
            while not done.wait(0.05):
                most = max(most, psutil.Process(process.pid).memory_info().rss - before)

        watching = threading.Thread(target=watch)
        watching.start()
        headers = {"Content-Type": "application/sparql-update"}
        request = urllib.request.Request(f"{address}/sparql", body, headers)
        with urllib.request.urlopen(request, timeout=300) as response:
            assert response.status == 204
        done.set()
        watching.join()
        assert most < 40e6
        _, content = said(f"{address}/sparql", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
        assert b'"200000"' in content


def test_a_store_that_goes_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with proxy(tmp_path, base) as (address, _):
        for _ in range(3):
            with oxigraph_server(port=port) as addresses:
                assert addresses.query == f"{base}/query"
                for _ in range(4):
                    assert said(f"{address}/sparql")[0] == 200
                assert said(f"{address}/sparql", "CLEAR ALL", "update")[0] == 204
                assert urllib.request.urlopen(f"{address}/health/ready").status == 200
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{address}/health/ready")
            caught.value.close()
            assert caught.value.code == 503
            for kind in ("query", "update"):
                status, content = said(f"{address}/sparql", "CLEAR ALL", kind)
                assert status == 500
                assert f"The RDF store at {base}" in json.loads(content)["detailedMessage"]


@contextmanager
def patient_store() -> Iterator[str]:
    """A store that never answers."""
    over = threading.Event()

    class Patient(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            over.wait()

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Patient)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_running_queries_are_shown_and_cancelled(tmp_path: Path, workers: str) -> None:
    with (
        patient_store() as store,
        proxy(tmp_path, store, "--workers", workers) as (address, _),
    ):
        answers: list[tuple[int, bytes]] = []

        def run(name: str) -> None:
            answers.append(said(f"{address}/sparql", queryId=name))

        threads = [threading.Thread(target=run, args=(name,)) for name in ("a", "b", "c")]
        for thread in threads:
            thread.start()
        status = f"{address}/sparql/status"

        def running() -> set[str]:
            with urllib.request.urlopen(status) as response:
                document = json.load(response)
            assert document["runningQueryCount"] == len(document["queries"])
            assert {each["queryString"] for each in document["queries"]} <= {QUERY, ""}
            return {each["queryId"] for each in document["queries"]}

        eventually(lambda: running() == {"a", "b", "c"})
        with urllib.request.urlopen(f"{address}/gremlin/status") as response:
            assert json.load(response)["runningQueryCount"] == 0
        with urllib.request.urlopen(f"{status}?queryId=a") as response:
            assert json.load(response)["queryString"] == QUERY
        with ask(status, "", cancelQuery="true", queryId="a", silent="true") as response:
            assert json.load(response)["payload"] is True
        with urllib.request.urlopen(f"{status}?cancelQuery&queryId=b") as response:
            assert response.status == 200
        eventually(lambda: running() == {"c"})
        with ask(status, "", cancelQuery="true", queryId="c") as response:
            assert response.status == 200
        for thread in threads:
            thread.join(60)
        assert sorted(code for code, _ in answers) == [200, 500, 500]
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{status}?cancelQuery=true&queryId=a")
        caught.value.close()
        assert caught.value.code == 400
        counted = 'gremlink_requests_total{kind="sparql",status="500"}'
        eventually(lambda: figure(address, counted) == 2)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_block_alone_is_answered_by_each_worker(tmp_path: Path, workers: str) -> None:
    block = """PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
        SELECT * { ml:config ml:modelType 'OBJECT_CLASSIFICATION' ; ml:endpoint 'nothing' ;
          ml:input ?x ; ml:predicate <http://x/p> ; ml:output ?y }"""
    with (
        patient_store() as store,
        proxy(tmp_path, store, "--workers", workers) as (address, _),
    ):
        for _ in range(4):
            status, content = said(f"{address}/sparql/inference", block)
            document = json.loads(content)
            assert (status, document["code"]) == (400, "BadRequestException")
            assert document["detailedMessage"] == "Endpoint nothing not found."
            status, content = said(f"{address}/gremlin", "g.V()", "gremlin")
            assert status == 400
            assert "no Gremlin database" in json.loads(content)["detailedMessage"]


def test_sigterm_lets_a_result_come_to_its_end(store: str, tmp_path: Path) -> None:
    with proxy(tmp_path, store) as (address, process):
        text = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 50000"
        with ask(f"{address}/sparql", text) as response:
            first = response.read(1000)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            with pytest.raises(OSError, match=r"refused|reset"):
                ask(f"{address}/sparql")
            document = json.loads(first + response.read())
        assert len(document["results"]["bindings"]) == 50_000
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        assert process.returncode == 0


def test_without_any_database_the_command_says_what_to_write() -> None:
    environment = {name: text for name, text in os.environ.items() if "GREMLINK" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "gremlink", "serve"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 2
    assert "--upstream" in done.stderr
    assert "--sparql" in done.stderr
