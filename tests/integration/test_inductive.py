"""Inductive inference: what came after training gets answers, from the graph as it is now."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.serializer import GraphSONSerializersV3d0
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from gremlin_python.process.traversal import T

from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import read_artifact, write_artifact
from gremlink.proxy.store.records import Store
from tests.support.served import export_friends, served

FRIENDS = 'with("Neptune#ml.endpoint", "friends").with("Neptune#ml.limit", 40)'
PREDICTED = 'out("FRIEND").with("Neptune#ml.prediction")'
INDUCTIVE = '.with("Neptune#ml.inductiveInference")'
DETERMINISTIC = '.with("Neptune#ml.deterministic")'


@pytest.fixture(scope="module")
def address(
    gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A proxy that serves `friends`, a blend, and `alone`, a network by itself.

    `narrow` is that network, but it wants to see few neighbours only.
    """
    directory = tmp_path_factory.mktemp("inductive")
    url = gremlin_server.url
    export_friends(url, directory / "export")
    store = Store(directory / "store")
    settings = TrainingSettings(epochs=20, networks=2, folds=2)
    for name, model in (("friends", "auto"), ("alone", "rgcn"), ("common", "common-neighbours")):
        train(directory / "export", directory / name, model=model, settings=settings)
        store.create_endpoint(name, directory / name)
    narrow = read_artifact(directory / "alone")
    documents = {**narrow.documents}
    documents["inductive"] = {**documents["inductive"], "fan_outs": [2, 1]}
    manifest = {key: value for key, value in narrow.manifest.items() if key != "files"}
    narrow = replace(narrow, manifest=manifest, documents=documents)
    write_artifact(directory / "narrow", narrow)
    store.create_endpoint("narrow", directory / "narrow")
    direct = Client(url, "g")
    # Ada came later: she knows two people who know each other's friends.
    direct.submit(
        "g.addV('User').property(id, 'ada').property('name', 'Ada').as('a')"
        ".V().has('User', 'name', 'Henry').addE('FRIEND').from('a')"
        ".V().has('User', 'name', 'Bill').addE('FRIEND').from('a').iterate()"
    ).all().result()
    direct.close()
    with served(url, directory / "store") as found:
        yield found


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    client = Client(address, "g")
    yield client
    client.close()


def ask(client: Client, query: str) -> list[Any]:
    results: list[Any] = client.submit(f"g.{query}").all().result()
    return results


@pytest.fixture(scope="module")
def friends_of_friends(client: Client) -> set[str]:
    names = ask(
        client,
        "V('ada').out('FRIEND').both('FRIEND').not(hasId('ada')).not(__.in('FRIEND').hasId('ada'))"
        ".dedup().values('name')",
    )
    return set(names)


def test_a_new_person_is_unknown_without_it(client: Client) -> None:
    assert ask(client, f"{FRIENDS}.V('ada').{PREDICTED}.hasLabel('User')") == []


@pytest.mark.parametrize("endpoint", ["friends", "alone", "common"])
def test_a_new_person_gets_friends_of_friends_before_strangers(
    client: Client, friends_of_friends: set[str], endpoint: str
) -> None:
    names = ask(
        client,
        f'with("Neptune#ml.endpoint", "{endpoint}").with("Neptune#ml.limit", 40).V("ada")'
        f'.{PREDICTED}{INDUCTIVE}.hasLabel("User").values("name")',
    )
    assert len(names) == len(set(names))
    assert not {"Ada", "Henry", "Bill"} & set(names)
    ranks = [place for place, name in enumerate(names) if name in friends_of_friends]
    others = [place for place, name in enumerate(names) if name not in friends_of_friends]
    assert sum(ranks) / len(ranks) < sum(others) / len(others)
    assert names[0] in friends_of_friends


def test_who_has_not_changed_is_answered_as_before(client: Client) -> None:
    """Of the people whom Ada's coming has not reached."""
    far = "V().hasLabel('User').not(both('FRIEND').both('FRIEND').hasId('ada')).not(both('FRIEND')"
    far += ".hasId('ada')).not(hasId('ada')).limit(3)"
    rows = [
        ask(
            client,
            f'with("Neptune#ml.endpoint", "alone").with("Neptune#ml.limit", 5).{far}'
            f".project('v', 'f').by('name').by({PREDICTED}{more}.hasLabel('User').not(hasId('ada'))"
            ".values('name').fold())",
        )
        for more in ("", INDUCTIVE)
    ]
    assert len(rows[0]) == 3
    for before, after in zip(*rows, strict=True):
        assert before["v"] == after["v"]
        assert len(set(before["f"]) & set(after["f"])) >= 4


def test_a_new_person_is_an_answer(client: Client) -> None:
    query = (
        f"{FRIENDS}.V().has('User', 'name', 'Henry').in('FRIEND').with('Neptune#ml.prediction')"
        f".with('Neptune#ml.filterExistingEdges', false){INDUCTIVE}.hasLabel('User').values('name')"
    )
    assert "Ada" in ask(client, query)
    assert "Ada" not in ask(client, query.replace(INDUCTIVE, ""))


