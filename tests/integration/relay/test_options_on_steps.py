"""Endpoint and limit behind the step instead of at the source, in every way to ask; answers that a
server has to take as values, and many of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from urllib.request import Request, urlopen

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Column
from running_proxy import Model, Models, RunningProxy, Values
from ways import WAYS, Speakers, Write

from gremlink.grammar.traversal import Literal

ENDPOINT, LIMIT = "Neptune#ml.endpoint", "Neptune#ml.limit"
PREDICTION, CLASSES = "Neptune#ml.prediction", "Neptune#ml.classification"
NAMES = ["stepper_1", "stepper_2", "stepper_3"]

QUERIES: dict[str, tuple[str, Write, list[str]]] = {
    "links": (
        f'g.V("stepper_0").out("FRIEND").with("{PREDICTION}").with("{ENDPOINT}","friends")'
        f'.with("{LIMIT}",2).hasLabel("Stepper").values("name")',
        lambda g: (
            g.V("stepper_0")
            .out("FRIEND")
            .with_(PREDICTION)
            .with_(ENDPOINT, "friends")
            .with_(LIMIT, 2)
            .has_label("Stepper")
            .values("name")
        ),
        NAMES[:2],
    ),
    "a property": (
        f'g.V("stepper_0").properties("team").with("{ENDPOINT}","team").with("{LIMIT}",1)'
        f'.with("{CLASSES}").value()',
        lambda g: (
            g.V("stepper_0")
            .properties("team")
            .with_(ENDPOINT, "team")
            .with_(LIMIT, 1)
            .with_(CLASSES)
            .value()
        ),
        ["red"],
    ),
    "a property as it is": (
        f'g.V("stepper_0").properties("team").with("{ENDPOINT}","team").with("{CLASSES}")'
        '.project("k","v").by(key()).by(value()).select("k","v").select(values).unfold()',
        lambda g: (
            g.V("stepper_0")
            .properties("team")
            .with_(ENDPOINT, "team")
            .with_(CLASSES)
            .project("k", "v")
            .by(__.key())
            .by(__.value())
            .select("k", "v")
            .select(Column.values)
            .unfold()
        ),
        ["team", "red"],
    ),
    "of very many": (
        f'g.V().hasLabel("Many").out("FRIEND").with("{PREDICTION}").with("{ENDPOINT}","friends")'
        '.hasLabel("Stepper").dedup().values("name")',
        lambda g: (
            g.V()
            .has_label("Many")
            .out("FRIEND")
            .with_(PREDICTION)
            .with_(ENDPOINT, "friends")
            .has_label("Stepper")
            .dedup()
            .values("name")
        ),
        NAMES[:1],
    ),
    "inside another step": (
        f'g.V("stepper_0").project("a").by(__.out("FRIEND").with("{PREDICTION}")'
        f'.with("{ENDPOINT}","friends").with("{LIMIT}",3).hasLabel("Stepper").values("name").fold())'
        '.select("a").unfold()',
        lambda g: (
            g.V("stepper_0")
            .project("a")
            .by(
                __.out("FRIEND")
                .with_(PREDICTION)
                .with_(ENDPOINT, "friends")
                .with_(LIMIT, 3)
                .has_label("Stepper")
                .values("name")
                .fold()
            )
            .select("a")
            .unfold()
        ),
        NAMES,
    ),
}


@pytest.fixture(scope="module")
def proxy(graph_url: str) -> Iterator[RunningProxy]:
    with closing(Client(graph_url, "g")) as client:
        for name in ("stepper_0", *NAMES):
            client.submit(
                f'g.addV("Stepper").property(id,"{name}").property("name","{name}").iterate()'
            ).all().result()
        client.submit(
            '(0..<700).each { graph.addVertex(T.label, "Many", T.id, "many_" + it) }; 1'
        ).all().result()
        everybody = ["stepper_0", *(f"many_{number}" for number in range(700))]
        links = [Literal.string(name) for name in NAMES]
        whom = {Literal.string(each): links for each in everybody}
        teams = {Literal.string("stepper_0"): [Literal.string(each) for each in ("red", "blue")]}
        models = Models(Model("friends", whom), Values("team", "node", teams))
        with RunningProxy(graph_url, models) as running:
            yield running
        client.submit('g.V().hasLabel("Stepper","Many").drop().iterate()').all().result()


@pytest.fixture(scope="module")
def speakers(proxy: RunningProxy) -> Iterator[Speakers]:
    with closing(Speakers(proxy.url)) as speakers:
        yield speakers


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("way", WAYS)
def test_they_count_there(speakers: Speakers, way: str, query: str) -> None:
    script, write, right = QUERIES[query]
    assert speakers.ask(way, script, write) == right


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("language", ["gremlin-groovy", "gremlin-lang"])
@pytest.mark.parametrize("over", ["websocket", "http"])
def test_in_both_languages(proxy: RunningProxy, over: str, language: str, query: str) -> None:
    script, _, right = QUERIES[query]
    if over == "websocket":
        with closing(Client(proxy.url, "g")) as client:
            asked = client.submit(script, request_options={"language": language})
            assert asked.all().result() == right
        return
    body = json.dumps({"gremlin": script, "language": language}).encode()
    accept = {"Accept": "application/vnd.gremlin-v3.0+json;types=false"}
    with urlopen(Request(proxy.url.replace("ws", "http"), body, accept), timeout=30) as response:
        assert json.load(response)["result"]["data"] == right
