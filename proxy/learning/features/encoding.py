"""Encodings of properties: their protocol, how they are learned, and errors in cells.

The rules and defaults of all encodings are those that the Neptune user guide gives under
"Feature encoding". Cells are text, empty means missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

from gremlink.proxy.graph.errors import shortened
from gremlink.proxy.learning.graph import Floats

OTHER = "OTHER"
"""The column that rare categories share."""


class Encoding(Protocol):
    """One property's way into numbers; stored with a model, so that new rows are encoded alike."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """The property."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """A name for each column."""
        ...

    def encode(self, cells: Sequence[str]) -> Floats:
        """Encode cells: float32 `[cells, columns]`. Raises `UnfitCell`."""
        ...


@runtime_checkable
class Fitter(Protocol):
    """Learns an encoding from a column that comes in pieces, in any order.

    What is learned does not depend on the order.
    """

    def see(self, cells: Sequence[str]) -> None:
        """Read some cells of the column. Raises `UnfitCell`."""
        ...

    def fitted(self) -> Encoding | Fitter:
        """Return the encoding, or a fitter that has to read the whole column once more.

        Raises `Undecided`.
        """
        ...


class Undecided(Exception):
    """The property is left out; the message says why."""


class UnfitCell(ValueError):
    """A cell means nothing to an encoding. `row` counts from 0 in the cells given."""

    def __init__(self, name: str, row: int, reason: str) -> None:
        super().__init__(f"property {name!r} {reason}")
        self.name = name
        self.row = row


class MissingValue(UnfitCell):
    """A cell is empty and no imputer was configured."""

    def __init__(self, name: str, row: int) -> None:
        super().__init__(
            name,
            row,
            "has no value here and no imputer is configured: "
            'set "imputer" to mean, median or most-frequent for this feature',
        )


class NotANumber(UnfitCell):
    """A cell of a numerical property is not a number."""

    def __init__(self, name: str, row: int, cell: str) -> None:
        super().__init__(
            name,
            row,
            f"is {shortened(cell)} here, which is not a number: "
            'use the type "category" or "auto" for this feature',
        )


class NotADate(UnfitCell):
    """A cell of a date property is not a date."""

    def __init__(self, name: str, row: int, cell: str) -> None:
        super().__init__(
            name,
            row,
            f"is {shortened(cell)} here, which is not an ISO 8601 date: "
            'use the type "category" or "auto" for this feature',
        )


def parts_of(cell: str, separator: str | None) -> list[str]:
    """Split a cell into its values; an export writes a separator inside a value as `\\;`."""
    if not separator:
        return [cell] if cell else []
    if f"\\{separator}" in cell:
        pieces = [
            piece.replace(f"\\{separator}", separator)
            for piece in re.split(rf"(?<!\\){re.escape(separator)}", cell)
        ]
    else:
        pieces = cell.split(separator)
    return [part for part in map(str.strip, pieces) if part]


def fit(fitter: Fitter, cells: Sequence[str]) -> Encoding:
    """Learn from a column that is there as a whole. Raises `UnfitCell`, `Undecided`."""
    found: Encoding | Fitter = fitter
    while isinstance(found, Fitter):
        found.see(cells)
        found = found.fitted()
    return found
