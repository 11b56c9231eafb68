"""Predictions in a real graph: written twice, replaced, removed; the graph's own data stays."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from communities import write_communities
from gremlin_python.driver.client import Client
from gremlin_python.statics import long

from gremlink.proxy.cli import main
from gremlink.proxy.embedded.sample import FRIENDS
from gremlink.proxy.graph import load_csv
from gremlink.proxy.graph.load.write_back import (
    LabelTaken,
    PredictedEdge,
    PredictedEdgeValue,
    PredictedValue,
    Provenance,
    Written,
    count_edges,
    count_values,
    remove_edges,
    remove_values,
    write_edge_values,
    write_edges,
    write_values,
)
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.learning.workflows.train import train

ONE = Provenance("friends", "2026-01-01T00:00:00Z", "one")
TWO = Provenance("friends", "2026-02-01T00:00:00Z", "two")
EDGES = [
    PredictedEdge("user_19", "user_01", 0.75, 1),
    PredictedEdge("user_19", "user_05", 0.5, 2),
    PredictedEdge("user_01", "user_19", 0.25, 1),
]
GONE = PredictedEdge("user_19", "nobody", 0.5, 3)


@pytest.fixture
def friends(empty_graph: str) -> str:
    load_csv(empty_graph, FRIENDS)
    return empty_graph


def asked(url: str, script: str) -> list[Any]:
    client = Client(url, "g")
    try:
        return list(client.submit(script).all().result())
    finally:
        client.close()


def content(url: str) -> Counter[str]:
    """Everything in the graph but the ids of edges, which a server makes."""
    scripts = ("g.V().valueMap(true)", "g.E().project('o','i','l','p').by(outV().id())"
               ".by(inV().id()).by(label()).by(valueMap())")  # fmt: skip
    return Counter(str(found) for script in scripts for found in asked(url, script))


def test_edges_are_written_once_replaced_and_removed(friends: str) -> None:
    before = content(friends)
    with GraphConnection(friends) as connection:
        assert write_edges(connection, "MAY_KNOW", [*EDGES, GONE], ONE) == Written(3, 0, 1)
        once = content(friends)
        assert write_edges(connection, "MAY_KNOW", [*EDGES, GONE], ONE) == Written(3, 0, 1)
        assert content(friends) == once
        assert count_edges(connection, "MAY_KNOW") == 3
        assert write_edges(connection, "MAY_KNOW", EDGES[:1], TWO) == Written(1, 2, 0)
        script = "g.E().hasLabel('MAY_KNOW').valueMap()"
        assert asked(friends, script) == [
            {"score": 0.75, "rank": 1, "model": "friends", "time": TWO.time, "gremlink_run": "two"}
        ]
        assert remove_edges(connection, "MAY_KNOW") == 1
    assert content(friends) == before


def test_values_are_written_once_replaced_and_removed(friends: str) -> None:
    before = content(friends)
    rows = [PredictedValue("user_19", "sports", 0.75), PredictedValue("user_01", "arts", 0.5)]
    gone = PredictedValue("nobody", "arts", 0.5)
    with GraphConnection(friends) as connection:
        assert write_values(connection, "guess", [*rows, gone], ONE) == Written(2, 0, 1)
        once = content(friends)
        assert write_values(connection, "guess", [*rows, gone], ONE) == Written(2, 0, 1)
        assert content(friends) == once
        assert asked(friends, "g.V('user_19').values('guess', 'guess_score')") == ["sports", 0.75]
        assert write_values(connection, "guess", rows[:1], TWO) == Written(1, 1, 0)
        assert count_values(connection, "guess") == 1
        assert remove_values(connection, "guess") == 1
    assert content(friends) == before


def test_values_of_edges_are_written_once_replaced_and_removed(friends: str) -> None:
    before = content(friends)
    one, other, *_ = asked(
        friends, "g.E().hasLabel('FRIEND').project('o','i').by(outV().id()).by(inV().id())"
    )
    rows = [
        PredictedEdgeValue(one["o"], one["i"], True, 0.75),
        PredictedEdgeValue(other["o"], other["i"], False, 0.5),
        PredictedEdgeValue(one["o"], "nobody", True, 0.5),
        PredictedEdgeValue("user_19", "user_01", True, 0.5),
    ]
    value = f"g.V('{one['o']}').outE('FRIEND').where(inV().hasId('{one['i']}'))"
    with GraphConnection(friends) as connection:
        assert write_edge_values(connection, "close", "FRIEND", rows, ONE) == Written(2, 0, 2)
        once = content(friends)
        assert write_edge_values(connection, "close", "FRIEND", rows, ONE) == Written(2, 0, 2)
        assert content(friends) == once
        assert asked(friends, f"{value}.values('close', 'close_score')") == [True, 0.75]
        assert write_edge_values(connection, "close", "FRIEND", rows[1:2], TWO) == Written(1, 1, 0)
        assert count_values(connection, "close") == 1
        assert remove_values(connection, "close") == 1
        asked(friends, f"{value}.property('own', 1).iterate()")
        with pytest.raises(LabelTaken, match="a property of edges 'own'"):
            write_edge_values(connection, "own", "FRIEND", rows, ONE)
        asked(friends, f"{value}.properties('own').drop().iterate()")
    assert content(friends) == before


def test_numbers_have_no_score(friends: str) -> None:
    with GraphConnection(friends) as connection:
        write_values(connection, "age", [PredictedValue("user_19", 41.5, None)], ONE)
    assert asked(friends, "g.V('user_19').values('age')") == [41.5]
    assert asked(friends, "g.V('user_19').values('age_score')") == []


def test_a_run_that_broke_off_is_completed(friends: str) -> None:
    def broken() -> Any:
        yield from EDGES[:2]
        raise KeyboardInterrupt

    with GraphConnection(friends) as connection, pytest.raises(KeyboardInterrupt):
        write_edges(connection, "MAY_KNOW", broken(), ONE)
    with GraphConnection(friends) as connection:
        assert write_edges(connection, "MAY_KNOW", EDGES, ONE) == Written(3, 0, 0)
        assert count_edges(connection, "MAY_KNOW") == 3


def test_data_of_the_graphs_own_is_not_touched(friends: str) -> None:
    before = content(friends)
    with GraphConnection(friends) as connection:
        with pytest.raises(LabelTaken, match="edges labelled 'FRIEND'"):
            write_edges(connection, "FRIEND", EDGES, ONE)
        with pytest.raises(LabelTaken, match="a property 'name'"):
            write_values(connection, "name", [PredictedValue("user_19", "x", 0.5)], ONE)
        assert remove_edges(connection, "FRIEND") == 0
        assert remove_values(connection, "name") == 0
    assert content(friends) == before


def test_ids_keep_their_types(empty_graph: str) -> None:
    asked(empty_graph, "g.addV('T').property(T.id, 1).addV('T').property(T.id, 1L).iterate()")
    rows = [PredictedValue(1, "a", 0.5), PredictedValue(long(1), "b", 0.25)]
    with GraphConnection(empty_graph) as connection:
        assert write_values(connection, "guess", rows, ONE) == Written(2, 0, 0)
        gone = [PredictedEdge("1", long(1), 0.5, 1), PredictedEdge(1, long(1), 0.5, 1)]
        assert write_edges(connection, "MAY", gone, ONE) == Written(1, 0, 1)
    assert asked(empty_graph, "g.V(1).values('guess')") == ["a"]
    assert asked(empty_graph, "g.V(1L).values('guess')") == ["b"]


def test_many_are_written_in_batches(friends: str) -> None:
    people = [f"user_{number:02}" for number in range(1, 21)]
    rows = [
        PredictedEdge(source, target, 0.5, 1)
        for source in people
        for target in people
        if source != target
    ]
    told: list[int] = []
    with GraphConnection(friends) as connection:
        done = write_edges(
            connection, "MAY_KNOW", rows, ONE, lambda what, done, total: told.append(done)
        )
        assert done == Written(380, 0, 0)
        assert told == [100, 200, 300, 380]
        assert remove_edges(connection, "MAY_KNOW") == 380


def test_segments_are_written_once_replaced_and_removed(empty_graph: str, tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export")
    train(export, tmp_path / "model", model="pure-svd")
    (export / "training-data-configuration.json").unlink()
    load_csv(empty_graph, export)
    before = content(empty_graph)

    def done(*arguments: str) -> str:
        found = CliRunner().invoke(main, ["embeddings", *arguments, "--url", empty_graph])
        assert found.exit_code == 0, found.output
        return found.stdout

    asking = (str(tmp_path / "model"), "--write-back", "part", "--segments")
    assert done(*asking, "2", "--dry-run") == "32 segments would be written as part\n"
    assert content(empty_graph) == before
    assert done(*asking, "2") == "32 segments are in the graph as part\n"
    once = content(empty_graph)
    assert done(*asking, "2") == "32 segments are in the graph as part\n"
    assert content(empty_graph) == once
    assert len(asked(empty_graph, "g.V().values('part').dedup()")) == 2
    assert asked(empty_graph, "g.V().has('part').values('part_model').dedup()") == ["model"]
    narrower = done(*asking, "3", "--type", "Person")
    assert narrower == "24 segments are in the graph as part, 8 earlier ones removed\n"
    assert "24 predicted values would go" in done("--remove", "part", "--dry-run")
    assert "24 predicted values are removed" in done("--remove", "part")
    assert content(empty_graph) == before
