"""The short way of ordinary messages, which are nearly all: a look at their frames, and on they go.

What stands here is what `conversation.Conversation` and `wire.response_stream` do with such
messages, without an object for each step. Whatever is not plainly ordinary (control frames,
fragments, parts of frames, inferences, errors, authentication) is left to them, from its first byte
on. Noting a request or its end twice is harmless.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from aiohttp._websocket.helpers import websocket_mask

from proxy.relay.commands import KEPT, OpenRequest, Pending
from proxy.relay.marker import holds_marker
from proxy.wire.frames import Opcode
from proxy.wire.mime import GRAPHBINARY
from proxy.wire.request import peek_request
from proxy.wire.response import peek_response
from proxy.wire.status import Status, is_success

_PREFIX = bytes((len(GRAPHBINARY.name),)) + GRAPHBINARY.name.encode() + b"\x81"
"""What the payload of a GraphBinary request begins with: mime type and version; its id follows."""
_ID = len(_PREFIX)
_OP = _ID + 16
_AUTHENTICATES = len("authentication").to_bytes(4, "big") + b"authentication"
_SUCCESS = Status.SUCCESS.to_bytes(4, "big")
_PARTIAL = int(Status.PARTIAL_CONTENT)
_BINARY = int(Opcode.BINARY)
_FINAL_TEXT = 0x80 | int(Opcode.TEXT)
_FINAL_BINARY = 0x80 | int(Opcode.BINARY)
_MASKED = 0x80
_new = tuple.__new__  # half the time of the class's own constructor


@dataclass(slots=True)
class Ledger:
    """What is open between a client and the database.

    `requests` are those of the client that have not had their last response, by the bytes of their
    id. `ours` are our own queries that the database has not answered to the end, and the inferences
    that wait for them; None where that has ended and what still comes is to be dropped.
    `admitted` tells whether the database has ever answered with success.
    """

    requests: dict[bytes, OpenRequest] = field(default_factory=dict)
    ours: dict[UUID, Pending | None] = field(default_factory=dict)
    admitted: bool = False
    endings: Counter[int] = field(default_factory=Counter)
    """How many requests of the client have ended, by status."""


def ordinary_requests(data: bytes, ledger: Ledger, limit: int) -> bool:
    """Whether `data` is whole frames with one ordinary request each; if so, they are noted.

    `limit` is how many may be open.
    """
    requests = ledger.requests
    now = monotonic()
    position, end = 0, len(data)
    while True:
        if end - position < 8 or data[position] != _FINAL_BINARY:
            return False
        length = data[position + 1]
        if length < _MASKED:
            return False
        if length < _MASKED + 126:
            body, stop = position + 6, position + length - (_MASKED - 6)
        elif length == _MASKED + 126:
            body = position + 8
            stop = body + (data[position + 2] << 8 | data[position + 3])
        else:
            return False  # more than 64 KiB
        if stop > end or len(requests) >= limit:
            return False
        payload = bytearray(data[body:stop])
        websocket_mask(data[body - 4 : body], payload)
        if holds_marker(payload):
            return False
        if payload.startswith(_PREFIX):
            if payload.startswith(_AUTHENTICATES, _OP) or len(payload) < _OP:
                return False
            request_id, format = bytes(payload[_ID:_OP]), GRAPHBINARY
        else:
            head = peek_request(Opcode.BINARY, bytes(payload))
            if head is None or head.op == "authentication":
                return False
            request_id, format = head.request_id.bytes, head.format
        if len(payload) > KEPT:
            del payload[KEPT:]
        requests[request_id] = _new(OpenRequest, (format, _BINARY, payload, now))
        if stop == end:
            return True
        position = stop


def ordinary_responses(data: bytes, ledger: Ledger) -> bool:
    """Whether `data` is whole frames with one successful response each, all of them for the client;
    if so, the requests that end with them are no longer open."""
    position, end = 0, len(data)
    while True:
        if end - position < 24:
            return False
        length = data[position + 1]
        if length < 126:
            body = position + 2
        elif length == 126:
            body = position + 4
            length = data[position + 2] << 8 | data[position + 3]
        elif length == 127:
            body = position + 10
            length = int.from_bytes(data[position + 2 : body], "big")
        else:
            return False  # masked, which a server may not do
        stop = body + length
        if stop > end or length < 22:
            return False
        if data[position] == _FINAL_BINARY and data[body] == 0x81:
            code = data[body + 18 : body + 22]
            answered, status = data[body + 2 : body + 18], 200
            if code != _SUCCESS:
                status = int.from_bytes(code, "big")
            if data[body + 1] or (status != 200 and not is_success(status)):
                return False
        elif data[position] in (_FINAL_TEXT, _FINAL_BINARY):
            head = peek_response(data[body:stop], complete=True)
            if head is None or head.request_id is None or not is_success(head.code or 0):
                return False
            answered, status = head.request_id.bytes, head.code or 0
        else:
            return False
        if ledger.ours and UUID(bytes=answered) in ledger.ours:
            return False
        if status != _PARTIAL and ledger.requests.pop(answered, None) is not None:
            ledger.endings[status] += 1
        if stop == end:
            ledger.admitted = True
            return True
        position = stop
