"""Background tasks of one conversation: work for models and threads, and deadlines."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from enum import Enum, auto
from typing import Any

from gremlink.proxy.inference import commands as inference
from gremlink.proxy.inference.commands import Predictor, Reply
from gremlink.proxy.inference.errors import InferenceError, InternalFailure
from gremlink.proxy.relay.offload import Done, Offload, Written, advance_and_write, read_if_marked
from gremlink.proxy.relay.websocket.commands import (
    Advance,
    Command,
    LargeMessage,
    Predict,
    ScanMessage,
    SetDeadline,
)
from gremlink.proxy.relay.websocket.conversation import Conversation
from gremlink.proxy.relay.websocket.pending import Pending
from gremlink.proxy.wire.request import RequestMessage

log = logging.getLogger(__name__)


class Waiting(Enum):
    """The type of `WAITING`, so that type checkers know it."""

    WAITING = auto()


WAITING = Waiting.WAITING


class BackgroundTasks:
    """`then` carries out the commands of the conversation when a task is done."""

    def __init__(
        self,
        conversation: Conversation,
        predict: Predictor,
        offload: Offload,
        then: Callable[[Iterable[Command]], None],
    ) -> None:
        self._conversation = conversation
        self._predict = predict
        self._offload = offload
        self._then = then
        self._tasks: set[asyncio.Task[None]] = set()

    def predict(self, command: Predict) -> Reply | InferenceError | Waiting:
        """Return a model's reply if it is there at once; otherwise start a task and return
        `WAITING`.
        """
        reply = self._predict(command.work)
        if isinstance(reply, asyncio.Future) and reply.done():
            error = reply.exception()
            return reply.result() if error is None else _error_of(error, command.pending)
        self._start(self._model(command.pending, reply))
        return WAITING

    def run(self, command: Advance | ScanMessage | SetDeadline) -> None:
        """Start a task or a timer."""
        match command:
            case Advance():
                self._start(self._step(command))
            case ScanMessage(reading):
                self._start(self._read(reading))
            case SetDeadline(pending):
                self._watch(pending)

    def cancel(self) -> None:
        """Cancel all tasks."""
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _model(self, pending: Pending, reply: Awaitable[Reply]) -> None:
        outcome: Reply | InferenceError
        pending.task = asyncio.current_task()
        try:
            outcome = await reply
        except Exception as error:
            outcome = _error_of(error, pending)
        pending.task = None
        self._then(self._conversation.predicted(pending, outcome))

    async def _step(self, step: Advance) -> None:
        outcome: inference.Command | Done | Written | Exception
        pending = step.pending
        try:
            outcome = await self._offload(
                advance_and_write, pending.answering, step.reply, step.write
            )
        except Exception as error:
            outcome = error
        self._then(self._conversation.advanced(pending, outcome))

    async def _read(self, reading: LargeMessage) -> None:
        outcome: RequestMessage | Exception | None
        try:
            outcome = await self._offload(read_if_marked, reading.message)
        except Exception as error:
            outcome = error
        self._then(self._conversation.read(reading, outcome))

    def _watch(self, pending: Pending) -> None:
        if pending.timer is not None:
            pending.timer.cancel()
            pending.timer = None
        if pending.timeout > 0:
            left = pending.started + pending.timeout / 1000 - time.monotonic()
            loop = asyncio.get_running_loop()
            pending.timer = loop.call_later(max(left, 0), self._expired, pending)

    def _expired(self, pending: Pending) -> None:
        self._then(self._conversation.expired(pending))


def _error_of(error: BaseException, pending: Pending) -> InferenceError:
    """Return the error that the client gets; log an exception that is no `InferenceError`."""
    if isinstance(error, InferenceError):
        return error
    asked = pending.request.request_id
    log.error("prediction failed, request %s", asked, exc_info=error, extra={"request": asked})
    return InternalFailure("The prediction failed; the proxy's log says why.")
