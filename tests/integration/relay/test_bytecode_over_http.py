"""Bytecode over HTTP, which a server translates to Groovy, beside the same over WebSocket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.request import RequestMessage
from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from gremlin_python.process.strategies import SubgraphStrategy
from gremlin_python.process.traversal import P, T, TextP, TraversalStrategies
from gremlin_python.statics import long
from gremlin_python.structure.graph import Graph
from running_proxy import Model, Models, RunningProxy, Values
from ways import SERIALIZERS, WAYS, Speakers, Write

from gremlink.grammar.traversal import Literal

MANY = 2000
"""Answers that do not fit into one method of Java's as literals."""

MOMENT = datetime(2001, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
IDENTIFIER = UUID("41d2e28a-20a4-4ab0-b379-d810dede3786")
CLASS, PREDICTION = "Neptune#ml.classification", "Neptune#ml.prediction"
ODD = 'it\'s "$x" \\ \n]; throw new Error()'
"""A value that must stay one in a text of Groovy."""


def ids(names: list[str]) -> list[Literal]:
    return [Literal.string(name) for name in names]


@pytest.fixture(scope="module")
def proxy(graph_url: str) -> Iterator[RunningProxy]:
    vertices = ids([f"v{number}" for number in range(MANY)])
    with closing(Client(graph_url, "g")) as client:
        for script in (
            "g.V().drop().iterate()",
            f"(0..<{MANY}).each {{ g.addV('Node').property(T.id, 'v' + it)"
            ".property('n', it as long).iterate() }",
            "(0..2).each { g.addE('ROAD').from(__.V('v' + it)).to(__.V('v' + (it + 1)))"
            ".property(T.id, 'e' + it).property('since', new Date(0L)).iterate() }",
            f"g.V('v0').property('moment', new Date({int(MOMENT.timestamp())}000L))"
            f".property('uuid', UUID.fromString('{IDENTIFIER}')).iterate()",
        ):
            client.submit(script).all().result()
        following = [vertices[1:] + vertices[:1], vertices[2:] + vertices[:2]]
        models = Models(
            Values("roads", "edge", {id: ids([ODD, "b"]) for id in ids(["e0", "e1", "e2"])}),
            Values("nodes", "node", {id: ids([ODD]) for id in vertices}),
            Model("links", dict(zip(vertices, zip(*following, strict=True), strict=True))),
        )
        with RunningProxy(graph_url, models) as running:
            yield running
        client.submit("g.V().drop().iterate()").all().result()


@pytest.fixture(scope="module")
def speakers(proxy: RunningProxy) -> Iterator[Speakers]:
    with closing(Speakers(proxy.url)) as opened:
        yield opened


def roads(g: GraphTraversalSource) -> GraphTraversalSource:
    return g.with_("Neptune#ml.endpoint", "roads").with_("Neptune#ml.limit", 2)


def nodes(g: GraphTraversalSource) -> GraphTraversalSource:
    return g.with_("Neptune#ml.endpoint", "nodes")


def links(g: GraphTraversalSource) -> GraphTraversalSource:
    return g.with_("Neptune#ml.endpoint", "links").with_("Neptune#ml.limit", 2)


QUERIES: dict[str, tuple[Write, int]] = {
    "edges": (lambda g: roads(g).E().properties("kind").with_(CLASS), 6),
    "one edge": (lambda g: roads(g).E("e1").properties("kind").with_(CLASS), 2),
    "edges and a date": (
        lambda g: roads(g).E().has("since", P.lt(MOMENT)).properties("kind").with_(CLASS),
        6,
    ),
    "scores of edges": (
        lambda g: roads(g).E("e0", "e1").properties("kind", "Neptune#ml.score").with_(CLASS),
        8,
    ),
    "paths of edges": (
        lambda g: roads(g).E("e0", "e1").as_("a").properties("kind").with_(CLASS).path(),
        4,
    ),
    "edges inside": (
        lambda g: (
            roads(g)
            .E()
            .project("id", "kind")
            .by(T.id)
            .by(__.properties("kind").with_(CLASS).fold())
        ),
        3,
    ),
    "many vertices inside": (
        lambda g: (
            nodes(g).V().project("id", "kind").by(T.id).by(__.properties("kind").with_(CLASS))
        ),
        MANY,
    ),
    "many links": (
        lambda g: links(g).V().out("ROAD").with_(PREDICTION).has_label("Node").path(),
        2 * MANY - 3,
    ),
    "values with types": (
        lambda g: (
            links(g)
            .V()
            .has("n", P.between(long(0), long(2)))
            .has("moment", MOMENT)
            .has("uuid", IDENTIFIER)
            .out("ROAD")
            .with_(PREDICTION)
            .has_label("Node")
            .has(T.id, TextP.starting_with("v"))
            .constant(ODD)
        ),
        1,
    ),
    "a strategy": (
        lambda g: (
            links(g)
            .with_strategies(SubgraphStrategy(vertices=__.not_(__.has("n", long(4)))))
            .V("v2", "v3")
            .out("ROAD")
            .with_(PREDICTION)
            .has_label("Node")
        ),
        1,
    ),
    "a write": (
        lambda g: (
            links(g)
            .V("v5")
            .fold()
            .coalesce(__.unfold(), __.add_v("Node"))
            .out("ROAD")
            .with_(PREDICTION)
            .has_label("Node")
        ),
        2,
    ),
}


@pytest.mark.parametrize("way", [way for way in WAYS if "over http" in way])
@pytest.mark.parametrize("query", QUERIES)
def test_it_is_answered_as_over_websocket(speakers: Speakers, way: str, query: str) -> None:
    write, number = QUERIES[query]
    right = speakers.ask(way.replace(" over http", ""), "", write)
    found = speakers.ask(way, "", write)
    assert len(found) == number
    assert sorted(map(repr, found)) == sorted(map(repr, right))
    assert {type(each) for each in found} == {type(each) for each in right}


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_it_is_profiled(proxy: RunningProxy, serializer: str) -> None:
    g = GraphTraversalSource(Graph(), TraversalStrategies())
    query = roads(g).E().properties("kind").with_(CLASS)
    args = {"gremlin": query.bytecode, "aliases": {"g": "g"}}
    made = SERIALIZERS[serializer]()
    id = "0f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b"
    body = bytes(made.serialize_message(id, RequestMessage("traversal", "bytecode", args)))
    headers = {"Content-Type": made.version.decode(), "Accept": made.version.decode()}
    url = proxy.url.replace("ws://", "http://")
    with urlopen(Request(f"{url}/profile", body, headers), timeout=30) as answer:
        assert "final query: 6 results" in answer.read().decode()
