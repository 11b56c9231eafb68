"""From a graph in OrientDB to predictions in queries: its ids are objects, which texts name."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.driver.serializer import GraphSONSerializersV2d0, GraphSONSerializersV3d0
from gremlin_python.process.anonymous_traversal import traversal
from orientdb import orientdb
from served import SAMPLE, served

from gremlink.proxy.graph import ExportParameters, discover_schema, export_graph, load_csv
from gremlink.proxy.graph.errors import IdsRefused
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

pytestmark = pytest.mark.integration

SETTINGS = TrainingSettings(epochs=2, networks=1, folds=2)
TARGETS: dict[str, list[dict[str, Any]]] = {
    "friends": [],
    "team": [{"node": "User", "property": "team", "type": "classification"}],
    "since": [
        {"edge": ["User", "FRIEND", "User"], "property": "since", "type": "regression"},
    ],
}
MODEL = 'g.with("Neptune#ml.endpoint", "friends").with("Neptune#ml.limit", 3)'
LINK = 'out("FRIEND").with("Neptune#ml.prediction")'


def rows(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(client: Client, script: str, **bindings: Any) -> list[Any]:
    results: list[Any] = client.submit(script, bindings).all().result()
    return results


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sample's people and friendships, with ids that OrientDB gives them."""
    with orientdb(tmp_path_factory.mktemp("orientdb")) as url:
        with closing(Client(url, "g", message_serializer=GraphSONSerializersV3d0())) as client:
            for number, row in enumerate(rows("users.csv")):
                run(
                    client,
                    "g.addV('User').property('key', code).property('name', name)"
                    ".property('team', team).iterate()",
                    code=row["~id"],
                    name=row["name:String"],
                    team=("red", "blue")[number % 2],
                )
            for number, row in enumerate(rows("friends.csv")):
                run(
                    client,
                    "g.V().has('User', 'key', head).as('a').V().has('User', 'key', tail)"
                    ".addE('FRIEND').from('a').property('since', since).iterate()",
                    head=row["~from"],
                    tail=row["~to"],
                    since=2000 + number,
                )
        yield url


@pytest.fixture(scope="module")
def proxy(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A proxy in front of it, with a model for each of `TARGETS`."""
    directory = tmp_path_factory.mktemp("proxy")
    jobs = [{"name": name, "targets": targets} for name, targets in TARGETS.items()]
    parameters = ExportParameters.parse({"jobs": jobs})
    report = export_graph(database, directory / "export", parameters=parameters)
    assert (report.vertices, report.edges) == (20, 25)
    store = Store(directory / "store")
    for name in TARGETS:
        artifact = directory / name
        train(directory / "export", artifact, settings=SETTINGS, configuration=f"{name}.json")
        store.create_endpoint(name, artifact)
    with served(database, directory / "store") as address:
        yield address


@pytest.fixture(scope="module", params=[GraphSONSerializersV3d0, GraphSONSerializersV2d0])
def serializer(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def client(proxy: str, serializer: Any) -> Iterator[Client]:
    with closing(Client(proxy, "g", message_serializer=serializer())) as client:
        yield client


def test_what_cannot_be_loaded_is_told_before_anything_is_written(database: str) -> None:
    with pytest.raises(IdsRefused, match="does not accept ids given by the user"):
        load_csv(database, Path(SAMPLE))
    assert {kind.count for kind in discover_schema(database).nodes.values()} == {20}


def test_links_of_one(client: Client) -> None:
    henry = 'V().has("User", "name", "Henry")'
    names = run(client, f'{MODEL}.{henry}.{LINK}.hasLabel("User").values("name")')
    known = run(client, f'g.{henry}.out("FRIEND").values("name")')
    assert len(set(names)) == 3
    assert not set(names) & {"Henry", *known}
    (id,) = run(client, f"g.{henry}.id().map{{it.get().toString()}}")
    for start in (f'V("{id}")', f'V("{id}").as("a")'):
        by_id = run(client, f'{MODEL}.{start}.{LINK}.hasLabel("User").values("name")')
        assert by_id == names


def test_links_of_everybody(client: Client, proxy: str, serializer: Any) -> None:
    told = run(
        client,
        f'{MODEL}.V().hasLabel("User").project("of", "is").by("name")'
        f'.by({LINK}.hasLabel("User").values("name").fold())',
    )
    assert len(told) == 20
    assert all(len(set(row["is"])) == 3 and row["of"] not in row["is"] for row in told)
    with closing(DriverRemoteConnection(proxy, "g", message_serializer=serializer())) as remote:
        source = traversal().with_remote(remote)
        model = source.with_("Neptune#ml.endpoint", "friends").with_("Neptune#ml.limit", 3)
        predicted = model.V().out("FRIEND").with_("Neptune#ml.prediction").has_label("User")
        assert len(predicted.values("name").to_list()) == 60


def test_the_graph_as_it_is_now(client: Client) -> None:
    option = '.with("Neptune#ml.inductiveInference")'
    names = run(
        client,
        f'{MODEL}.V().has("User", "name", "Henry").{LINK}{option}.hasLabel("User").values("name")',
    )
    assert len(set(names)) == 3


def test_properties(client: Client) -> None:
    teams = run(
        client,
        'g.with("Neptune#ml.endpoint", "team").V().hasLabel("User").properties("team")'
        '.with("Neptune#ml.classification").value()',
    )
    assert len(teams) == 20
    assert set(teams) <= {"red", "blue"}
    since = run(
        client,
        'g.with("Neptune#ml.endpoint", "since").E().hasLabel("FRIEND").properties("since")'
        '.with("Neptune#ml.regression").value()',
    )
    assert len(since) == 25
    assert all(1990 < year < 2040 for year in since)


def test_scores_are_refused(client: Client) -> None:
    with pytest.raises(GremlinServerError, match="objects of its own"):
        run(
            client,
            f'{MODEL}.V().has("User", "name", "Henry").{LINK}.hasLabel("User")'
            '.values("Neptune#ml.score")',
        )
