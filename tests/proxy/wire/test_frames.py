"""Frames are cut into pieces and put together into messages without losing a byte."""

import os
import tracemalloc

import pytest
from aiohttp._websocket.helpers import websocket_mask
from hypothesis import given
from hypothesis import strategies as st

from gremlink.proxy.wire.errors import FrameError
from gremlink.proxy.wire.frames import (
    FRAGMENT_LIMIT,
    CloseCode,
    FrameReader,
    Message,
    MessageReader,
    Opcode,
    apply_mask,
    encode_close,
    encode_frame,
    read_head,
)


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, mask: bytes = b"", reserved: int = 0
) -> bytes:
    """A frame written independently of the code under test, after RFC 6455 figure 5.2."""
    first = (0x80 if fin else 0) | reserved | opcode
    bit = 0x80 if mask else 0
    size = len(payload)
    if size < 126:
        head = bytes([first, bit | size])
    elif size < 65536:
        head = bytes([first, bit | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, bit | 127]) + size.to_bytes(8, "big")
    body = bytearray(payload)
    if mask:
        websocket_mask(mask, body)
    return head + mask + bytes(body)


masks = st.one_of(st.just(b""), st.binary(min_size=4, max_size=4))


@st.composite
def messages(draw: st.DrawFn) -> tuple[list[bytes], list[Message | bytes]]:
    """Frames, and what a `MessageReader` should make of them."""
    frames: list[bytes] = []
    expected: list[Message | bytes] = []
    for _ in range(draw(st.integers(0, 4))):
        opcode = draw(st.sampled_from([Opcode.TEXT, Opcode.BINARY]))
        fragments = draw(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
        raw = b""
        for number, fragment in enumerate(fragments):
            if draw(st.booleans()):
                control = frame(
                    draw(st.sampled_from([Opcode.PING, Opcode.PONG, Opcode.CLOSE])),
                    draw(st.binary(max_size=125)),
                    mask=draw(masks),
                )
                frames.append(control)
                expected.append(control)
            part = frame(
                Opcode.CONTINUATION if number else opcode,
                fragment,
                fin=number == len(fragments) - 1,
                mask=draw(masks),
            )
            frames.append(part)
            raw += part
        expected.append(Message(opcode, raw, b"".join(fragments)))
    return frames, expected


@st.composite
def chunked(draw: st.DrawFn) -> tuple[list[bytes], list[bytes], list[Message | bytes]]:
    """Frames, the same bytes in other portions, and what they mean."""
    frames, expected = draw(messages())
    stream = b"".join(frames)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    return frames, chunks, expected


@given(chunked())
def test_any_portions_of_a_stream_give_the_same_frames(example):
    frames, chunks, _ = example
    reader = FrameReader()
    pieces = [piece for chunk in chunks for piece in reader.feed(chunk)]
    assert b"".join(piece.raw for piece in pieces) == b"".join(frames)
    seen, current = [], b""
    for piece in pieces:
        assert piece.first == (current == b"")
        assert piece.size == len(piece.payload())
        assert piece.payload(3) == piece.payload()[:3]
        current += piece.raw
        if piece.last:
            seen.append(current)
            current = b""
    assert seen == frames
    assert current == b""


@given(chunked())
def test_any_portions_of_a_stream_give_the_same_messages(example):
    _, chunks, expected = example
    reader = MessageReader(limit=1000)
    assert [item for chunk in chunks for item in reader.feed(chunk)] == expected


def test_aiohttp_masks_as_the_standard_says():
    """The relay uses its function, which is not public: RFC 6455 section 5.7 masks "Hello" so."""
    payload = bytearray.fromhex("7f9f4d5158")
    websocket_mask(bytes.fromhex("37fa213d"), payload)
    assert payload == b"Hello"


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4), st.integers(0, 300))
def test_masking_agrees_with_aiohttp_from_any_offset(data, mask, offset):
    whole = bytearray(offset) + bytearray(data)
    websocket_mask(mask, whole)
    masked = apply_mask(data, mask, offset)
    assert masked == bytes(whole[offset:])
    assert apply_mask(masked, mask, offset) == data


