"""Checks of files alone before anything is written: ids given twice, edges without their ends.

For every row two to four numbers of 8 bytes are kept, in files of their own when there are many:
hashes of its id, of what it says, and of its ends. They are looked at part by part, so that memory
is a small share of that: a hundred million edges take about 3 GB of temporary files, and 200 MB of
memory. Where hashes say that something may be wrong, the rows are read once more and compared as
they are.
"""

from __future__ import annotations

import tempfile
from array import array
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.graph.files.bulk_csv import EdgeRow, VertexRow

PARTS = 32
"""Files that rows are spread over by their hashes: the memory that looking at them takes is this
part of all of them."""
BUFFERED = 1 << 20
"""Numbers that are in memory before they are written."""
_MASK = (1 << 64) - 1

Numbers = NDArray[np.uint64]


class _Spread:
    """Rows of `width` numbers, the first a hash, in files by that hash."""

    def __init__(self, width: int, stack: ExitStack) -> None:
        self._width = width
        self._stack = stack
        self._files: list[IO[bytes]] = []
        self._parts = [array("Q") for _ in range(PARTS)]
        self._buffered = 0

    def add(self, *numbers: int) -> None:
        self._parts[numbers[0] % PARTS].extend(numbers)
        self._buffered += self._width
        if self._buffered >= BUFFERED:
            self._write()

    def _write(self) -> None:
        if not self._files:
            for _ in range(PARTS):
                self._files.append(self._stack.enter_context(tempfile.TemporaryFile()))  # noqa: SIM115
        for file, part in zip(self._files, self._parts, strict=True):
            part.tofile(file)
            del part[:]
        self._buffered = 0

    def part(self, number: int) -> Numbers:
        """Return a part of the rows, uint64 `[rows, width]`, in the order in which they came."""
        rows = np.array(self._parts[number], np.uint64)
        if self._files:
            file = self._files[number]
            file.seek(0)
            rows = np.concatenate([np.fromfile(file, np.uint64), rows])
            file.seek(0, 2)
        return rows.reshape(-1, self._width)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Hashes of the ids that have to be looked at again: uint64, ascending."""

    vertices: Numbers
    edges: Numbers
    ends: Numbers

    def __bool__(self) -> bool:
        return bool(len(self.vertices) or len(self.edges) or len(self.ends))


class Consistency:
    """Hears of all rows, then says which ids are suspicious. A context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._vertices = _Spread(2, self._stack)
        self._edges = _Spread(2, self._stack)
        self._ends = _Spread(1, self._stack)

    def __enter__(self) -> Consistency:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def see(self, row: VertexRow | EdgeRow) -> None:
        """Note one row."""
        if isinstance(row, VertexRow):
            self._vertices.add(hash_of(row.id), hash_of(row.label))
            return
        self._edges.add(hash_of(row.id), hash_of((row.label, row.source, row.dest)))
        self._ends.add(hash_of(row.source))
        self._ends.add(hash_of(row.dest))

    def suspicion(self) -> Suspicion:
        """Return ids of vertices and edges that come with different rows, and of ends without a
        vertex."""
        vertices, edges, ends = [], [], []
        for part in range(PARTS):
            rows = self._vertices.part(part)
            vertices.append(_different(rows))
            edges.append(_different(self._edges.part(part)))
            ends.append(np.setdiff1d(self._ends.part(part), rows[:, 0]))
        return Suspicion(*(np.sort(np.concatenate(each)) for each in (vertices, edges, ends)))


def hash_of(value: Any) -> int:
    """Return a hash of 64 bits. That of strings differs in every process: equal ones cannot be
    chosen."""
    return hash(value) & _MASK


def among(value: Any, hashes: Numbers) -> int:
    """Return the place of a value's hash, -1 where it is not there."""
    if not len(hashes):
        return -1
    wanted = np.uint64(hash_of(value))
    place = int(np.searchsorted(hashes, wanted))
    return place if place < len(hashes) and hashes[place] == wanted else -1


def _different(rows: Numbers) -> Numbers:
    """Return the hashes that come with more than one second number."""
    pairs = np.unique(rows, axis=0)
    found, counts = np.unique(pairs[:, 0], return_counts=True)
    return found[counts > 1]
