"""Properties as terms: every category and every word of a vertex, beside its encoding.

An encoding has a fixed number of columns, as Neptune's user guide gives them: 99 categories, a
hundred mixtures of words. Methods that compare vertices need what these leave out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.encoding import Fitter, parts_of
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.features.text_vectors import TextFitter
from gremlink.proxy.learning.features.tfidf import TfidfFitter, terms_of
from gremlink.proxy.learning.graph import Indexes, TermBlock, Terms

TermKind = Literal["category", "text"]

LEAST_ELEMENTS = 2
"""Vertices that have to have a term: one that a single vertex has is never shared. So an
identifier, whose values all occur once, has no terms."""

MOST_ENTRIES = 2**25
"""Terms of all vertices together that one property may have, 256 MiB. Beyond it, the most frequent
terms are left out, which tell least."""


@dataclass(frozen=True)
class TermEncoding:
    """One property's way into terms; stored with a graph, so that new vertices are read alike.

    `terms` are sorted. Of a `category` each value is one, of a `text` each word.
    """

    name: str
    kind: TermKind
    separator: str | None
    terms: tuple[str, ...]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Columns of the terms."""
        return {term: place for place, term in enumerate(self.terms)}

    def count(self, cells: Sequence[str]) -> sparse.csr_array:
        """Count the terms of cells: float32 `[cells, terms]`, 1 for a category, frequencies of
        words."""
        places = self.places
        found: list[int] = []
        lengths = np.zeros(len(cells) + 1, np.int64)
        for row, cell in enumerate(cells):
            before = len(found)
            for term in _terms_in(cell, self.kind, self.separator) if cell else ():
                place = places.get(term)
                if place is not None:
                    found.append(place)
            lengths[row + 1] = len(found) - before
        counted = sparse.csr_array(
            (np.ones(len(found), np.float32), np.array(found, np.int32), np.cumsum(lengths)),
            shape=(len(cells), len(self.terms)),
        )
        counted.sum_duplicates()
        if self.kind == "category":
            counted.data.fill(1.0)
        return counted

    def to_document(self) -> dict[str, Any]:
        """Return the encoding as JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> TermEncoding:
        """Restore what `to_document` gave. Raises KeyError."""
        kind: TermKind = "text" if document["kind"] == "text" else "category"
        return cls(document["name"], kind, document["separator"], tuple(document["terms"]))


class TermFitter:
    """Counts the vertices with each term of a property.

    `counts` are those of a fitter that counts categories anyway. Numbers are terms where they come
    several at a time and all are whole: such are the keys of something.
    """

    def __init__(
        self,
        name: str,
        kind: TermKind,
        separator: str | None = None,
        counts: Counter[str] | None = None,
        whole: bool = False,
    ) -> None:
        self.name = name
        self._kind = kind
        self._separator = separator
        self._counts: Counter[str] | None = Counter() if counts is None else counts
        self._is_counted = counts is not None
        self._whole = whole

    def see(self, cells: Sequence[str]) -> None:
        """Read some cells of the column."""
        if self._is_counted or self._counts is None:
            return
        found: list[str] = []
        for cell in cells:
            found += set(_terms_in(cell, self._kind, self._separator))
        if self._whole and not all(map(_is_whole, found)):
            self._counts = None
            return
        self._counts.update(found)

    def fitted(self) -> TermEncoding | None:
        """Return the encoding, `None` where no two vertices share a term."""
        counts = Counter() if self._counts is None else self._counts
        kept = [term for term, count in counts.items() if term and count >= LEAST_ELEMENTS]
        total = sum(counts[term] for term in kept)
        if total > MOST_ENTRIES:
            kept.sort(key=lambda term: (counts[term], term))
            entries = np.cumsum([counts[term] for term in kept])
            kept = kept[: int(np.searchsorted(entries, MOST_ENTRIES, "right"))]
        if not kept:
            return None
        return TermEncoding(self.name, self._kind, self._separator, tuple(sorted(kept)))


def term_fitter(fitter: Fitter) -> TermFitter | None:
    """Return what learns the terms of a property beside its encoding, `None` for dates and
    numbers."""
    match fitter:
        case CategoryFitter():
            return TermFitter(fitter.name, "category", fitter.separator, fitter.counts)
        case TextFitter() | TfidfFitter():
            return TermFitter(fitter.name, "text")
        case NumericalFitter(separator=str() as separator):
            return TermFitter(fitter.name, "category", separator, whole=True)
    return None


class TermMatrix:
    """Terms of a vertex type, filled in as rows come, at the places where they belong."""

    def __init__(self, encodings: Sequence[TermEncoding], rows: int) -> None:
        self._encodings = encodings
        self._rows = rows
        self._parts: list[sparse.csr_array] = []
        self._places: list[Indexes] = []

    def fill(self, columns: Mapping[str, Sequence[str]], places: Indexes) -> None:
        """Count the terms of some rows."""
        counted = [encoding.count(columns[encoding.name]) for encoding in self._encodings]
        self._parts.append(sparse.csr_array(sparse.hstack(counted, format="csr")))
        self._places.append(places)

    def terms(self) -> Terms:
        """Return the terms, all rows filled in."""
        width = sum(len(encoding.terms) for encoding in self._encodings)
        values = sparse.csr_array((self._rows, width), dtype=np.float32)
        if self._parts:
            order = np.empty(self._rows, np.int64)
            order[np.concatenate(self._places)] = np.arange(self._rows)
            values = sparse.csr_array(sparse.vstack(self._parts, format="csr"))[order]
        return Terms(values, term_blocks(self._encodings))


def term_blocks(encodings: Sequence[TermEncoding]) -> tuple[TermBlock, ...]:
    """Return the columns that each property takes."""
    ends = np.cumsum([0, *(len(encoding.terms) for encoding in encodings)])
    return tuple(
        TermBlock(encoding.name, encoding.kind, int(start), int(stop))
        for encoding, start, stop in zip(encodings, ends, ends[1:], strict=False)
    )


def count_terms(
    columns: Mapping[str, Sequence[str]], encodings: Sequence[TermEncoding], rows: int
) -> Terms:
    """Count the terms of whole columns."""
    matrix = TermMatrix(encodings, rows)
    matrix.fill(columns, np.arange(rows))
    return matrix.terms()


def _terms_in(cell: str, kind: TermKind, separator: str | None) -> Sequence[str]:
    return parts_of(cell, separator) if kind == "category" else list(terms_of(cell, (1, 1)))


def _is_whole(term: str) -> bool:
    return term.removeprefix("-").isdecimal()
