"""Threads for the models' work: a bounded queue, in which no model is in the way of another.

Each endpoint has a lane, and no lane takes more than half of the threads: while a slow model has
many waiting, others are answered. Link predictions that wait in one lane and ask the same of the
same model are done together, as one matrix product; see `docs/operations.md` for what that saves.
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
"""Pieces of work at the same time, of all models."""

OF_ONE = 2
"""And of one model."""

TOGETHER = 32
"""Inputs that are predicted together at most: each takes a number for every candidate."""

FEWEST = 4
"""Below this many, one after the other is as fast."""


@dataclass(eq=False, slots=True)
class _Waiting:
    work: Work
    future: Future[Reply]
    options: PredictLinks | None
    """The work without its inputs, if it can be done in a batch."""


@dataclass(slots=True)
class _Lane:
    waiting: deque[_Waiting] = field(default_factory=deque)
    running: int = 0


class Lanes:
    """`do` does one piece of work; at most `most` may be under way or wait. Any thread may call."""

    def __init__(self, do: Callable[[Work], Reply], most: int) -> None:
        self._do = do
        self._most = most
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._count = 0
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="prediction")

    def submit(self, endpoint: str, work: Work) -> Future[Reply]:
        """Do it as soon as there is a thread for it. Raises `TooManyRequests`.

        A future that is cancelled before its work has begun leaves the queue.
        """
        waiting = _Waiting(work, Future(), _options(work))
        with self._lock:
            if self._count >= self._most:
                raise TooManyRequests(
                    f"{self._most} predictions wait already, and no more may: try again later."
                )
            self._count += 1
            lane = self._lanes.setdefault(endpoint, _Lane())
            lane.waiting.append(waiting)
            self._go_on(endpoint, lane)
        # Outside of the lock: a future that is done already calls back at once.
        waiting.future.add_done_callback(lambda _: self._left(endpoint, waiting))
        return waiting.future

    def run(self, work: Callable[[], object]) -> None:
        """Do something else in one of the threads, without waiting for it."""
        self._pool.submit(work)

    def close(self) -> None:
        """Let no more work begin."""
        with self._lock:
            left = [each for lane in self._lanes.values() for each in lane.waiting]
            self._lanes.clear()
        for each in left:
            each.future.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _go_on(self, endpoint: str, lane: _Lane) -> None:
        if lane.waiting and lane.running < OF_ONE:
            lane.running += 1
            self._pool.submit(self._work, endpoint, lane)
        elif not lane.waiting and not lane.running:
            self._lanes.pop(endpoint, None)

    def _left(self, endpoint: str, waiting: _Waiting) -> None:
        """A future is done, or was cancelled."""
        with self._lock:
            self._count -= 1
            lane = self._lanes.get(endpoint)
            if lane is not None and waiting in lane.waiting:
                lane.waiting.remove(waiting)

    def _work(self, endpoint: str, lane: _Lane) -> None:
        with self._lock:
            batch = _taken(lane.waiting)
        # From here on they count until they are done, whether anybody still waits or not.
        batch = [each for each in batch if each.future.set_running_or_notify_cancel()]
        try:
            self._settle(batch)
        finally:
            # Behind all other lanes that wait for a thread.
            with self._lock:
                lane.running -= 1
                self._go_on(endpoint, lane)

    def _settle(self, batch: Sequence[_Waiting]) -> None:
        if len(batch) > 1:
            try:
                replies = _shares([each.work for each in batch], self._do)
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


def _taken(waiting: deque[_Waiting]) -> list[_Waiting]:
    """The first in a lane, taken out of it, with those that can be done together with it."""
    if not waiting:
        return []
    first = waiting.popleft()
    if first.options is None:
        return [first]
    batch, inputs = [first], _inputs(first)
    for each in waiting:
        if each.options == first.options and inputs + _inputs(each) <= TOGETHER:
            batch.append(each)
            inputs += _inputs(each)
    if len(batch) < FEWEST:
        return [first]
    for each in batch[1:]:
        waiting.remove(each)
    return batch


def _options(work: Work) -> PredictLinks | None:
    """Return everything but the inputs of a prediction, `None` for work that is not batched.

    Predictions share a call to the model only if this is equal, so that a new field of
    `PredictLinks` counts by itself: otherwise clients would get each other's answers.
    """
    if isinstance(work, PredictLinks) and work.candidates is None and work.neighbourhood is None:
        return replace(work, inputs=(), known=())
    return None


def _inputs(waiting: _Waiting) -> int:
    assert isinstance(waiting.work, PredictLinks)
    return len(waiting.work.inputs)


def _shares(works: Sequence[Work], do: Callable[[Work], Reply]) -> list[Links]:
    """The replies to predictions that are done as one."""
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
