"""Two hundred ordinary queries give the same bytes with the proxy in between as without it."""

import http.client
import json
import re
import uuid
from collections.abc import Iterator
from itertools import product
from urllib.parse import urlsplit

import pytest
from gremlin_python.driver.client import Client
from raw_websocket import RawWebSocket
from running_proxy import Model, RunningProxy

from gremlink.grammar import script
from gremlink.grammar.errors import NotConvertible, ScriptError
from gremlink.grammar.traversal import Argument, Entries, Kind, Literal
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import TEXT_FRAME, Format, format_of
from gremlink.proxy.wire.request import RequestMessage, write_request

FORMATS = {
    "graphbinary": "application/vnd.graphbinary-v1.0",
    "stringd": "application/vnd.graphbinary-v1.0-stringd",
    "graphson-3": "application/vnd.gremlin-v3.0+json",
    "graphson-2": "application/vnd.gremlin-v2.0+json",
    "text": "",
}
STARTS = """
g.V()
g.V().hasLabel("person")
g.V(1, 2)
g.V().has("name", "lop")
g.E()
g.V().out("created")
g.V().has("age", P.gt(28)).both()
g.V().repeat(out()).times(2)
g.V().where(out("knows")).as("a").out()
g.V().has("lang")
g.with("Neptune#ml.endpoint", "friends").V().hasLabel("person")
""".strip().splitlines()
ENDS = """

.count()
.id()
.label().groupCount()
.elementMap()
.path()
.order().by(id, desc).limit(3)
.valueMap(true)
.properties()
.fold()
.group().by(label).by(count())
.project("i", "l").by(id).by(label)
.tree()
.explain()
""".splitlines()[1:-1]
OTHERS = """
g.inject(1, 2L, 3.5d, 4.5f, 5.5, "six", true, null, [7, 8], [a: 9] as Map).fold()
g.inject(1).math("_ + 1")
g.V().hasLabel("many").values("number")
g.V().hasLabel("many").order().by("number")
g.V().hasLabel("many").valueMap()
g.V().valueMap().unfold()
g.V(-1)
g.V().has("nothing")
g.V().values("name").fold().next().join(",")
g.V().toList()
g.V().hasNext()
g.V().next()
g.V().iterate()
g.V().profile().next().getMetrics().size()
g.V().out().out().path().by("name")
g.V().as("x").out().as("y").select("x", "y").by("name")
g.V().group().by(label).by(values("name").fold())
g.V().values("age").sum()
g.V().values("age").mean()
g.V().values("age").min()
g.V().subgraph("s")
g.V().aggregate("x").cap("x")
g.V().coalesce(values("age"), constant(0))
g.V().choose(has("age"), values("age"), values("lang"))
g.V().union(id(), label())
g.V().local(outE().limit(1))
g.V().optional(out())
g.V().simplePath()
g.E().inV().dedup()
g.E().valueMap()
g.E().properties()
g.V().match(__.as("a").out("created").as("b"), __.as("b").in("created").as("c")).select("a", "c")
1 + 1
[1, [2, [3]]]
"x" * 1000
"x" * 300000
(1..200).collect { it * it }
new Date(0)
UUID.fromString("2f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b")
"Neptune#ml without a dot"
[a: 1, b: [c: 2]]
null
""
g.V().hasLabel("many").limit(64)
g.V().hasLabel("many").limit(65)
g.V().hasLabel("many").limit(128).id()
g.tx()
g
g.V().hasId(1).property("seen", true).values("seen")
g.V().hasId(1).properties("seen").drop()
g.V().hasId(1).valueMap()
g.mergeV([(T.id): "t1", (T.label): "temporary"])
g.V("t1").drop()
g.V().values("name").order().by(asc).fold()
g.V().group("m").by(label).cap("m")
g.V().hasLabel("person").order().by("age", desc).values("name")
g.V().as("a").out("knows").as("b").select("a", "b").by(id).by(valueMap("name"))
g.V().hasLabel("many").sample(300).count()
g.V().both().both().count()
g.V().map(values("name"))
g.E().project("w").by("weight")
g.V().has("name", within("josh", "vadas")).out().values("name")
g.V().not(out()).id()
""".strip().splitlines()
ERRORS = """
g.V().noSuchStep()
g.V(
g.V().fail("here")
g.V().values("name").sum()
g.V().by("x")
g.inject("a").math("_ + 1")
g.V(1).addE("x").to(V(-1))
println("x")
""".strip().splitlines()
"""Asked in gremlin-lang, as Groovy numbers its classes, and the traces of its errors show them."""
SCRIPTS = [start + end for start, end in product(STARTS, ENDS)] + OTHERS
HOST = re.compile(rb"/127\.0\.0\.1:\d{5}\b")
GRAPH = """
g.V().drop().iterate()
TinkerFactory.generateModern(graph)
(0..<300).each { g.addV('many').property(T.id, 'many' + it).property('number', it).iterate() }
"""


