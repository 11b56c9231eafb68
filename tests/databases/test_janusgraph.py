"""From a graph in JanusGraph to predictions in queries: its ids are its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.serializer import GraphBinarySerializersV1, GraphSONSerializersV3d0
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from janusgraph import janusgraph
from served import SAMPLE, served

from gremlink.proxy.graph import ExportParameters, export_graph
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

pytestmark = pytest.mark.integration

SETTINGS = TrainingSettings(epochs=30, networks=1, folds=2)
FRIEND = ["User", "FRIEND", "User"]
TARGETS: dict[str, list[dict[str, Any]]] = {
    "friends": [],
    "team": [{"node": "User", "property": "team", "type": "classification"}],
    "since": [{"edge": FRIEND, "property": "since", "type": "regression"}],
    "close": [{"edge": FRIEND, "property": "close", "type": "classification"}],
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the database and the proxy are."""

    database: str
    proxy: str


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The friends in JanusGraph, with a model for each of `TARGETS`."""
    directory = tmp_path_factory.mktemp("janusgraph")
    with janusgraph(directory) as database:
        fill(database)
        jobs = [{"name": name, "targets": targets} for name, targets in TARGETS.items()]
        parameters = ExportParameters.parse({"jobs": jobs})
        export_graph(database, directory / "export", parameters=parameters)
        store = Store(directory / "store")
        for name in TARGETS:
            artifact = directory / name
            train(directory / "export", artifact, settings=SETTINGS, configuration=f"{name}.json")
            store.create_endpoint(name, artifact)
        with served(database, directory / "store") as proxy:
            yield Deployment(database, proxy)


def fill(database: str) -> None:
    """The sample's people and friendships, with ids that JanusGraph gives them."""
    client = Client(database, "g")
    ids: dict[str, int] = {}
    for number, row in enumerate(rows("users.csv")):
        named = {"name": row["name:String"], "team": ("red", "blue")[number % 2]}
        ids[row["~id"]] = run(
            client,
            "g.addV('User').property('name', name).property('team', team).id()",
            named,
        )[0]
    for number, row in enumerate(rows("friends.csv")):
        bindings = {
            "head": ids[row["~from"]],
            "tail": ids[row["~to"]],
            "since": 2000 + number,
            "close": ("yes", "no")[number % 2],
        }
        run(
            client,
            "g.V(head).as('a').V(tail).addE('FRIEND').from('a')"
            ".property('since', since).property('close', close).iterate()",
            bindings,
        )
    client.close()


