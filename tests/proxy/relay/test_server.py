"""The relay on real sockets, between a client and a database that do what a test says."""

import asyncio
import os
import socket

import pytest
from patience import soon
from playbook import frame_of, friends, read_request, request, response
from sockets import PATIENCE, Peer, both_loops, handshake, header, relay, switching

from gremlink.grammar.traversal import Literal, Traversal, step
from gremlink.proxy.relay.waits import Waits
from gremlink.proxy.wire.frames import Opcode, encode_close, encode_frame
from gremlink.proxy.wire.response import read_response

MEBIBYTE = 1024 * 1024
PLAIN = Traversal((), (step("V"), step("count")))


@pytest.fixture(autouse=True)
def nothing_logged(caplog):
    """No test may leave an error in the log that it does not look at."""
    yield
    assert [r for r in caplog.records if r.levelname in ("ERROR", "CRITICAL")] == []


def fragment(opcode: int, payload: bytes, *, masked: bool) -> bytes:
    """A frame that does not end its message."""
    frame = bytearray(encode_frame(opcode, payload, masked=masked))
    frame[0] &= 0x7F
    return bytes(frame)


def conversation(*, masked: bool) -> bytes:
    """Frames of every kind."""
    return b"".join(
        [
            encode_frame(Opcode.TEXT, "grüße".encode(), masked=masked),
            encode_frame(Opcode.PING, b"are you there", masked=masked),
            encode_frame(Opcode.BINARY, b"", masked=masked),
            fragment(Opcode.BINARY, os.urandom(300), masked=masked),
            fragment(Opcode.CONTINUATION, b"", masked=masked),
            # With the bytes that begin an escape, a comment, and text of wide characters.
            encode_frame(Opcode.CONTINUATION, b'#\\"\0#\0' + os.urandom(70_000), masked=masked),
            encode_frame(Opcode.PONG, b"yes", masked=masked),
            encode_frame(Opcode.BINARY, os.urandom(125), masked=masked),
            encode_frame(Opcode.BINARY, os.urandom(126), masked=masked),
        ]
    )


@both_loops
async def test_every_byte_crosses_unchanged_both_ways():
    async with relay() as world:
        client, database = await world.pair()
        up, down = conversation(masked=True), conversation(masked=False)
        for _ in range(2):
            client.send(up)
            same = await database.read(len(up)) == up  # to show how they differ takes minutes
            assert same
            database.send(down)
            same = await client.read(len(down)) == down
            assert same


@both_loops
async def test_control_frames_overtake_a_message_that_is_not_complete():
    async with relay() as world:
        client, database = await world.pair()
        client.send(fragment(Opcode.BINARY, b"half", masked=True))
        ping = encode_frame(Opcode.PING, b"now", masked=True)
        client.send(ping)
        assert await database.read(len(ping)) == ping
        pong = encode_frame(Opcode.PONG, b"now", masked=False)
        database.send(fragment(Opcode.BINARY, b"half", masked=False) + pong)
        assert await client.read(len(pong)) == pong


@both_loops
async def test_a_close_of_the_client_crosses_with_code_and_reason():
    async with relay() as world:
        client, database = await world.pair()
        close = encode_close(4001, "enough", masked=True)
        client.send(close)
        assert await database.read(len(close)) == close
        reply = encode_close(4001, "enough", masked=False)
        database.send(reply)
        assert await client.read(len(reply)) == reply
        await database.close()
        assert await client.ended() == b""


@both_loops
async def test_a_close_of_the_database_crosses_with_code_and_reason():
    async with relay() as world:
        client, database = await world.pair()
        close = encode_close(1001, "maintenance", masked=False)
        database.send(close)
        assert await client.read(len(close)) == close
        reply = encode_close(1001, "", masked=True)
        client.send(reply)
        assert await database.read(len(reply)) == reply
        assert await database.ended() == b""
        assert await client.ended() == b""


# Handshake --------------------------------------------------------------------------------------


