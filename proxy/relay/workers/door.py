"""A second way into the proxy for its own pages: a Unix socket that only this user can reach.

A page asks as any client does, over WebSocket and HTTP. Over the public port it would need the
certificate's name, and a client certificate where those are demanded.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

from aiohttp import web

DOOR: web.AppKey[Callable[[], str]] = web.AppKey("door", Callable[[], str])  # type: ignore[arg-type]
"""Returns the path of the socket, or of one of several."""


@contextlib.contextmanager
def place(path: Path | None) -> Iterator[Path]:
    """Yield the path, or one in a new directory that only this user can enter."""
    if path is not None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="gremlink-") as own:
        yield Path(own) / "door"


@contextlib.asynccontextmanager
async def opened(runner: web.AppRunner, path: Path) -> AsyncIterator[None]:
    """Answer at the socket, too, while the context lasts; the runner has been set up."""
    site = web.UnixSite(runner, str(path))
    await site.start()
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):  # the runner's clean-up has stopped it
            await site.stop()


def in_turn(paths: Sequence[Path]) -> Callable[[], str]:
    """Return a function that names a socket that is there, each in its turn."""
    order = itertools.cycle(paths)

    def next_one() -> str:
        for _ in paths:
            found = next(order)
            if found.exists():
                return str(found)
        return str(paths[0])

    return next_one
