"""Every example of docs/queries.md, on the sample graph with a trained endpoint."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gremlin_python.driver.client import Client

from proxy.cli.background import relay
from proxy.config import Configuration, Listen, StoreSettings, Upstream
from proxy.embedded import EmbeddedServer
from proxy.graph import ExportParameters, export_graph, load_csv
from proxy.learning.settings import TrainingSettings
from proxy.learning.training import train
from proxy.store.records import Store

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "proxy" / "embedded" / "sample"
EXAMPLES = re.findall(
    r"```gremlin\n(.*?)```", (ROOT / "docs" / "queries.md").read_text(encoding="utf-8"), re.DOTALL
)
with (SAMPLE / "users.csv").open(encoding="utf-8") as file:
    NAMES = {row["name:String"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def client(
    gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A client of a proxy that serves the endpoint `friends`, quickly trained."""
    directory = tmp_path_factory.mktemp("friends")
    url = gremlin_server.url
    direct = Client(url, "g")
    direct.submit("g.V().drop().iterate()").all().result()
    direct.close()
    load_csv(url, SAMPLE)
    export_graph(url, directory / "export", parameters=ExportParameters())
    settings = TrainingSettings(epochs=2, networks=1, folds=2)
    train(directory / "export", directory / "artifact", settings=settings)
    Store(directory / "store").create_endpoint("friends", directory / "artifact")
    configuration = Configuration(
        listen=Listen(port=0),
        upstream=Upstream(url=url),
        store=StoreSettings(directory=directory / "store"),
    )
    with relay(configuration) as address:
        client = Client(address, "g")
        yield client
        client.close()


def ask(client: Client, query: str) -> list[Any]:
    results: list[Any] = client.submit(query).all().result()
    return results


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 8


def test_eight_next_friends(client: Client) -> None:
    names = ask(client, EXAMPLES[0])
    assert len(names) == 8
    assert len(set(names)) == 8
    assert set(names) <= NAMES - {"Henry"}


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


def test_the_best_pairs_of_all(client: Client) -> None:
    paths = ask(client, EXAMPLES[3])
    assert [len(path.objects) for path in paths] == [2, 2, 2]
    assert all(source != target for source, target in (path.objects for path in paths))


def test_inside_project(client: Client) -> None:
    rows = ask(client, EXAMPLES[4])
    assert {row["name"] for row in rows} == {"Henry", "Bill"}
    first = {row["name"]: row["next"] for row in rows}
    assert first["Henry"] == ask(client, EXAMPLES[0])[0]


def test_a_friend_of_the_next_friend(client: Client) -> None:
    (path,) = ask(client, EXAMPLES[5])
    henry, friend, other = path.objects
    assert henry == "Henry"
    assert friend == ask(client, EXAMPLES[0])[0]
    assert other != friend


def test_behind_a_write(client: Client) -> None:
    (name,) = ask(client, EXAMPLES[6])
    assert name == ask(client, EXAMPLES[0])[0]
    assert ask(client, "g.V().has('asked', true).values('name')") == ["Henry"]


def test_somebody_new(client: Client) -> None:
    names = ask(client, EXAMPLES[7])
    ask(client, "g.V().has('User', 'name', 'Ada').drop().iterate()")
    assert len(set(names)) == 3
    assert set(names) <= NAMES - {"Henry"}
