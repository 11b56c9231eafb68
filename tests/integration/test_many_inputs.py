"""Ten thousand vertices, and five thousand times ten links, in one query: all answers are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from bytecode import bytecode
from gremlin_python.driver.client import Client
from gremlin_python.driver.serializer import GraphSONSerializersV2d0, GraphSONSerializersV3d0
from running_proxy import Model, Models, RunningProxy, Values

from gremlink.grammar.traversal import Kind, Literal

FILMS, PEOPLE, BOOKS, SONGS, RESULTS = 10_000, 5_000, 2_000, 100, 10
GENRES = ("Action", "Drama", "War")
GRAPH = f"""
(0..<{FILMS}).each {{ g.addV('Film').property(T.id, 'f' + it).property('number', it).iterate() }}
(0..<{BOOKS}).each {{ g.addV('Book').property(T.id, 'book' + it).iterate() }}
(0..<{SONGS}).each {{ g.addV('Song').property(T.id, it as Long).iterate() }}
(0..<{PEOPLE}).each {{ g.addV('Person').property(T.id, 'p' + it).iterate() }}
'done'
"""
CLASSES = 'with("Neptune#ml.classification")'


def genre(film: int) -> str:
    return GENRES[film % len(GENRES)]


def likes(person: int) -> list[str]:
    return [f"f{(person * 7 + rank * 13) % FILMS}" for rank in range(RESULTS)]


@pytest.fixture(scope="module")
def client(graph_url: str) -> Iterator[Client]:
    direct = Client(graph_url, "g")
    direct.submit("g.V().drop().iterate()").all().result()
    direct.submit(GRAPH).all().result()
    id = Literal.string
    models = Models(
        Values("genres", "node", {id(f"f{n}"): [id(genre(n))] for n in range(FILMS)}),
        Values("kinds", "node", {id(f"book{n}"): [id(genre(n))] for n in range(BOOKS + 1)}),
        Values("moods", "node", {Literal(Kind.LONG, n): [id(genre(n))] for n in range(SONGS)}),
        Model("films", {id(f"p{n}"): list(map(id, likes(n))) for n in range(PEOPLE)}),
    )
    with RunningProxy(graph_url, models) as proxy:
        client = Client(proxy.url, "g")
        yield client
        client.close()
    direct.submit("g.V().drop().iterate()").all().result()
    direct.close()


@pytest.fixture(params=["script", "bytecode"])
def ask(client: Client, request: pytest.FixtureRequest):
    def run(text: str) -> list[object]:
        query = bytecode(text) if request.param == "bytecode" else text
        results = client.submit(query).all().result()
        if request.param == "bytecode":
            return [each.object for each in results for _ in range(each.bulk)]
        return results

    return run


def test_a_class_for_each_of_ten_thousand_vertices(ask):
    values = ask(
        f'g.with("Neptune#ml.endpoint", "genres").V().hasLabel("Film")'
        f'.properties("genre").{CLASSES}.value()'
    )
    assert Counter(values) == Counter(genre(n) for n in range(FILMS))


def test_a_class_for_each_of_a_hundred_vertices_whose_ids_are_numbers(ask):
    values = ask(
        f'g.with("Neptune#ml.endpoint", "moods").V().hasLabel("Song")'
        f'.properties("genre").{CLASSES}.value()'
    )
    assert Counter(values) == Counter(genre(n) for n in range(SONGS))


def test_the_graph_is_asked_each_time(ask, graph_url: str):
    direct = Client(graph_url, "g")
    found = []
    for change in ("g.inject(1)", f"g.addV('Book').property(T.id, 'book{BOOKS}')",
                   f"g.V('book{BOOKS}', 'book0').drop()",
                   "g.addV('Book').property(T.id, 'book0')"):  # fmt: skip
        direct.submit(change).all().result()
        values = ask(
            f'g.with("Neptune#ml.endpoint", "kinds").V().hasLabel("Book")'
            f'.properties("genre").{CLASSES}.value()'
        )
        found.append((len(values), values.count(genre(0))))
    direct.close()
    every, first = BOOKS, sum(genre(n) == genre(0) for n in range(BOOKS))
    more = genre(BOOKS) == genre(0)
    assert found == [(every, first), (every + 1, first + more), (every - 1, first - 1),
                     (every, first)]  # fmt: skip


def test_classes_in_the_order_of_the_vertices(ask):
    values = ask(
        f'g.with("Neptune#ml.endpoint", "genres").V().hasLabel("Film").order().by("number", desc)'
        f'.properties("genre").{CLASSES}.value()'
    )
    assert list(dict.fromkeys(values)) == [genre(n) for n in range(FILMS - 1, FILMS - 4, -1)]
    assert len(values) == FILMS


@pytest.mark.parametrize("serializer", [GraphSONSerializersV2d0, GraphSONSerializersV3d0])
def test_classes_in_json(client: Client, serializer: type):
    other = Client(client._url, "g", message_serializer=serializer())
    text = (
        f'g.with("Neptune#ml.endpoint", "genres").V().hasLabel("Film")'
        f'.properties("genre").{CLASSES}.value()'
    )
    results = other.submit(bytecode(text)).all().result()
    other.close()
    assert {each.object: each.bulk for each in results} == Counter(genre(n) for n in range(FILMS))


def test_each_vertex_beside_its_class(ask):
    pairs = ask(
        f'g.with("Neptune#ml.endpoint", "genres").V().hasLabel("Film").project("n", "g")'
        f'.by("number").by(properties("genre").{CLASSES}.value())'
    )
    assert len(pairs) == FILMS
    assert all(pair["g"] == genre(pair["n"]) for pair in pairs)


def test_ten_links_for_each_of_five_thousand_vertices(ask):
    pairs = ask(
        f'g.with("Neptune#ml.endpoint", "films").with("Neptune#ml.limit", {RESULTS})'
        '.V().hasLabel("Person").as("p").out("likes").with("Neptune#ml.prediction")'
        '.hasLabel("Film").as("f").select("p", "f").by(id)'
    )
    found: dict[str, list[str]] = {}
    for pair in pairs:
        found.setdefault(pair["p"], []).append(pair["f"])
    assert found == {f"p{n}": likes(n) for n in range(PEOPLE)}