@pytest.fixture(scope="module")
def urls(graph_url: str) -> Iterator[tuple[str, str]]:
    client = Client(graph_url, "g")
    client.submit(GRAPH).all().result()
    client.close()
    with RunningProxy(graph_url, Model("friends", {})) as proxy:
        yield graph_url, proxy.url
    client = Client(graph_url, "g")
    client.submit("g.V().drop().iterate()").all().result()
    client.close()


def named(name: str) -> Format:
    format = format_of(FORMATS[name]) if FORMATS[name] else TEXT_FRAME
    assert format is not None
    return format


def message(format: Format, number: int, args: dict[str, Argument], op: str) -> tuple[int, bytes]:
    """The request; the same number gives the same id."""
    request_id = uuid.UUID(int=number + 1)
    processor = "traversal" if op == "bytecode" else ""
    return write_request(RequestMessage(format, request_id, op, processor, args))


def same(direct: list[bytes], through: list[bytes]) -> None:
    """The frames are equal but for the port from which the server was asked."""
    assert [HOST.sub(b"HOST", frame) for frame in direct] == [
        HOST.sub(b"HOST", frame) for frame in through
    ]


def test_there_are_two_hundred():
    assert len(set(SCRIPTS)) >= 200


@pytest.mark.parametrize("name", FORMATS)
def test_scripts_give_the_same_bytes(urls, name):
    format = named(name)
    codes = set()
    with RawWebSocket(urls[0]) as direct, RawWebSocket(urls[1]) as through:
        for number, text in enumerate(SCRIPTS + ERRORS):
            args: dict[str, Argument] = {"gremlin": Literal.string(text)}
            if text in ERRORS:
                args["language"] = Literal.string("gremlin-lang")
            if number % 3 == 0:
                args["batchSize"] = Literal(Kind.INT, 5)
            opcode, payload = message(format, number, args, "eval")
            first = direct.exchange(opcode, payload)
            second = through.exchange(opcode, payload)
            same(first, second)
            codes.add(len(first) > 1)
    assert codes == {True, False}


@pytest.mark.parametrize("name", ["graphbinary", "graphson-3", "graphson-2"])
def test_bytecode_gives_the_same_bytes(urls, name):
    format = named(name)
    asked = 0
    with RawWebSocket(urls[0]) as direct, RawWebSocket(urls[1]) as through:
        for number, text in enumerate(SCRIPTS + ERRORS):
            args = bytecode(text)
            if args is None:
                continue
            try:
                opcode, payload = message(format, number, args, "bytecode")
            except NotConvertible:
                continue
            same(direct.exchange(opcode, payload), through.exchange(opcode, payload))
            asked += 1
    assert asked >= 120


def bytecode(text: str) -> dict[str, Argument] | None:
    """The arguments that ask for a script's traversal as bytecode, if it is just a traversal."""
    try:
        read = script.parse(text)
    except ScriptError:
        return None
    if read.single is None or read.tail or not read.single.steps:
        return None
    aliases = Entries(((Literal.string("g"), Literal.string("g")),))
    return {"gremlin": read.single, "aliases": aliases}


def test_http_gives_the_same_answers(urls):
    def ask(url: str, body: bytes, accept: str) -> tuple[int, list[str], bytes]:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        headers = {"Content-Type": "application/json", "Accept": accept}
        connection.request("POST", "/gremlin", body, headers)
        response = connection.getresponse()
        kept = [value for name, value in response.getheaders() if name.lower() == "content-type"]
        content = response.read()
        connection.close()
        return response.status, kept, content

    for text, accept in product(
        ["g.V().count()", "g.V().valueMap()", "nonsense("],
        ["application/json", "application/vnd.gremlin-v3.0+json", "text/plain"],
    ):
        body = json.dumps({"gremlin": text, "requestId": str(uuid.UUID(int=7))}).encode()
        direct, through = ask(urls[0], body, accept), ask(urls[1], body, accept)
        assert direct[:2] == through[:2]
        assert HOST.sub(b"HOST", direct[2]) == HOST.sub(b"HOST", through[2])


def test_a_request_of_ten_mebibytes_is_answered(urls):
    text = f'"{"x" * (10 * 1024 * 1024 - 1000)}".length()'
    args: dict[str, Argument] = {
        "gremlin": Literal.string("x.length()"),
        "bindings": Entries(((Literal.string("x"), Literal.string(text)),)),
    }
    opcode, payload = message(named("graphbinary"), 1, args, "eval")
    with RawWebSocket(urls[1]) as through:
        (frame,) = through.exchange(opcode, payload)
    assert frame[0] & 0x0F == Opcode.BINARY
    assert len(text).to_bytes(4, "big") in frame
