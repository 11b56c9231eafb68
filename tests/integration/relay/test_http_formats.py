"""Inferences over HTTP in every form of a request and every form of an answer, beside the same
question without an inference, asked directly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.driver.request import RequestMessage
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversal, GraphTraversalSource
from gremlin_python.process.traversal import TraversalStrategies
from gremlin_python.structure.graph import Graph
from running_proxy import Model, RunningProxy
from ways import SERIALIZERS

from gremlink.grammar.traversal import Literal

ID = UUID("0f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b")
ENDPOINT, PREDICTION, LIMIT = "Neptune#ml.endpoint", "Neptune#ml.prediction", "Neptune#ml.limit"
g = GraphTraversalSource(Graph(), TraversalStrategies())


@dataclass(frozen=True)
class Question:
    """One question as a script and as bytecode."""

    script: str
    written: GraphTraversal


ANSWERED = Question(
    f'g.with("{ENDPOINT}","friends").V("http_a").out("FRIEND").with("{PREDICTION}")'
    '.hasLabel("Httpist").values("name","age")',
    g.with_(ENDPOINT, "friends")
    .V("http_a")
    .out("FRIEND")
    .with_(PREDICTION)
    .has_label("Httpist")
    .values("name", "age"),
)
PLAIN = Question('g.V("http_b").values("name","age")', g.V("http_b").values("name", "age"))
NO_ENDPOINT = Question(
    f'g.V("http_a").out("FRIEND").with("{PREDICTION}").hasLabel("Httpist")',
    g.V("http_a").out("FRIEND").with_(PREDICTION).has_label("Httpist"),
)
FAILING = Question(
    f"{ANSWERED.script}.fail('on purpose')",
    g.with_(ENDPOINT, "friends")
    .V("http_a")
    .out("FRIEND")
    .with_(PREDICTION)
    .has_label("Httpist")
    .fail("on purpose"),
)
FAILING_BEFORE = Question(
    f'g.with("{ENDPOINT}","friends").V("http_a").fail("on purpose").out("FRIEND")'
    f'.with("{PREDICTION}").hasLabel("Httpist")',
    g.with_(ENDPOINT, "friends")
    .V("http_a")
    .fail("on purpose")
    .out("FRIEND")
    .with_(PREDICTION)
    .has_label("Httpist"),
)


@pytest.fixture(scope="module")
def proxy(graph_url: str) -> Iterator[RunningProxy]:
    with closing(Client(graph_url, "g")) as client:
        for name, age in (("http_a", 20), ("http_b", 33)):
            client.submit(
                f'g.addV("Httpist").property(id,"{name}").property("name","{name}")'
                f'.property("age",{age}).iterate()'
            ).all().result()
        model = Model("friends", {Literal.string("http_a"): [Literal.string("http_b")]})
        with RunningProxy(graph_url, model) as running:
            yield running
        client.submit('g.V().hasLabel("Httpist").drop().iterate()').all().result()


def message(serializer: str, question: Question, *, bytecode: bool, prefixed: bool = True) -> bytes:
    args: dict[str, Any] = {"gremlin": question.script, "aliases": {"g": "g"}}
    request = RequestMessage("", "eval", args)
    if bytecode:
        args["gremlin"] = question.written.bytecode
        request = RequestMessage("traversal", "bytecode", args)
    written = bytes(SERIALIZERS[serializer]().serialize_message(str(ID), request))
    return written if prefixed else written[1 + written[0] :]


def mime(serializer: str) -> str:
    return str(SERIALIZERS[serializer]().version, "ascii")


def untyped(question: Question) -> bytes:
    document = {"op": "eval", "processor": "", "args": {"gremlin": question.script}}
    return json.dumps({"requestId": str(ID), **document}).encode()


def in_json(question: Question) -> bytes:
    return json.dumps({"gremlin": question.script, "requestId": str(ID)}).encode()


def asked(question: Question, form: str) -> tuple[str, str | None, bytes | None]:
    """Address, content type and body of a question in a form."""
    name, _, rest = form.partition(" ")
    if name in SERIALIZERS:
        bytecode, prefixed = "bytecode" in rest, "bare" not in rest
        return "", mime(name), message(name, question, bytecode=bytecode, prefixed=prefixed)
    if name == "untyped":
        return "", rest, untyped(question)
    if name == "json":
        return "", rest or None, in_json(question)
    if name == "form":
        form_type = "application/x-www-form-urlencoded"
        return "", form_type, urlencode({"gremlin": question.script}).encode()
    text = quote(question.script, safe="" if rest else "/.()")
    return f"?gremlin={text}&requestId={ID}", None, None


FORMS = (
    *(f"{name} {what}" for name in SERIALIZERS for what in ("script", "bytecode")),
    "graphson-3 script bare",
    "graphson-2 bytecode bare",
    "untyped application/vnd.gremlin-v3.0+json;types=false",
    "untyped application/vnd.gremlin-v1.0+json;types=false",
    "json",
    "json application/json",
    "json application/json; charset=utf-8",
    "json application/x-www-form-urlencoded",
    "json text/plain",
    "address",
    "address all percent",
)
ACCEPTS = (
    None,
    "*/*",
    "application/json",
    "application/vnd.gremlin-v1.0+json",
    "application/vnd.gremlin-v2.0+json",
    "application/vnd.gremlin-v3.0+json",
    "application/vnd.gremlin-v1.0+json;types=false",
    "application/vnd.gremlin-v2.0+json;types=false",
    "application/vnd.gremlin-v3.0+json;types=false",
    "application/vnd.graphbinary-v1.0",
    "application/vnd.graphbinary-v1.0-stringd",
    "text/plain",
    "text/html,application/json;q=0.9",
)


def send(address: str, question: Question, form: str, accept: str | None) -> tuple[int, str, bytes]:
    """Status, content type and body; what differs from request to request is left out of that."""
    query, content_type, body = asked(question, form)
    request = Request(address.replace("ws://", "http://") + query, body)
    for name, value in (("Content-Type", content_type), ("Accept", accept)):
        if value is not None:
            request.add_header(name, value)
    try:
        with urlopen(request, timeout=60) as response:
            status, content = response.status, response.read()
            told = response.headers["Content-Type"]
    except HTTPError as error:
        with error:
            status, content, told = error.code, error.read(), error.headers["Content-Type"]
    if told.startswith("application/vnd.graphbinary"):
        content = content[:2] + content[18:]
    else:
        content = re.sub(rb'"requestId":\s*"[^"]*"', b"", content)
    return status, told, content


@pytest.mark.parametrize(
    ("form", "accept"),
    [
        (form, accept)
        for form in FORMS
        for accept in ACCEPTS
        # Which the server itself cannot write: GraphSON 1 has no traversers.
        if not ("bytecode" in form and accept is not None and "gremlin-v1.0" in accept)
    ],
)
def test_an_inference_is_answered_like_a_plain_query(
    proxy: RunningProxy, graph_url: str, form: str, accept: str | None
) -> None:
    right = send(graph_url, PLAIN, form, accept)
    assert right[0] == 200
    assert send(proxy.url, PLAIN, form, accept) == right
    assert send(proxy.url, ANSWERED, form, accept) == right


@pytest.mark.parametrize("path", ["/", "/gremlin/", "/query"])
@pytest.mark.parametrize("form", ["json", "address", "graphbinary bytecode", "graphson-2 script"])
def test_it_is_answered_at_other_paths(
    proxy: RunningProxy, graph_url: str, form: str, path: str
) -> None:
    there, here = (url.replace("/gremlin", path) for url in (graph_url, proxy.url))
    right = send(there, PLAIN, form, "application/json")
    assert right[0] == 200
    assert send(here, PLAIN, form, "application/json") == right
    assert send(here, ANSWERED, form, "application/json") == right


@pytest.mark.parametrize("accept", [None, "application/vnd.graphbinary-v1.0", "text/plain"])
@pytest.mark.parametrize("form", [*FORMS, "form"])
def test_a_refusal_is_json_with_the_id_of_the_request(
    proxy: RunningProxy, form: str, accept: str | None
) -> None:
    query, content_type, body = asked(NO_ENDPOINT, form)
    request = Request(proxy.url.replace("ws://", "http://") + query, body)
    for name, value in (("Content-Type", content_type), ("Accept", accept)):
        if value is not None:
            request.add_header(name, value)
    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=60)
    with refused.value as response:
        document = json.load(response)
    assert refused.value.code == 400
    assert document["code"] == "MissingParameterException"
    assert document["detailedMessage"] == document["message"]
    assert document["message"] == "No endpoint provided for external service query."
    if form != "form":
        assert document["requestId"] == str(ID)


@pytest.mark.parametrize("serializer", SERIALIZERS)
class TestGremlinpython:
    """Its driver over `http://`, with each of its serializers."""

    def test_scripts(self, proxy: RunningProxy, serializer: str) -> None:
        with closing(self.client(proxy.url, serializer)) as client:
            assert client.submit(ANSWERED.script).all().result() == ["http_b", 33]
            assert client.submit(PLAIN.script).all().result() == ["http_b", 33]

    def test_bytecode(self, proxy: RunningProxy, serializer: str) -> None:
        url, serialize = root(proxy.url), SERIALIZERS[serializer]()
        connection = DriverRemoteConnection(url, "g", message_serializer=serialize)
        with closing(connection):
            friends = traversal().with_remote(connection).with_(ENDPOINT, "friends").V("http_a")
            answer = friends.out("FRIEND").with_(PREDICTION).has_label("Httpist")
            assert answer.values("name", "age").to_list() == ["http_b", 33]

    @pytest.mark.parametrize(
        ("question", "words"),
        [
            (NO_ENDPOINT, "No endpoint provided"),
            (FAILING, "on purpose"),
            (FAILING_BEFORE, "on purpose"),
        ],
        ids=["refused", "failing", "failing before the inference"],
    )
    @pytest.mark.parametrize("bytecode", [False, True])
    def test_errors(
        self, proxy: RunningProxy, serializer: str, question: Question, words: str, bytecode: bool
    ) -> None:
        asked = question.written.bytecode if bytecode else question.script
        with (
            closing(self.client(proxy.url, serializer)) as client,
            pytest.raises(GremlinServerError, match=words),
        ):
            client.submit(asked).all().result()

    @pytest.mark.parametrize("question", [ANSWERED, PLAIN], ids=["inference", "plain"])
    def test_a_database_that_is_away(self, serializer: str, question: Question) -> None:
        model = Model("friends", {})
        with (
            RunningProxy("ws://127.0.0.1:9/gremlin", model) as lonely,
            closing(self.client(lonely.url, serializer)) as client,
            pytest.raises(GremlinServerError, match="cannot be reached"),
        ):
            client.submit(question.script).all().result()

    def client(self, url: str, serializer: str) -> Client:
        return Client(root(url), "g", message_serializer=SERIALIZERS[serializer](), pool_size=1)


def root(url: str) -> str:
    """The address for gremlinpython, which adds the path."""
    return url.replace("ws://", "http://").replace("/gremlin", "/")
