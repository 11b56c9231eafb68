"""Price of the proxy in SPARQL: a plain query beside direct and HAProxy, an inference beside that.

    python benchmarks/sparql.py [--rounds 60] [--requests 20]

An Oxigraph with the graph of `docs/examples/films.ttl`, and in front of it in turn nothing, HAProxy
in TCP mode (if there is one), `gremlink serve`. A client asks over one kept connection. Times are
milliseconds of one request, the mean of a round's, to which a quarter of the rounds keeps; the ways
take turns. That of the models is what the proxy measures itself
(`gremlink_inference_duration_seconds`). The last column is the time without the model in round
trips of the plain query through the proxy.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import shutil
import socket
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from relay import PEERS, free_port, running, wait_for, wait_until_idle

from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

FILMS = Path(__file__).parents[1] / "docs" / "examples" / "films.ttl"
NAMESPACE = "http://example.org/films/"
SETTINGS = TrainingSettings(epochs=2, networks=1, folds=2)
TARGETS = {
    "genre": ("classification", {"node": "Film", "predicate": "genre"}),
    "likes": ("link_prediction", {"subject": "User", "predicate": "likes", "object": "Film"}),
}
PLAIN = f"PREFIX : <{NAMESPACE}> SELECT * {{ %s a ?type ; ?p ?o }}"
PREFIX = (
    f"PREFIX : <{NAMESPACE}> PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#> "
)
GENRE = (
    PREFIX
    + "SELECT * { %s a ?type . BIND(%s AS ?input) SERVICE ml:inference { ml:config ml:modelType"
    " 'OBJECT_CLASSIFICATION' ; ml:endpoint 'genre' ; ml:input ?input ; ml:predicate :genre ;"
    " ml:output ?genre } }"
)
LIKES = (
    PREFIX
    + "SELECT * { SERVICE ml:inference { ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:endpoint"
    " 'likes' ; ml:input %s ; ml:predicate :likes ; ml:output ?film ; ml:outputClass :Film ;"
    " ml:limit 5 } }"
)


def endpoints(directory: Path) -> Path:
    """Train a model for each target, and return the store."""
    export = directory / "export"
    export.mkdir()
    shutil.copy(FILMS, export)
    store = Store(directory / "store")
    for name, (task, target) in TARGETS.items():
        iris = {key: NAMESPACE + value for key, value in target.items()}
        label = {"task_type": task, "targets": [{**iris, "split_rate": [0.8, 0.1, 0.1]}]}
        rdfs = [{"file_name": FILMS.name, "label": label}]
        document = {
            "version": "v2.0",
            "query_engine": "sparql",
            "graph": {"rdfs": rdfs},
            "warnings": [],
        }
        (export / f"{name}.json").write_text(json.dumps(document))
        train(export, directory / name, settings=SETTINGS, configuration=f"{name}.json")
        store.create_endpoint(name, directory / name)
    return directory / "store"


@contextlib.contextmanager
def oxigraph() -> Iterator[int]:
    """A store with the graph."""
    port = free_port()
    program = str(Path(sysconfig.get_path("scripts")) / "oxigraph")
    with running(None, [program, "serve", "--bind", f"127.0.0.1:{port}", "--union-default-graph"]):
        wait_for(port)
        client = Client(port, "/store?default")
        client.send(FILMS.read_bytes(), "text/turtle")
        yield port


@contextlib.contextmanager
def haproxy(upstream: int) -> Iterator[int]:
    """HAProxy in TCP mode."""
    port = free_port()
    command = ["haproxy", "-db", "-f", str(PEERS / "haproxy.cfg")]
    with running(None, command, BENCH_PORT=str(port), BENCH_UPSTREAM=str(upstream)):
        wait_for(port)
        yield port


@contextlib.contextmanager
def gremlink(upstream: int, store: Path) -> Iterator[int]:
    """The proxy, as it is run."""
    port = free_port()
    command = [sys.executable, "-m", "gremlink", "serve", "--port", str(port)]
    command += ["--store", str(store), "--sparql", f"http://127.0.0.1:{upstream}"]
    with running(None, command) as process:
        wait_for(port)
        wait_until_idle(process.pid)
        yield port


class Client:
    """A kept connection."""

    def __init__(self, port: int, path: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()
        assert self._connection.sock is not None
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._path = path

    def send(self, body: bytes, kind: str = "application/x-www-form-urlencoded") -> bytes:
        """Post a body, and return the answer's."""
        headers = {"Content-Type": kind, "Accept": "application/sparql-results+json"}
        self._connection.request("POST", self._path, body, headers)
        with self._connection.getresponse() as response:
            content = response.read()
            assert response.status in (200, 201, 204), content
            return content

    def mean(self, texts: list[str], requests: int) -> float:
        """The mean time of a request, in milliseconds."""
        bodies = [urlencode({"query": text}).encode() for text in texts]
        took = []
        for number in range(requests):
            started = time.perf_counter()
            self.send(bodies[number % len(bodies)])
            took.append((time.perf_counter() - started) * 1000)
        return statistics.mean(took)


