"""Requests are read from every form that drivers send, and written without needless change."""

import json
import uuid

import pytest
from gremlin_python.driver.request import RequestMessage as DriverRequest
from gremlin_python.driver.serializer import (
    GraphBinarySerializersV1,
    GraphSONSerializersV2d0,
    GraphSONSerializersV3d0,
)
from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from gremlin_python.process.traversal import Bytecode, P, TraversalStrategies
from gremlin_python.statics import SingleByte, long, short
from gremlin_python.structure.graph import Graph
from hypothesis import example, given
from hypothesis import strategies as st

from gremlink.grammar.errors import NotConvertible
from gremlink.grammar.traversal import Entries, Items, Kind, Literal, Traversal, step
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import GRAPHBINARY, format_of
from gremlink.proxy.wire.request import RequestMessage, peek_request, read_request, write_request

ID = uuid.UUID("0f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b")
OTHER = uuid.UUID("11111111-2222-3333-4444-555555555555")
SERIALIZERS = {
    "graphbinary": GraphBinarySerializersV1(),
    "graphson-3": GraphSONSerializersV3d0(),
    "graphson-2": GraphSONSerializersV2d0(),
}
every_serializer = pytest.mark.parametrize("serializer", SERIALIZERS.values(), ids=SERIALIZERS)


def henrys_friends() -> Bytecode:
    source = GraphTraversalSource(Graph(), TraversalStrategies())
    return (
        source.with_("Neptune#ml.endpoint", "friends")
        .with_("Neptune#ml.limit", 8)
        .V(long(1), "a", OTHER, short(3), SingleByte(4), 0.5)
        .has("age", P.within(1, 2).or_(P.gt(30)))
        .where(__.out("x").count().is_(0))
        .out("FRIEND")
        .with_("Neptune#ml.prediction")
        .has_label("User")
        .bytecode
    )


def bytecode_request(serializer) -> bytes:
    args = {"gremlin": henrys_friends(), "aliases": {"g": "g"}, "batchSize": 64}
    return serializer.serialize_message(str(ID), DriverRequest("traversal", "bytecode", args))


def script_request(serializer) -> bytes:
    args = {
        "gremlin": "g.V(x)  // ü",
        "aliases": {"g": "gmodern"},
        "bindings": {"x": long(7), "y": [1, "a"], "m": {"k": 0.5}},
        "evaluationTimeout": 500,
    }
    return serializer.serialize_message(str(ID), DriverRequest("", "eval", args))


@every_serializer
def test_a_bytecode_request_of_gremlinpython_is_read(serializer):
    request = read_request(Opcode.BINARY, bytecode_request(serializer))
    assert (request.request_id, request.op, request.processor) == (ID, "bytecode", "traversal")
    assert request.format is format_of(serializer.version.decode())
    gremlin = request.args["gremlin"]
    assert isinstance(gremlin, Traversal)
    assert gremlin.options()["Neptune#ml.limit"] == Literal(Kind.INT, 8)
    assert [s.name for s in gremlin.steps] == [
        "V",
        "has",
        "where",
        "out",
        "with",
        "hasLabel",
    ]
    assert gremlin.steps[0].arguments[:3] == (
        Literal(Kind.LONG, 1),
        Literal(Kind.STRING, "a"),
        Literal(Kind.UUID, OTHER),
    )
    assert request.args["batchSize"] == Literal(Kind.INT, 64)


@every_serializer
def test_a_script_request_of_gremlinpython_is_read(serializer):
    request = read_request(Opcode.BINARY, script_request(serializer))
    assert (request.op, request.processor, request.language) == ("eval", "", "gremlin-groovy")
    assert request.args["gremlin"] == Literal.string("g.V(x)  // ü")
    kind = Kind.LONG if serializer is SERIALIZERS["graphbinary"] else Kind.INT  # JSON drops it
    assert request.bindings["x"] == Literal(kind, 7)
    assert set(request.bindings) == {"x", "y", "m"}


