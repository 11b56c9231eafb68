"""Cost of inference queries beside plain ones on the same server, and of models beside bare NumPy.

    python benchmarks/inference.py [--only latency|model|properties|links|scores ...] [--runs 300]

Starts a Gremlin Server and a proxy, each a process of its own, with a graph of 10,000 films and
5,000 people and untrained models over random vectors: the time does not depend on what the vectors
mean. Two queries that are compared run in turn, so that what else the machine does hits both. All
figures are medians.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from gremlin_python.driver.client import Client
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from gremlin_python.structure.graph import Graph
from rich.console import Console
from rich.table import Table

from gremlink.grammar.traversal import Literal
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.prediction.model import LinkModel, RelationModel
from gremlink.proxy.learning.links.prediction.model import to_artifact as links_to_artifact
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.context import Known
from gremlink.proxy.learning.properties.methods.constant import Constant
from gremlink.proxy.learning.properties.prediction.artifact import (
    to_artifact as property_to_artifact,
)
from gremlink.proxy.learning.properties.prediction.model import EdgeFeatures, PropertyModel
from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.trained.embeddings import Embeddings, RelationVectors
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.target import Form, PropertyTarget
from gremlink.proxy.store.artifacts import write_artifact
from gremlink.proxy.store.records import Store

FILMS, PEOPLE, WIDTH = 10_000, 5_000, 64
GENRES = ("Action", "Comedy", "Crime", "Drama", "Horror", "Romance", "Thriller", "War")
LIKES = Relation("Person", "likes", "Film")
CANDIDATES = 100_000
WARMING = 500
"""Runs of each query before any is measured: a Java server compiles what it has run often."""

PORTION = 1000
"""Elements that one script makes: on a busy machine all of them take longer than a server lets a
script take."""


def graph() -> Iterator[str]:
    """The scripts that make the graph."""
    for begin in range(0, FILMS, PORTION):
        yield f"""({begin}..<{begin + PORTION}).each {{ g.addV('Film').property(T.id, 'f' + it)
            .property('name', 'Film ' + it)
            .property('genre', {list(GENRES)}[it % {len(GENRES)}]).iterate() }}; 1"""
    for begin in range(0, PEOPLE, PORTION):
        people = f"({begin}..<{begin + PORTION}).each"
        yield f"""{people} {{ g.addV('Person').property(T.id, 'p' + it)
            .property('name', 'Person ' + it).iterate() }}; 1"""
        yield f"""{people} {{ n -> (0..<5).each {{
            g.V('p' + n).as('p').V('f' + (n * 7 + it * 13) % {FILMS}).addE('likes').from('p')
            .iterate() }} }}; 1"""


def link_model(candidates: int) -> LinkModel:
    """People and films with random embeddings, and an edge for each person."""
    random = np.random.default_rng(1)

    def vectors(count: int) -> np.ndarray:
        raw = random.standard_normal((count, WIDTH)).astype(np.float32)
        return raw / np.linalg.norm(raw, axis=1, keepdims=True)

    edges = Edges(np.arange(PEOPLE), random.integers(0, candidates, PEOPLE))
    one = np.ones(WIDTH, np.float32)
    return LinkModel(
        StoredGraph(
            TypedGraph({"Person": PEOPLE, "Film": candidates}, {LIKES: edges}),
            {
                "Person": [Literal.string(f"p{n}") for n in range(PEOPLE)],
                "Film": [Literal.string(f"f{n}") for n in range(candidates)],
            },
            {"Person": [], "Film": []},
        ),
        (
            RelationModel(
                LIKES,
                (NETWORK,),
                dict.fromkeys(DIRECTIONS, np.ones(1)),
                dict.fromkeys(DIRECTIONS, Calibration(1.0, 0.0)),
            ),
        ),
        {
            NETWORK: Embeddings(
                {"Person": vectors(PEOPLE), "Film": vectors(candidates)},
                {LIKES: RelationVectors(one, 0 * one, 0 * one)},
            )
        },
    )


def fill_store(directory: Path) -> None:
    """Endpoints `films` for links and `genres` for a property."""
    store = Store(directory / "store")
    write_artifact(directory / "films", links_to_artifact(link_model(FILMS), {}))
    store.create_endpoint("films", directory / "films")
    target = PropertyTarget(
        "Film", "genre", "classification", Form.ONE_CLASS, tuple(map(Literal.string, GENRES))
    )
    answers = np.random.default_rng(2).dirichlet(np.ones(len(GENRES)), FILMS).astype(np.float32)
    stored = StoredGraph(
        TypedGraph({"Film": FILMS}, {}),
        {"Film": [Literal.string(f"f{n}") for n in range(FILMS)]},
        {"Film": []},
    )
    shares = np.full(len(GENRES), 1 / len(GENRES))
    nothing = np.zeros((0, 0), np.float32)
    model = PropertyModel(
        target,
        stored,
        Known((np.zeros(1, np.int64),), np.eye(1, len(GENRES), dtype=np.float32)),
        ((1.0, Constant(shares)),),
        Decision(shares),
        EdgeFeatures((), (), nothing),
        answers,
    )
    write_artifact(directory / "genres", property_to_artifact(model, {}))
    store.create_endpoint("genres", directory / "genres")


@contextmanager
def proxy(server: str, directory: Path) -> Iterator[str]:
    """`gremlink serve` as a process of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "OPENBLAS_NUM_THREADS": "1",
        "GREMLINK_STORE_DIRECTORY": str(directory / "store"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gremlink", "serve", "--upstream", server, "--port", str(port)],
        env=environment,
    )
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"ws://127.0.0.1:{port}/gremlin"
    finally:
        process.terminate()
        process.wait()