@given(
    st.sampled_from(list(Opcode)), st.booleans(), st.sampled_from([0, 1, 125, 126, 65535, 65536])
)
def test_encoded_frames_are_read_back(opcode, masked, size):
    if opcode >= Opcode.CLOSE and size > 125:
        size = 125
    payload = os.urandom(size)
    encoded = encode_frame(opcode, payload, masked=masked)
    (piece,) = FrameReader().feed(encoded)
    assert piece.last
    assert piece.payload() == payload
    assert bool(piece.head.mask) == masked
    if not masked:
        assert encoded == frame(opcode, payload)


def test_a_close_reason_is_cut_between_characters():
    encoded = encode_close(CloseCode.INTERNAL_ERROR, "ü" * 100, masked=False)
    (piece,) = FrameReader().feed(encoded)
    assert piece.payload()[:2] == (1011).to_bytes(2, "big")
    assert piece.payload()[2:].decode() == "ü" * 61
    assert piece.head.length <= 125


def test_a_head_needs_all_its_bytes():
    whole = frame(Opcode.BINARY, bytes(70_000), mask=b"abcd")
    for size in range(14):
        assert read_head(whole[:size]) is None
    head = read_head(whole)
    assert head is not None
    assert (head.size, head.length, head.mask) == (14, 70_000, b"abcd")


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (frame(Opcode.PING, bytes(126)), "long or fragmented"),
        (frame(Opcode.PING, b"x", fin=False), "long or fragmented"),
        (frame(Opcode.BINARY, b"x", reserved=0x40), "reserved bits"),
        (frame(Opcode.BINARY, b"x", reserved=0x10), "reserved bits"),
        (frame(0x3, b"x"), "unknown opcode 0x3"),
        (frame(0xB, b"x"), "unknown opcode 0xb"),
        (b"\x82\x7f" + b"\xff" * 8, "highest bit"),
        (frame(Opcode.CONTINUATION, b"x"), "continuation without"),
        (
            frame(Opcode.TEXT, b"x", fin=False) + frame(Opcode.TEXT, b"y"),
            "inside a fragmented one",
        ),
    ],
)
def test_broken_frames_are_protocol_errors(stream, reason):
    with pytest.raises(FrameError, match=reason) as caught:
        list(MessageReader(limit=1000).feed(stream))
    assert caught.value.close_code == 1002


def test_a_message_may_have_exactly_the_limit():
    (message,) = MessageReader(limit=300).feed(frame(Opcode.BINARY, bytes(300)))
    assert isinstance(message, Message)
    assert len(message.payload) == 300


@pytest.mark.parametrize(
    "stream",
    [
        frame(Opcode.BINARY, bytes(301))[:4],
        frame(Opcode.BINARY, bytes(200), fin=False) + frame(Opcode.CONTINUATION, bytes(101))[:2],
    ],
    ids=["one frame", "fragments"],
)
def test_one_byte_more_is_refused_from_the_head_alone(stream):
    with pytest.raises(FrameError, match="more than 300 bytes") as caught:
        list(MessageReader(limit=300).feed(stream))
    assert caught.value.close_code == 1009


def test_the_limit_counts_anew_for_each_message():
    reader = MessageReader(limit=300)
    fragmented = frame(Opcode.TEXT, bytes(150), fin=False) + frame(Opcode.CONTINUATION, bytes(150))
    assert len(list(reader.feed(fragmented * 3))) == 3


def test_empty_fragments_do_not_add_up_forever():
    reader = MessageReader(limit=300)
    list(reader.feed(frame(Opcode.BINARY, fin=False)))
    empty = frame(Opcode.CONTINUATION, fin=False)
    list(reader.feed(empty * (FRAGMENT_LIMIT - 1)))
    with pytest.raises(FrameError, match="frames") as caught:
        list(reader.feed(empty))
    assert caught.value.close_code == 1009


def test_a_message_in_tiny_portions_costs_little_more_than_its_bytes():
    size = 50_000
    stream = frame(Opcode.BINARY, bytes(size), mask=b"abcd")
    reader = MessageReader(limit=size)
    tracemalloc.start()
    try:
        for position in range(0, len(stream) - 2, 2):
            assert list(reader.feed(stream[position : position + 2])) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * size
