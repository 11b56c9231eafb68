"""The results of a query of our own, which come in several responses."""

from __future__ import annotations

from aiohttp import ClientResponse

from gremlink.proxy.inference.errors import InternalFailure, UnsupportedOperation
from gremlink.proxy.relay.websocket.id_cache import RecentIds
from gremlink.proxy.relay.websocket.pending import Pending
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.response import has_results

RESULT_LIMIT = 64 * 1024 * 1024
"""Bytes of answers to one query of our own, which are kept until they are complete."""


def collect(pending: Pending, payload: bytes, recent: RecentIds) -> None:
    """Keep what is in a response. Raises `InferenceError`."""
    pending.received += len(payload)
    if pending.received > RESULT_LIMIT:
        raise _too_many()
    try:
        pending.results += recent.results(payload)
    except MessageError as error:
        raise _unreadable(error) from error


async def read_whole(response: ClientResponse) -> bytes:
    """The body of an answer over HTTP. Raises `UnsupportedOperation`."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > RESULT_LIMIT:
            raise _too_many()
    return bytes(body)


def _too_many() -> UnsupportedOperation:
    return UnsupportedOperation(
        f"The inputs of the inference and their links take more than {RESULT_LIMIT} bytes:"
        " narrow the steps before it, or ask in portions with range()."
    )


def holds_any(payload: bytes) -> bool:
    """Whether there is anything in a response. Raises `InternalFailure`."""
    try:
        return has_results(payload)
    except MessageError as error:
        raise _unreadable(error) from error


def _unreadable(error: MessageError) -> InternalFailure:
    return InternalFailure(f"The database's answer cannot be read: {error}")
