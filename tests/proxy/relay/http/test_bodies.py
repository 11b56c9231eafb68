"""Bodies over HTTP: whole and inflated before they are looked into, and bounded both ways."""

import asyncio
import gzip
import zlib

import pytest
from http_exchange import OK, answers, post, refused
from hypothesis import given
from hypothesis import strategies as st
from sockets import both_loops, one_loop, relay

from gremlink.proxy.relay.http.bodies import Broken, TooLong, inflate

LIMIT = 100_000


def raw(data: bytes) -> bytes:
    """Deflated without a head, as many programs send it."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


WAYS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "Deflate": raw}


@given(st.sampled_from(sorted(WAYS)), st.binary(max_size=300), st.integers(1, LIMIT // 300))
def test_what_was_compressed_comes_back(encoding, data, times):
    assert inflate(WAYS[encoding](data * times), encoding, LIMIT) == data * times


def test_a_file_may_have_several_members():
    assert inflate(gzip.compress(b"a") + gzip.compress(b"b" * LIMIT), "gzip", LIMIT + 1) == (
        b"a" + b"b" * LIMIT
    )


@pytest.mark.parametrize("encoding", sorted(WAYS))
def test_one_byte_more_than_the_limit_is_too_long(encoding):
    assert len(inflate(WAYS[encoding](bytes(LIMIT)), encoding, LIMIT)) == LIMIT
    with pytest.raises(TooLong):
        inflate(WAYS[encoding](bytes(LIMIT + 1)), encoding, LIMIT)


@given(st.sampled_from(sorted(WAYS)), st.binary(max_size=500), st.data())
def test_what_is_broken_is_told(encoding, data, drawn):
    whole = WAYS[encoding](data)
    cut = whole[: drawn.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(Broken):
        inflate(cut, encoding, LIMIT)


@both_loops
async def test_a_bomb_is_refused_at_the_limit():
    async with relay(max_message_bytes=LIMIT) as world:
        bodies = answers(world, OK)
        bomb = gzip.compress(bytes(100 * LIMIT))
        assert len(bomb) < LIMIT
        head, body = await world.http(post(bomb, "Content-Encoding: gzip"))
        assert head.startswith(b"HTTP/1.1 413 ")
        assert refused(head, body)[0] == "BadRequestException"
        head, _ = await world.http(post(gzip.compress(bytes(LIMIT)), "Content-Encoding: gzip"))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert bodies == [bytes(LIMIT)]


@pytest.mark.parametrize(
    ("encoding", "status", "code"),
    [
        ("br", b"415", "UnsupportedOperationException"),
        ("zstd", b"415", "UnsupportedOperationException"),
        ("gzip", b"400", "BadRequestException"),
    ],
)
@both_loops
async def test_what_cannot_be_inflated_never_reaches_the_database(encoding, status, code):
    async with relay() as world:
        bodies = answers(world, OK)
        head, body = await world.http(post(b"whatever", f"Content-Encoding: {encoding}"))
        assert head.startswith(b"HTTP/1.1 " + status)
        assert refused(head, body)[0] == code
        assert bodies == []


@one_loop
async def test_a_body_is_waited_for_as_long_as_it_goes_on():
    async with relay(message_timeout=1.0) as world:
        bodies = answers(world, OK)
        slow, still = await world.open(), await world.open()
        asked = post(b"0123456789")
        still.send(asked[:-3])
        slow.send(asked[:-8])
        for byte in asked[-8:]:
            await asyncio.sleep(0.15)
            slow.send(bytes((byte,)))
        assert (await slow.ended()).startswith(b"HTTP/1.1 200 ")
        head, _, body = (await still.ended()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert refused(head, body)[0] == "ClientTimeoutException"
        assert bodies == [b"0123456789"]
