"""A pause for the garbage collector while a tree grows."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep the garbage collector from walking a growing tree again and again.

    Nothing of the tree becomes garbage before all of it does; for a megabyte the collector would
    take longer than the reader.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
