"""A file of an export that is looked at several times: read again each time, unless it is small."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from gremlink.proxy.graph.errors import shortened
from gremlink.proxy.graph.files.export_files import EdgeFile, NodeFile, Target
from gremlink.proxy.graph.files.export_rows import Chunk


class Chunks:
    """The chunks of a file. If there is only one, it is kept."""

    def __init__(self, file: NodeFile | EdgeFile, columns: Collection[str]) -> None:
        """Open a file; `columns` are all that will be wanted, beside the ids."""
        self.path = file.path
        self._file = file
        self._columns = columns
        self._only: Chunk | None = None

    def __iter__(self) -> Iterator[Chunk]:
        """Yield all rows. Raises `BadExport`."""
        if self._only is not None:
            yield self._only
            return
        count = 0
        for chunk in self._file.chunks(self._columns):
            count += 1
            self._only = chunk if count == 1 else None
            yield chunk
        if count > 1:
            self._only = None


def target_cells(chunk: Chunk, target: Target) -> Sequence[str]:
    """Return the column to be predicted; numbers have to be numbers. Raises `BadExport`."""
    cells = chunk.require(target.column)
    if target.task == "regression":
        for row, cell in enumerate(cells):
            if cell and not _is_finite(cell):
                raise chunk.problem(
                    row,
                    target.column,
                    f"the target {target.column!r} is {shortened(cell)} here, which is not a "
                    'number: correct the value, or make the target a "classification"',
                )
    return cells


def _is_finite(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
