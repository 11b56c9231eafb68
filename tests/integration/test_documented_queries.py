"""Every example of docs/queries.md, on the sample graph with a trained endpoint."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.serializer import (
    GraphBinarySerializersV1,
    GraphSONSerializersV2d0,
    GraphSONSerializersV3d0,
)
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Order, P
from gremlin_python.structure.io.graphsonV3d0 import GraphSONReader

from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store
from tests.support.served import SAMPLE, export_friends, served

ROOT = Path(__file__).parents[2]
PREDICTION = '.with("Neptune#ml.prediction")'
EXAMPLES = re.findall(
    r"```gremlin\n(.*?)```", (ROOT / "docs" / "queries.md").read_text(encoding="utf-8"), re.DOTALL
)
ON_THE_STEP = EXAMPLES.pop(2)
with (SAMPLE / "users.csv").open(encoding="utf-8") as file:
    NAMES = {row["name:String"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def address(
    gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A proxy that serves the endpoint `friends`, quickly trained."""
    directory = tmp_path_factory.mktemp("friends")
    url = gremlin_server.url
    export_friends(url, directory / "export")
    settings = TrainingSettings(epochs=2, networks=1, folds=2)
    train(directory / "export", directory / "artifact", settings=settings)
    Store(directory / "store").create_endpoint("friends", directory / "artifact")
    with served(url, directory / "store") as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    client = Client(address, "g")
    yield client
    client.close()


def ask(client: Client, query: str) -> list[Any]:
    results: list[Any] = client.submit(query).all().result()
    return results


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 10


def test_eight_next_friends(client: Client) -> None:
    names = ask(client, EXAMPLES[0])
    assert len(names) == 8
    assert len(set(names)) == 8
    assert set(names) <= NAMES - {"Henry"}
    assert ask(client, ON_THE_STEP) == names


@pytest.mark.parametrize(
    ("option", "hidden"),
    [
        ("", "out"),
        ('.with("Neptune#ml.filterExistingEdges")', "both"),
        ('.with("Neptune#ml.filterExistingEdges", true)', "both"),
        ('.with("Neptune#ml.filterExistingEdges", false)', None),
    ],
)
def test_known_links_are_hidden_as_asked(client: Client, option: str, hidden: str | None) -> None:
    query = EXAMPLES[0].replace(PREDICTION, f"{PREDICTION}{option}")
    names = ask(client, query.replace('"Neptune#ml.limit", 8', '"Neptune#ml.limit", 100'))
    linked = f"g.V().has('User', 'name', 'Henry').{hidden}('FRIEND').values('name')"
    known = set(ask(client, linked)) if hidden else set()
    assert len(names) == len(set(names))
    assert set(names) == NAMES - {"Henry"} - known


def test_filters_first(client: Client) -> None:
    names = ask(client, EXAMPLES[1])
    assert len(names) == 3
    sporty = ask(client, "g.V().has('interests', 'sports').values('name')")
    assert set(names) <= set(sporty)
    everybody = EXAMPLES[0].replace('"Neptune#ml.limit", 8', '"Neptune#ml.limit", 20')
    assert names == [name for name in ask(client, everybody) if name in sporty][:3]


def test_the_score_of_each(client: Client) -> None:
    rows = ask(client, EXAMPLES[2])
    assert [set(row) for row in rows] == [{"name", "score"}] * 3
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert [row["name"] for row in rows] == ask(client, EXAMPLES[0])[:3]


HENRY = 'g.with("Neptune#ml.endpoint", "friends").with("Neptune#ml.limit", 3)'
HENRY += '.V().has("User", "name", "Henry").as("who")'
LINK = f'out("FRIEND"){PREDICTION}.hasLabel("User")'
NEXT = f"{HENRY}.{LINK}"
FILTERED = NEXT.replace(PREDICTION, f'{PREDICTION}.with("Neptune#ml.filterFirst")')
SCORE = 'values("Neptune#ml.score")'

