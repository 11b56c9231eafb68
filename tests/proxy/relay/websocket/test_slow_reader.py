"""A client that takes a large answer slowly, or not at all: the process does not grow meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from http_exchange import post
from managed_proxy import Proxy, serving
from playbook import frame_of, request, response
from sockets import handshake, header, switching

from gremlink.grammar.traversal import Literal
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.response import write_error

MEBIBYTE = 1024 * 1024
ANSWER = 256 * MEBIBYTE
MOST = 16 * MEBIBYTE
"""Bytes by which the process may grow."""

PATIENCE = 60.0

Answer = Callable[[UUID], Iterator[bytes]]


def many_messages(request_id: UUID) -> Iterator[bytes]:
    """A streamed result: a message a mebibyte."""
    part = response(request_id, [Literal.string("x" * MEBIBYTE)], code=206)
    for _ in range(ANSWER // MEBIBYTE):
        yield part
    yield response(request_id)


def one_message(request_id: UUID) -> Iterator[bytes]:
    _, head = write_error(GRAPHBINARY, request_id, 200, "")
    yield b"\x82\x7f" + (len(head) + ANSWER).to_bytes(8, "big") + head
    yield from [bytes(MEBIBYTE)] * (ANSWER // MEBIBYTE)


def over_http(_: UUID) -> Iterator[bytes]:
    yield from [bytes(MEBIBYTE)] * (ANSWER // MEBIBYTE)


class Database(threading.Thread):
    """Answers the one request that it gets, as fast as that is taken."""

    def __init__(self, asked: bytes, answer: Iterator[bytes]) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/gremlin"
        self._asked = asked
        self._answer = answer
        self.sent = 0

    def run(self) -> None:
        with self._listener, self._listener.accept()[0] as connection:
            connection.settimeout(PATIENCE)
            head = until_blank_line(connection)
            if header(head, "Upgrade"):
                connection.sendall(switching(head))
                exactly(connection, len(self._asked))
            else:
                exactly(connection, int(header(head, "Content-Length")))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % ANSWER)
            for piece in self._answer:
                connection.sendall(piece)
                self.sent += len(piece)


def until_blank_line(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(connection, 1)
    return head


def exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        data += (more := connection.recv(size - len(data)))
        assert more, "the connection ended"
    return bytes(data)


class Growth:
    """How much more memory a process holds than at first, at the most."""

    def __init__(self, proxy: Proxy) -> None:
        self._process = psutil.Process(proxy.process.pid)
        self._before = self._process.memory_info().rss
        self.most = 0

    def look(self) -> None:
        self.most = max(self.most, self._process.memory_info().rss - self._before)


def nothing_read(database: Database, growth: Growth) -> int:
    """What the database could send until a second passed in which it could send nothing."""
    deadline = time.monotonic() + PATIENCE
    sent, since = 0, time.monotonic()
    while not sent or time.monotonic() < since + 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        growth.look()
        if database.sent != sent:
            sent, since = database.sent, time.monotonic()
    return sent


@pytest.mark.slow
@pytest.mark.parametrize("answer", [many_messages, one_message, over_http])
def test_the_process_does_not_grow_with_what_its_client_leaves(
    answer: Answer, tmp_path: Path
) -> None:
    asking = request("g.V()")
    asked = frame_of(asking)
    database = Database(asked, answer(asking.request_id))
    with serving(database.url, tmp_path) as proxy, socket.socket() as client:
        database.start()
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", int(proxy.address.rpartition(":")[2])))
        if answer is not over_http:
            client.sendall(handshake())
            until_blank_line(client)
        growth = Growth(proxy)
        client.sendall(post(b"{}") if answer is over_http else asked)
        assert nothing_read(database, growth) < ANSWER / 4
        if answer is over_http:
            until_blank_line(client)
        for number, piece in enumerate(answer(asking.request_id)):
            assert exactly(client, len(piece)) == piece
            growth.look()
            if number < 40:
                time.sleep(0.025)
        database.join(PATIENCE)
        assert not database.is_alive()
    assert growth.most < MOST
