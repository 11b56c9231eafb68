"""Circuit breakers: a model that keeps failing is not asked for a while.

closed     every query asks the model
open       no query does, and each is refused at once; after `FAILURES` failures in a row
half open  one query asks it when the time is over: its success closes, its failure opens for
           twice the time

Only failures of the model or of its files count. Another artifact of the endpoint starts with a
closed circuit. The database has no breaker: it reports its own failures.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gremlink.proxy.inference.errors import InferenceError, InternalFailure
from gremlink.proxy.store.records import Endpoint

log = logging.getLogger(__name__)

FAILURES = 5
"""In a row, until the circuit opens."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds; each is twice the one before."""


@dataclass(slots=True)
class _State:
    endpoint: Endpoint
    failures: int = 0
    pause: float = 0.0
    until: float = 0.0
    trying: bool = False
    last: str = ""


class Breakers:
    """The breakers of all endpoints. Any thread may call; `now` is in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}
        """Of the endpoints that have failed since their last success."""

    @contextmanager
    def asking(self, endpoint: Endpoint, *, proves: bool) -> Iterator[None]:
        """Ask a model. Raises `InternalFailure` if its circuit is open.

        `proves` tells whether the work shows that the model is in order, if it succeeds.
        """
        self._enter(endpoint)
        try:
            yield
        except InternalFailure as error:
            self._failed(endpoint, str(error))
            raise
        except InferenceError:  # of the query's own making, which tells nothing of the model
            self._left(endpoint)
            raise
        except Exception as error:
            self._failed(endpoint, type(error).__name__)
            raise
        if not proves:
            self._left(endpoint)
        elif self._states:
            with self._lock:
                self._states.pop(endpoint.name, None)

    def _enter(self, endpoint: Endpoint) -> None:
        if not self._states:
            return
        with self._lock:
            state = self._state(endpoint)
            if state is None or not state.pause:
                return
            left = state.until - self._now()
            if left > 0 or state.trying:
                raise InternalFailure(
                    f"The model of endpoint {endpoint.name} has failed {state.failures} times in a"
                    f" row and is asked again in {max(left, 1):.0f} s. Its last failure:"
                    f" {state.last}"
                )
            state.trying = True

    def _failed(self, endpoint: Endpoint, reason: str) -> None:
        with self._lock:
            state = self._state(endpoint)
            if state is None:
                state = self._states[endpoint.name] = _State(endpoint)
            state.failures += 1
            state.trying = False
            state.last = reason
            if state.failures >= FAILURES:
                state.pause = min(max(2 * state.pause, FIRST_PAUSE), LONGEST_PAUSE)
                state.until = self._now() + state.pause
                log.warning(
                    "the model of endpoint %s is left alone for %g s: %s",
                    endpoint.name,
                    state.pause,
                    reason,
                )

    def _left(self, endpoint: Endpoint) -> None:
        if not self._states:
            return
        with self._lock:
            state = self._state(endpoint)
            if state is not None:
                state.trying = False

    def open(self) -> list[str]:
        """List the endpoints whose circuits are open, by name."""
        with self._lock:
            return sorted(name for name, state in self._states.items() if state.pause)

    def _state(self, endpoint: Endpoint) -> _State | None:
        state = self._states.get(endpoint.name)
        if state is not None and state.endpoint != endpoint:
            del self._states[endpoint.name]
            return None
        return state
