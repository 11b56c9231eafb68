"""Inferences over HTTP: commands are carried out one after the other, within the time limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.timeouts import (
    exceeded,
    timeout_of_request,
    with_deadline,
    with_time_left,
)
from gremlink.proxy.inference.answer import answer
from gremlink.proxy.inference.commands import Ask, CheckAccess, Command, Reply
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.relay.offload import LONG, Done, Offload, advance
from gremlink.proxy.wire.request import RequestMessage

ITEM = 32
"""Bytes for which an item of a reply counts, where the work that it makes is estimated."""


async def run_inference(
    message: RequestMessage,
    settings: Settings,
    perform: Callable[[Command], Awaitable[Reply]],
    offload: Offload,
    *,
    size: int,
    timeout: int,
) -> RequestMessage | None:
    """Run an inference, and return the request for the database; `None` for the client's own.

    `size` is that of the request in bytes, `timeout` that of clients who name none, in
    milliseconds. Raises `InferenceError`.
    """
    answering = answer(message, settings)
    asked, started = timeout_of_request(message), time.monotonic()
    timeout = timeout if asked is None else asked
    reply: Reply | InferenceError = None
    while True:
        if size >= LONG:
            needed = await offload(advance, answering, reply)
        else:
            needed = advance(answering, reply)
        if isinstance(needed, CheckAccess) and needed.timeout is not None:
            timeout = needed.timeout
        left = started + timeout / 1000 - time.monotonic() if timeout > 0 else None
        if isinstance(needed, Done):
            if needed.request is None or left is None:
                return needed.request
            return with_time_left(needed.request, left * 1000)
        if isinstance(needed, Ask) and left is not None:
            needed = replace(needed, request=with_deadline(needed.request, left * 1000))
        try:
            reply = await asyncio.wait_for(perform(needed), left)
            if isinstance(reply, Sequence):
                size += len(reply) * ITEM
        except InferenceError as error:
            reply = error
        except asyncio.TimeoutError:
            answering.close()
            raise exceeded(message, timeout) from None