def model_times(port: int) -> tuple[float, float]:
    """Seconds that the models took so far, and the number of their predictions."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/metrics")
    seconds = count = 0.0
    for line in connection.getresponse().read().decode().splitlines():
        if line.startswith("gremlink_inference_duration_seconds_sum"):
            seconds += float(line.rpartition(" ")[2])
        if line.startswith("gremlink_inference_duration_seconds_count") and "Predict" in line:
            count += float(line.rpartition(" ")[2])
    return seconds, count


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--requests", type=int, default=20)
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = endpoints(directory)
        database = stack.enter_context(oxigraph())
        proxy = stack.enter_context(gremlink(database, store))
        ways = {"direct": Client(database, "/query")}
        if shutil.which("haproxy"):
            ways["HAProxy"] = Client(stack.enter_context(haproxy(database)), "/query")
        ways["gremlink"] = through = Client(proxy, "/sparql")
        asked = json.loads(
            through.send(urlencode({"query": f"{PREFIX} SELECT * {{ ?s a ?c }}"}).encode())
        )
        of_class: dict[str, list[str]] = {}
        for row in asked["results"]["bindings"]:
            kind = row["c"]["value"].removeprefix(NAMESPACE)
            of_class.setdefault(kind, []).append(f"<{row['s']['value']}>")
        films, users = of_class["Film"], of_class["User"]
        plain_texts = [PLAIN % film for film in films]
        inferences = {
            "classification, input by BIND": [GENRE % (film, film) for film in films],
            "link prediction, constant input": [LIKES % user for user in users],
        }
        found: dict[str, list[float]] = {}
        models: dict[str, list[float]] = {}
        for _ in range(arguments.rounds):
            for name, client in ways.items():
                found.setdefault(name, []).append(client.mean(plain_texts, arguments.requests))
            for name, texts in inferences.items():
                seconds, count = model_times(proxy)
                found.setdefault(name, []).append(through.mean(texts, arguments.requests))
                after = model_times(proxy)
                models.setdefault(name, []).append((after[0] - seconds) / (after[1] - count) * 1000)
        best = {name: quartile(took) for name, took in found.items()}
        print("| plain query, one kept connection | ms | / direct |\n| --- | --- | --- |")
        for name in ways:
            print(f"| {name} | {best[name]:.2f} | {best[name] / best['direct']:.2f} |")
        print("\n| inference | ms | of it the model | plain round trips without it |")
        print("| --- | --- | --- | --- |")
        for name in inferences:
            model = quartile(models[name])
            trips = (best[name] - model) / best["gremlink"]
            print(f"| {name} | {best[name]:.2f} | {model:.2f} | {trips:.1f} |")


def quartile(took: list[float]) -> float:
    """The time that a quarter of the rounds keeps to: others have the machine, too."""
    return statistics.quantiles(took, n=4)[0]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
