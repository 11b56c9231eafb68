"""Invocations: payloads that clients send straight to an endpoint, for the same models.

The management API checks access and speaks HTTP; it gets `Invoke`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from gremlink.proxy.inference.commands import Command, Predictor, Reply, Work
from gremlink.proxy.inference.errors import InferenceError, TimeLimitExceeded
from gremlink.proxy.inference.invocation import Invoking, invoke
from gremlink.proxy.relay.http.inferences import ITEM
from gremlink.proxy.relay.offload import LONG, Offload

Invoke = Callable[[str, bytes], Awaitable[dict[str, Any]]]
"""Answers a payload for the endpoint of that name; awaiting that raises `InferenceError`."""

QUOTED = 200
"""Characters of a payload that an error tells."""


@dataclass(frozen=True, slots=True)
class Invocations:
    """Answers payloads. `limit_cap` is the most results for an input, `timeout` the seconds that a
    payload may take.
    """

    predict: Predictor
    limit_cap: int
    timeout: float
    offload: Offload

    async def __call__(self, endpoint: str, body: bytes) -> dict[str, Any]:
        """Return the document of the reply. Raises `InferenceError`."""
        invoking = invoke(endpoint, body, self.limit_cap)
        size, deadline = len(body), time.monotonic() + self.timeout
        reply: Reply | InferenceError = None
        while True:
            if size >= LONG:
                step = await self.offload(_advance, invoking, reply)
            else:
                step = _advance(invoking, reply)
            if isinstance(step, dict):
                return step
            try:
                left = deadline - time.monotonic()
                reply = await asyncio.wait_for(self.predict(cast(Work, step)), left)
                if isinstance(reply, list):
                    size += len(reply) * ITEM
            except InferenceError as error:
                reply = error
            except asyncio.TimeoutError:
                invoking.close()
                quoted = body[:QUOTED].decode(errors="replace")
                raise TimeLimitExceeded(round(self.timeout * 1000), quoted) from None


def _advance(invoking: Invoking, reply: Reply | InferenceError) -> Command | dict[str, Any]:
    """Return the next work for a model, or the document in the end. Raises `InferenceError`."""
    try:
        if isinstance(reply, InferenceError):
            return invoking.throw(reply)
        return invoking.send(reply)
    except StopIteration as stop:
        return cast(dict[str, Any], stop.value)
