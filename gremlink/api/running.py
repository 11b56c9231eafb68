"""Things that run while a `with` block lasts, or from `start` to `stop` in a notebook, and work
that must not run inside the notebook's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from types import TracebackType
from typing import Generic, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Running(AbstractContextManager[T], Generic[T]):
    """Something that runs while a `with` block lasts; `start` and `stop` do the same without one.

    It runs once: to run it again, call the function again that has made it.
    """

    def __init__(self, name: str, block: AbstractContextManager[T]) -> None:
        self._name = name
        self._block = block
        self._state = "not started"

    def start(self) -> T:
        """Start it and return what the `with` block would get. Raises RuntimeError if it ran."""
        if self._state != "not started":
            raise RuntimeError(f"{self._name} is {self._state}: call gremlink.{self._name}() again")
        found = self._block.__enter__()
        self._state = "running"
        return found

    def stop(self) -> None:
        """Stop it and wait for its end; do nothing if it does not run."""
        self.__exit__(None, None, None)

    def __enter__(self) -> T:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._state == "running":
            self._state = "stopped"
            self._block.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        return f"<{self._name}: {self._state}>"


def running(function: Callable[P, Iterator[T]]) -> Callable[P, Running[T]]:
    """Let a function with one `yield` return something `Running`."""
    block = contextmanager(function)

    @wraps(function)
    def made(*arguments: P.args, **options: P.kwargs) -> Running[T]:
        return Running(function.__name__, block(*arguments, **options))

    return made


def beside_the_loop(work: Callable[[], T]) -> T:
    """Do work that runs an event loop of its own, in another thread where one runs here already.

    Cells of a notebook run inside one.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1, "gremlink") as threads:
        return threads.submit(work).result()
