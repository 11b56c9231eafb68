"""Requests as frames for the database: within the client's time, and no larger than it takes."""

from __future__ import annotations

import time

from grammar.errors import GremlinError
from proxy.inference.errors import UnsupportedOperation
from proxy.inference.timeouts import with_time_left
from proxy.relay.commands import Pending
from proxy.wire.frames import encode_frame
from proxy.wire.request import RequestMessage, write_request


def frame(request: RequestMessage, limit: int) -> bytes:
    """The frames of a request of at most `limit` bytes. Raises `UnsupportedOperation`."""
    try:
        opcode, payload = write_request(request)
    except GremlinError as error:
        raise UnsupportedOperation(f"The query cannot be sent on: {error}") from error
    if len(payload) > limit:
        raise UnsupportedOperation(
            f"With its answers in it the query has {len(payload)} bytes, more than the"
            f" {limit} that can be sent: narrow the steps before the inference,"
            " or ask for fewer results."
        )
    return encode_frame(opcode, payload, masked=True)


def in_time(pending: Pending, request: RequestMessage) -> RequestMessage:
    """The request; if its results are the client's, with what is left of the inference's time."""
    is_last = pending.trying or request.request_id == pending.request.request_id
    if pending.timeout <= 0 or not is_last:
        return request
    past = (time.monotonic() - pending.started) * 1000
    return with_time_left(request, pending.timeout - past)
