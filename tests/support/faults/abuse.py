"""What clients send that nobody should: each with what has to come of it."""

from __future__ import annotations

import gzip
import uuid
from dataclasses import dataclass

from gremlink.grammar.traversal import Argument, Entries, Items, Literal, Traversal, step
from gremlink.proxy.wire.frames import CloseCode, Opcode, encode_frame
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, Format
from gremlink.proxy.wire.request import RequestMessage, write_request

DEPTH = 100_000
LENGTH = 1_000_000


@dataclass(frozen=True)
class Abuse:
    """`data` goes behind a handshake, or in place of one for `http`. What comes back is the head of
    a response (`said`), a close frame (`closed`), or an error under the request's own id."""

    name: str
    data: bytes
    http: bool = False
    said: tuple[bytes, ...] = ()
    closed: int = 0


def _frame(head: str, rest: bytes = b"") -> bytes:
    return bytes.fromhex(head) + rest


def _bomb() -> bytes:
    body = gzip.compress(b"0" * 50_000_000, 9)
    head = (
        "POST /gremlin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _asked(format: Format, inner: Argument) -> bytes:
    """An inference with a value in it, as bytecode."""
    sources = (step("with", "Neptune#ml.endpoint", "friends"),)
    steps = (
        step("V", "a"),
        step("has", "x", inner),
        step("out", "FRIEND"),
        step("with", "Neptune#ml.prediction"),
        step("hasLabel", "User"),
    )
    aliases = Entries(((Literal.string("g"), Literal.string("g")),))
    args: dict[str, Argument] = {"gremlin": Traversal(sources, steps), "aliases": aliases}
    request = RequestMessage(format, uuid.uuid4(), "bytecode", "traversal", args)
    return write_request(request)[1]


def _script(text: str) -> bytes:
    query = (
        f'g.with("Neptune#ml.endpoint","friends").V("a").where({text}).out("FRIEND")'
        '.with("Neptune#ml.prediction").hasLabel("User")'
    )
    args = {"gremlin": Literal.string(query)}
    return write_request(RequestMessage(GRAPHBINARY, uuid.uuid4(), "eval", "", args))[1]


def _binary(payload: bytes) -> bytes:
    return encode_frame(Opcode.BINARY, payload, masked=True)


_MARK = Literal.string("@@@@")
_IN_BINARY = b"\x03\x00\x00\x00\x00\x04@@@@"
_DEEP_BINARY = b"\x09\x00\x00\x00\x00\x01" * DEPTH + b"\x03\x00\x00\x00\x00\x01a"


def abuses() -> list[Abuse]:
    """All but those that take time; sizes and lengths that lie, depth, bombs."""
    graphbinary, graphson = _asked(GRAPHBINARY, _MARK), _asked(GRAPHSON_3, _MARK)
    line = b"GET /gremlin HTTP/1.1\r\nHost: localhost\r\n"
    refused = (b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")
    return [
        Abuse("a header of 64 KiB", line + b"X: " + b"x" * 65536 + b"\r\n\r\n", True, refused),
        Abuse("a path of 64 KiB", b"GET /" + b"x" * 65536 + b" HTTP/1.1\r\n\r\n", True, refused),
        Abuse("no HTTP", bytes(range(256)) * 16, True, refused),
        Abuse("a gzip bomb", _bomb(), True, (b"HTTP/1.1 413 ", *refused)),
        # RSV1 says that the frame is deflated, which was not negotiated.
        Abuse("a deflated frame", _frame("c2 85 00000000", b"xxxxx"), closed=1002),
        Abuse("reserved bits", _frame("b2 80 00000000"), closed=CloseCode.PROTOCOL_ERROR),
        Abuse("an unknown opcode", _frame("83 80 00000000"), closed=CloseCode.PROTOCOL_ERROR),
        Abuse("a length of 2^62", _frame("82 ff 4000000000000000 00000000"), closed=1009),
        Abuse(
            "a length with the highest bit", _frame("82 ff ff00000000000000 00000000"), closed=1002
        ),
        Abuse("a long ping", _frame("89 fe 1000 00000000"), closed=CloseCode.PROTOCOL_ERROR),
        Abuse("a fragmented ping", _frame("09 80 00000000"), closed=CloseCode.PROTOCOL_ERROR),
        Abuse("a continuation of nothing", _frame("80 80 00000000"), closed=1002),
        Abuse("a message within a message", _frame("02 80 00000000") * 2, closed=1002),
        Abuse(
            "endless empty fragments",
            _frame("02 80 00000000") + _frame("00 80 00000000") * 70_000,
            closed=CloseCode.TOO_BIG,
        ),
        Abuse(
            "a string that lies",
            _binary(graphbinary.replace(_IN_BINARY, b"\x03\x00\x7f\xff\xff\xff")),
        ),
        Abuse(
            "a list that lies",
            _binary(graphbinary.replace(_IN_BINARY, b"\x09\x00\x7f\xff\xff\xff")),
        ),
        Abuse(
            "a negative length",
            _binary(graphbinary.replace(_IN_BINARY, b"\x09\x00\xff\xff\xff\xff")),
        ),
        Abuse("half a request", _binary(graphbinary[:-20])),
        Abuse("depth in GraphBinary", _binary(graphbinary.replace(_IN_BINARY, _DEEP_BINARY))),
        Abuse(
            "depth in GraphSON",
            _binary(graphson.replace(b'"@@@@"', b"[" * DEPTH + b"]" * DEPTH)),
        ),
        Abuse(
            "typed depth in GraphSON",
            _binary(
                graphson.replace(b'"@@@@"', b'{"@type":"g:List","@value":[' * DEPTH + b"]}" * DEPTH)
            ),
        ),
        Abuse("depth in a script", _binary(_script("(" * DEPTH + "out()" + ")" * DEPTH))),
    ]


def long_list(length: int = LENGTH) -> bytes:
    """An inference with a list of so many numbers, which is allowed and takes a while to read."""
    return _binary(_asked(GRAPHBINARY, Items("list", (Literal.of(1),) * length)))
