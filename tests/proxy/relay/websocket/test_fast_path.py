"""The fast path of ordinary messages does what the slow path does, or leaves them to it."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playbook import friends, request, response

from gremlink.grammar.traversal import Literal, Traversal, step
from gremlink.proxy.config import Limits
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.relay.websocket.commands import ToUpstream
from gremlink.proxy.relay.websocket.conversation import Conversation
from gremlink.proxy.relay.websocket.fast_path import request_fast_path, response_fast_path
from gremlink.proxy.relay.websocket.open_requests import KEPT, RequestTable
from gremlink.proxy.wire.frames import Message, MessageReader, Opcode, encode_close, encode_frame
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, TEXT_FRAME, format_of
from gremlink.proxy.wire.request import write_request
from gremlink.proxy.wire.response_stream import ResponseStream

PLAIN = Traversal((), (step("V"), step("count")))
SOME = [PLAIN, "g.V()", "g.V('x#y')", "g.V('ü')", "g.V('a\\u0062')", f"'{'x' * 70_000}'"]
OURS = uuid.UUID(int=7)
PROPERTY = "g.V().has('Neptune#ml.x', 1)"


def conversation(open_limit: int = 1000) -> Conversation:
    limits = Limits(max_message_bytes=1_000_000, max_requests_per_connection=open_limit)
    return Conversation(Settings(), "ws://db", limits)


def framed(sent) -> bytes:
    opcode, payload = write_request(sent)
    return encode_frame(opcode, payload, masked=True)


def ordinary_requests(data: bytes, table: RequestTable, limit: int) -> bool:
    """Whether `data` goes the fast path to the database, where so many requests may be open."""
    table.fast_request_limit = limit
    return taken(request_fast_path, data, table)


def ordinary_responses(data: bytes, table: RequestTable) -> bool:
    """Whether `data` goes the fast path to the client."""
    table.fast_responses = True
    return taken(response_fast_path, data, table)


def taken(way, data: bytes, table: RequestTable) -> bool:
    """Whether it goes on as it came, and not the other way; one of the two it does, and once."""
    passed: list[bytes] = []
    left: list[bytes] = []
    way(table, passed.append, left.append)(data)
    assert passed + left == [data]
    return bool(passed)


def fragmented(frame: bytes) -> bytes:
    """The same message in two frames."""
    (message,) = MessageReader(1_000_000).feed(frame)
    first = bytearray(encode_frame(message.opcode, message.payload[:9], masked=True))
    first[0] &= 0x7F
    return bytes(first) + encode_frame(Opcode.CONTINUATION, message.payload[9:], masked=True)


formats = st.sampled_from([GRAPHBINARY, GRAPHSON_3])
plain = st.builds(
    lambda which, format, ids: framed(request(SOME[which], format=format, request_id=ids)),
    st.integers(0, len(SOME) - 1),
    formats,
    st.uuids(),
)
others = st.one_of(
    plain.map(fragmented),
    st.builds(
        lambda format: framed(
            request("", format=format, op="authentication", sasl=Literal.string("AGFuYg=="))
        ),
        formats,
    ),
    st.builds(lambda: framed(request(PLAIN, processor="session", session=Literal.string("s")))),
    st.just(encode_frame(Opcode.PING, b"", masked=True)),
    st.binary(max_size=80).map(lambda payload: encode_frame(Opcode.BINARY, payload, masked=True)),
    st.binary(max_size=80).map(lambda payload: encode_frame(Opcode.TEXT, payload, masked=True)),
)

inferences = st.builds(lambda: framed(request(friends())))


def noted(table: RequestTable) -> dict[bytes, tuple[object, ...]]:
    """The open requests, without the time at which each was noted."""
    return {
        request_id.bytes: (request.format, request.opcode, request.payload[: KEPT - 8])
        for request_id, request in table.open()
    }


def long_way(talk: Conversation, data: bytes) -> bytes:
    """What the slow path sends to the database."""
    sent = b""
    for item in MessageReader(1_000_000).feed(data):
        if isinstance(item, Message):
            for command in talk.client(item):
                sent += command.data if isinstance(command, ToUpstream) else b""
        else:
            sent += item
    return sent


@given(st.lists(plain | others | inferences, min_size=1, max_size=5).map(b"".join))
def test_requests_that_may_take_the_fast_path_would_be_forwarded_unchanged(data):
    table = RequestTable()
    if ordinary_requests(data, table, 1000):
        talk = conversation()
        assert long_way(talk, data) == data
        assert noted(talk.table) == noted(table)


@given(st.lists(plain, min_size=1, max_size=5))
def test_plain_requests_take_the_fast_path(frames):
    expected = all(len(frame) < 65_536 for frame in frames)
    assert ordinary_requests(b"".join(frames), RequestTable(), 1000) is expected


@given(st.lists(plain | others, min_size=1, max_size=4).map(b"".join), st.integers(1, 3))
def test_what_was_noted_in_vain_changes_nothing(data, limit):
    short, long = conversation(limit), conversation(limit)
    if not ordinary_requests(data, short.table, limit):
        assert long_way(short, data) == long_way(long, data)
        assert noted(short.table) == noted(long.table)


@given(plain, st.data())
def test_half_a_frame_is_left_alone(frame, data):
    cut = data.draw(st.integers(1, len(frame) - 1))
    assert not ordinary_requests(frame[:cut], RequestTable(), 1000)
    assert not ordinary_requests(frame + frame[:cut], RequestTable(), 1000)


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3])
@pytest.mark.parametrize("gremlin", [PROPERTY, "g.V('\\u004eeptune\\u0023ml.x')"])
def test_whatever_holds_the_marker_is_left_alone(format, gremlin):
    assert not ordinary_requests(framed(request(gremlin, format=format)), RequestTable(), 1000)


def test_no_more_requests_than_may_be_open():
    frames = [framed(request(PLAIN)) for _ in range(3)]
    table = RequestTable()
    assert ordinary_requests(frames[0] + frames[1], table, 2)
    assert not ordinary_requests(frames[2], table, 2)


answers = st.builds(
    lambda ids, code, size, format: response(ids, code=code, format=format, message="x" * size),
    st.sampled_from([uuid.UUID(int=n) for n in range(5)] + [OURS]),
    st.sampled_from([200, 204, 206, 206, 200, 401, 407, 500, 597]),
    st.sampled_from([0, 100, 200, 70_000]),
    formats,
)
silences = st.one_of(
    st.just(encode_frame(Opcode.PONG, b"", masked=False)),
    st.just(encode_close(1000, "", masked=False)),
    st.just(encode_frame(Opcode.BINARY, b"\x81\x01" + bytes(40), masked=False)),
    st.binary(max_size=80).map(lambda payload: encode_frame(Opcode.BINARY, payload, masked=False)),
)


def opened() -> Conversation:
    talk = conversation()
    for number in range(5):
        noted = (0.0, b"", 0, Opcode.BINARY, GRAPHBINARY)
        talk.table.requests[uuid.UUID(int=number).bytes] = noted
    talk.table.ours[OURS] = None
    return talk


@given(st.lists(answers | silences, min_size=1, max_size=5).map(b"".join))
def test_responses_that_may_take_the_fast_path_would_be_forwarded_unchanged(data):
    short, long = opened(), opened()
    if ordinary_responses(data, short.table):
        passed = b""
        for event in ResponseStream(long.table.ours).feed(data):
            for command in long.upstream(event):
                passed += command.data
        assert passed == data
        assert short.table == long.table


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3])
@pytest.mark.parametrize("code", [200, 204, 206])
@pytest.mark.parametrize("size", [0, 200, 70_000])
def test_successes_take_the_fast_path(format, code, size):
    talk = opened()
    asked = uuid.UUID(int=3)
    assert ordinary_responses(
        response(asked, code=code, format=format, message="x" * size), talk.table
    )
    assert talk.table.admitted
    assert (asked.bytes in talk.table.requests) is (code == 206)


def test_answers_to_queries_of_our_own_are_left_alone():
    assert not ordinary_responses(response(OURS), opened().table)


@pytest.mark.parametrize(
    "mime",
    [
        "application/vnd.graphbinary-v1.0",
        "application/vnd.graphbinary-v1.0-stringd",
        "application/vnd.gremlin-v3.0+json",
        "application/vnd.gremlin-v2.0+json",
        "application/json",
    ],
)
def test_every_format_has_its_fast_path(mime):
    format = format_of(mime)
    assert format is not None
    asked = request("g.V()", format=format)
    table = RequestTable()
    assert ordinary_requests(framed(asked), table, 10)
    assert list(table.requests) == [asked.request_id.bytes]
    assert [each.format for _, each in table.open()] == [format]


def test_text_frames_take_the_slow_path():
    assert not ordinary_requests(framed(request("g.V()", format=TEXT_FRAME)), RequestTable(), 10)


def test_nothing_goes_the_fast_path_where_it_may_not():
    table = opened().table
    assert not taken(request_fast_path, framed(request(PLAIN)), table)
    assert not taken(response_fast_path, response(uuid.UUID(int=3)), table)
    assert len(table.requests) == 5
