"""Responses: heads seen early, results read, ids exchanged, errors that drivers understand."""

import contextlib
import json
import uuid

import pytest
from gremlin_python.driver.serializer import (
    GraphBinarySerializersV1,
    GraphSONSerializersV2d0,
    GraphSONSerializersV3d0,
)
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar import graphbinary
from gremlink.grammar.traversal import Bulked, Entries, Items, Kind, Literal, Opaque
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, TEXT_FRAME, format_of
from gremlink.proxy.wire.response import (
    ResponseHead,
    has_results,
    peek_response,
    read_response,
    readdress,
    write_error,
)

ID = uuid.UUID("0f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b")
OTHER = uuid.UUID("11111111-2222-3333-4444-555555555555")
READERS = {
    "application/vnd.graphbinary-v1.0": GraphBinarySerializersV1(),
    "application/vnd.graphbinary-v1.0-stringd": GraphBinarySerializersV1(),
    "application/vnd.gremlin-v3.0+json": GraphSONSerializersV3d0(),
    "application/vnd.gremlin-v2.0+json": GraphSONSerializersV2d0(),
}
# two traversers of bulk 2: "Jane", and a vertex without properties
TRAVERSERS = (
    bytes.fromhex("8100")
    + ID.bytes
    + bytes.fromhex("000000c8 00 00000000 00000000 00000000 09 00 00000002")
    + bytes.fromhex("21 00 0000000000000002 03 00 00000004 4a616e65")
    + bytes.fromhex("21 00 0000000000000002 11 00 03 00 00000002 7031 00000004 55736572 fe 01")
)


def graphson(data: object, *, code: int = 200, message: str = "") -> bytes:
    """A response as Gremlin Server prints it."""
    return json.dumps(
        {
            "requestId": str(ID),
            "status": {
                "message": message,
                "code": code,
                "attributes": {"@type": "g:Map", "@value": ["host", "/127.0.0.1:1"]},
            },
            "result": {"data": data, "meta": {"@type": "g:Map", "@value": []}},
        },
        separators=(",", ":"),
    ).encode()


def test_graphbinary_traversers_are_read_with_their_bulk():
    response = read_response(TRAVERSERS)
    assert (response.request_id, response.code, response.message) == (ID, 200, "")
    jane, vertex = response.results
    assert jane == Bulked(Literal.string("Jane"), 2)
    assert isinstance(vertex, Bulked)
    assert isinstance(vertex.value, Opaque)
    assert vertex.value.what == "Vertex"


def test_graphson_3_traversers_are_read_with_their_bulk():
    traverser = {
        "@type": "g:Traverser",
        "@value": {
            "bulk": {"@type": "g:Int64", "@value": 2},
            "value": {"@type": "g:Map", "@value": ["v", {"@type": "g:Int64", "@value": 7}]},
        },
    }
    response = read_response(graphson({"@type": "g:List", "@value": [traverser]}))
    row = Entries(((Literal.string("v"), Literal(Kind.LONG, 7)),))
    assert response.results == (Bulked(row, 2),)


def test_graphson_2_lists_and_maps_are_plain():
    response = read_response(graphson([{"v": {"@type": "g:Int32", "@value": 7}, "n": ["a"]}]))
    (row,) = response.results
    assert isinstance(row, Entries)
    assert dict(row.entries) == {
        Literal.string("v"): Literal(Kind.INT, 7),
        Literal.string("n"): Items("list", (Literal.string("a"),)),
    }


def test_no_content_has_no_results():
    assert read_response(graphson(None, code=204)).results == ()
    _, payload = write_error(GRAPHBINARY, ID, 204, "")
    assert read_response(payload).results == ()


def test_a_response_may_have_neither_id_nor_message():
    payload = bytes.fromhex("81 01 000001f2 01 00000000 00000000 fe 01")
    response = read_response(payload)
    assert (response.request_id, response.code, response.message) == (None, 498, "")
    assert peek_response(payload, complete=True) == ResponseHead(None, 498)


@pytest.mark.parametrize("mime", READERS)
def test_gremlinpython_reads_our_errors(mime):
    format = format_of(mime)
    assert format is not None
    attributes = {"exceptions": ["BadRequestException"], "stackTrace": "at ü"}
    opcode, payload = write_error(format, ID, 499, 'the "endpoint" ü\n', attributes)
    assert opcode == Opcode.BINARY
    message = READERS[mime].deserialize_message(payload)
    assert str(message["requestId"]) == str(ID)
    assert message["status"]["code"] == 499
    assert message["status"]["message"] == 'the "endpoint" ü\n'
    assert dict(message["status"]["attributes"]) == attributes
    assert not message["result"]["data"]