SCORES: dict[str, Callable[[dict[str, float]], list[Any]]] = {
    f'{NEXT}.order().by("Neptune#ml.score", asc).values("name")': lambda found: [*found][::-1],
    f'{NEXT}.has("Neptune#ml.score", gt(<second>)).values("name")': lambda found: [*found][:1],
    f'{FILTERED}.has("Neptune#ml.score", gt(<second>)).values("name")': (
        lambda found: [*found][:1]
    ),
    f'{FILTERED}.where({SCORE}.is(lt(<second>))).values("name")': lambda found: [*found][2:],
    f'{NEXT}.hasNot("Neptune#ml.score")': lambda found: [],
    f'{NEXT}.project("n", "s").by("name").by("Neptune#ml.score")': (
        lambda found: [{"n": name, "s": score} for name, score in found.items()]
    ),
    f'{NEXT}.group().by("name").by("Neptune#ml.score")': lambda found: [found],
    f'{NEXT}.math("_ * 2").by("Neptune#ml.score")': (
        lambda found: [2 * score for score in found.values()]
    ),
    f'{NEXT}.as("a").math("a * 2").by({SCORE})': (
        lambda found: [2 * score for score in found.values()]
    ),
    f'{NEXT}.as("a").select("who", "a").by("name").by("Neptune#ml.score")': (
        lambda found: [{"who": "Henry", "a": score} for score in found.values()]
    ),
    f'{NEXT}.path().by("name").by({SCORE}).unfold()': (
        lambda found: [each for score in found.values() for each in ("Henry", score)]
    ),
    f"{NEXT}.fold().unfold().{SCORE}": lambda found: [*found.values()],
    f'{NEXT}.aggregate("x").cap("x").unfold().{SCORE}': lambda found: [*found.values()],
    f'{NEXT}.as("first").{LINK}.select("first").{SCORE}.dedup()': (lambda found: [*found.values()]),
    f'{HENRY}.local(__.{LINK}.limit(2)).order().by({SCORE}).values("name")': (
        lambda found: [*found][1::-1]
    ),
    f'{HENRY}.union(__.identity(), __.{LINK}).coalesce({SCORE}, __.values("name"))': (
        lambda found: ["Henry", *found.values()]
    ),
    f"{HENRY}.optional(__.{LINK}).{SCORE}": lambda found: [*found.values()],
    f"{HENRY}.local(__.{LINK}.fold()).unfold().{SCORE}": lambda found: [*found.values()],
    f'{NEXT}.limit(1).as("a").{LINK}.as("b").select("a","b").by({SCORE}).select("a")': (
        lambda found: [*found.values()][:1] * 3
    ),
    f'{NEXT}.values("Neptune#ml.explain").select("score")': lambda found: [*found.values()],
    f'{NEXT}.project("w").by("Neptune#ml.explain").select("w").select("score")': (
        lambda found: [*found.values()]
    ),
}
"""What follows from the names and scores of Henry's three next friends."""


@pytest.mark.parametrize("language", ["gremlin-groovy", "gremlin-lang"])
@pytest.mark.parametrize(("query", "expected"), SCORES.items())
def test_scores_are_read_wherever_properties_are(
    client: Client,
    query: str,
    expected: Callable[[dict[str, float]], list[Any]],
    language: str,
) -> None:
    found = {row["name"]: row["score"] for row in ask(client, EXAMPLES[2])}
    text = query.replace("<second>", repr([*found.values()][1]) + "d")
    results = client.submit(text, request_options={"language": language}).all().result()
    right = expected(found)
    assert results == right or results == pytest.approx(right)


@pytest.mark.parametrize(
    "serializer",
    [GraphBinarySerializersV1, GraphSONSerializersV3d0, GraphSONSerializersV2d0],
)
def test_short_forms_in_bytecode(client: Client, address: str, serializer: type) -> None:
    rows = [{"n": row["name"], "s": row["score"]} for row in ask(client, EXAMPLES[2])]
    with closing(
        DriverRemoteConnection(address, "g", message_serializer=serializer())
    ) as connection:
        g = traversal().with_remote(connection)
        found = (
            g.with_("Neptune#ml.endpoint", "friends")
            .with_("Neptune#ml.limit", 3)
            .V()
            .has("User", "name", "Henry")
            .out("FRIEND")
            .with_("Neptune#ml.prediction")
            .has("User", "name", P.within([row["n"] for row in rows]))
            .has("Neptune#ml.score", P.lt(rows[0]["s"]))
            .order()
            .by("Neptune#ml.score", Order.desc)
            .project("n", "s")
            .by("name")
            .by("Neptune#ml.score")
            .to_list()
        )
    assert found == rows[1:]


def test_the_best_pairs_of_all(client: Client) -> None:
    paths = ask(client, EXAMPLES[3])
    assert [len(path.objects) for path in paths] == [2, 2, 2]
    assert all(source != target for source, target in (path.objects for path in paths))


