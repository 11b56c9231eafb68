"""Inferences inside transactions: they see what is not yet committed, and end with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversalSource
from gremlin_python.process.traversal import T
from raw_websocket import RawWebSocket
from running_proxy import Model, RunningProxy

from gremlink.grammar.traversal import Entries, Literal
from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.request import RequestMessage, write_request

PROPERTIES = """
gremlin.graph=org.apache.tinkerpop.gremlin.tinkergraph.structure.TinkerTransactionGraph
gremlin.tinkergraph.vertexIdManager=ANY
gremlin.tinkergraph.edgeIdManager=ANY
"""
MODEL = Model(
    "friends", {Literal.string("a"): [Literal.string(target) for target in ("b", "c", "d")]}
)


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A graph that has transactions, and a proxy in front of it."""
    graph = tmp_path_factory.mktemp("transactions") / "graph.properties"
    graph.write_text(PROPERTIES, encoding="utf-8")
    settings = {"graphs": {"graph": str(graph)}}
    with (
        EmbeddedServer(port=0, jvm_options=QUICK_TO_START, settings=settings) as server,
        RunningProxy(server.url, MODEL) as proxy,
    ):
        with closing(Client(server.url, "g")) as client:
            for name in "abcd":
                client.submit(
                    f"g.addV('User').property(T.id, '{name}').property('name', '{name.upper()}')"
                ).all().result()
        yield {"directly": server.url, "through the proxy": proxy.url}


@pytest.fixture
def proxy_url(urls: dict[str, str]) -> str:
    return urls["through the proxy"]


@pytest.fixture
def g(proxy_url: str) -> Iterator[GraphTraversalSource]:
    with closing(DriverRemoteConnection(proxy_url, "g")) as connection:
        yield traversal().with_remote(connection)


def friends(g: GraphTraversalSource, endpoint: str = "friends") -> list[str]:
    found: list[str] = (
        g.with_("Neptune#ml.endpoint", endpoint)
        .with_("Neptune#ml.limit", 8)
        .V("a")
        .out("FRIEND")
        .with_("Neptune#ml.prediction")
        .has_label("User")
        .values("name")
        .to_list()
    )
    return found


def test_what_is_not_committed_is_seen_inside_alone(g: GraphTraversalSource) -> None:
    transaction = g.tx()
    inside = transaction.begin()
    try:
        assert friends(inside) == ["B", "C", "D"]
        inside.V("a").add_e("FRIEND").to(inside.V("b").next()).iterate()
        assert friends(inside) == ["C", "D"]
        assert friends(g) == ["B", "C", "D"]
    finally:
        transaction.rollback()
    assert friends(g) == ["B", "C", "D"]


def test_a_write_with_an_inference_behind_it_is_committed_once(g: GraphTraversalSource) -> None:
    transaction = g.tx()
    inside = transaction.begin()
    found = (
        inside.with_("Neptune#ml.endpoint", "friends")
        .add_v("Visit")
        .property(T.id, "visit")
        .V("a")
        .out("FRIEND")
        .with_("Neptune#ml.prediction")
        .has_label("User")
        .values("name")
        .to_list()
    )
    assert found == ["B"]
    assert g.V().has_label("Visit").count().next() == 0
    transaction.commit()
    assert g.V().has_label("Visit").count().next() == 1
    g.V("visit").drop().iterate()


def test_a_refused_inference_leaves_the_transaction_open(g: GraphTraversalSource) -> None:
    transaction = g.tx()
    inside = transaction.begin()
    inside.V("a").property("seen", True).iterate()
    with pytest.raises(GremlinServerError, match="Endpoint nobody not found"):
        friends(inside, "nobody")
    transaction.commit()
    assert g.V("a").values("seen").to_list() == [True]
    g.V("a").properties("seen").drop().iterate()


def ask_in_session(peer: RawWebSocket, session: str, script: str) -> None:
    """One script of a session, and its answer."""
    args = {
        "gremlin": Literal.string(script),
        "session": Literal.string(session),
        "aliases": Entries(((Literal.string("g"), Literal.string("g")),)),
    }
    peer.exchange(*write_request(RequestMessage(GRAPHBINARY, uuid4(), "eval", "session", args)))


@pytest.mark.parametrize("way", ["directly", "through the proxy"])
def test_a_client_that_goes_leaves_nothing_of_what_it_did_not_commit(
    urls: dict[str, str], g: GraphTraversalSource, way: str
) -> None:
    with RawWebSocket(urls[way]) as peer:
        session = str(uuid4())
        ask_in_session(peer, session, "g.addV('Kept').iterate(); g.tx().commit(); 1")
        ask_in_session(peer, session, "g.addV('Lost').iterate(); 1")
        ask_in_session(peer, session, "assert g.V().hasLabel('Lost').hasNext(); 1")
    # The socket was closed without a word. As long as the session lives it is nobody else's.
    until = time.monotonic() + 60
    while True:
        with closing(Client(urls[way], "g", session=session)) as another:
            try:
                found = another.submit("g.V().hasLabel('Kept', 'Lost').label()").all().result()
            except GremlinServerError:
                assert time.monotonic() < until, "the session has not ended"
                time.sleep(0.05)
            else:
                break
    assert found == ["Kept"]
    g.V().has_label("Kept").drop().iterate()