@both_loops
async def test_the_headers_of_the_client_reach_the_database():
    async with relay() as world:

        async def shake(peer: Peer) -> None:
            peer.send(switching(peer.head, b"Sec-WebSocket-Protocol: two"))

        world.database.shake = shake
        client, database = await world.pair(
            "User-Agent: NotAvailable Gremlin-Python.3.7.4",
            "Authorization: Basic abc",
            "Cookie: a=b",
            "Sec-WebSocket-Protocol: one, two",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "X-Strange: \xfc",
            "Connection: X-Only-For-The-Proxy",
            "X-Only-For-The-Proxy: 1",
        )
        head = database.head
        assert head.startswith(b"GET /gremlin HTTP/1.1\r\n")
        assert header(head, "User-Agent") == "NotAvailable Gremlin-Python.3.7.4"
        assert header(head, "Authorization") == "Basic abc"
        assert header(head, "Cookie") == "a=b"
        assert header(head, "Sec-WebSocket-Protocol") == "one, two"
        assert header(head, "Sec-WebSocket-Extensions") == ""
        assert header(head, "Sec-WebSocket-Version") == "13"
        assert header(head, "Host") == f"127.0.0.1:{world.database.port}"
        assert header(head, "Sec-WebSocket-Key") != "dGhlIHNhbXBsZSBub25jZQ=="
        assert header(head, "X-Only-For-The-Proxy") == ""
        assert header(head, "Accept-Encoding") == ""
        assert header(client.head, "Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert header(client.head, "Sec-WebSocket-Protocol") == "two"
        assert header(client.head, "Sec-WebSocket-Extensions") == ""


@both_loops
async def test_what_the_database_says_right_behind_its_handshake_is_not_lost():
    async with relay() as world:
        hello = encode_frame(Opcode.TEXT, b"hello", masked=False)
        ping = encode_frame(Opcode.PING, b"?", masked=False)

        async def shake(peer: Peer) -> None:
            peer.send(switching(peer.head) + hello[:3])
            await asyncio.sleep(0)
            peer.send(hello[3:] + ping)

        world.database.shake = shake
        client, _ = await world.pair()
        assert await client.read(len(hello + ping)) == hello + ping


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"404 Not Found", b"200 OK"])
@both_loops
async def test_another_answer_to_the_handshake_is_the_client_s(status):
    async with relay() as world:

        async def shake(peer: Peer) -> None:
            peer.send(
                b"HTTP/1.1 " + status + b"\r\nWWW-Authenticate: Basic\r\n"
                b"Content-Length: 4\r\nContent-Type: text/plain\r\n\r\nnope"
            )

        world.database.shake = shake
        client = await world.client()
        assert client.head.startswith(b"HTTP/1.1 " + status)
        assert header(client.head, "WWW-Authenticate") == "Basic"
        assert await client.read(4) == b"nope"
        world.database.shake = None
        assert await (await world.database.next()).ended() == b""
        client.send(handshake())
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    "answer",
    [
        lambda head: switching(head).replace(b"Accept: ", b"Accept: x"),
        lambda head: switching(head, b"Sec-WebSocket-Extensions: permessage-deflate"),
        lambda head: b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        lambda head: b"",
    ],
    ids=["wrong key", "extension", "other protocol", "nothing"],
)
@both_loops
async def test_what_is_no_websocket_server_is_named(answer):
    async with relay() as world:

        async def shake(peer: Peer) -> None:
            peer.send(answer(peer.head))
            peer.writer.close()

        world.database.shake = shake
        client = await world.client()
        assert client.head.startswith(b"HTTP/1.1 101 ")
        query = request(PLAIN)
        client.send(frame_of(query))
        _, payload = await client.frame()
        told = read_response(payload)
        assert (told.request_id, told.code) == (query.request_id, 500)
        assert f"127.0.0.1:{world.database.port}" in told.message


@both_loops
async def test_a_handshake_that_is_none_gets_400_and_leaves_nothing():
    async with relay() as world:
        peer = await world.open()
        peer.send(b"GET /gremlin HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n")
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        for database in world.database.every:
            assert await database.ended() == b""


