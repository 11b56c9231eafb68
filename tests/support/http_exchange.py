"""A plain HTTP request to the relay, and a database that answers each with the same."""

from __future__ import annotations

import json

from sockets import Peer, World, header

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"


def answers(world: World, reply: bytes) -> list[bytes]:
    """Let the database answer every request with `reply`; the bodies that it gets."""
    bodies: list[bytes] = []

    async def shake(peer: Peer) -> None:
        bodies.append(await peer.read(int(header(peer.head, "Content-Length") or 0)))
        peer.send(reply)
        await peer.writer.drain()
        peer.writer.close()

    world.database.shake = shake
    return bodies


def post(body: bytes, *headers: str) -> bytes:
    lines = [
        "POST /gremlin HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def refused(head: bytes, body: bytes) -> tuple[str, str]:
    """Class and message of a refusal, which has to be in Neptune's form."""
    assert header(head, "Content-Type").startswith("application/json")
    document = json.loads(body)
    assert document["requestId"]
    assert document["message"] == document["detailedMessage"]  # which botocore prints
    return document["code"], document["detailedMessage"]
