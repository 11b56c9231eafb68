"""Categories: one column for each, or one of several columns set at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gremlink.proxy.learning.features.encoding import OTHER, Undecided, parts_of
from gremlink.proxy.learning.graph import Floats

MOST_CATEGORIES = 100
"""Beyond this the most frequent 99 keep a column each and the rest share one."""


@dataclass(frozen=True, slots=True)
class CategoryEncoding:
    """One-hot; multi-hot when the property has a separator. Missing cells are all zero."""

    kind: ClassVar[str] = "category"

    name: str
    categories: tuple[str, ...]
    separator: str | None = None
    has_other: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The categories, then `OTHER`."""
        return (*self.categories, OTHER) if self.has_other else self.categories

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`."""
        places = {category: index for index, category in enumerate(self.categories)}
        width = len(self.columns)
        unknown = width - 1 if self.has_other else width
        # What has no column lands in one more, which is cut off.
        encoded = np.zeros((len(cells), width + 1), np.float32)
        if self.separator is None:
            columns = [places.get(cell, unknown) if cell else width for cell in cells]
            encoded[np.arange(len(cells)), columns] = 1.0
        else:
            for row, cell in enumerate(cells):
                for part in parts_of(cell, self.separator):
                    encoded[row, places.get(part, unknown)] = 1.0
        return encoded[:, :width]


class CategoryFitter:
    """Counts the categories; the most frequent come first, equals in alphabetical order.

    `described` is the share of cells with a value whose category has a column of its own that
    there must be, else the property is left out.
    """

    def __init__(self, name: str, separator: str | None = None, described: float = 0.0) -> None:
        self.name = name
        self.separator = separator
        self._described = described
        self.counts: Counter[str] = Counter()

    def see(self, cells: Sequence[str]) -> None:
        """See `Fitter.see`."""
        if self.separator is None:
            self.counts.update(cells)
        else:
            self.counts.update(part for cell in cells for part in parts_of(cell, self.separator))

    def fitted(self) -> CategoryEncoding:
        """See `Fitter.fitted`."""
        counts = self.counts
        del counts[""]
        if not counts:
            raise Undecided("it has no values")
        ordered = sorted(counts, key=lambda category: (-counts[category], category))
        if len(ordered) <= MOST_CATEGORIES:
            return CategoryEncoding(self.name, tuple(ordered), self.separator)
        kept = tuple(ordered[: MOST_CATEGORIES - 1])
        if sum(counts[category] for category in kept) < self._described * counts.total():
            raise Undecided(
                "(nearly) every element has its own value, so it identifies rather than describes"
            )
        return CategoryEncoding(self.name, kept, self.separator, True)
