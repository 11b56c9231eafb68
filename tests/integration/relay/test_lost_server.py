"""A server that dies in the middle of its work: each request ends once, in words."""

import os
import signal
import uuid
from collections.abc import Iterator

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.protocol import GremlinServerError
from raw_websocket import RawWebSocket
from running_proxy import Model, RunningProxy

from gremlink.grammar.traversal import Entries, Literal
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.request import RequestMessage, write_request
from gremlink.proxy.wire.response import read_response

ENDLESS = "g.inject(1).repeat(identity()).emit().map(constant('x' * 1000))"


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(port=0, memory="512m") as server:
        yield server


def kill(server: EmbeddedServer) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)


def script(text: str) -> tuple[uuid.UUID, tuple[int, bytes]]:
    request_id = uuid.uuid4()
    aliases = Entries(((Literal.string("g"), Literal.string("g")),))
    args = {"gremlin": Literal.string(text), "aliases": aliases}
    return request_id, write_request(RequestMessage(GRAPHBINARY, request_id, "eval", "", args))


def test_killed_in_the_middle_of_an_answer(server: EmbeddedServer) -> None:
    with RunningProxy(server.url, Model("friends", {})) as proxy, RawWebSocket(proxy.url) as client:
        endless, message = script(ENDLESS)
        client.send(*message)
        other, message = script("Thread.sleep(60000)")
        client.send(*message)
        asked, message = script(
            'g.with("Neptune#ml.endpoint","friends").V().sideEffect{ Thread.sleep(60000) }'
            '.out("x").with("Neptune#ml.prediction").hasLabel("y")'
        )
        client.send(*message)
        parts = 0
        ended: dict[uuid.UUID | None, tuple[int, str]] = {}
        while (got := client.frame()) is not None:
            opcode, payload, _ = got
            if opcode == Opcode.CLOSE:
                assert payload[:2] == (1011).to_bytes(2, "big")
                break
            told = read_response(payload)
            if told.code == 206:
                assert told.request_id == endless
                parts += 1
                if parts == 5:
                    kill(server)
                continue
            assert told.request_id not in ended, "a second ending"
            ended[told.request_id] = told.code, told.message
        assert parts >= 5
        assert set(ended) == {endless, other, asked}
        for code, words in ended.values():
            assert code == 500
            assert server.url in words


def test_a_driver_is_told_and_connects_again(server: EmbeddedServer) -> None:
    with RunningProxy(server.url, Model("friends", {})) as proxy:
        client = Client(proxy.url, "g", pool_size=1)
        try:
            results = client.submit(ENDLESS)
            assert results.one()
            kill(server)
            with pytest.raises(GremlinServerError, match="was lost") as caught:
                results.all().result(timeout=60)
            assert caught.value.status_code == 500
        finally:
            client.close()
        client = Client(proxy.url, "g", pool_size=1)
        try:
            with pytest.raises(GremlinServerError, match="cannot be reached"):
                client.submit("1 + 1").all().result(timeout=60)
        finally:
            client.close()
