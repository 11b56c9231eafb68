"""How the server ends: open requests are answered first, as long as the settings allow."""

import asyncio
import contextlib

import pytest
from playbook import frame_of, request, response
from sockets import PATIENCE, both_loops, served

from gremlink.grammar.traversal import Traversal, step
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.response import read_response

PLAIN = Traversal((), (step("V"), step("count")))
GOING_AWAY = (1001).to_bytes(2, "big")


@pytest.fixture
def settings(tmp_path):
    return {"store": {"directory": str(tmp_path / "store")}, "limits": {"drain_timeout": 5}}


async def goodbye(peer) -> None:
    opcode, payload = await peer.frame()
    assert (opcode, payload[:2]) == (Opcode.CLOSE, GOING_AWAY)
    await peer.ended()


@both_loops
async def test_open_requests_are_answered_and_nobody_new_is_let_in(settings):
    async with served(settings) as (world, server):
        idle, _ = await world.pair()
        client, database = await world.pair()
        asked = [request(PLAIN) for _ in range(2)]
        for each in asked:
            client.send(frame_of(each))
            await database.read(len(frame_of(each)))
        draining = asyncio.ensure_future(server.drain())
        await goodbye(idle)
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await world.open()
        for each in asked:
            assert not draining.done()
            database.send(response(each.request_id))
            _, payload = await client.frame()
            assert read_response(payload).request_id == each.request_id
        await goodbye(client)
        await asyncio.wait_for(draining, PATIENCE)


@both_loops
async def test_a_request_over_http_is_answered_before_the_end(settings):
    async with served(settings) as (world, server):

        async def shake(peer):
            asyncio.get_running_loop().call_later(0.2, peer.send, answer)

        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        world.database.shake = shake
        client = await world.open()
        client.send(b"POST /gremlin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        await world.database.next()
        await server.drain()
        assert (await client.ended()).endswith(b"\r\n\r\n{}")


@both_loops
async def test_what_is_still_open_at_the_deadline_gets_an_error(settings):
    settings["limits"] = {"drain_timeout": 0.1}
    async with contextlib.AsyncExitStack() as stack:
        world, server = await stack.enter_async_context(served(settings))
        client, database = await world.pair()
        asked = request(PLAIN)
        client.send(frame_of(asked))
        await database.read(len(frame_of(asked)))
        await server.drain()
        ending = asyncio.ensure_future(stack.pop_all().aclose())
        _, payload = await client.frame()
        refused = read_response(payload)
        assert (refused.request_id, refused.code) == (asked.request_id, 500)
        assert "shutting down" in refused.message
        await goodbye(client)
        await ending