@pytest.mark.parametrize("make", [bytecode_request, script_request])
@every_serializer
def test_an_unchanged_request_is_written_as_the_driver_wrote_it(serializer, make):
    payload = make(serializer)
    opcode, written = write_request(read_request(Opcode.BINARY, payload))
    assert opcode == Opcode.BINARY
    if serializer is SERIALIZERS["graphbinary"]:
        assert written == payload
    else:
        start = 1 + payload[0]
        assert written[:start] == payload[:start]
        assert json.loads(written[start:]) == json.loads(payload[start:])


JAVA = (
    '{"requestId":"0f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b","op":"eval","processor":"",'
    '"args":{"@type":"g:Map","@value":["gremlin","g.V()","batchSize",'
    '{"@type":"g:Int32","@value":64},"bindings",{"@type":"g:Map","@value":["x",'
    '{"@type":"g:Int64","@value":3}]},"aliases",{"@type":"g:Map","@value":["g","g"]}]}}'
)
JAVASCRIPT = (
    '{"requestId":{"@type":"g:UUID","@value":"0f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b"},'
    '"op":"bytecode","processor":"traversal","args":{"gremlin":{"@type":"g:Bytecode","@value":'
    '{"source":[["withStrategies",{"@type":"g:OptionsStrategy","@value":{"Neptune#ml.limit":8,'
    '"x":1.50}}]],"step":[["V"]]}},"aliases":{"g":"g"},"accept":"application/json"}}'
)


def test_the_typed_map_of_the_java_driver_is_read():
    payload = b"\x21application/vnd.gremlin-v3.0+json" + JAVA.encode()
    request = read_request(Opcode.BINARY, payload)
    assert request.args["batchSize"] == Literal(Kind.INT, 64)
    assert request.bindings == {"x": Literal(Kind.LONG, 3)}
    assert request.args["aliases"] == Entries(((Literal.string("g"), Literal.string("g")),))


def test_bare_numbers_of_the_javascript_driver_are_read_and_stay_bare():
    request = read_request(Opcode.TEXT, JAVASCRIPT.encode())
    gremlin = request.args["gremlin"]
    assert isinstance(gremlin, Traversal)
    assert gremlin.options()["Neptune#ml.limit"] == Literal(Kind.INT, 8)
    changed = request.derive(
        request_id=OTHER, args={"gremlin": gremlin.with_steps([step("V"), step("id")])}
    )
    opcode, written = write_request(changed)
    assert opcode == Opcode.TEXT
    assert json.loads(written)["requestId"] == str(OTHER)
    assert b'"x":1.50' in written
    assert b'"Neptune#ml.limit":8' in written


def test_numbers_of_an_untyped_request_stay_untyped():
    mime = b"application/vnd.gremlin-v3.0+json;types=false"
    body = (
        b'{"requestId":"0f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b","op":"eval","processor":"",'
        b'"args":{"gremlin":"g.V(x)","batchSize":5,"bindings":{"x":3000000000}}}'
    )
    request = read_request(Opcode.BINARY, bytes((len(mime),)) + mime + body)
    _, written = write_request(request)
    args = json.loads(written[1 + len(mime) :])["args"]
    assert args["batchSize"] == 5
    assert args["bindings"] == {"x": 3000000000}
    assert json.loads(written[1 + len(mime) :])["requestId"] == str(ID)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Literal(Kind.INT, 5), 5),
        (Literal(Kind.LONG, 2**40), 2**40),
        (Items("list", (Literal.string("a"), Literal(Kind.NULL, None))), ["a", None]),
        (Entries(((Literal.string("a"), Literal(Kind.DOUBLE, 0.5)),)), {"a": 0.5}),
    ],
)
def test_values_are_written_without_types_where_they_keep_their_meaning(value, plain):
    format = format_of("application/vnd.gremlin-v1.0+json;types=false")
    assert format is not None
    request = RequestMessage(format, ID, "eval", "", {"x": value})
    _, written = write_request(request)
    assert json.loads(written[1 + len(format.name) :])["args"] == {"x": plain}


