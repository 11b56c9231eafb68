"""The type `auto`: which encoding suits a property, judged by its values.

The rules, in order, are those of the Neptune user guide under "Auto feature encoding".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.dates import DatetimeFitter, parse_datetime
from gremlink.proxy.learning.features.encoding import Fitter, Undecided, parts_of
from gremlink.proxy.learning.features.language import language_of
from gremlink.proxy.learning.features.numerical import NumericalFitter, number_of
from gremlink.proxy.learning.features.text_models import EXTRA, NoTextModel
from gremlink.proxy.learning.features.text_vectors import TextFitter
from gremlink.proxy.learning.features.tfidf import TfidfFitter, Vocabulary

FEW_UNIQUE_SHARE = 0.10
FEW_UNIQUE_COUNT = 100
DESCRIBED = 0.10
"""Share of the elements that the categories with a column of their own have to cover."""

TEXT_TOKENS = 3
"""Average words from which on a string is text."""

RECURRING = 2
"""Times as often as cells as a whole that their parts come, from which on they are values of sets:
with few elements there may be more values than elements."""

DEFAULT_SEPARATOR = ";"
"""The separator of the values of a multi-valued property in an export."""

SAMPLED = 1000
"""Texts whose language is looked at."""

DEFAULT_IMPUTER = "median"


class AutoFitter:
    """Looks at every cell once, in little room, and names the fitter that suits the column.

    `why` is the reason of the choice, for people.
    `vocabulary` and `notes` are for the fitter found.
    """

    def __init__(
        self,
        name: str,
        vocabulary: Vocabulary,
        notes: list[str],
        separator: str | None = None,
        imputer: str | None = None,
    ) -> None:
        self._name = name
        self._vocabulary = vocabulary
        self._notes = notes
        self._separator = separator
        self._imputer = imputer or DEFAULT_IMPUTER
        self._present = 0
        self._tokens = 0
        self._cells = _Distinct()
        self._parts = _Distinct()
        self._part_count = 0
        self._longest_part = 0
        self._numbers = self._number_parts = self._dates = True
        self._texts: dict[str, None] = {}
        self.why = ""

    def see(self, cells: Sequence[str]) -> None:
        """See `Fitter.see`."""
        present = [cell for cell in cells if cell]
        if self._separator is None and self._numbers:
            if all(map(_is_number, present)):
                self._cells.see(present)
                self._present += len(present)
                return
            # The numbers so far are no dates; each is one word and one part.
            self._numbers = False
            self._dates = not self._present
            self._tokens = self._part_count = self._present
            self._parts = self._cells.copy()
        self._present += len(present)
        self._cells.see(present)
        self._dates = self._dates and all(map(parse_datetime, present))
        separator = self._separator or DEFAULT_SEPARATOR
        parts = [part for cell in present for part in parts_of(cell, separator)]
        self._parts.see(parts)
        self._part_count += len(parts)
        self._number_parts = self._number_parts and all(map(_is_number, parts))
        self._tokens += sum(len(cell.split()) for cell in present)
        longest = max((len(part.split()) for part in parts), default=0)
        self._longest_part = max(self._longest_part, longest)
        # The smallest, so that the order does not matter.
        sample = itertools.chain(self._texts, present)
        self._texts = dict.fromkeys(sorted(set(sample))[:SAMPLED])

    def fitted(self) -> Fitter:
        """See `Fitter.fitted`."""
        if not self._present:
            raise Undecided("it has no values")
        unique = len(self._cells)
        few = unique < FEW_UNIQUE_SHARE * self._present and unique < FEW_UNIQUE_COUNT
        if self._separator is None and self._numbers:
            if unique == 1:
                raise Undecided("all its values are the same")
            if few:
                self.why = f"{unique} different numbers in {self._present:,} values"
                return CategoryFitter(self._name)
            self.why = "all values are numbers"
            return NumericalFitter(self._name, "min-max", self._imputer)
        if self._separator is None and self._dates:
            self.why = "all values are dates"
            return DatetimeFitter(self._name)
        if self._separator is not None or self._is_joined():
            return self._of_several()
        if (
            unique > FEW_UNIQUE_SHARE * self._present
            and self._tokens >= TEXT_TOKENS * self._present
        ):
            self.why = f"texts of {self._tokens / self._present:.0f} words on average"
            return self._of_text()
        if unique == 1:
            raise Undecided("all its values are the same")
        if unique == self._present and not self._is_boolean():
            raise Undecided(
                "every element has its own value, so it identifies rather than describes"
            )
        self.why = f"{unique:,} different values in {self._present:,}"
        return CategoryFitter(self._name, described=DESCRIBED)

    def _is_joined(self) -> bool:
        """Return whether cells hold several values: splitting them gives shorter ones that are
        fewer, or that come more often."""
        if self._part_count <= self._present or self._longest_part > TEXT_TOKENS:
            return False
        parts, cells = len(self._parts), len(self._cells)
        recurs = self._part_count / parts >= RECURRING * self._present / cells
        return parts < cells or recurs

    def _is_boolean(self) -> bool:
        return {text.lower() for text in self._texts} <= {"true", "false"}

    def _of_several(self) -> Fitter:
        separator = self._separator or DEFAULT_SEPARATOR
        if self._number_parts:
            self.why = "several numbers each"
            return NumericalFitter(self._name, "min-max", self._imputer, separator)
        if len(self._parts) == self._part_count:
            raise Undecided("no two elements share a value")
        self.why = f"several values each, {len(self._parts):,} different ones"
        return CategoryFitter(self._name, separator)

    def _of_text(self) -> Fitter:
        language = language_of(list(self._texts))
        type_ = "text_sbert" if language is None else "text_fasttext"
        options = {} if language is None else {"language": language}
        try:
            return TextFitter(self._name, type_, options, self._notes)
        except NoTextModel:
            self._notes.append(
                f"property {self._name!r}: its text is encoded by text_tfidf, because there are "
                f"no word vectors on this machine; `pip install 'gremlink[{EXTRA}]'` brings some"
            )
            return TfidfFitter(self._name, self._vocabulary)


class _Distinct:
    """Counts different texts in 8 bytes each, by their hashes of 64 bits.

    New hashes wait until there are as many as old ones: sorting all of them for every piece of a
    file would take the square of its length.
    """

    def __init__(self) -> None:
        self._hashes: NDArray[np.int64] = np.zeros(0, np.int64)
        self._waiting: list[NDArray[np.int64]] = []
        self._count = 0

    def see(self, texts: Sequence[str]) -> None:
        found = np.fromiter(map(hash, set(texts)), np.int64)
        self._waiting.append(found)
        self._count += len(found)
        if self._count >= len(self._hashes):
            self._merge()

    def copy(self) -> _Distinct:
        self._merge()
        other = _Distinct()
        other._hashes = self._hashes
        return other

    def __len__(self) -> int:
        self._merge()
        return len(self._hashes)

    def _merge(self) -> None:
        if self._waiting:
            self._hashes = np.unique(np.concatenate([self._hashes, *self._waiting]))
            self._waiting, self._count = [], 0


def _is_number(cell: str) -> bool:
    try:
        number_of(cell)
    except ValueError:
        return False
    return True