@both_loops
async def test_a_client_that_does_not_wait_leaves_nothing():
    async with relay() as world:
        arrived, go = asyncio.Event(), asyncio.Event()

        async def shake(peer: Peer) -> None:
            arrived.set()
            await go.wait()
            peer.send(switching(peer.head))

        world.database.shake = shake
        peer = await world.open()
        peer.send(handshake())
        await arrived.wait()
        peer.abort()
        await asyncio.sleep(0.05)
        go.set()
        database = await world.database.next()
        assert await database.ended() == b""


# No database ------------------------------------------------------------------------------------


@both_loops
async def test_a_database_that_is_away_is_told_to_the_first_request():
    async with relay(upstream="ws://127.0.0.1:9/gremlin") as world:
        client = await world.client("Sec-WebSocket-Protocol: one")
        assert client.head.startswith(b"HTTP/1.1 101 ")
        client.send(encode_frame(Opcode.PING, b"?", masked=True))
        assert await client.frame() == (Opcode.PONG, b"?")
        query = request(PLAIN)
        client.send(frame_of(query) + frame_of(request(PLAIN)))
        _, payload = await client.frame()
        told = read_response(payload)
        assert (told.request_id, told.code) == (query.request_id, 500)
        reason = "ws://127.0.0.1:9/gremlin cannot be reached: Connection refused."
        assert reason in told.message
        opcode, payload = await client.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, (1011).to_bytes(2, "big"))
        client.send(encode_close(1011, "", masked=True))
        assert await client.ended() == b""


@both_loops
async def test_without_a_database_a_close_frame_is_answered():
    async with relay(upstream="ws://127.0.0.1:9/gremlin") as world:
        client = await world.client()
        client.send(encode_close(1000, "bye", masked=True))
        assert await client.frame() == (Opcode.CLOSE, (1000).to_bytes(2, "big") + b"bye")
        assert await client.ended() == b""


@both_loops
async def test_a_database_that_does_not_answer_is_given_up():
    async with relay(connect_timeout=0.2) as world:

        async def shake(peer: Peer) -> None:
            await peer.ended()

        world.database.shake = shake
        client = await world.client()
        client.send(frame_of(request(PLAIN)))
        _, payload = await client.frame()
        assert "no answer within 0.2 s" in read_response(payload).message


# Limits and flow --------------------------------------------------------------------------------


@both_loops
async def test_ten_mebibytes_pass_and_one_byte_more_than_the_limit_does_not():
    async with relay() as world:
        limit = world.server._configuration.limits.max_message_bytes
        assert limit > 10 * MEBIBYTE
        client, database = await world.pair()
        whole = encode_frame(Opcode.BINARY, bytes(limit), masked=True)
        client.send(whole)
        assert await database.read(len(whole)) == whole
        client.send(encode_frame(Opcode.BINARY, bytes(limit + 1), masked=True))
        opcode, payload = await client.frame()
        assert opcode == Opcode.CLOSE
        assert payload == (1009).to_bytes(2, "big") + b"message of more than %d bytes" % limit
        assert await database.ended() == b""
        client.abort()


@both_loops
async def test_a_broken_frame_closes_both_sides():
    async with relay() as world:
        client, database = await world.pair()
        query = request(PLAIN)
        client.send(frame_of(query) + b"\x83\x80abcd")
        await database.read(len(frame_of(query)))
        _, payload = await client.frame()
        assert read_response(payload).request_id == query.request_id
        opcode, payload = await client.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, (1002).to_bytes(2, "big"))
        assert await database.ended() == b""
        client.abort()


async def fill(peer: Peer, data: bytes, times: int) -> int:
    """Write until it is all sent or nothing moves any more; how often it was written."""
    for number in range(times):
        peer.send(data)
        try:
            await asyncio.wait_for(peer.writer.drain(), 0.3)
        except asyncio.TimeoutError:
            return number + 1
    return times


