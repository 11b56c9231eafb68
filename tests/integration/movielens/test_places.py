"""What may follow predictions, where they may stand, and what else goes on in the same request."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.serializer import GraphBinarySerializersV1
from movielens_graph import Deployment
from neptune_queries import CLASSES, EDGES, ENDPOINT, LINKS, Query
from oracle import Oracle
from place_queries import BEHIND, PLACES
from plain_results import alike, plain, sorted_alike
from ways import Speakers, ways

GENRE = f'.properties("genre").with("{CLASSES}").value()'
G = f'g.with("{ENDPOINT}","genre")'


@pytest.mark.parametrize(
    ("query", "way"),
    [
        pytest.param(query, way, id=f"{query}, {way}")
        for query in (*BEHIND, *PLACES)
        for way in ways(query.write)
    ],
)
def test_query(
    query: Query,
    way: str,
    speakers: dict[str, Speakers],
    expected: Callable[[Query], list[Any]],
) -> None:
    results = speakers[query.proxy].ask(way, query.script, query.write)
    found = [plain(result) for result in results]
    right = expected(query)
    assert right, "a query whose answer is empty shows nothing"
    if not query.ordered or (query.repeats and way.startswith("bytecode")):
        found, right = sorted_alike(found), sorted_alike(right)
    assert alike(found, right), (found, right)


@pytest.fixture
def session(deployment: Deployment) -> Iterator[Client]:
    client = Client(deployment.proxies["plain"], "g", session=str(uuid.uuid4()))
    with closing(client):
        yield client


@pytest.fixture
def written(oracle: Oracle) -> Iterator[None]:
    """Takes away what a test writes."""
    yield
    oracle.ask("g.V().has('asked').properties('asked').drop()")
    oracle.ask("g.V().hasLabel('visit').drop()")


def run(client: Client, script: str) -> list[Any]:
    results: list[Any] = client.submit(script).all().result()
    return results


@pytest.mark.usefixtures("written")
def test_behind_a_write_that_runs_once(speakers: dict[str, Speakers], oracle: Oracle) -> None:
    genres = [genre for genre, _ in oracle.classes("genre", "movie_1")]
    for asked, way in enumerate(("script, graphbinary", "bytecode, graphson-3"), start=1):
        found = speakers["plain"].ask(
            way,
            f'{G}.addV("visit").V("movie_1"){GENRE}',
            lambda g: (
                g.with_(ENDPOINT, "genre")
                .add_v("visit")
                .V("movie_1")
                .properties("genre")
                .with_(CLASSES)
                .value()
            ),
        )
        assert found == genres
        assert oracle.ask("g.V().hasLabel('visit').count()") == [asked]


@pytest.mark.usefixtures("written")
def test_a_session_keeps_its_variables_and_sees_its_writes(session: Client, oracle: Oracle) -> None:
    run(session, "film = 'movie_1'")
    run(session, "g.V(film).property('asked', true).iterate()")
    found = run(session, f'{G}.V().has("asked", true){GENRE}')
    assert found == [genre for genre, _ in oracle.classes("genre", "movie_1")]
    assert run(session, "film") == ["movie_1"]


def test_links_in_a_session(session: Client, oracle: Oracle) -> None:
    script = f'g.with("{ENDPOINT}","rated").V("user_1").out("rated").with("{LINKS}")'
    assert run(session, f'{script}.hasLabel("movie").id()') == oracle.targets("user_1", "out")


class Stringd(GraphBinarySerializersV1):
    """GraphBinary whose results are strings, as the Console asks for them."""

    def build_message(self, *parts: Any) -> bytes:
        message: bytes = super().build_message(*parts)
        asked = b"application/vnd.graphbinary-v1.0-stringd"
        return bytes([len(asked)]) + asked + message[1 + message[0] :]


@pytest.mark.parametrize(
    ("endpoint", "step", "id", "text"),
    [("genre", "V", "movie_1", "vp[genre->{}]"), ("scale", "E", EDGES[0], "p[scale->{}]")],
)
def test_as_strings(
    endpoint: str, step: str, id: str, text: str, deployment: Deployment, oracle: Oracle
) -> None:
    asked = f'{step}("{id}").properties("{endpoint}").with("{CLASSES}")'
    client = Client(deployment.proxies["plain"], "g", message_serializer=Stringd())
    with closing(client):
        found = run(client, f'g.with("{ENDPOINT}","{endpoint}").{asked}')
    assert found == [text.format(value) for value, _ in oracle.classes(endpoint, id)]
