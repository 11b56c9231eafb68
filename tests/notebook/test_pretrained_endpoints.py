"""What the sample notebooks call pre-trained: the helper trains it on what is in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import movielens
import pytest
from gremlin_python.driver.client import Client
from managed_proxy import Proxy, serving
from notebook_helper import configure, imported

from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
from gremlink.proxy.graph import load_csv

NOTHING = (False, False, False, False, False)
SCORES_OF_EDGES = (False, False, False, False, True)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Proxy]]:
    """The address of a server, and a proxy in front of it."""
    directory = tmp_path_factory.mktemp("pretrained")
    with EmbeddedServer(port=0, jvm_options=QUICK_TO_START) as server:
        settings = {"GREMLINK_JOBS_STATUS_WAIT": "60"}
        with serving(server.url, directory, settings) as proxy:
            yield server.url, proxy


@pytest.fixture
def empty_graph(served: tuple[str, Proxy]) -> str:
    address, _ = served
    submit(address, "g.V().drop().iterate()")
    return address


@pytest.fixture
def helper(
    empty_graph: str,
    served: tuple[str, Proxy],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """The helper, in a notebook that is configured for the proxy."""
    monkeypatch.setenv("HOME", str(tmp_path))
    configure(tmp_path, served[1].address.replace("127.0.0.1", "localhost"))
    return imported()


def submit(address: str, query: str) -> list[Any]:
    client = Client(address, "g")
    try:
        found: list[Any] = client.submit(query).all().result()
        return found
    finally:
        client.close()


def load_some(graph_url: str, directory: Path) -> int:
    """Two people and what they rated of fifty films, as in the sample notebooks; the number of
    ratings of the first."""
    try:
        data = movielens.read(movielens.installed()).of_first(2)
    except movielens.Unreachable as error:
        pytest.skip(f"MovieLens is missing: {error}")
    films = sorted(rating.movie for rating in data.ratings if rating.user == "user_2")[:50]
    data = replace(
        data,
        movies=tuple(movie for movie in data.movies if movie.id in films),
        ratings=tuple(rating for rating in data.ratings if rating.movie in films),
    )
    movielens.write(data, directory)
    for file in ("genre_edges.csv", "ratings_vertices.csv", "ratings_vertex_edges.csv"):
        (directory / file).unlink()  # without them the training takes a second
    load_csv(graph_url, directory)
    return sum(rating.user == "user_1" for rating in data.ratings)


def test_endpoints_are_trained_where_amazons_models_do_not_run(
    helper: Any, empty_graph: str, tmp_path: Path, capsys: Any
) -> None:
    count = load_some(empty_graph, tmp_path / "data")
    endpoints = helper.setup_pretrained_endpoints("s3://b/x", *SCORES_OF_EDGES)
    assert "Training model 1 of 1: edge regression" in capsys.readouterr().out
    # The notebook reads the names so; what was not asked for is empty, as from the original.
    name = endpoints["edge_regression_endpoint_name"]["EndpointName"]
    assert endpoints["node_classification_endpoint_name"] == ""
    asked = (
        f'g.with("Neptune#ml.endpoint", "{name}").V("user_1").outE("rated").'
        'properties("score").with("Neptune#ml.regression").value()'
    )
    answer = helper._answers(asked)
    assert len(answer) == count
    assert all(0.0 < score < 6.0 for score in answer)
    # What is predicted has been taken out of the graph.
    assert submit(empty_graph, "g.V('user_1').outE('rated').has('score').count()") == [0]
    helper.delete_pretrained_endpoints(endpoints)
    assert helper._asked("GET", "/ml/endpoints") == {"ids": []}


def test_without_data_it_says_what_to_do(helper: Any) -> None:
    with pytest.raises(RuntimeError, match="Load the data first"):
        helper.setup_pretrained_endpoints("s3://b/x", *SCORES_OF_EDGES)
    assert set(helper.setup_pretrained_endpoints("s3://b/x", *NOTHING).values()) == {""}


def test_a_failed_job_gives_its_reason(helper: Any, empty_graph: str) -> None:
    submit(empty_graph, "g.addV('movie')")
    with pytest.raises(RuntimeError, match=r"/ml/dataprocessing/\S+ is Failed: .*no edges"):
        helper.setup_pretrained_endpoints("s3://b/x", *SCORES_OF_EDGES)