def rows(name: str) -> list[dict[str, str]]:
    with (Path(SAMPLE) / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(client: Client, script: str, bindings: dict[str, Any] | None = None) -> list[Any]:
    results: list[Any] = client.submit(script, bindings).all().result()
    return results


@pytest.fixture(scope="module", params=[GraphBinarySerializersV1, GraphSONSerializersV3d0])
def g(deployment: Deployment, request: pytest.FixtureRequest) -> Iterator[GraphTraversalSource]:
    connection = DriverRemoteConnection(deployment.proxy, "g", message_serializer=request.param())
    yield traversal().with_remote(connection)
    connection.close()


@pytest.fixture(scope="module")
def client(deployment: Deployment) -> Iterator[Client]:
    client = Client(deployment.proxy, "g")
    yield client
    client.close()


def test_links_in_bytecode(g: GraphTraversalSource) -> None:
    model = g.with_("Neptune#ml.endpoint", "friends").with_("Neptune#ml.limit", 8)
    henry = model.V().has("User", "name", "Henry")
    predicted = henry.out("FRIEND").with_("Neptune#ml.prediction").has_label("User")
    scored = predicted.project("name", "score").by("name").by(__.values("Neptune#ml.score"))
    found = scored.to_list()
    known = set(g.V().has("User", "name", "Henry").out("FRIEND").values("name").to_list())
    names = [row["name"] for row in found]
    scores = [row["score"] for row in found]
    assert len(set(names)) == 8
    assert not set(names) & (known | {"Henry"})
    assert scores == sorted(scores, reverse=True)


def test_links_of_everybody_in_a_script(client: Client) -> None:
    answers = run(
        client,
        "g.with('Neptune#ml.endpoint', 'friends').with('Neptune#ml.limit', 2).V().hasLabel('User')"
        ".project('of', 'is').by('name')"
        ".by(out('FRIEND').with('Neptune#ml.prediction').hasLabel('User').values('name').fold())",
    )
    assert len(answers) == 20
    assert all(len(set(row["is"])) == 2 and row["of"] not in row["is"] for row in answers)


@pytest.mark.parametrize("limit", [1, 3])
def test_links_of_vertices_that_are_named_by_their_ids(
    g: GraphTraversalSource, client: Client, limit: int
) -> None:
    """Which one query may be enough for, unlike where they are found by their names."""
    model = g.with_("Neptune#ml.endpoint", "friends").with_("Neptune#ml.limit", limit)
    script = (
        f"g.with('Neptune#ml.endpoint', 'friends').with('Neptune#ml.limit', {limit}).V(who)"
        ".out('FRIEND').with('Neptune#ml.prediction').hasLabel('User').values('name')"
    )
    for vertex in g.V().has_label("User").project("id", "name").by(__.id_()).by("name").to_list():
        answers = []
        for start in (model.V().has("User", "name", vertex["name"]), model.V(vertex["id"])):
            predicted = start.out("FRIEND").with_("Neptune#ml.prediction").has_label("User")
            answers.append(sorted(predicted.values("name").to_list()))
        answers.append(sorted(client.submit(script, {"who": vertex["id"]}).all().result()))
        assert answers[0]
        assert answers == [answers[0]] * 3


def test_somebody_new(deployment: Deployment, client: Client) -> None:
    direct = Client(deployment.database, "g")
    try:
        (ada,) = run(
            direct,
            "g.addV('User').property('name', 'Ada').as('a').V().has('User', 'name', 'Henry')"
            ".addE('FRIEND').from('a').select('a').id()",
        )
        inductive = (
            "g.with('Neptune#ml.endpoint', 'friends').with('Neptune#ml.limit', 3).V(ada)"
            ".out('FRIEND').with('Neptune#ml.prediction').with('Neptune#ml.inductiveInference')"
            ".hasLabel('User').values('name')"
        )
        assert len(run(client, inductive, {"ada": ada})) == 3
    finally:
        run(direct, "g.V().has('User', 'name', 'Ada').drop().iterate()")
        direct.close()


def test_properties_of_vertices(g: GraphTraversalSource, client: Client) -> None:
    model = g.with_("Neptune#ml.endpoint", "team")
    predicted = model.V().properties("team").with_("Neptune#ml.classification")
    assert set(predicted.value().to_list()) <= {"red", "blue"}
    (one,) = run(
        client,
        "g.with('Neptune#ml.endpoint', 'team').V().has('User', 'name', 'Henry')"
        ".properties('team').with('Neptune#ml.classification')",
    )
    assert (one.key, one.value in ("red", "blue")) == ("team", True)


@pytest.mark.parametrize("limit", [3, 100])
def test_properties_of_edges(g: GraphTraversalSource, limit: int) -> None:
    classes = g.with_("Neptune#ml.endpoint", "close").E().limit(limit)
    found = classes.properties("close").with_("Neptune#ml.classification").value().to_list()
    assert len(found) == min(limit, 25)
    assert set(found) <= {"yes", "no"}
    numbers = g.with_("Neptune#ml.endpoint", "since").E().limit(limit)
    each = numbers.project("a", "b").by(__.out_v().values("name"))
    both = each.by(__.properties("since").with_("Neptune#ml.regression").value()).to_list()
    assert len(both) == min(limit, 25)
    assert all(1990 < row["b"] < 2040 for row in both)


def test_properties_of_edges_in_a_script(client: Client) -> None:
    found = run(
        client,
        "g.with('Neptune#ml.endpoint', 'close').V().has('User', 'name', 'Henry').bothE('FRIEND')"
        ".properties('close').with('Neptune#ml.classification').value()",
    )
    assert found
    assert set(found) <= {"yes", "no"}


def test_what_is_not_ours_is_the_databases(deployment: Deployment, client: Client) -> None:
    direct = Client(deployment.database, "g")
    script = "g.V().hasLabel('User').order().by('name').valueMap()"
    try:
        assert run(client, script) == run(direct, script)
    finally:
        direct.close()
