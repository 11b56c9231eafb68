"""Inferences that take longer than their client allows, and long ones that are read aside."""

import asyncio
import json
import threading
import time
from uuid import uuid4

import pytest
from patience import soon
from playbook import (
    Asks,
    Forwarded,
    Playbook,
    Predicts,
    Tells,
    answered,
    client,
    frame_of,
    friends,
    friends_script,
    predicted,
    request,
    response,
    rows,
)
from sockets import both_loops, relay

from gremlink.grammar.traversal import Kind, Literal, Traversal, step
from gremlink.proxy.inference.commands import PredictLinks, PrepareLinks
from gremlink.proxy.inference.errors import BadRequest
from gremlink.proxy.relay.offload import LONG, Offload
from gremlink.proxy.wire.frames import Opcode, encode_frame
from gremlink.proxy.wire.request import read_request
from gremlink.proxy.wire.response import read_response

PLAIN = Traversal((), (step("V"), step("count")))
EXCEEDED = "Evaluation exceeded the configured 'evaluationTimeout' threshold of {} ms"


def long(number):
    return Literal(Kind.LONG, number)


@pytest.fixture
def play():
    play = Playbook()
    yield play
    play.end()


def expired(play):
    return lambda _: play.conversation.expired(play.watched[-1])


def test_an_inference_that_has_taken_its_time_ends_and_its_answers_are_dropped(play):
    asked, plain = request(friends(), evaluationTimeout=long(500)), request(PLAIN)
    admits, prepares, asks = Asks(), Predicts(PrepareLinks), Asks()
    play >> client(asked) << admits >> answered(admits) << prepares >> predicted(prepares) << asks
    assert [pending.timeout for pending in play.watched] == [500]
    play >> expired(play) << Tells(asked.request_id, 598, EXCEEDED.format(500))
    play >> answered(asks, rows("a"))
    play >> client(plain) << Forwarded(plain)
    play >> expired(play)


def test_the_query_in_the_clients_name_gets_the_time_that_is_left(play):
    asked = request(friends(), evaluationTimeout=long(60_000))
    admits, prepares, asks, predicts = (
        Asks(),
        Predicts(PrepareLinks),
        Asks(),
        Predicts(PredictLinks),
    )
    final = Asks(request_id=asked.request_id)
    play >> client(asked) << admits >> answered(admits) << prepares
    (pending,) = play.watched
    pending.started -= 40
    play >> predicted(prepares) << asks >> answered(asks, rows("a")) << predicts
    assert 19_000 < asks.request.args["evaluationTimeout"].value <= 20_000
    play >> predicted(predicts, [[]]) << final
    assert 19_000 < final.request.args["evaluationTimeout"].value <= 20_000


def test_who_names_no_time_gets_that_of_the_settings(play):
    asked = request(friends())
    play >> client(asked) << Asks()
    assert [pending.timeout for pending in play.watched] == [30_000]
    play >> expired(play) << Tells(asked.request_id, 598, EXCEEDED.format(30_000))


async def never(work):
    await asyncio.Event().wait()


@both_loops
async def test_a_model_that_takes_too_long():
    async with relay(never) as world:
        peer, database = await world.pair()
        asked = request(friends_script(), evaluationTimeout=long(100))
        peer.send(frame_of(asked))
        await admitted(database)
        assert_exceeded(await peer.frame(), asked, 100)
        plain = frame_of(request(PLAIN))
        peer.send(plain)
        assert await database.read(len(plain)) == plain


@both_loops
async def test_a_model_that_takes_too_long_over_http():
    async with relay(never) as world:
        world.database.shake = shaken
        body = json.dumps({"gremlin": 'g.with("evaluationTimeout", 100)' + friends_script()[1:]})
        head, said = await world.http(
            b"POST /gremlin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body.encode())
        )
        assert head.startswith(b"HTTP/1.1 500 ")
        told = json.loads(said)
        assert told["code"] == "TimeLimitExceededException"
        assert EXCEEDED.format(100) in told["detailedMessage"]


async def shaken(peer) -> None:
    body = (
        b'{"requestId":"%s","status":{"code":200},"result":{"data":null}}' % str(uuid4()).encode()
    )
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def admitted(database) -> None:
    """Answer the query that finds out whether the client may ask."""
    opcode, payload = await database.frame()
    database.send(response(read_request(opcode, payload).request_id))


def assert_exceeded(frame, asked, milliseconds) -> None:
    told = read_response(frame[1])
    assert (told.request_id, told.code) == (asked.request_id, 598)
    assert EXCEEDED.format(milliseconds) in told.message


def long_script() -> str:
    """An inference whose text is long enough to be read aside."""
    return friends_script() + ".where(__.not(__.is('" + "x" * LONG + "')))"


@both_loops
async def test_a_long_query_is_read_aside_and_answered():
    async def model(work):
        return [[(Literal.string("b"), 0.5)]] if isinstance(work, PredictLinks) else None

    async with relay(model) as world:
        peer, database = await world.pair()
        asked = request(long_script())
        peer.send(frame_of(asked))
        admission = read_request(*await database.frame())
        database.send(response(admission.request_id))
        inputs = read_request(*await database.frame())
        database.send(response(inputs.request_id, rows("a")))
        final = read_request(*await database.frame())
        assert final.request_id == asked.request_id
        assert "Neptune#ml" not in str(final.args["gremlin"])


@both_loops
async def test_pings_pass_while_a_long_query_is_read(monkeypatch):
    reading = threading.Event()

    def slow(*_):
        reading.wait(60)
        raise BadRequest("no")

    monkeypatch.setattr("gremlink.proxy.relay.websocket.background.advance_and_write", slow)
    async with relay() as world:
        peer, database = await world.pair()
        asked, ping = request(long_script()), encode_frame(Opcode.PING, b"?", masked=True)
        peer.send(frame_of(asked))
        peer.send(ping)
        assert await database.read(len(ping)) == ping
        reading.set()
        told = read_response((await peer.frame())[1])
        assert (told.request_id, told.code) == (asked.request_id, 499)


@both_loops
async def test_a_client_may_go_while_its_long_query_is_read(monkeypatch):
    begun, reading = threading.Event(), threading.Event()

    def slow(*_):
        begun.set()
        reading.wait(60)

    monkeypatch.setattr("gremlink.proxy.relay.websocket.background.advance_and_write", slow)
    async with relay() as world:
        peer, _ = await world.pair()
        peer.send(frame_of(request(long_script())))
        assert await asyncio.to_thread(begun.wait, 60)
        peer.abort()
        await asyncio.sleep(0.05)
        reading.set()


@both_loops
async def test_more_long_queries_than_may_wait_are_refused():
    blocked, offload = threading.Event(), Offload(waiting=1)
    waiting = asyncio.ensure_future(offload(blocked.wait, 10))
    await asyncio.sleep(0)
    with pytest.raises(Exception, match="1 long queries are being read already"):
        await offload(time.monotonic)
    blocked.set()
    assert await waiting
    await soon(lambda: not offload._count)
    assert await offload(time.monotonic) > 0
    offload.close()
