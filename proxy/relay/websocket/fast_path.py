"""The fast path of ordinary messages, which are nearly all: look at their frames and forward them.

It does for such messages what `conversation.Conversation` and `wire.response_stream` do, without an
object for each step. One invariant keeps it right: any other message (control frames, fragments,
parts of frames, inferences, errors, authentication) is left to them from its first byte on. Noting
a request or its end twice is harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from time import monotonic
from typing import TypeAlias
from uuid import UUID

from aiohttp._websocket.helpers import websocket_mask

from gremlink.proxy.inference.analysis.options import MARKER
from gremlink.proxy.relay.detect import BACKSLASH, HASH, holds_marker, may_hold_marker
from gremlink.proxy.relay.misspelt_keys import MISSPELT_KEYS
from gremlink.proxy.relay.query_ids import rest_with_query_id
from gremlink.proxy.relay.websocket.open_requests import HEAD, KEPT, RequestTable
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.request import peek_request
from gremlink.proxy.wire.response import peek_response
from gremlink.proxy.wire.status import Status, is_success

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

_FRAME = Struct(">I4s").unpack_from
"""Opcode, kind of length and length in one number, and the mask, of a client's frame of 126 bytes
to 64 KiB."""
_REQUEST = Struct(f">{HEAD}x{len(_PREFIX)}s16si").unpack_from
"""Mime type and version, id, and the length of the operation's name, in that frame."""
_LEAST_REQUEST = HEAD + _OP + 4
_ONE_REQUEST = ((_FINAL_BINARY << 8 | _LONGER) << 16) - HEAD
"""That number, less the bytes of the whole frame."""

_RESPONSE = Struct(">IH16sI").unpack_from
"""Opcode, kind of length and length in one number, of the database's frame of that size; version
and flag, id and status of a GraphBinary response in it."""
_RESPONSE_SIZE = 4
_SHORT_RESPONSE = Struct(">HH16sI").unpack_from
"""The same of a frame of less than 126 bytes."""
_SHORT_RESPONSE_SIZE = 2
_LEAST_RESPONSE = 26
_ONE_RESPONSE = ((_FINAL_BINARY << 8 | _LENGTH_IN_TWO_BYTES) << 16) - _RESPONSE_SIZE
_ONE_SHORT_RESPONSE = (_FINAL_BINARY << 8) - _SHORT_RESPONSE_SIZE
_VERSION_WITH_ID = _VERSION << 8

Received: TypeAlias = Callable[[bytes], None]
"""Gets what was read from a socket."""


def request_fast_path(table: RequestTable, write: Received, otherwise: Received) -> Received:
    """Return the function that takes the bytes of a client.

    Whole frames with one ordinary request each are noted and go to `write` while fewer than
    `table.fast_request_limit` requests are open; everything else goes to `otherwise`. A closure for
    each connection: its variables cost less to reach than those of an object.
    """
    requests, watch = table.requests, MISSPELT_KEYS

    def received(data: bytes) -> None:
        end = len(data)
        if len(requests) < table.fast_request_limit:
            if end >= _LEAST_REQUEST:
                # One frame with one GraphBinary request, as hardly anything else arrives.
                head, mask = _FRAME(data)
                if head - end == _ONE_REQUEST:
                    frame = bytearray(data)
                    websocket_mask(mask, frame)  # with its head, two times as long as the mask
                    prefix, request_id, op = _REQUEST(frame)
                    now = monotonic()
                    if (
                        prefix == _PREFIX
                        and op != _AUTHENTICATION
                        # What `may_hold_marker` asks, without the call.
                        and (HASH not in frame or MARKER not in frame)
                        and (BACKSLASH not in frame or not may_hold_marker(frame))
                    ):
                        if (now >= watch.due or HASH in frame) and watch.finds(frame, now):
                            otherwise(data)
                            return
                        if end > KEPT:
                            frame[KEPT:] = rest_with_query_id(frame, KEPT)
                        requests[request_id] = (now, frame)
                        write(data)
                        return
            if _ordinary_requests(data, table):
                write(data)
                return
        otherwise(data)

    return received


def _ordinary_requests(data: bytes, table: RequestTable) -> bool:
    """Note the requests in `data` if it is whole frames with one ordinary request each, in any
    format; otherwise return False.
    """
    requests, limit = table.requests, table.fast_request_limit
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
        if (now >= MISSPELT_KEYS.due or HASH in payload) and MISSPELT_KEYS.finds(payload, now):
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
            payload[KEPT:] = rest_with_query_id(payload, KEPT)
        requests[request_id] = (now, payload, 0, _BINARY, format)
        if stop == end:
            return True
        position = stop


def response_fast_path(table: RequestTable, write: Received, otherwise: Received) -> Received:
    """Return the function that takes the bytes of the database.

    While `table.fast_responses`, whole frames with one successful response each, all of them for
    the client, go to `write`, and the requests that end with them are no longer open; everything
    else goes to `otherwise`.
    """
    ours, end_of, took = table.ours, table.requests.pop, table.took.append

    def received(data: bytes) -> None:
        end = len(data)
        if table.fast_responses:
            if end >= _LEAST_RESPONSE:
                # One frame with the only GraphBinary response to a request, as hardly anything
                # else comes.
                if end < _SHORT_RESPONSE_SIZE + _LENGTH_IN_TWO_BYTES:
                    head, version, answered, status = _SHORT_RESPONSE(data)
                    whole = head - end == _ONE_SHORT_RESPONSE
                else:
                    head, version, answered, status = _RESPONSE(data)
                    whole = head - end == _ONE_RESPONSE
                if (
                    whole
                    and status == _SUCCESS
                    and version == _VERSION_WITH_ID
                    and not (ours and UUID(bytes=answered) in ours)
                ):
                    table.admitted = True
                    noted = end_of(answered, None)
                    if noted is not None:
                        table.succeeded += 1
                        took(monotonic() - noted[0])
                    write(data)
                    return
            if _ordinary_responses(data, table):
                write(data)
                return
        otherwise(data)

    return received


def _ordinary_responses(data: bytes, table: RequestTable) -> bool:
    """Note the ends of requests in `data` if it is whole frames with one successful response each,
    in any format; otherwise return False.
    """
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
        if table.ours and UUID(bytes=answered) in table.ours:
            return False
        if status != _PARTIAL and answered in table.requests:
            table.ended(answered, status)
        if stop == end:
            table.admitted = True
            return True
        position = stop
