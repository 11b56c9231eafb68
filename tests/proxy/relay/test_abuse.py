"""Clients that misbehave: told at once what is wrong, and nobody else notices."""

import asyncio
import logging
import re

import pytest
from faults.abuse import Abuse, abuses, long_list
from patience import soon
from playbook import frame_of, request, response
from sockets import PATIENCE, Peer, World, both_loops, handshake, one_loop, relay, served

from gremlink.grammar.traversal import Traversal, step
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.response import read_response

PLAIN = Traversal((), (step("V"), step("count")))


async def exchange(client: Peer, database: Peer) -> None:
    """An ordinary request and its answer."""
    asked = request(PLAIN)
    client.send(frame_of(asked))
    assert await database.read(len(frame_of(asked))) is not None
    answer = response(asked.request_id)
    database.send(answer)
    assert await client.read(len(answer)) == answer


async def refused(world: World, abuse: Abuse) -> None:
    """Do it, and see that it is refused as it should be."""
    if abuse.http:
        client = await world.open()
        client.send(abuse.data)
        status = await asyncio.wait_for(client.reader.readuntil(b"\r\n"), PATIENCE)
        assert status.startswith(abuse.said), abuse.name
        client.abort()
        return
    client = await world.client()
    client.send(abuse.data)
    opcode, payload = await client.frame()
    if abuse.closed:
        assert (opcode, payload[:2]) == (Opcode.CLOSE, abuse.closed.to_bytes(2, "big")), abuse.name
    else:
        assert opcode == Opcode.BINARY, abuse.name
        assert (read_response(payload).code or 0) >= 400, abuse.name
        # The connection goes on.
        client.send(bytes.fromhex("89 80 00000000"))
        peer = world.database.every[-1]
        assert await peer.read(6) == bytes.fromhex("89 80 00000000")
    client.abort()


@both_loops
async def test_every_abuse_is_refused_and_a_bystander_is_served():
    async with relay() as world:
        bystander, database = await world.pair()
        for abuse in abuses():
            await refused(world, abuse)
            await exchange(bystander, database)


@both_loops
async def test_a_long_list_is_read_while_others_are_served():
    async with relay() as world:
        bystander, database = await world.pair()
        abuser, upstream = await world.pair()
        abuser.send(long_list(300_000))
        served_meanwhile = 0
        first = asyncio.ensure_future(
            upstream.reader.readexactly(2)
        )  # our own query, once the list is read
        while not first.done():
            await exchange(bystander, database)
            served_meanwhile += 1
            await asyncio.sleep(0.001)
        await first
        assert served_meanwhile >= 3


@both_loops
async def test_a_long_text_of_escapes_is_looked_into_while_others_are_served():
    asked = request("g.V('" + r"\u0041" * 500_000 + "')")
    async with relay() as world:
        bystander, database = await world.pair()
        client, upstream = await world.pair()
        client.send(frame := frame_of(asked))
        served_meanwhile = 0
        passed = asyncio.ensure_future(upstream.reader.readexactly(len(frame)))
        while not passed.done():
            await exchange(bystander, database)
            served_meanwhile += 1
            await asyncio.sleep(0.001)
        assert await passed == frame
        assert served_meanwhile >= 3


@one_loop
@pytest.mark.parametrize("said", [bytes.fromhex("82 85 00000000 01"), bytes.fromhex("82")])
async def test_half_a_frame_is_waited_for_only_so_long(said):
    async with relay(message_timeout=0.2) as world:
        client, database = await world.pair()
        asking = request(PLAIN)
        client.send(frame_of(asking))
        await database.read(len(frame_of(asking)))
        client.send(said)
        opcode, payload = await client.frame()
        assert opcode == Opcode.BINARY
        assert "does not go on" in read_response(payload).message
        opcode, payload = await client.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, (1002).to_bytes(2, "big"))


@one_loop
async def test_a_message_that_goes_on_is_waited_for():
    async with relay(message_timeout=1.0) as world:
        client, database = await world.pair()
        for byte in (frame := frame_of(request(PLAIN)))[:8]:
            client.send(bytes((byte,)))
            await asyncio.sleep(0.15)
        client.send(frame[8:])
        assert await database.read(len(frame)) == frame
        await asyncio.sleep(1.2)
        await exchange(client, database)


@one_loop
async def test_a_byte_at_a_time_is_no_handshake(tmp_path):
    settings = {"limits": {"handshake_timeout": 1.5}, "store": {"directory": str(tmp_path)}}
    async with served(settings) as (world, _):
        bystander, database = await world.pair()
        slow = [await world.open() for _ in range(20)]
        for byte in handshake()[:8]:
            for client in slow:
                client.send(bytes((byte,)))
            await exchange(bystander, database)
            await asyncio.sleep(0.05)
        for client in slow:
            assert (await client.ended()).startswith(b"HTTP/1.1 408 ")
        await exchange(bystander, database)


@pytest.mark.parametrize(
    "said",
    [
        b"secret\r\n\r\n",
        b"\x16\x03\x01\x02secret\r\n\r\n",
        b"GET /gremlin?secret HTTP/9.9\r\n\r\n",
        b"GET /gremlin HTTP/1.1\r\nbad secret\r\n\r\n",
        b"GET http://[secret/gremlin HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /secret" + bytes(9000) + b" HTTP/1.1\r\n\r\n",
        b"POST /gremlin HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\nsecret\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\nsecret\r\n\r\n",
    ],
)
@both_loops
async def test_bytes_that_are_no_request_are_one_line_at_level_debug(said, caplog):
    caplog.set_level(logging.DEBUG)
    async with relay() as world:
        client = await world.open()
        client.send(said)
        assert b" 400 Bad Request\r\n" in await client.ended()
    (told,) = [each for each in caplog.records if each.name == "aiohttp.server"]
    assert told.levelno == logging.DEBUG
    assert re.fullmatch(r"Error handling request from 127.0.0.1: \w+", told.getMessage())
    assert told.exc_info is None
    assert "secret" not in caplog.text


@both_loops
async def test_a_client_that_goes_within_its_request_is_no_error(caplog):
    caplog.set_level(logging.DEBUG)
    async with relay() as world:
        client = await world.open()
        client.send(b"POST /gremlin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
        await asyncio.sleep(0.1)
        client.abort()
        await soon(lambda: "a client went before its request was complete" in caplog.text)
        await asyncio.sleep(0.05)
        assert world.database.every == []
    assert [each for each in caplog.records if each.levelno > logging.INFO] == []
