"""A worker pool for models: bounded queues, fair between endpoints, with batches.

Each endpoint has a queue, and no endpoint takes more than half of the threads: while a slow model
has many requests waiting, others are answered. Link predictions in one queue that differ in nothing
but their inputs are done as one batch, in one matrix product; `docs/operations.md` tells what that
saves.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from gremlink.proxy.inference.commands import Links, PredictLinks, Reply, Work
from gremlink.proxy.inference.errors import InferenceError, TooManyRequests

log = logging.getLogger(__name__)

THREADS = 4
"""Threads for all models."""

THREADS_PER_MODEL = 2
"""Threads that one model may take."""

LARGEST_BATCH = 32
"""Inputs in a batch at most: each takes a number for every candidate."""

SMALLEST_BATCH = 4
"""Predictions in a batch at least: fewer are as fast one by one."""


@dataclass(eq=False, slots=True)
class _Pending:
    work: Work
    future: Future[Reply]
    options: PredictLinks | None
    """The work without its inputs, if it can be done in a batch."""


@dataclass(slots=True)
class _Queue:
    pending: deque[_Pending] = field(default_factory=deque)
    running: int = 0


class WorkerPool:
    """Threads that call `do` with a piece of work each; at most `most` pieces run or wait. Any
    thread may call.
    """

    def __init__(self, do: Callable[[Work], Reply], most: int) -> None:
        self._do = do
        self._most = most
        self._lock = threading.Lock()
        self._queues: dict[str, _Queue] = {}
        self._count = 0
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="prediction")

    def submit(self, endpoint: str, work: Work) -> Future[Reply]:
        """Do some work as soon as there is a thread for it. Raises `TooManyRequests`.

        A future that is cancelled before its work has begun leaves the queue.
        """
        pending = _Pending(work, Future(), _options(work))
        with self._lock:
            if self._count >= self._most:
                raise TooManyRequests(
                    f"{self._most} predictions wait already, and no more may: try again later."
                )
            self._count += 1
            queue = self._queues.setdefault(endpoint, _Queue())
            queue.pending.append(pending)
            self._start_next(endpoint, queue)
        # Outside of the lock: a future that is done already calls back at once.
        pending.future.add_done_callback(lambda _: self._forget(endpoint, pending))
        return pending.future

    def run(self, work: Callable[[], object]) -> None:
        """Call a function in one of the threads, without waiting for it."""
        self._threads.submit(work)

    def close(self) -> None:
        """Cancel the work that waits, and accept no more."""
        with self._lock:
            left = [each for queue in self._queues.values() for each in queue.pending]
            self._queues.clear()
        for each in left:
            each.future.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start_next(self, endpoint: str, queue: _Queue) -> None:
        if queue.pending and queue.running < THREADS_PER_MODEL:
            queue.running += 1
            self._threads.submit(self._work, endpoint, queue)
        elif not queue.pending and not queue.running:
            self._queues.pop(endpoint, None)

    def _forget(self, endpoint: str, pending: _Pending) -> None:
        """Forget work whose future is done or cancelled."""
        with self._lock:
            self._count -= 1
            queue = self._queues.get(endpoint)
            if queue is not None and pending in queue.pending:
                queue.pending.remove(pending)

    def _work(self, endpoint: str, queue: _Queue) -> None:
        with self._lock:
            batch = _next_batch(queue.pending)
        # From here on they count until they are done, even if nothing waits for them.
        batch = [each for each in batch if each.future.set_running_or_notify_cancel()]
        try:
            self._do_all(batch)
        finally:
            # Behind all other queues that wait for a thread.
            with self._lock:
                queue.running -= 1
                self._start_next(endpoint, queue)

    def _do_all(self, batch: Sequence[_Pending]) -> None:
        if len(batch) > 1:
            try:
                replies = _do_batch([each.work for each in batch], self._do)
            except InferenceError as error:  # they ask the same of the same model
                for each in batch:
                    each.future.set_exception(error)
                return
            except Exception:
                log.debug("predictions failed together and are done one by one", exc_info=True)
            else:
                for each, reply in zip(batch, replies, strict=True):
                    each.future.set_result(reply)
                return
        for each in batch:
            try:
                each.future.set_result(self._do(each.work))
            except Exception as error:
                each.future.set_exception(error)


def _next_batch(pending: deque[_Pending]) -> list[_Pending]:
    """Take the first work out of a queue, with all that can be done in one batch with it."""
    if not pending:
        return []
    first = pending.popleft()
    if first.options is None:
        return [first]
    batch, inputs = [first], _inputs(first)
    for each in pending:
        if each.options == first.options and inputs + _inputs(each) <= LARGEST_BATCH:
            batch.append(each)
            inputs += _inputs(each)
    if len(batch) < SMALLEST_BATCH:
        return [first]
    for each in batch[1:]:
        pending.remove(each)
    return batch


def _options(work: Work) -> PredictLinks | None:
    """Return everything but the inputs of a prediction, `None` for work that is not batched.

    Predictions share a call to the model only if this is equal, so that a new field of
    `PredictLinks` counts by itself: otherwise clients would get each other's answers.
    """
    if isinstance(work, PredictLinks) and work.candidates is None and work.neighbourhood is None:
        return replace(work, inputs=(), known=())
    return None


def _inputs(pending: _Pending) -> int:
    assert isinstance(pending.work, PredictLinks)
    return len(pending.work.inputs)


def _do_batch(works: Sequence[Work], do: Callable[[Work], Reply]) -> list[Links]:
    """Do predictions as one, and return the reply to each."""
    asked = [work for work in works if isinstance(work, PredictLinks)]
    together = replace(
        asked[0],
        inputs=[vertex for work in asked for vertex in work.inputs],
        known=[links for work in asked for links in work.known],
    )
    links = do(together)
    shares: list[Links] = []
    begin = 0
    for work in asked:
        shares.append(links[begin : begin + len(work.inputs)])  # type: ignore[index,arg-type]
        begin += len(work.inputs)
    return shares
