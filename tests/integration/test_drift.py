"""Drift of a live graph from a model's: the advice, on a real database."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from gremlin_python.driver.client import Client
from served import SAMPLE, export_friends, served

from gremlink.proxy.cli import main
from gremlink.proxy.graph import ExportParameters, Server, count_graph, export_graph, load_csv
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.drift import (
    NOTHING,
    TRAIN,
    TRANSFORM,
    GraphDrift,
    graph_drift,
    trained_graph,
)
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

QUICK = TrainingSettings(epochs=1, width=4, networks=1, folds=2, threads=1)


@pytest.fixture
def model(empty_graph: str, tmp_path: Path) -> Path:
    export_friends(empty_graph, tmp_path / "export")
    train(tmp_path / "export", tmp_path / "model", model="popularity", settings=QUICK)
    return tmp_path / "model"


@pytest.fixture
def database(empty_graph: str) -> Iterator[Client]:
    client = Client(empty_graph, "g")
    yield client
    client.close()


def drift(model: Path, address: str) -> GraphDrift:
    return graph_drift(trained_graph(model), 0.0, Server(address), count_graph(address))


def test_advice_follows_the_graph(model: Path, empty_graph: str, database: Client) -> None:
    before = drift(model, empty_graph)
    assert before.advice == NOTHING
    assert before.share == 0.0
    assert before.unknown == {"User": 0.0}
    assert [(each.property, each.word) for each in before.properties] == [("interests", "none")]

    # Edges that repeat a link are not new links to a training.
    again = "g.V().as('a').out('FRIEND').as('b').addE('FRIEND').from('a').to('b').iterate()"
    database.submit(again).all().result()
    repeated = drift(model, empty_graph)
    assert repeated.advice == NOTHING, repeated.sentence

    database.submit("g.addV('User').property('name', 'Nele').iterate()").all().result()
    arrived = drift(model, empty_graph)
    assert arrived.advice == TRANSFORM, arrived.sentence
    assert arrived.unknown["User"] == pytest.approx(1 / 21, abs=1e-3)

    database.submit("g.V().properties('interests').drop().iterate()").all().result()
    changed = drift(model, empty_graph)
    assert changed.advice == TRAIN
    assert "interests of User" in changed.sentence
    assert changed.properties[0].word == "large"

    database.submit("g.V().limit(10).drop().iterate()").all().result()
    database.submit("g.addV('Film').iterate()").all().result()
    gone = drift(model, empty_graph)
    assert gone.advice == TRAIN
    assert gone.share >= gone.limit
    assert any("Film" in note for note in gone.notes)


def test_properties_of_edges_that_are_learned_from(
    empty_graph: str, database: Client, tmp_path: Path
) -> None:
    load_csv(empty_graph, SAMPLE)
    numbered = "g.E().property('years', inV().in('FRIEND').count()).iterate()"
    database.submit(numbered).all().result()
    export_graph(empty_graph, tmp_path / "export", parameters=ExportParameters())
    train(tmp_path / "export", tmp_path / "model", model="popularity", settings=QUICK)
    (before,) = [each for each in drift(tmp_path / "model", empty_graph).properties
                 if each.property == "years"]  # fmt: skip
    assert (before.type, before.word) == ("(User)-FRIEND->(User)", "none")
    assert before.sampled == 25
    database.submit("g.E().property('years', 99).iterate()").all().result()
    after = drift(tmp_path / "model", empty_graph)
    assert after.advice == TRAIN
    assert "years of (User)-FRIEND->(User)" in after.sentence


def test_ids_keep_their_types(model: Path, empty_graph: str, database: Client) -> None:
    """A vertex of another id is another vertex, though the counts are the same."""
    database.submit("g.V().limit(1).drop().iterate()").all().result()
    database.submit("g.addV('User').property(T.id, 5).iterate()").all().result()
    found = drift(model, empty_graph)
    assert found.unknown["User"] == pytest.approx(1 / 20, abs=1e-3)
    assert found.advice != NOTHING


def test_the_management_api_tells_it(model: Path, empty_graph: str, tmp_path: Path) -> None:
    Store(tmp_path / "store").create_endpoint("friends", model)
    with served(empty_graph, tmp_path / "store") as address:
        base = address.replace("ws://", "http://").removesuffix("/gremlin")
        with urllib.request.urlopen(f"{base}/ml/endpoints/friends/drift") as answer:
            found = json.load(answer)["drift"]
        assert found["advice"] == NOTHING
        assert found["vertices"] == [{"name": "User", "then": 20, "now": 20}]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{base}/ml/endpoints/nobody/drift")
        assert refused.value.code == 404
        refused.value.close()


def test_the_command_tells_it(
    model: Path, empty_graph: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path / "store").create_endpoint("friends", model)
    monkeypatch.setenv("GREMLINK_STORE_DIRECTORY", str(tmp_path / "store"))
    command = ["endpoint", "drift", "friends", "--url", empty_graph]
    plain = CliRunner().invoke(main, command)
    assert plain.exit_code == 0
    assert "vertices\tUser\t20\t20" in plain.stdout
    whole = CliRunner().invoke(main, [*command, "--json"])
    assert json.loads(whole.stdout)["advice"] == NOTHING
    assert CliRunner().invoke(main, ["endpoint", "drift", "nobody"]).exit_code != 0