def test_why(client: Client) -> None:
    rows = ask(client, EXAMPLES[4])
    assert [row["name"] for row in rows] == ask(client, EXAMPLES[0])[:3]
    scores = [row["score"] for row in ask(client, EXAMPLES[2])]
    for row, score in zip(rows, scores, strict=True):
        why = row["why"]
        assert list(why) == ["score", "contributions", "notes", "paths", "features"]
        assert why["score"] == score
        sizes = [abs(part) for part in why["contributions"].values()]
        assert sizes
        assert sizes == sorted(sizes, reverse=True)
        strengths = [path["strength"] for path in why["paths"]]
        assert 0 < len(strengths) <= 5
        assert strengths == sorted(strengths, reverse=True)
        for alike in why["features"].values():
            assert 0 < alike["similarity"] <= 1.0001


@pytest.mark.parametrize(
    "serializer",
    [GraphBinarySerializersV1, GraphSONSerializersV3d0, GraphSONSerializersV2d0],
)
def test_why_in_bytecode_and_scripts_of_every_encoding(
    client: Client, address: str, serializer: type
) -> None:
    expected = ask(client, EXAMPLES[4])
    connection = DriverRemoteConnection(address, "g", message_serializer=serializer())
    try:
        g = traversal().with_remote(connection)
        rows = (
            g.with_("Neptune#ml.endpoint", "friends")
            .with_("Neptune#ml.limit", 3)
            .V()
            .has("User", "name", "Henry")
            .out("FRIEND")
            .with_("Neptune#ml.prediction")
            .has_label("User")
            .project("name", "why")
            .by("name")
            .by(__.values("Neptune#ml.explain"))
            .to_list()
        )
        assert rows == expected
    finally:
        connection.close()
    other = Client(address, "g", message_serializer=serializer())
    try:
        for language in ("gremlin-groovy", "gremlin-lang"):
            options = {"language": language}
            found = other.submit(EXAMPLES[4], request_options=options).all().result()
            assert found == expected
    finally:
        other.close()


def test_why_over_http(client: Client, address: str) -> None:
    expected = ask(client, EXAMPLES[4])
    request = Request(
        address.replace("ws:", "http:"),
        json.dumps({"gremlin": EXAMPLES[4]}).encode(),
        {"Content-Type": "application/json", "Accept": "application/vnd.gremlin-v3.0+json"},
    )
    with urlopen(request) as response:
        body = response.read().decode()
    reader = GraphSONReader()
    rows = [reader.to_object(row) for row in json.loads(body)["result"]["data"]["@value"]]
    assert rows == expected


def test_the_paths_of_a_reason_are_stored(client: Client) -> None:
    (henry,) = ask(client, "g.V().has('User', 'name', 'Henry').id()")
    names = ask(client, EXAMPLES[0])[:3]
    paths = ask(client, EXAMPLES[5])
    assert paths
    ends = {path[-1] for path in paths}
    assert ends <= set(ask(client, f"g.V().has('name', within({names})).id()"))
    for path in paths:
        assert path[0] == henry
        for here, arrow, there in zip(path[:-2:2], path[1::2], path[2::2], strict=True):
            stored = f"g.V('{here}').%s('FRIEND').hasId('{there}').count()"
            assert ask(client, stored % "out") == [int(arrow.endswith(">"))]
            assert ask(client, stored % "in") == [int(arrow.startswith("<"))]


def test_inside_project(client: Client) -> None:
    rows = ask(client, EXAMPLES[6])
    assert {row["name"] for row in rows} == {"Henry", "Bill"}
    first = {row["name"]: row["next"] for row in rows}
    assert first["Henry"] == ask(client, EXAMPLES[0])[0]


def test_a_friend_of_the_next_friend(client: Client) -> None:
    (path,) = ask(client, EXAMPLES[7])
    henry, friend, other = path.objects
    assert henry == "Henry"
    assert friend == ask(client, EXAMPLES[0])[0]
    assert other != friend


def test_behind_a_write(client: Client) -> None:
    (name,) = ask(client, f'{NEXT.replace(", 3", ", 1")}.values("name")')
    written = NEXT.replace(", 3", ", 1").replace('.as("who")', '.property("asked", true)')
    assert ask(client, f'{written}.values("name")') == [name]
    assert ask(client, "g.V().has('asked', true).values('name')") == ["Henry"]


def test_behind_an_upsert(client: Client) -> None:
    first, again = ask(client, EXAMPLES[8]), ask(client, EXAMPLES[8])
    ann = ask(client, "g.V().has('User', 'name', 'Ann').count()")
    ask(client, "g.V().has('User', 'name', 'Ann').drop().iterate()")
    assert ann == [1]
    assert first == again
    assert set(first) <= NAMES
    assert len(first) == 1


def test_somebody_new(client: Client) -> None:
    names = ask(client, EXAMPLES[9])
    ask(client, "g.V().has('User', 'name', 'Ada').drop().iterate()")
    assert len(set(names)) == 3
    assert set(names) <= NAMES - {"Henry"}
