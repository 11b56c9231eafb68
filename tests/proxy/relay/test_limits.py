"""How many connections and requests there may be, and for how long somebody may say nothing."""

import asyncio

import pytest
from playbook import frame_of, request, response
from sockets import both_loops, one_loop, relay, served

from gremlink.grammar.traversal import Traversal, step
from gremlink.proxy.wire.frames import Opcode, encode_frame
from gremlink.proxy.wire.response import read_response

PLAIN = Traversal((), (step("V"), step("count")))
GOING_AWAY = (1001).to_bytes(2, "big")


@pytest.fixture
def store(tmp_path):
    return {"store": {"directory": str(tmp_path / "store")}}


@both_loops
async def test_one_connection_too_many_is_told_and_there_is_room_again_later(store):
    async with served({"limits": {"max_connections": 2}, **store}) as (world, _):
        first, _ = await world.pair()
        second, database = await world.pair()
        third = await world.open()
        said = await third.ended()
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 1" in said
        assert b"serves 2 connections" in said
        second.send(b"\x82\x80abcd")
        assert await database.read(6) == b"\x82\x80abcd"
        first.abort()
        for _ in range(1000):
            await asyncio.sleep(0.01)
            client = await world.client()
            if client.head.startswith(b"HTTP/1.1 101 "):
                break
        else:
            pytest.fail("nobody was let in any more")


@one_loop
@pytest.mark.parametrize("said", [b"", b"GET /gremlin HTTP/1.1\r\nHost: localhost\r\nX-"])
async def test_a_slow_first_request_gets_408(said, store):
    async with served({"limits": {"handshake_timeout": 0.1}, **store}) as (world, _):
        slow = await world.open()
        slow.send(said)
        assert (await slow.ended()).startswith(b"HTTP/1.1 408 ")


@one_loop
async def test_the_deadline_of_the_handshake_ends_with_it(store):
    async with served({"limits": {"handshake_timeout": 1}, **store}) as (world, _):
        client, database = await world.pair()
        await asyncio.sleep(1.2)
        client.send(b"\x82\x80abcd")
        assert await database.read(6) == b"\x82\x80abcd"


@one_loop
async def test_a_silent_connection_is_closed_and_one_that_waits_is_not():
    async with relay(idle_timeout=0.8) as world:
        asking = request(PLAIN)
        waiting, database = await world.pair()
        waiting.send(frame_of(asking))
        silent, _ = await world.pair()
        opcode, payload = await silent.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, GOING_AWAY)
        await asyncio.sleep(0.5)
        answer = response(asking.request_id)
        database.send(answer)
        assert await waiting.read(len(answer)) == answer
        opcode, payload = await waiting.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, GOING_AWAY)


@one_loop
async def test_pings_keep_a_connection():
    async with relay(idle_timeout=1.0) as world:
        client, database = await world.pair()
        ping = encode_frame(Opcode.PING, b"", masked=True)
        for _ in range(6):
            await asyncio.sleep(0.2)
            client.send(ping)
            assert await database.read(len(ping)) == ping


@both_loops
async def test_a_client_that_takes_nothing_loses_its_connection(caplog):
    async with relay(write_timeout=0.2) as world:
        client, database = await world.pair()
        client.writer.transport.pause_reading()
        chunk = encode_frame(Opcode.BINARY, bytes(1024 * 1024), masked=False)

        async def send_for_ever() -> None:
            while True:
                database.send(chunk)
                await database.writer.drain()

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(send_for_ever(), 50)
        assert "takes nothing" in caplog.text


@one_loop
async def test_a_slow_client_that_takes_something_keeps_its_connection():
    async with relay(write_timeout=1.0) as world:
        client, database = await world.pair()
        frame = encode_frame(Opcode.BINARY, bytes(24 * 1024 * 1024), masked=False)
        database.send(frame)
        taken = 0
        while taken < len(frame):
            await asyncio.sleep(0.1)
            size = min(2 * 1024 * 1024, len(frame) - taken)
            taken += len(await client.read(size))


@both_loops
async def test_a_request_above_the_limit_is_refused_and_the_others_go_on():
    async with relay(max_requests_per_connection=2) as world:
        client, database = await world.pair()
        asked = [request(PLAIN) for _ in range(3)]
        for each in asked:
            client.send(frame_of(each))
        for each in asked[:2]:
            assert await database.read(len(frame_of(each)))
        _, payload = await client.frame()
        refused = read_response(payload)
        assert (refused.request_id, refused.code) == (asked[2].request_id, 429)
        assert "has 2 open requests" in refused.message
        database.send(response(asked[0].request_id))
        await client.frame()
        client.send(frame_of(asked[2]))
        assert await database.read(len(frame_of(asked[2])))


HANDSHAKE = (
    b"GET /gremlin%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"
)
LONGEST_LINE, LONGEST_HEADER, MOST_HEADERS = 64 * 1024, 8190, 128
OF_THE_LINE = len("/gremlin?")
OF_THE_HANDSHAKE = 5
"""Headers that it has anyway."""


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (LONGEST_LINE - OF_THE_LINE, lambda size: (b"?" + b"x" * size, b"")),
        (LONGEST_HEADER, lambda size: (b"", b"X-Long: " + b"x" * size + b"\r\n")),
        (MOST_HEADERS - OF_THE_HANDSHAKE, lambda size: (b"", b"X-Many: 1\r\n" * size)),
    ],
    ids=["line", "header", "headers"],
)
@both_loops
async def test_the_head_of_a_request_may_be_so_long_and_no_longer(size, parts):
    async with relay() as world:
        client = await world.open()
        client.send(HANDSHAKE % parts(size))
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        assert len(world.database.every) == 1
        client = await world.open()
        client.send(HANDSHAKE % parts(size + 1))
        assert b" 400 " in (await client.ended()).partition(b"\r\n")[0]
        assert len(world.database.every) == 1, "the database was asked"