@pytest.mark.parametrize("size", [100_000, 4 * MEBIBYTE], ids=["ordinary", "streamed"])
@both_loops
async def test_a_slow_client_stops_the_database(size):
    async with relay() as world:
        client, database = await world.pair()
        message = encode_frame(Opcode.BINARY, os.urandom(size), masked=False)
        times = 96 * MEBIBYTE // size
        sent = await fill(database, message, times)
        assert sent < times, "the relay took everything"
        (connection,) = world.server._connections
        assert connection._client.get_write_buffer_size() < 2 * MEBIBYTE
        del connection
        for _ in range(sent):
            assert await client.read(len(message)) == message
        ping = encode_frame(Opcode.PING, b"?", masked=True)
        client.send(ping)
        assert await database.read(len(ping)) == ping


@both_loops
async def test_a_slow_database_stops_the_client():
    async with relay() as world:
        client, database = await world.pair()
        message = encode_frame(Opcode.BINARY, os.urandom(100_000), masked=True)
        times = 960
        sent = await fill(client, message, times)
        assert sent < times, "the relay took everything"
        (connection,) = world.server._connections
        assert connection._upstream.get_write_buffer_size() < 2 * MEBIBYTE
        del connection
        for _ in range(sent):
            assert await database.read(len(message)) == message


@both_loops
async def test_messages_that_wait_for_an_inference_stop_the_client():
    async with relay() as world:
        client, database = await world.pair()
        query = request(friends(), processor="session", session=Literal.string("s"))
        client.send(frame_of(query))
        await database.frame()  # the query that has to be admitted, never answered
        waiting = frame_of(request("x" * 50_000, processor="session"))
        times = 1000
        sent = await fill(client, waiting, times)
        assert sent < times, "the relay took everything"
        (connection,) = world.server._connections
        assert connection._conversation.backlog < 2 * MEBIBYTE
        del connection
        database.abort()


@both_loops
async def test_a_client_that_never_reads_does_not_keep_the_connection():
    async with relay(waits=Waits(close=0.2)) as world:
        client, database = await world.pair()
        await fill(database, encode_frame(Opcode.BINARY, bytes(100_000), masked=False), 960)
        client.send(b"\x83\x80abcd")  # a broken frame, for which the proxy closes
        await soon(lambda: not world.server._connections)


# Endings ----------------------------------------------------------------------------------------


@both_loops
async def test_the_database_lost_between_messages():
    async with relay() as world:
        client, database = await world.pair()
        queries = [request(PLAIN) for _ in range(3)]
        client.send(b"".join(map(frame_of, queries)))
        await database.read(sum(len(frame_of(query)) for query in queries))
        reply = response(queries[0].request_id)
        database.send(reply)
        assert await client.read(len(reply)) == reply
        database.abort()
        for query in queries[1:]:
            _, payload = await client.frame()
            told = read_response(payload)
            assert (told.request_id, told.code) == (query.request_id, 500)
            assert f"ws://127.0.0.1:{world.database.port}/gremlin was lost" in told.message
        opcode, payload = await client.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, (1011).to_bytes(2, "big"))


@both_loops
async def test_the_database_lost_within_an_ordinary_message():
    async with relay() as world:
        client, database = await world.pair()
        query = request(PLAIN)
        client.send(frame_of(query))
        await database.read(len(frame_of(query)))
        database.send(response(query.request_id, [Literal.string("x" * 1000)])[:500])
        await database.writer.drain()
        await asyncio.sleep(0.05)
        database.abort()
        _, payload = await client.frame()
        assert read_response(payload).code == 500


