"""Inferences of SPARQL requests: commands are carried out one after the other, within the time
limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.timeouts import SHOWN
from gremlink.proxy.inference.errors import InferenceError, TimeLimitExceeded
from gremlink.proxy.inference.sparql.answer import SparqlAnswering, answer_sparql
from gremlink.proxy.inference.sparql.commands import (
    Piece,
    Solutions,
    SparqlCommand,
    SparqlReply,
    SparqlRequest,
    Within,
)
from gremlink.proxy.relay.http.inferences import ITEM
from gremlink.proxy.relay.offload import LONG, Offload

Perform = Callable[[Piece], Awaitable[SparqlReply]]
"""Carries out a command."""


@dataclass(frozen=True, slots=True)
class Rewrote:
    """The end of an inference: the text for the store, `None` for the client's own."""

    text: str | None


async def run_sparql_inference(
    request: SparqlRequest,
    settings: Settings,
    perform: Perform,
    offload: Offload,
    timeout: float,
) -> str | None:
    """Run an inference, and return the text for the store; `None` for the client's own.

    `timeout` is in seconds. Raises `InferenceError`.
    """
    return await run_answering(
        answer_sparql(request, settings), request.text, perform, offload, timeout
    )


async def run_answering(
    answering: SparqlAnswering, text: str, perform: Perform, offload: Offload, timeout: float
) -> str | None:
    """Let a generator answer a request with that text. Raises `InferenceError`."""
    size, deadline = len(text), time.monotonic() + timeout
    reply: SparqlReply | InferenceError = None
    while True:
        if size >= LONG:
            needed = await offload(_advance, answering, reply)
        else:
            needed = _advance(answering, reply)
        if isinstance(needed, Rewrote):
            return needed.text
        left, limit = deadline - time.monotonic(), None
        if isinstance(needed, Within):
            limit, needed = needed, needed.work
            left = min(left, limit.milliseconds / 1000)
        try:
            reply = await asyncio.wait_for(perform(needed), left)
        except InferenceError as error:
            reply = error
        except asyncio.TimeoutError:
            if limit is not None and time.monotonic() < deadline:
                reply = limit.too_late
                continue
            answering.close()
            shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
            raise TimeLimitExceeded(round(timeout * 1000), shown) from None
        if isinstance(reply, Solutions):
            size += len(reply.rows) * ITEM
        elif isinstance(reply, Sequence):
            size += len(reply) * ITEM


def _advance(
    answering: SparqlAnswering, reply: SparqlReply | InferenceError
) -> SparqlCommand | Rewrote:
    """Return the next command, given the reply to the last. Raises `InferenceError`."""
    try:
        if isinstance(reply, InferenceError):
            return answering.throw(reply)
        return answering.send(reply)
    except StopIteration as stop:
        return Rewrote(stop.value)
