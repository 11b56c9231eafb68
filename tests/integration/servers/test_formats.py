"""Servers that know one format only: whole graphs in and out, and queries.

A Gremlin Server has GraphBinary built in for what it does not know; Cosmos DB has not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from click.testing import CliRunner
from formats import only
from graphson_2_front import answering, graphson_2_front, speechless
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.serializer import GraphBinarySerializersV1, GraphSONSerializersV2d0
from gremlin_python.process.anonymous_traversal import traversal
from raw_websocket import RawWebSocket
from served import SAMPLE, served

from gremlink.grammar.traversal import Literal
from gremlink.proxy.cli import main
from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
from gremlink.proxy.graph import (
    count_graph,
    discover_schema,
    export_graph,
    load_csv,
    outgoing_labels,
)
from gremlink.proxy.graph.errors import NoCommonFormat, ServerRefused
from gremlink.proxy.wire.frames import read_head
from gremlink.proxy.wire.mime import TEXT_FRAME, format_of
from gremlink.proxy.wire.request import RequestMessage, write_request
from gremlink.proxy.wire.response import read_response

FORMATS = (
    "GraphBinaryMessageSerializerV1",
    "GraphSONMessageSerializerV2",
    "GraphSONMessageSerializerV1",
    "GraphSONUntypedMessageSerializerV3",
)

VERTICES = (
    "~id,~label,s:String,b:Bool,y:Byte,h:Short,i:Int,l:Long,f:Float,d:Double,t:Date,m:String[]\n"
    "a,A;B,x,true,1,2,3,4,0.5,0.25,2020-01-02T03:04:05Z,one;two\n"
    'b,A;B,"ä ""q"" €",false,-1,-2,-3,-4,-0.5,1e300,1969-12-31,three\n'
)
EDGES = "~id,~from,~to,~label,w:Double,since:Date\ne,a,b,knows,0.5,2001-01-01\n"

# What no file says and a database holds, each under a key of its own.
ODD = """g.addV('odd').property(id, 'odd')
.property('far', new Date(Long.MAX_VALUE))
.property('instant', java.time.Instant.ofEpochSecond(1, 5))
.property('day', java.time.LocalDate.of(2020, 2, 29))
.property('local', java.time.LocalDateTime.of(2020, 1, 2, 3, 4))
.property('offset', java.time.OffsetDateTime.parse('2020-01-02T03:04:05.006+02:30'))
.property('span', java.time.Duration.ofSeconds(3661)).property('year', java.time.Year.of(2020))
.property('big', 123456789012345678901234567890G).property('exact', 1.50G)
.property('uuid', UUID.fromString('41d2e28a-20a4-4ab0-b379-d810dede3786'))
.property('byte', (byte) 7).property('nan', Double.NaN).property('map', [k: 'v'])
.property('letter', 'c' as char).iterate()"""


@pytest.fixture(scope="module", params=FORMATS)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    with EmbeddedServer(
        port=0, memory="300m", jvm_options=QUICK_TO_START, settings=only(request.param)
    ) as server:
        yield server.url


def filled(url: str, directory: Path) -> None:
    (directory / "vertices.csv").write_text(VERTICES, encoding="utf-8")
    (directory / "edges.csv").write_text(EDGES, encoding="utf-8")
    with closing(Client(url, "g", message_serializer=GraphBinarySerializersV1())) as client:
        client.submit("g.V().drop().iterate()").all().result()
        for _ in range(2):
            load_csv(url, [directory / "vertices.csv", directory / "edges.csv"])
        client.submit(ODD).all().result()


def written(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text(encoding="utf-8")
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_a_graph_comes_out_as_from_a_server_that_knows_all(
    server: str, empty_graph: str, tmp_path: Path
) -> None:
    for url, name in ((empty_graph, "all"), (server, "one")):
        (tmp_path / name).mkdir()
        filled(url, tmp_path / name)
        export_graph(url, tmp_path / name / "export")
    found, expected = (written(tmp_path / name / "export") for name in ("one", "all"))
    assert found == expected
    (odd,) = (text for name, text in found.items() if name.startswith("nodes/odd"))
    assert "+292278994-08-17T07:12:55.807Z" in odd
    assert "2020-01-02T03:04:05.006+02:30" in odd
    assert {each.count for each in discover_schema(server).nodes.values()} == {1, 2}
    assert count_graph(server) == count_graph(empty_graph)
    assert outgoing_labels(server) == outgoing_labels(empty_graph)


def test_query(server: str) -> None:
    ran = CliRunner().invoke(main, ["query", "g.inject(1, 'a')", "--url", server])
    assert (ran.exit_code, ran.output) == (0, "1\na\n")


SPOKEN = {
    "GraphBinaryMessageSerializerV1": ["", "application/vnd.graphbinary-v1.0"],
    "GraphSONMessageSerializerV2": ["", "application/vnd.gremlin-v2.0+json"],
    "GraphSONMessageSerializerV1": [],  # it names Java's classes, which we refuse
    "GraphSONUntypedMessageSerializerV3": ["", "application/vnd.gremlin-v3.0+json;types=false"],
}
"""What clients may use besides the GraphBinary that is built in; nothing is a text frame."""


@pytest.fixture(scope="module")
def proxied(server: str, friends_store: Path) -> Iterator[str]:
    """A proxy of the endpoint `friends` in front of the server, which has the sample."""
    with closing(Client(server, "g", message_serializer=GraphBinarySerializersV1())) as client:
        client.submit("g.V().drop().iterate()").all().result()
    load_csv(server, SAMPLE)
    with served(server, friends_store) as address:
        yield address


@pytest.mark.parametrize("start", ["'user_19'", ""])
@pytest.mark.parametrize("option", ["", '.with("Neptune#ml.inductiveInference")'])
@pytest.mark.parametrize("language", [None, "gremlin-lang"])
def test_inferences_in_all_that_the_server_knows(
    proxied: str, request: pytest.FixtureRequest, start: str, option: str, language: str | None
) -> None:
    script = (
        f'g.with("Neptune#ml.endpoint", "friends").with("Neptune#ml.limit", 2).V({start})'
        f'.out("FRIEND").with("Neptune#ml.prediction"){option}.hasLabel("User").values("name")'
    )
    name = request.node.callspec.params["server"]
    expected = 2 if start else 40
    for mime in SPOKEN[name]:
        assert len(asked(proxied, mime, script, language)) == expected, mime
    for make in (GraphBinarySerializersV1, GraphSONSerializersV2d0):
        if make is GraphSONSerializersV2d0 and name != "GraphSONMessageSerializerV2":
            continue
        with closing(DriverRemoteConnection(proxied, "g", message_serializer=make())) as remote:
            source = traversal().with_remote(remote)
            model = source.with_("Neptune#ml.endpoint", "friends").with_("Neptune#ml.limit", 2)
            predicted = (model.V("user_19") if start else model.V()).out("FRIEND")
            predicted = predicted.with_("Neptune#ml.prediction")
            if option:
                predicted = predicted.with_("Neptune#ml.inductiveInference")
            assert len(predicted.has_label("User").values("name").to_list()) == expected


OVER_HTTP = {
    "GraphBinaryMessageSerializerV1": "application/vnd.graphbinary-v1.0",
    "GraphSONMessageSerializerV2": "application/vnd.gremlin-v2.0+json",
}
"""What else a server reads over HTTP, where nothing is built in."""


@pytest.mark.parametrize("option", ["", '.with("Neptune#ml.inductiveInference")'])
@pytest.mark.parametrize("path", ["", "/explain", "/profile"])
def test_over_http(proxied: str, request: pytest.FixtureRequest, path: str, option: str) -> None:
    """Queries in JSON name no format: ours are asked in one that the server reads."""
    script = (
        'g.with("Neptune#ml.endpoint", "friends").with("Neptune#ml.limit", 2).V("user_19")'
        f'.out("FRIEND").with("Neptune#ml.prediction"){option}.hasLabel("User").values("name")'
    )
    mime = OVER_HTTP.get(request.node.callspec.params["server"])
    written = script.replace(
        '.V("user_19")', '.V("user_19").fold().coalesce(unfold(), addV("User"))'
    )
    for query in (script, written):
        status, answer = posted(f"{proxied}{path}", query, mime or "application/json")
        if mime is None:
            assert status == 400
            assert b"none of GraphSON 3, GraphBinary and GraphSON 2" in answer
            assert b"ask over WebSocket" in answer
        else:
            assert status == 200, answer
            assert (b"FRIEND" in answer) if path else (b"Bill" in answer or b"Mary" in answer)


def posted(url: str, script: str, accept: str) -> tuple[int, bytes]:
    """Status and body of the answer to a query in JSON."""
    body = json.dumps({"gremlin": script}).encode()
    asked = Request(url.replace("ws://", "http://"), body, {"Accept": accept})
    try:
        with urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def test_statistics(proxied: str) -> None:
    root = proxied.replace("ws://", "http://").removesuffix("/gremlin")
    with urlopen(f"{root}/propertygraph/statistics/summary?mode=detailed", timeout=60) as answer:
        summary = json.load(answer)["payload"]["graphSummary"]
    assert (summary["numNodes"], summary["numEdges"]) == (20, 25)
    assert summary["nodeStructures"][0]["distinctOutgoingEdgeLabels"] == ["FRIEND"]


def asked(url: str, mime: str, script: str, language: str | None) -> list[str]:
    """The names that a script gives, in a text frame or under a mime type."""
    id, args = uuid4(), {"gremlin": Literal.string(script)}
    if language is not None:
        args["language"] = Literal.string(language)
    format = format_of(mime) if mime else TEXT_FRAME
    assert format is not None
    opcode, payload = write_request(RequestMessage(format, id, "eval", "", args))
    with RawWebSocket(url) as socket:
        answers = [read_response(payload_of(frame)) for frame in socket.exchange(opcode, payload)]
    assert {answer.request_id for answer in answers} == {id}
    assert {answer.code for answer in answers} <= {200, 206}, answers[-1].message
    found = [each for answer in answers for each in answer.results]
    return [each.value for each in found if isinstance(each, Literal)]


def payload_of(frame: bytes) -> bytes:
    head = read_head(frame)
    assert head is not None
    return frame[head.size :]


def test_graphson_2_and_scripts_alone(empty_graph: str, tmp_path: Path) -> None:
    filled(empty_graph, tmp_path)
    export_graph(empty_graph, tmp_path / "expected")
    with graphson_2_front(empty_graph) as url:
        export_graph(url, tmp_path / "found")
        assert written(tmp_path / "found") == written(tmp_path / "expected")
        assert count_graph(url) == count_graph(empty_graph)
        assert outgoing_labels(url) == outgoing_labels(empty_graph)
        ran = CliRunner().invoke(main, ["query", "g.V().hasLabel('odd').id()", "--url", url])
        assert (ran.exit_code, ran.output) == (0, "odd\n")
        with pytest.raises(ServerRefused, match="cannot be loaded"):
            load_csv(url, tmp_path / "vertices.csv")


def test_a_server_that_speaks_something_else() -> None:
    with answering(speechless) as url:
        sentence = "takes requests in none of GraphSON 3, GraphBinary, GraphSON 2"
        with pytest.raises(NoCommonFormat, match=f"{sentence}: .*498: what is this"):
            discover_schema(url)
        ran = CliRunner().invoke(main, ["query", "g.V()", "--url", url])
        assert ran.exit_code == 1
        assert f"{url} {sentence}: what is this?" in ran.output