def test_written_in_the_same_query(client: Client) -> None:
    query = (
        f"{FRIENDS}.addV('User').property(id, 'eve').property('name', 'Eve').as('e')"
        ".V().has('User', 'name', 'Henry').addE('FRIEND').from('e')"
        f".V('eve').{PREDICTED}{INDUCTIVE}{DETERMINISTIC}.hasLabel('User').limit(3).values('name')"
    )
    names = ask(client, query)
    ask(client, "V('eve').drop()")
    assert len(names) == 3
    assert "Henry" not in names


@pytest.mark.parametrize("serializer", [None, GraphSONSerializersV3d0()])
def test_as_bytecode_in_both_serializers(address: str, client: Client, serializer: Any) -> None:
    connection = DriverRemoteConnection(address, "g", message_serializer=serializer)
    try:
        g: GraphTraversalSource = traversal().with_remote(connection)
        steps = (
            g.with_("Neptune#ml.endpoint", "friends")
            .with_("Neptune#ml.limit", 4)
            .with_("Neptune#ml.disableInductiveInferenceMetadataCache")
            .V("ada")
            .out("FRIEND")
            .with_("Neptune#ml.inductiveInference")
            .with_("Neptune#ml.prediction")
            .with_("Neptune#ml.deterministic")
            .has_label("User")
        )
        found = steps.project("name", "id").by("name").by(T.id).to_list()
        scored = steps.project("s").by(__.values("Neptune#ml.score")).to_list()
    finally:
        connection.close()
    expected = ask(
        client,
        f"{FRIENDS}.V('ada').{PREDICTED}{INDUCTIVE}.hasLabel('User').limit(4).values('name')",
    )
    assert [row["name"] for row in found] == expected
    scores = [row["s"] for row in scored]
    assert scores == sorted(scores, reverse=True)


def test_in_a_session(address: str, client: Client) -> None:
    # The network's ranking depends on links, whatever the blend has chosen.
    network = FRIENDS.replace('"friends"', '"alone"')
    query = f"{network}.V('ada').{PREDICTED}{INDUCTIVE}.hasLabel('User').values('name')"
    before = ask(client, query)
    session = Client(address, "g", session="inductive")
    try:
        session.submit(
            "g.V('ada').addE('FRIEND').property(id, 'late')"
            f".to(__.V().has('User', 'name', '{before[0]}')).iterate()"
        ).all().result()
        after = session.submit(f"g.{query}").all().result()
        session.submit("g.E('late').drop().iterate()").all().result()
    finally:
        session.close()
    assert before[0] not in after
    assert after != before[1:]
    assert ask(client, query) == before


def test_several_inferences_in_one_query(client: Client) -> None:
    rows = ask(
        client,
        f'with("Neptune#ml.endpoint", "friends").V("ada").project("old", "new", "next")'
        f".by({PREDICTED}.hasLabel('User').values('name').fold())"
        f".by({PREDICTED}{INDUCTIVE}.hasLabel('User').values('name').fold())"
        f".by({PREDICTED}{INDUCTIVE}.hasLabel('User').{PREDICTED}{INDUCTIVE}.hasLabel('User')"
        ".values('name').fold())",
    )
    assert rows[0]["old"] == []
    assert len(rows[0]["new"]) == len(rows[0]["next"]) == 1
    assert rows[0]["new"] != rows[0]["next"]


def post(address: str, path: str, query: str) -> tuple[int, str]:
    url = address.replace("ws://", "http://").replace("/gremlin", path)
    body = json.dumps({"gremlin": f"g.{query}"}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return response.status, response.read().decode()


def test_over_http(address: str, client: Client) -> None:
    query = f"{FRIENDS}.V('ada').{PREDICTED}{INDUCTIVE}.hasLabel('User').values('name')"
    status, text = post(address, "/gremlin", query)
    assert status == 200
    assert json.loads(text)["result"]["data"]["@value"] == ask(client, query)


def test_explain_and_profile_tell_of_the_neighbourhood(address: str) -> None:
    query = f"{FRIENDS}.V('ada').{PREDICTED}{INDUCTIVE}.hasLabel('User')"
    _, plan = post(address, "/gremlin/explain", query)
    assert "neighbourhood: 2 hops along FRIEND both ways" in plan
    assert "at most 1,000, then 100 neighbours (at random)" in plan
    _, profile = post(address, "/gremlin/profile", query)
    assert "neighbourhood, distance 0 of 2" in profile
    assert "neighbourhood read: " in profile
    assert " links, " in profile


def test_the_same_sample_of_many_neighbours_each_time(client: Client, address: str) -> None:
    """Of Henry's many friends the same two are read, and the same one of each of theirs."""
    query = (
        'with("Neptune#ml.endpoint", "narrow").with("Neptune#ml.limit", 5)'
        f".V().has('User', 'name', 'Henry').{PREDICTED}{INDUCTIVE}{DETERMINISTIC}.hasLabel('User')"
        ".project('n', 's').by('name').by(values('Neptune#ml.score'))"
    )
    first = ask(client, query)
    assert len(first) == 5
    assert [ask(client, query) for _ in range(3)] == [first] * 3
    assert len(ask(client, query.replace(DETERMINISTIC, ""))) == 5
    _, profile = post(address, "/gremlin/profile", query)
    size = next(line for line in profile.splitlines() if line.startswith("neighbourhood read: "))
    vertices = int(size.split()[2])
    assert vertices <= 1 + 2 * 2 + 2 * 2 * 2
