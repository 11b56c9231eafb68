"""The database's stream: whole messages, own answers kept out, large ones passed as they come."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar import graphbinary
from gremlink.grammar.traversal import Items, Literal
from gremlink.proxy.wire.errors import FrameError
from gremlink.proxy.wire.frames import Opcode, encode_close, encode_frame
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3
from gremlink.proxy.wire.response import write_error
from gremlink.proxy.wire.response_stream import (
    WHOLE_MESSAGE_LIMIT,
    Closing,
    Ours,
    ResponseStream,
    Through,
)

CLIENT = uuid.UUID("0f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b")
OURS = uuid.UUID("11111111-2222-3333-4444-555555555555")


def response(request_id: uuid.UUID, *, format=GRAPHBINARY, code: int = 200, size: int = 0) -> bytes:
    """The payload of a response with some results."""
    _, payload = write_error(format, request_id, code, "")
    if size:
        data = Items("list", (Literal.string("x" * size),))
        payload = payload[:-2] + graphbinary.write_value(data)
    return payload


def fragments(opcode: int, payload: bytes, *cuts: int) -> list[bytes]:
    """The frames of a message that is fragmented at `cuts`."""
    parts = [payload[a:b] for a, b in zip((0, *cuts), (*cuts, len(payload)), strict=True)]
    frames = []
    for number, part in enumerate(parts):
        frame = bytearray(encode_frame(opcode if number == 0 else 0, part, masked=False))
        if number < len(parts) - 1:
            frame[0] &= 0x7F
        frames.append(bytes(frame))
    return frames


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[bytes], bytes, list[uuid.UUID | None], list[bytes]]:
    """Portions of a stream; what is for the client; whose responses end in it, own payloads."""
    stream, client = b"", b""
    ended: list[uuid.UUID | None] = []
    own: list[bytes] = []
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            ping = encode_frame(Opcode.PING, draw(st.binary(max_size=10)), masked=False)
            stream += ping
            client += ping
        request_id = draw(st.sampled_from([CLIENT, OURS]))
        format = draw(st.sampled_from([GRAPHBINARY, GRAPHSON_3]))
        payload = response(request_id, format=format, code=draw(st.sampled_from([200, 206, 500])))
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=2)))
        frames = fragments(Opcode.BINARY, payload, *cuts)
        pong = encode_frame(Opcode.PONG, b"!", masked=False) if draw(st.booleans()) else b""
        stream += frames[0] + pong + b"".join(frames[1:])
        if request_id == OURS:
            client += pong
            own.append(payload)
        else:
            inside = len(frames) > 1
            # a control frame inside a message overtakes it, for the message is kept until complete
            client += pong + b"".join(frames) if inside else frames[0] + pong
            ended.append(request_id)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    return chunks, client, ended, own


@given(streams())
def test_the_client_gets_its_own_bytes_whatever_the_portions(example):
    chunks, client, ended, own = example
    stream = ResponseStream({OURS})
    events = [event for chunk in chunks for event in stream.feed(chunk)]
    assert b"".join(e.raw for e in events if isinstance(e, Through)) == client
    heads = [e.ended for e in events if isinstance(e, Through) and e.ended is not None]
    assert [head.request_id for head in heads] == ended
    assert [e.payload for e in events if isinstance(e, Ours)] == own
    assert stream.at_boundary


def test_an_ordinary_message_comes_whole_or_not_at_all():
    frame = encode_frame(Opcode.BINARY, response(CLIENT, size=1000), masked=False)
    stream = ResponseStream(set())
    assert list(stream.feed(frame[:-1])) == []
    assert stream.at_boundary
    (event,) = stream.feed(frame[-1:])
    assert isinstance(event, Through)
    assert event.raw == frame


def test_a_large_message_is_passed_on_as_it_comes():
    size = 4 * WHOLE_MESSAGE_LIMIT
    frame = encode_frame(Opcode.BINARY, response(CLIENT, size=size), masked=False)
    stream = ResponseStream(set())
    passed, kept, events = 0, 0, []
    for start in range(0, len(frame), 65536):
        chunk = frame[start : start + 65536]
        kept += len(chunk)
        for event in stream.feed(chunk):
            assert isinstance(event, Through)
            events.append(event)
            passed += len(event.raw)
        assert kept - passed <= WHOLE_MESSAGE_LIMIT + 65536
        if 0 < passed < len(frame):
            assert not stream.at_boundary
    assert b"".join(event.raw for event in events) == frame
    assert [event.ended is not None for event in events] == [False] * (len(events) - 1) + [True]
    assert stream.at_boundary


def test_of_a_large_frame_nothing_is_kept_back():
    frame = encode_frame(
        Opcode.BINARY, response(CLIENT, size=2 * WHOLE_MESSAGE_LIMIT), masked=False
    )
    stream = ResponseStream(set())
    (event,) = stream.feed(frame[:65536])
    assert event == Through(frame[:65536])
    assert not stream.at_boundary
    events = list(stream.feed(frame[65536:]))
    assert b"".join(event.raw for event in events) == frame[65536:]
    assert [event.ended and event.ended.request_id for event in events] == [CLIENT]


def test_a_code_far_behind_is_found():
    told = b'{"requestId":"%s","status":{"message":"%s","code":500' % (
        str(CLIENT).encode(),
        b"x" * 5000,
    )
    frame = encode_frame(Opcode.TEXT, told, masked=False)
    (event,) = ResponseStream(set()).feed(frame)
    assert isinstance(event, Through)
    assert event.ended is not None
    assert (event.ended.request_id, event.ended.code) == (CLIENT, 500)


def test_a_large_answer_of_ours_is_kept_whole():
    payload = response(OURS, size=2 * WHOLE_MESSAGE_LIMIT)
    frame = encode_frame(Opcode.BINARY, payload, masked=False)
    stream = ResponseStream({OURS})
    events = [e for i in range(0, len(frame), 65536) for e in stream.feed(frame[i : i + 65536])]
    (event,) = events
    assert isinstance(event, Ours)
    assert event.payload == payload


def test_messages_without_a_request_pass():
    frame = encode_frame(Opcode.TEXT, b"what?", masked=False)
    (event,) = ResponseStream({OURS}).feed(frame)
    assert isinstance(event, Through)
    assert event.raw == frame


def test_a_close_frame_is_told_apart():
    frame = encode_close(1000, "bye", masked=False)
    stream = ResponseStream(set())
    events = [event for byte in frame for event in stream.feed(bytes((byte,)))]
    assert events == [Closing(frame)]


def test_a_broken_frame_is_an_error():
    with pytest.raises(FrameError):
        list(ResponseStream(set()).feed(b"\xf2\x00"))
