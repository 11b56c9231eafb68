"""Waiting for what will be so, however busy the machine is; the time tells only what never is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0
"""Seconds after which it is not going to be so."""


def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something is so. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it is still not so"
        time.sleep(0.05)


async def soon(condition: Callable[[], object], seconds: float = PATIENCE / 2) -> None:
    """The same inside of an event loop."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it is still not so"
        await asyncio.sleep(0.01)


def until_there(file: Path) -> str:
    """A script in Groovy that runs until a file is there, and no longer."""
    return f"while (!new File('{file}').exists()) Thread.sleep(20)"