Query = Callable[[], Any]


def alternated(queries: Sequence[Query], runs: int) -> list[list[float]]:
    """Seconds of each run of each query, in turn; the first tenth is left out."""
    times: list[list[float]] = [[] for _ in queries]
    for run in range(runs + max(runs // 10, 1)):
        for query, seconds in zip(queries, times, strict=True):
            begun = time.perf_counter()
            query()
            if run >= max(runs // 10, 1):
                seconds.append(time.perf_counter() - begun)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"latency": latency, "properties": properties, "links": links}
    parser.add_argument("--only", nargs="*", choices=["model", *parts], default=["model", *parts])
    parser.add_argument("--runs", type=int, default=300)
    arguments = parser.parse_args()
    console = Console(width=100)
    if "model" in arguments.only:
        console.print(model(arguments.runs))
    chosen = [parts[name] for name in arguments.only if name in parts]
    if not chosen:
        return
    with tempfile.TemporaryDirectory() as temporary, EmbeddedServer(port=0, memory="2g") as server:
        directory = Path(temporary)
        fill_store(directory)
        direct = Client(server.url, "g")
        for script in graph():
            direct.submit(script).all().result()
        with proxy(server.url, directory) as address:
            through = Client(address, "g")
            for part in chosen:
                console.print(part(direct, through, arguments.runs))
            through.close()
        direct.close()


PREDICTION, CLASSIFICATION, SCORE = (
    f"Neptune#ml.{name}" for name in ("prediction", "classification", "score")
)
ASKED_FILMS = "g.with('Neptune#ml.endpoint', 'films')"


def _g() -> GraphTraversalSource:
    return traversal().with_graph(Graph())


def _films(**options: object) -> GraphTraversalSource:
    return _asked("films", **options)


def _asked(endpoint: str, **options: object) -> GraphTraversalSource:
    g = _g().with_("Neptune#ml.endpoint", endpoint)
    for key, value in options.items():
        g = g.with_(f"Neptune#ml.{key}", value)
    return g


def _query(client: Client, query: Any) -> Query:
    asked = getattr(query, "bytecode", query)
    return lambda: client.submit(asked).all().result()


def _count(results: Sequence[Any]) -> int:
    """Return the number of results, with the bulk of bytecode's results."""
    return sum(getattr(result, "bulk", 1) for result in results)


def _ms(seconds: Sequence[float]) -> float:
    return 1000 * statistics.median(seconds)


def latency(direct: Client, through: Client, runs: int) -> Table:
    """One vertex: a plain query for a property, and a link prediction with the same at its end.

    Another vertex each time; scripts get it as a binding. All queries run in turn, after so many
    that the server has compiled what it is going to compile. The answers are hardly ever among a
    vertex's links, now or in training: one query is enough. Hiding links of both directions takes
    two.
    """
    table = Table(
        "",
        "Plain, ms",
        "Prediction, ms",
        "of it the model, ms",
        "Round trips without it",
        title="One vertex, p50",
    )
    predictor = LinkPredictor(link_model(FILMS))
    people = (f"p{number % PEOPLE}" for number in count())

    def plain_bytecode() -> Any:
        return direct.submit(_g().V(next(people)).values("name").bytecode).all().result()

    def asked_bytecode() -> Any:
        films = _films().V(next(people)).out("likes").with_(PREDICTION).has_label("Film")
        return through.submit(films.values("name").bytecode).all().result()

    def asked_in_two() -> Any:
        films = _films(filterExistingEdges=True).V(next(people)).out("likes").with_(PREDICTION)
        return through.submit(films.has_label("Film").values("name").bytecode).all().result()

    def plain_script() -> Any:
        bound = {"person": next(people)}
        return direct.submit("g.V(person).values('name')", bound).all().result()

    text = (
        f"{ASKED_FILMS}.V(person).out('likes').with('{PREDICTION}').hasLabel('Film').values('name')"
    )

    def asked_script() -> Any:
        return through.submit(text, {"person": next(people)}).all().result()

    in_two = text.replace(".V(", ".with('Neptune#ml.filterExistingEdges').V(")

    def asked_in_two_script() -> Any:
        return through.submit(in_two, {"person": next(people)}).all().result()

    queries = [
        *(plain_bytecode, asked_bytecode, asked_in_two),
        *(plain_script, asked_script, asked_in_two_script),
    ]
    for query in queries:
        assert len(query()) == 1
    alternated(queries, WARMING)
    times = alternated([*queries, lambda: predict(predictor)], runs)
    *figures, own = map(_ms, times)
    rows = (
        *(("bytecode", figures[0], figures[1]), ("bytecode, two queries", figures[0], figures[2])),
        *(("script", figures[3], figures[4]), ("script, two queries", figures[3], figures[5])),
    )
    for name, trip, whole in rows:
        table.add_row(
            name, f"{trip:.2f}", f"{whole:.2f}", f"{own:.2f}", f"{(whole - own) / trip:.2f}"
        )
    return table


def properties(direct: Client, through: Client, runs: int) -> Table:
    """The property of all films, stored and predicted.

    Queries that give it beside the film's name are slow, and run a tenth as often as the others.
    """
    table = Table("", "Stored, ms", "Predicted, ms", "Ratio", title=f"{FILMS:,} vertices, p50")
    genres = _asked("genres")
    classified = f".properties('genre').with('{CLASSIFICATION}').value()"
    films = "V().hasLabel('Film')"
    asked = "g.with('Neptune#ml.endpoint', 'genres')"
    forms: list[tuple[str, Any, Any]] = [
        (
            "bytecode",
            _g().V().has_label("Film").properties("genre").value(),
            genres.V().has_label("Film").properties("genre").with_(CLASSIFICATION).value(),
        ),
        (
            "script",
            f"g.{films}.properties('genre').value()",
            f"{asked}.{films}{classified}",
        ),
        (
            "bytecode, in project().by()",
            _g().V().has_label("Film").project("n", "g").by("name")
            .by(__.properties("genre").value()),
            genres.V().has_label("Film").project("n", "g").by("name")
            .by(__.properties("genre").with_(CLASSIFICATION).value()),
        ),
        (
            "script, in project().by()",
            f"g.{films}.project('n', 'g').by('name').by(properties('genre').value())",
            f"{asked}.{films}.project('n', 'g').by('name').by(__{classified})",
        ),
    ]  # fmt: skip
    for name, plain, inference in forms:
        predicted = _query(through, inference)
        assert _count(predicted()) == FILMS
        rare = 10 if "project" in name else 1
        pair = [_query(direct, plain), predicted]
        alternated(pair, WARMING // (10 * rare))
        stored, answered = map(_ms, alternated(pair, max(runs // rare, 3)))
        table.add_row(name, f"{stored:.0f}", f"{answered:.0f}", f"{answered / stored:.2f}")
    return table


def links(direct: Client, through: Client, runs: int) -> Table:
    """Ten links for each of many vertices, with and without their scores."""
    table = Table("Inputs x 10", "Rest of the query", "ms", title="Many links, p50")

    def bytecode(inputs: int) -> Any:
        people = _films(limit=10).V().has_label("Person").limit(inputs)
        return people.out("likes").with_(PREDICTION).has_label("Film")

    def text(inputs: int) -> str:
        return (
            f"{ASKED_FILMS}.with('Neptune#ml.limit', 10).V().hasLabel('Person').limit({inputs})"
            f".out('likes').with('{PREDICTION}').hasLabel('Film')"
        )

    scored = f".project('n', 's').by('name').by(values('{SCORE}'))"
    for inputs, rest, query in (
        (PEOPLE, "values, bytecode", bytecode(PEOPLE).values("name")),
        (PEOPLE, "values, script", text(PEOPLE) + ".values('name')"),
        (PEOPLE, "path, script", text(PEOPLE) + ".path().by('name')"),
        (1000, "scores, bytecode",
         bytecode(1000).project("n", "s").by("name").by(__.values(SCORE))),
        (1000, "scores, script", text(1000) + scored),
    ):  # fmt: skip
        run = _query(through, query)
        results = _count(run())
        assert results > 0.9 * 10 * inputs, results
        (seconds,) = alternated([run], 3)
        table.add_row(f"{inputs:,}", rest, f"{_ms(seconds):.0f}")
    return table


def predict(predictor: LinkPredictor, limit: int = 1) -> Any:
    return predictor.predict(
        edge_label="likes",
        direction="out",
        target_label="Film",
        inputs=[Literal.string("p7")],
        known=[()],
        limit=limit,
    )


def model(runs: int) -> Table:
    """One input and many candidates, beside a matrix-vector product and a partial sort."""
    table = Table("Candidates", "NumPy, ms", "Model, ms", "Ratio", title="Model, p50")
    raw = link_model(CANDIDATES)
    predictor = LinkPredictor(raw)
    assert raw.embeddings is not None
    matrix = raw.embeddings.vertices["Film"]
    vector = raw.embeddings.vertices["Person"][7].copy()

    def bare() -> np.ndarray:
        scores = matrix @ vector
        best = np.argpartition(scores, -10)[-10:]
        return best[np.argsort(-scores[best])]

    plain, whole = map(_ms, alternated([bare, lambda: predict(predictor, 10)], runs))
    table.add_row(f"{CANDIDATES:,}", f"{plain:.2f}", f"{whole:.2f}", f"{whole / plain:.2f}")
    return table


if __name__ == "__main__":
    main()
