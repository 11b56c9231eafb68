"""Every example of docs/sparql.md, on films.ttl with trained endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from sparql_clients import Rows, rows_of
from sparql_requests import Sparql

from tests.integration.sparql.conftest import FILMS, NAMESPACE

TEXT = (Path(__file__).parents[3] / "docs" / "sparql.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sparql\n(.*?)```", TEXT, re.DOTALL)
(PREFIXES,) = re.findall(r"```\n(PREFIX .*?)```", TEXT, re.DOTALL)
GENRES = {'"Drama"', '"Crime"', '"Comedy"', '"War"'}
LABEL = f"<{NAMESPACE}%s>"


@pytest.fixture(scope="module")
def client(films: str) -> Iterator[Sparql]:
    with Sparql(films, films) as connection:
        yield connection


@pytest.fixture(scope="module")
def graph() -> ox.Store:
    """The graph, to look things up."""
    store = ox.Store()
    store.load(path=str(FILMS), format=ox.RdfFormat.TURTLE)
    return store


def ask(client: Sparql, number: int) -> Rows:
    """The solutions of an example."""
    return rows(client, EXAMPLES[number])


def rows(client: Sparql, query: str) -> Rows:
    reply = client.ask(PREFIXES + query)
    assert reply.status == 200, reply
    return rows_of(reply.body)


def stored(graph: ox.Store, query: str) -> list[tuple[str, ...]]:
    found = graph.query(PREFIXES + query)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(str(value) for value in row) for row in found]


def number_of(literal: str) -> float:
    found = re.match(r'"([^"]*)"\^\^', literal)
    assert found, literal
    return float(found[1])


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 14


def test_a_genre(client: Sparql) -> None:
    (row,) = ask(client, 0)
    assert row["title"] == '"Two Weddings"'
    assert row["genre"] in GENRES
    assert 0 < number_of(row["score"]) <= 1


def test_of_all_films(client: Sparql) -> None:
    found = ask(client, 1)
    assert len(found) == len({row["film"] for row in found}) == 36
    assert {row["genre"] for row in found} <= GENRES


def test_several_genres(client: Sparql) -> None:
    found = ask(client, 2)
    assert 1 <= len(found) <= 3
    assert len({row["genre"] for row in found}) == len(found)
    assert all(number_of(row["score"]) >= 0.1 for row in found)


def test_joined_with_stored_ones(client: Sparql, graph: ox.Store) -> None:
    known = set(stored(graph, "SELECT ?film ?genre { ?film :genre ?genre }"))
    with_genre = {film for film, _ in known}
    found = ask(client, 3)
    assert found
    for row in found:
        assert row["film"] not in with_genre or (row["film"], row["genre"]) in known
    assert {row["film"] for row in found} >= {
        LABEL % name for name in ("film03", "film14", "film29")
    }


def test_of_films_without(client: Sparql) -> None:
    found = {row["title"] for row in ask(client, 4)}
    assert found == {'"Two Weddings"', '"Dead Letters"', '"Far from Home"'}


def test_equal_to_the_stored_one(client: Sparql, graph: ox.Store) -> None:
    known = set(stored(graph, "SELECT ?title ?genre { ?film :title ?title ; :genre ?genre }"))
    found = ask(client, 5)
    assert len(found) > 15
    assert {(row["title"], row["predicted"]) for row in found} <= known


def test_a_score(client: Sparql) -> None:
    (row,) = ask(client, 6)
    assert 0 < number_of(row["score"]) < 100


def test_beside_stored_scores(client: Sparql) -> None:
    found = ask(client, 7)
    assert len(found) == 10
    for row in found:
        assert 0 < number_of(row["predicted"]) < 100


def test_films_for_ann(client: Sparql, graph: ox.Store) -> None:
    found = ask(client, 8)
    assert len({row["title"] for row in found}) == 3
    liked = {title for (title,) in stored(graph, "SELECT ?title { :Ann :likes/:title ?title }")}
    assert not liked & {row["title"] for row in found}
    comedies = {film for (film,) in stored(graph, 'SELECT ?film { ?film :genre "Comedy" }')}
    filtered = ask(client, 9)
    assert 0 < len(filtered) <= 5
    assert {row["film"] for row in filtered} <= comedies


def test_users_for_a_film(client: Sparql, graph: ox.Store) -> None:
    found = ask(client, 10)
    assert len(found) == 3
    likers = {user for (user,) in stored(graph, "SELECT ?user { ?user :likes :film12 }")}
    assert not likers & {row["user"] for row in found}


def test_one_prediction_after_the_other(client: Sparql) -> None:
    found = ask(client, 11)
    assert {row["genre"] for row in found} <= GENRES
    assert sum(number_of(row["users"]) for row in found) == 40


def test_predictions_become_triples(client: Sparql) -> None:
    assert client.ask(PREFIXES + EXAMPLES[12], is_update=True).status == 204
    written = "SELECT ?film ?genre { ?film :predictedGenre ?genre }"
    assert len(rows(client, written)) == 3
    assert client.ask(f"{PREFIXES}DROP GRAPH :predicted", is_update=True).status == 204


def test_the_block_as_a_federated_endpoint(films_and_store: tuple[str, str]) -> None:
    films, store = films_and_store
    assert "<http://localhost:8182/sparql/inference>" in EXAMPLES[13]
    query = EXAMPLES[13].replace("http://localhost:8182/sparql", films)
    with Sparql.of_store(store) as direct:
        found = rows(direct, query)
    assert [row["film"] for row in found] == [LABEL % "film03", LABEL % "film14"]
    assert {row["genre"] for row in found} <= GENRES