def test_errors_of_text_frames_are_text_frames():
    opcode, payload = write_error(TEXT_FRAME, ID, 500, "no")
    assert opcode == Opcode.TEXT
    assert json.loads(payload)["status"]["code"] == 500


def test_untyped_errors_are_plain_json():
    format = format_of("application/vnd.gremlin-v3.0+json;types=false")
    assert format is not None
    _, payload = write_error(format, ID, 500, "no", {"exceptions": ["a"]})
    assert json.loads(payload)["status"]["attributes"] == {"exceptions": ["a"]}
    assert json.loads(payload)["result"] == {"data": None, "meta": {}}


EVERY = [
    TRAVERSERS,
    graphson({"@type": "g:List", "@value": ["x"]}),
    graphson([], code=597, message='a script with "requestId" and "code":200 in it'),
    write_error(GRAPHBINARY, ID, 500, "no")[1],
    write_error(GRAPHSON_3, ID, 500, "no")[1],
]


@pytest.mark.parametrize("payload", EVERY)
def test_the_head_is_the_same_however_early_it_is_seen(payload):
    whole = peek_response(payload, complete=True)
    response = read_response(payload)
    assert whole == ResponseHead(ID, response.code)
    seen = [peek_response(payload[:size], complete=False) for size in range(len(payload))]
    first = next((number for number, head in enumerate(seen) if head is not None), None)
    assert first is not None
    assert set(seen[:first]) <= {None}
    assert set(seen[first:]) == {whole}


def test_the_code_behind_a_long_message_is_found():
    payload = graphson(None, code=597, message="x" * 300_000)
    assert peek_response(payload[:100_000], complete=False) is None
    assert peek_response(payload, complete=False) == ResponseHead(ID, 597)


def test_what_is_no_response_has_no_head():
    assert peek_response(b"", complete=False) is None
    assert peek_response(b"hello", complete=False) == ResponseHead(None, None)
    assert peek_response(b"\x81\x00", complete=True) == ResponseHead(None, None)
    assert peek_response(b"", complete=True) == ResponseHead(None, None)


@pytest.mark.parametrize("payload", EVERY)
def test_a_response_gets_another_id_and_nothing_else(payload):
    other = readdress(payload, OTHER)
    assert peek_response(other, complete=True) == ResponseHead(OTHER, read_response(payload).code)
    assert readdress(other, ID) == payload


def test_an_id_in_capitals_is_exchanged():
    payload = graphson(None).replace(str(ID).encode(), str(ID).upper().encode())
    assert json.loads(readdress(payload, OTHER))["requestId"] == str(OTHER)


@pytest.mark.parametrize("payload", [b"", b"{}", b"hello", bytes.fromhex("8101000001f2")])
def test_a_response_without_an_id_cannot_get_another(payload):
    with pytest.raises(MessageError, match="without an id"):
        readdress(payload, OTHER)


@given(st.sampled_from(EVERY), st.data())
def test_mutated_responses_are_refused_or_read_but_never_crash(payload, data):
    mutated = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(mutated[: data.draw(st.integers(0, len(mutated)))])
    for candidate in (bytes(mutated), cut):
        peek_response(candidate, complete=True)
        for act in (read_response, has_results, lambda bytes_: readdress(bytes_, OTHER)):
            with contextlib.suppress(MessageError):
                act(candidate)


@pytest.mark.parametrize("payload", EVERY)
def test_whether_there_are_results_is_told_without_reading_them(payload):
    response = read_response(payload)
    assert has_results(payload) == bool(response.results)


@pytest.mark.parametrize("kind", ["list", "set"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_list_or_set_may_be_empty(kind, count):
    items = Items(kind, tuple(map(Literal.of, range(count))))
    _, error = write_error(GRAPHBINARY, ID, 200, "said", {"host": "here"})
    assert has_results(error[:-2] + graphbinary.write_value(items)) == bool(count)
    assert not has_results(error)


def test_items_of_a_single_value_and_of_a_set():
    head = TRAVERSERS[: TRAVERSERS.index(b"\x09\x00\x00\x00\x00\x02")]
    one = head + graphbinary.write_value(Literal.string("x"))
    assert read_response(one).results == (Literal.string("x"),)
    many = head + graphbinary.write_value(Items("set", (Literal.string("x"),)))
    assert read_response(many).results == (Literal.string("x"),)