@both_loops
async def test_the_database_lost_within_a_large_message_breaks_the_connection():
    async with relay() as world:
        client, database = await world.pair()
        query = request(PLAIN)
        client.send(frame_of(query))
        await database.read(len(frame_of(query)))
        whole = response(query.request_id, [Literal.string("x" * MEBIBYTE)])
        database.send(whole[:-1000])
        got = await client.read(MEBIBYTE // 2)
        database.abort()
        got += await client.ended()
        assert whole.startswith(got)


@pytest.mark.parametrize("how", ["close", "abort"])
@both_loops
async def test_a_client_that_goes_takes_its_database_connection_along(how):
    async with relay() as world:
        client, database = await world.pair()
        client.send(frame_of(request(friends())))
        await database.frame()
        if how == "close":
            await client.close()
        else:
            client.abort()
        assert await database.ended() == b""


@both_loops
async def test_a_client_that_closes_its_half_is_gone_and_what_it_sent_before_arrives():
    async with relay() as world:
        client, database = await world.pair()
        sent = frame_of(request(PLAIN))
        client.send(sent)
        client.writer.write_eof()
        assert await database.ended() == sent
        assert await client.ended() == b""


@both_loops
async def test_a_database_that_closes_its_half_is_lost():
    async with relay() as world:
        client, database = await world.pair()
        answered, waiting = request(PLAIN), request(PLAIN)
        client.send(frame_of(answered) + frame_of(waiting))
        await database.read(len(frame_of(answered) + frame_of(waiting)))
        reply = response(answered.request_id)
        database.send(reply)
        database.writer.write_eof()
        assert await client.read(len(reply)) == reply
        _, payload = await client.frame()
        told = read_response(payload)
        assert (told.request_id, told.code) == (waiting.request_id, 500)
        opcode, payload = await client.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, (1011).to_bytes(2, "big"))
        assert await database.ended() == b""


@both_loops
async def test_a_client_that_goes_while_a_model_works_leaves_nothing():
    working, ended = asyncio.Event(), asyncio.Event()

    async def predict(work):
        working.set()
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    async with relay(predict) as world:
        client, database = await world.pair()
        query = request(friends())
        client.send(frame_of(query))
        _, payload = await database.frame()
        admit = read_request(Opcode.BINARY, payload)
        database.send(response(admit.request_id, code=204))
        await working.wait()
        await client.close()
        assert await database.ended() == b""
        await asyncio.wait_for(ended.wait(), PATIENCE)


@both_loops
async def test_a_failing_model_is_told(monkeypatch):
    logged = []
    monkeypatch.setattr(
        "gremlink.proxy.relay.websocket.background.log.error",
        lambda *words, **_: logged.append(words),
    )

    async def predict(work):
        raise OSError("disk on fire")

    async with relay(predict) as world:
        client, database = await world.pair()
        query = request(friends())
        client.send(frame_of(query))
        _, payload = await database.frame()
        database.send(response(read_request(Opcode.BINARY, payload).request_id, code=204))
        _, payload = await client.frame()
        told = read_response(payload)
        assert (told.request_id, told.code) == (query.request_id, 500)
        assert "disk" not in told.message
        assert len(logged) == 1


@both_loops
async def test_a_stopping_proxy_says_so_to_every_client():
    async with relay() as world:
        idle, _ = await world.pair()
        busy, database = await world.pair()
        query = request(PLAIN)
        busy.send(frame_of(query))
        await database.read(len(frame_of(query)))
        stopping = asyncio.ensure_future(world.runner.cleanup())
        opcode, payload = await idle.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, (1001).to_bytes(2, "big"))
        _, payload = await busy.frame()
        assert read_response(payload).request_id == query.request_id
        opcode, payload = await busy.frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, (1001).to_bytes(2, "big"))
        assert await idle.ended() == b""
        assert await busy.ended() == b""
        assert await database.ended() == b""
        await asyncio.wait_for(stopping, PATIENCE)


@both_loops
async def test_a_stopping_proxy_does_not_wait_for_a_client_that_never_reads():
    async with relay(waits=Waits(close=0.2)) as world:
        client, database = await world.pair()
        await fill(database, encode_frame(Opcode.BINARY, bytes(100_000), masked=False), 960)
        await asyncio.wait_for(world.runner.cleanup(), PATIENCE)
        client.abort()


@both_loops
async def test_a_hundred_connections_come_and_go():
    async with relay() as world:
        pairs = [await world.pair() for _ in range(100)]
        for client, database in pairs:
            up = frame_of(request(PLAIN))
            client.send(up)
            assert await database.read(len(up)) == up
        for client, _ in pairs:
            await client.close()
        for _, database in pairs:
            assert await database.ended() == b""


@both_loops
async def test_a_database_that_is_gone_without_a_word_is_noticed():
    async with relay() as world:
        await world.pair()
        (connection,) = world.server._connections
        taken = connection._upstream.get_extra_info("socket")
        assert taken.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        del connection, taken
