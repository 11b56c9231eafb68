"""Queries that the proxy itself sends to the database: their time, and the sizes of both ways."""

from __future__ import annotations

import time

from gremlink.grammar.errors import GremlinError
from gremlink.proxy.inference.analysis.timeouts import with_deadline, with_time_left
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.wire.frames import encode_frame
from gremlink.proxy.wire.http import write_http_body
from gremlink.proxy.wire.request import RequestMessage, write_request

RESULT_LIMIT = 64 * 1024 * 1024
"""Bytes of results of one query that are kept until they are complete."""


def require_results_fit(size: int) -> None:
    """Raise `UnsupportedOperation` if so many bytes of results are more than are kept."""
    if size > RESULT_LIMIT:
        raise UnsupportedOperation(
            f"The inputs of the inference and their links take more than {RESULT_LIMIT} bytes:"
            " narrow the steps before it, or ask in portions with range()."
        )


def frame(request: RequestMessage, limit: int) -> bytes:
    """Write the frames of a request of at most `limit` bytes. Raises `UnsupportedOperation`."""
    try:
        opcode, payload = write_request(request)
    except GremlinError as error:
        raise UnsupportedOperation(f"The query cannot be sent on: {error}") from error
    require_sendable(payload, limit)
    return encode_frame(opcode, payload, masked=True)


def http_body(request: RequestMessage, limit: int) -> tuple[str, bytes]:
    """Write the same for HTTP, and return content type and body."""
    try:
        mime, payload = write_http_body(request)
    except GremlinError as error:
        raise UnsupportedOperation(f"The query cannot be sent on: {error}") from error
    require_sendable(payload, limit)
    return mime, payload


def require_sendable(payload: bytes, limit: int) -> None:
    """Raise `UnsupportedOperation` if a rewritten request is longer than `limit` bytes."""
    if len(payload) > limit:
        raise UnsupportedOperation(
            f"With its answers in it the query has {len(payload)} bytes, more than the"
            f" {limit} that can be sent: narrow the steps before the inference,"
            " or ask for fewer results."
        )


def in_time(
    request: RequestMessage, started: float, timeout: int, *, for_client: bool
) -> RequestMessage:
    """Return a request with what is left of its inference's time.

    The inference has `started` at that second of the monotonic clock, and has `timeout`
    milliseconds; 0 is no limit. A request whose results are `for_client` says it only if the client
    has named a time.
    """
    if timeout <= 0:
        return request
    left = timeout - (time.monotonic() - started) * 1000
    return with_time_left(request, left) if for_client else with_deadline(request, left)
