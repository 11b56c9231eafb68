"""The short way of ordinary messages, which are nearly all: a look at their frames, and on they go.

What stands here is what `conversation.Conversation` and `wire.response_stream` do with such
messages, without an object for each step. Whatever is not plainly ordinary (control frames,
fragments, parts of frames, inferences, errors, authentication) is left to them, from its first byte
on. Noting a request or its end twice is harmless.
"""

from __future__ import annotations

from struct import Struct
from time import monotonic
from uuid import UUID

from aiohttp._websocket.helpers import websocket_mask

from proxy.relay.ledger import KEPT, Ledger
from proxy.relay.marker import holds_marker, may_hold_marker
from proxy.wire.frames import Opcode
from proxy.wire.mime import GRAPHBINARY
from proxy.wire.request import peek_request
from proxy.wire.response import peek_response
from proxy.wire.status import Status, is_success

_BINARY = int(Opcode.BINARY)
_FINAL_TEXT = 0x80 | int(Opcode.TEXT)
_FINAL_BINARY = 0x80 | _BINARY
_MASKED = 0x80
_LENGTH_IN_TWO_BYTES = 126
_LONGER = _MASKED | _LENGTH_IN_TWO_BYTES
_VERSION = 0x81
_PREFIX = bytes((len(GRAPHBINARY.name),)) + GRAPHBINARY.name.encode() + bytes((_VERSION,))
"""What the payload of a GraphBinary request begins with: mime type and version; its id follows."""
_OP = len(_PREFIX) + 16
_AUTHENTICATION = len("authentication")
_AUTHENTICATES = _AUTHENTICATION.to_bytes(4, "big") + b"authentication"
_SUCCESS = int(Status.SUCCESS)
_PARTIAL = int(Status.PARTIAL_CONTENT)

_FRAME = Struct(">HH4s").unpack_from
"""Opcode and kind of length, length and mask of a client's frame of 126 bytes to 64 KiB."""
_FRAME_SIZE = 8
_REQUEST = Struct(f">{len(_PREFIX)}s16si").unpack_from
"""Mime type and version, id, and the length of the operation's name."""
_LEAST_REQUEST = _FRAME_SIZE + _OP + 4
_ONE_REQUEST = _FINAL_BINARY << 8 | _LONGER

_RESPONSE = Struct(">HHH16sI").unpack_from
"""Opcode and kind of length, and length of the database's frame of that size; version and flag,
id and status of a GraphBinary response in it."""
_RESPONSE_SIZE = 4
_SHORT_RESPONSE = Struct(">BBH16sI").unpack_from
"""The same of a frame of less than 126 bytes: opcode, length, version and flag, id, status."""
_SHORT_RESPONSE_SIZE = 2
_LEAST_RESPONSE = 26
_ONE_RESPONSE = _FINAL_BINARY << 8 | _LENGTH_IN_TWO_BYTES
_VERSION_WITH_ID = _VERSION << 8


def ordinary_requests(data: bytes, ledger: Ledger, limit: int) -> bool:
    """Whether `data` is whole frames with one ordinary request each; if so, they are noted.

    `limit` is how many may be open.
    """
    requests = ledger.requests
    end = len(data)
    if end >= _LEAST_REQUEST and len(requests) < limit:
        # One frame with one GraphBinary request, as hardly anything else arrives.
        head, length, mask = _FRAME(data)
        if head == _ONE_REQUEST and length + _FRAME_SIZE == end:
            frame = bytearray(data)
            websocket_mask(mask, frame)  # with its head, as that is two times the mask's length
            prefix, request_id, op = _REQUEST(frame, _FRAME_SIZE)
            if prefix == _PREFIX and op != _AUTHENTICATION and not may_hold_marker(frame):
                if end > KEPT:
                    del frame[KEPT:]
                requests[request_id] = (GRAPHBINARY, _BINARY, frame, monotonic(), _FRAME_SIZE)
                return True
    return _ordinary_requests(data, ledger, limit)


def _ordinary_requests(data: bytes, ledger: Ledger, limit: int) -> bool:
    """The same of any number of frames, in any format."""
    requests = ledger.requests
    now = monotonic()
    position, end = 0, len(data)
    while True:
        if end - position < 8 or data[position] != _FINAL_BINARY:
            return False
        length = data[position + 1]
        if length < _MASKED:
            return False
        if length < _LONGER:
            body, stop = position + 6, position + length - (_MASKED - 6)
        elif length == _LONGER:
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
            request_id, format = bytes(payload[len(_PREFIX) : _OP]), GRAPHBINARY
        else:
            head = peek_request(Opcode.BINARY, bytes(payload))
            if head is None or head.op == "authentication":
                return False
            request_id, format = head.request_id.bytes, head.format
        if len(payload) > KEPT:
            del payload[KEPT:]
        requests[request_id] = (format, _BINARY, payload, now, 0)
        if stop == end:
            return True
        position = stop


def ordinary_responses(data: bytes, ledger: Ledger) -> bool:
    """Whether `data` is whole frames with one successful response each, all of them for the client;
    if so, the requests that end with them are no longer open."""
    end = len(data)
    if end >= _LEAST_RESPONSE:
        # One frame with the only GraphBinary response to a request, as hardly anything else comes.
        if data[1] < _LENGTH_IN_TWO_BYTES:
            opcode, length, version, answered, status = _SHORT_RESPONSE(data)
            whole = opcode == _FINAL_BINARY and length + _SHORT_RESPONSE_SIZE == end
        else:
            head, length, version, answered, status = _RESPONSE(data)
            whole = head == _ONE_RESPONSE and length + _RESPONSE_SIZE == end
        if (
            whole
            and status == _SUCCESS
            and version == _VERSION_WITH_ID
            and not (ledger.ours and UUID(bytes=answered) in ledger.ours)
        ):
            ledger.admitted = True
            noted = ledger.requests.pop(answered, None)
            if noted is not None:
                ledger.succeeded += 1
                ledger.took.append(monotonic() - noted[3])
            return True
    return _ordinary_responses(data, ledger)


def _ordinary_responses(data: bytes, ledger: Ledger) -> bool:
    """The same of any number of frames, in any format."""
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
        if data[position] == _FINAL_BINARY and data[body] == _VERSION:
            answered = data[body + 2 : body + 18]
            status = int.from_bytes(data[body + 18 : body + 22], "big")
            if data[body + 1] or not is_success(status):
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
        if status != _PARTIAL and answered in ledger.requests:
            ledger.ended(answered, status)
        if stop == end:
            ledger.admitted = True
            return True
        position = stop
