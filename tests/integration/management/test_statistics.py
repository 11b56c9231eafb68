"""Statistics of a graph: the figures of the graph as it streams, from far less work of the server,
which stops when nobody waits any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from gremlin_python.driver.client import Client
from managed_proxy import Proxy

from gremlink.proxy.graph import GraphCounts, Server, count_graph, discover_schema, outgoing_labels
from gremlink.proxy.management.errors import StatisticsNotAvailable
from gremlink.proxy.management.statistics import handlers as statistics
from gremlink.proxy.management.statistics.property_graph import GraphCounting

GRAPH = """
r = new Random(7)
several = org.apache.tinkerpop.gremlin.structure.VertexProperty.Cardinality.list
users = (0..<40).collect { graph.addVertex(T.label, 'User', 'name', 'u' + it, 'age', it) }
films = (0..<30).collect { graph.addVertex(T.label, 'Film::Thing', 'title', 't' + it) }
users.each { if (it.value('age') % 3 == 0) it.property('email', 'e') }
films.eachWithIndex { film, i -> (0..<(i % 4)).each { film.property(several, 'genre', 'g' + it) } }
(0..<200).each { users[r.nextInt(40)].addEdge('RATED', films[r.nextInt(30)], 'score', it) }
(0..<50).each { users[r.nextInt(40)].addEdge('FRIEND', users[r.nextInt(40)]) }
graph.addVertex(T.label, 'Alone')
1
"""


@pytest.fixture(scope="module")
def client(graph_url: str) -> Iterator[Client]:
    with closing(Client(graph_url, "g")) as client:
        yield client


@pytest.fixture
def graph(client: Client, graph_url: str) -> Iterator[str]:
    client.submit("g.V().drop().iterate()").all().result()
    client.submit(GRAPH).all().result()
    yield graph_url
    client.submit("g.V().drop().iterate()").all().result()


def figures(found: Any) -> Any:
    """Counts by labels and by labels and key, however they were made."""
    if isinstance(found, GraphCounts):
        return [
            {
                name: (kind.count, dict(kind.elements), kind.values.total())
                for name, kind in kinds.items()
            }
            for kinds in (found.nodes, found.edges)
        ]
    schema = [{}, {}]
    for kind in (*found.nodes.values(), *found.edges.values()):
        name = kind.label if hasattr(kind, "label") else kind.labels
        properties = kind.properties.values()
        schema[hasattr(kind, "label")][name] = (
            kind.count,
            {each.name: each.elements for each in properties},
            sum(each.types.total() for each in properties),
        )
    return schema


def test_they_are_those_of_the_graph_as_it_streams(graph: str) -> None:
    assert figures(count_graph(graph)) == figures(discover_schema(graph))
    assert outgoing_labels(graph) == {("User",): {"RATED", "FRIEND"}}


def test_an_empty_graph(empty_graph: str) -> None:
    assert count_graph(empty_graph) == GraphCounts()
    assert outgoing_labels(empty_graph) == {}


def test_the_summary(graph: str, proxy: Proxy) -> None:
    neptune = proxy.client()
    neptune.manage_propertygraph_statistics(mode="refresh")
    basic = neptune.get_propertygraph_summary()["payload"]["graphSummary"]
    assert (basic["numNodes"], basic["numEdges"]) == (71, 250)
    # TinkerGraph has one label here, and finds nothing by a part of it.
    assert basic["nodeLabels"] == ["Alone", "Film::Thing", "User"]
    assert {"genre": 22} in basic["nodeProperties"]
    assert {"email": 14} in basic["nodeProperties"]
    assert basic["totalNodePropertyValues"] == 80 + 14 + 30 + 43
    assert basic["edgeProperties"] == [{"score": 200}]
    assert "nodeStructures" not in basic
    detailed = neptune.get_propertygraph_summary(mode="detailed")["payload"]["graphSummary"]
    assert {
        "count": 40,
        "nodeProperties": ["age", "email", "name"],
        "distinctOutgoingEdgeLabels": ["FRIEND", "RATED"],
    } in detailed["nodeStructures"]
    assert {"count": 50, "edgeProperties": []} in detailed["edgeStructures"]


COUNTING = """Thread.allStackTraces.values().count { stack ->
    stack.any { it.className.endsWith('GroupStep') || it.className.endsWith('GroupCountStep') } }"""


def test_the_server_stops_when_its_client_gets_the_error(
    graph: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.submit("200000.times { graph.addVertex(T.label, 'Many', 'x', it) }; 1").all().result()
    monkeypatch.setattr(statistics, "RESPONSE_TIMEOUT", 0.05)

    async def summary(query: str) -> None:
        asked = make_mocked_request("GET", f"/propertygraph/statistics/summary{query}")
        with pytest.raises(StatisticsNotAvailable, match="was stopped"):
            await statistics.Statistics(GraphCounting(Server(graph))).summary(asked)

    for query in ("", "?mode=detailed"):
        started = time.monotonic()
        asyncio.run(summary(query))
        assert time.monotonic() - started < statistics.CANCEL_TIMEOUT + 3
        deadline = time.monotonic() + 2
        while client.submit(COUNTING).all().result() != [0]:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_refresh_takes_as_long_as_it_takes(graph: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "RESPONSE_TIMEOUT", 0.0)

    async def refreshed() -> dict[str, Any]:
        found = statistics.Statistics(GraphCounting(Server(graph)))
        assert await found._refreshed()
        assert found._refreshing is not None
        assert await found._refreshing is None
        asked = make_mocked_request("GET", "/propertygraph/statistics/summary")
        return await found.summary(asked)

    assert asyncio.run(refreshed())["payload"]["graphSummary"]["numNodes"] == 71