@pytest.mark.parametrize(
    "value",
    [
        Literal(Kind.LONG, 5),
        Literal(Kind.UUID, ID),
        Literal(Kind.FLOAT, 0.5),
        Items("set", ()),
        Entries(((Literal(Kind.INT, 1), Literal(Kind.INT, 1)),)),
        Traversal((), (step("V"),)),
    ],
)
def test_values_that_would_become_others_without_types_are_refused(value):
    format = format_of("application/vnd.gremlin-v1.0+json;types=false")
    assert format is not None
    with pytest.raises(NotConvertible, match="loses its type"):
        write_request(RequestMessage(format, ID, "eval", "", {"x": value}))


def test_derived_requests_differ_only_where_asked():
    request = read_request(Opcode.BINARY, script_request(SERIALIZERS["graphbinary"]))
    derived = request.derive(
        request_id=OTHER, args={"gremlin": Literal.string("g.V()"), "bindings": None}
    )
    back = read_request(*write_request(derived))
    assert back.request_id == OTHER
    assert back.args == {
        "gremlin": Literal.string("g.V()"),
        "aliases": request.args["aliases"],
        "evaluationTimeout": request.args["evaluationTimeout"],
    }
    assert request.request_id == ID


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(2**31, 2**63 - 1).map(long),
    st.floats(allow_nan=False),
    st.text(max_size=10),
    st.uuids(),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.uuids(), st.text(max_size=20), st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_reading_and_writing_graphbinary_gives_the_same_bytes(request_id, text, bindings):
    args = {"gremlin": text, "bindings": bindings}
    payload = SERIALIZERS["graphbinary"].serialize_message(
        str(request_id), DriverRequest("session", "eval", args)
    )
    request = read_request(Opcode.BINARY, payload)
    assert write_request(request) == (Opcode.BINARY, payload)


VALID = [
    (Opcode.BINARY, make(serializer))
    for make in (bytecode_request, script_request)
    for serializer in SERIALIZERS.values()
] + [(Opcode.TEXT, JAVA.encode()), (Opcode.TEXT, JAVASCRIPT.encode())]


@given(st.sampled_from(VALID), st.data())
def test_mutated_requests_are_refused_or_read_but_never_crash(valid, data):
    opcode, payload = valid
    mutated = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(mutated) - 1))
        match data.draw(st.sampled_from(["change", "cut", "repeat"])):
            case "change":
                mutated[position] = data.draw(st.integers(0, 255))
            case "cut":
                del mutated[position : position + data.draw(st.integers(1, 8))]
            case "repeat":
                mutated[position:position] = mutated[position : position + 8]
        if not mutated:
            return
    try:
        request = read_request(opcode, bytes(mutated))
    except MessageError:
        request = None
    head = peek_request(opcode, bytes(mutated))
    if request is not None and request.format.name:
        assert head is None or head.format == request.format


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["@type", "@value", "a", "g:Map"]), inner, max_size=3),
        st.fixed_dictionaries(
            {"@type": st.sampled_from(["g:Map", "g:UUID", "g:Bytecode"]), "@value": inner}
        ),
    ),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {"requestId": st.one_of(st.just(str(ID)), json_values), "args": json_values},
        optional={"op": json_values, "processor": json_values},
    )
)
@example({"requestId": 5, "args": {}})
@example({"requestId": str(ID), "args": {"@type": "g:Map", "@value": {"a": 1}}})
@example({"requestId": str(ID), "args": {"@type": "g:Map", "@value": [[], 1]}})
@example({"requestId": str(ID), "args": {"@type": "g:Map", "@value": [1, 1]}})
def test_json_of_any_shape_is_refused_or_read_but_never_crashes(body):
    payload = json.dumps(body).encode()
    try:
        request = read_request(Opcode.TEXT, payload)
    except MessageError:
        return
    write_request(request)


