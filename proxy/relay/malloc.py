"""Settings of glibc's malloc: freed memory stays with the process, for the next answers.

Bytes from a socket come in pieces of up to 256 KiB. By its defaults glibc asks the system for each
of them anew, or gives back what is free at the end of its heap, as soon as some of them are free at
a time; then every page of every piece is a fault, which takes longer than to forward it. Whether
that happens depends on the rest of the heap, and so differs from run to run.
"""

from __future__ import annotations

import contextlib
import ctypes

KEPT_FREE = 16 * 1024 * 1024
"""Bytes at the end of the heap that are not given back."""

FROM_HEAP = 1024 * 1024
"""Bytes up to which memory comes from the heap."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


def keep_freed_memory() -> None:
    """Set it for this process; without glibc nothing happens."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, KEPT_FREE)
        mallopt(_MMAP_THRESHOLD, FROM_HEAP)