@pytest.mark.parametrize(
    ("opcode", "payload", "reason"),
    [
        (Opcode.BINARY, b"", "no mime type"),
        (Opcode.BINARY, b"\x00", "no mime type"),
        (Opcode.BINARY, b"\x81abc", "no mime type"),
        (Opcode.BINARY, b"\x03abc", "unknown mime type 'abc'"),
        (Opcode.BINARY, b"\x20application/vnd.graphbinary-v1.0", "not a readable request"),
        (Opcode.BINARY, b"\x20application/vnd.graphbinary-v1.0\x84", "version byte 0x84"),
        (Opcode.TEXT, b"[]", "JSON object"),
        (Opcode.TEXT, b"{}", "requestId"),
        (Opcode.TEXT, b"{", "broken"),
        (Opcode.BINARY, b"\x21application/vnd.gremlin-v1.0+json" + JAVA.encode(), "GraphSON 1"),
    ],
)
def test_what_is_no_request_is_named(opcode, payload, reason):
    with pytest.raises(MessageError, match=reason):
        read_request(opcode, payload)


def test_trailing_bytes_are_refused():
    with pytest.raises(MessageError, match="1 bytes follow"):
        read_request(Opcode.BINARY, script_request(SERIALIZERS["graphbinary"]) + b"\0")


@pytest.mark.parametrize(("opcode", "payload"), VALID)
def test_the_head_is_seen_without_reading_the_request(opcode, payload):
    request = read_request(opcode, payload)
    head = peek_request(opcode, payload)
    assert head is not None
    assert (head.format, head.request_id, head.op) == (request.format, ID, request.op)


def test_the_head_is_seen_before_a_broken_body():
    payload = script_request(SERIALIZERS["graphbinary"])[:-5]
    head = peek_request(Opcode.BINARY, payload)
    assert head is not None
    assert (head.format, head.request_id) == (GRAPHBINARY, ID)


@pytest.mark.parametrize(
    ("opcode", "payload"),
    [
        (Opcode.BINARY, b""),
        (Opcode.BINARY, b"\x03abc"),
        (Opcode.BINARY, b"\x20application/vnd.graphbinary-v1.0\x81"),
        (Opcode.TEXT, b'{"op":"eval"}'),
        (Opcode.TEXT, b'{"requestId":"zzzzzzzz-1c3d-4e5f-8a9b-0c1d2e3f4a5b"}'),
    ],
)
def test_there_may_be_no_head_to_see(opcode, payload):
    assert peek_request(opcode, payload) is None


@pytest.mark.parametrize(
    ("mime", "readable"),
    [
        ("application/vnd.graphbinary-v1.0", "application/vnd.graphbinary-v1.0"),
        ("application/vnd.graphbinary-v1.0-stringd", "application/vnd.graphbinary-v1.0"),
        ("application/vnd.gremlin-v2.0+json", "application/vnd.gremlin-v2.0+json"),
        ("application/vnd.gremlin-v1.0+json", "application/vnd.graphbinary-v1.0"),
        ("application/vnd.gremlin-v3.0+json;types=false", "application/vnd.graphbinary-v1.0"),
        ("application/json", "application/json"),
    ],
)
def test_own_queries_are_asked_in_a_format_that_keeps_types(mime, readable):
    format = format_of(mime)
    assert format is not None
    assert format.readable.name == readable
    assert format.readable.typed
    assert not format.readable.stringd


def test_the_language_is_groovy_unless_named():
    request = RequestMessage(GRAPHBINARY, ID, "eval", "", {"language": Literal.string("x")})
    assert request.language == "x"
    assert request.derive(request_id=ID, args={"language": None}).language == "gremlin-groovy"
