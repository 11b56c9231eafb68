"""Text as weighted words: TF-IDF, projected to few columns. Needs no model of a language.

All TF-IDF features of a graph share their vocabulary.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.features.encoding import Undecided
from gremlink.proxy.learning.graph import Floats

DIMENSIONS = 100
"""Columns at most."""

# As scikit-learn's vectorisers: words of two characters and more, in lower case.
_WORD = re.compile(r"\b\w\w+\b")


@dataclass(frozen=True, slots=True)
class TfidfEncoding:
    r"""Term weights, of length 1, through a sparse random projection to at most 100 columns.

    The weight of a term is its frequency in the text divided by the number of texts with the term,
    as the user guide has it. Column :math:`j` of a term's row in the projection is
    :math:`\pm\sqrt{s/k}` with probability :math:`1/2s` each, else 0, for :math:`s = \sqrt{n}`,
    :math:`n` terms and :math:`k` columns (Li, Hastie, Church, "Very sparse random projections",
    KDD 2006). The signs come from a hash of the term, so that nothing needs to be stored.
    A vocabulary that is not larger than 100 keeps a column for each term.
    """

    kind: ClassVar[str] = "text_tfidf"

    name: str
    ngrams: tuple[int, int]
    terms: tuple[str, ...]
    texts: tuple[int, ...]
    """For each term the number of texts with it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The terms, or numbered mixtures of them."""
        if len(self.terms) <= DIMENSIONS:
            return self.terms
        return tuple(f"{self.name}#{number}" for number in range(DIMENSIONS))

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`."""
        places = {term: place for place, term in enumerate(self.terms)}
        weights = 1.0 / np.array(self.texts, np.float64)
        rows: list[int] = []
        columns: list[int] = []
        for row, cell in enumerate(cells):
            for term in terms_of(cell, self.ngrams):
                place = places.get(term)
                if place is not None:
                    rows.append(row)
                    columns.append(place)
        found = np.array(rows, np.int64), np.array(columns, np.int64)
        shape = (len(cells), len(self.terms))
        matrix = sparse.csr_array((weights[found[1]], found), shape=shape)
        projected = (
            matrix.toarray()
            if len(self.terms) <= DIMENSIONS
            else (matrix @ _projection(self.terms)).toarray()
        )
        length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).reshape(-1, 1)
        return np.asarray(projected / np.maximum(length, 1e-300), np.float32)


@dataclass(slots=True)
class Vocabulary:
    """Frequencies of terms in the texts of a graph: in all, and the number of texts with each."""

    occurrences: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)

    def see(self, cells: Sequence[str], ngrams: tuple[int, int]) -> None:
        """Count the terms of some texts."""
        occurrences: list[str] = []
        texts: list[str] = []
        for cell in cells:
            found = list(terms_of(cell, ngrams))
            occurrences += found
            texts += set(found)
        self.occurrences.update(occurrences)
        self.texts.update(texts)

    def chosen(self, least: float, most: int, ngrams: tuple[int, int]) -> list[str]:
        """Choose the `most` frequent terms that are in `least` texts or more, in alphabetical
        order."""
        enough = [
            term
            for term, count in self.texts.items()
            if count >= least and ngrams[0] <= words(term) <= ngrams[1]
        ]
        enough.sort(key=lambda term: (-self.occurrences[term], term))
        return sorted(enough[:most])


class TfidfFitter:
    """Counts the terms of a property into a vocabulary that other properties share.

    Options as in the configuration: `ngrams` in words, terms in at least `min_df` texts (below 1:
    a share of this property's), at most `max_features` of them.
    """

    def __init__(
        self,
        name: str,
        vocabulary: Vocabulary,
        ngrams: tuple[int, int] = (1, 1),
        min_df: float = 2,
        max_features: int = 5000,
    ) -> None:
        self.name = name
        self._vocabulary = vocabulary
        self._ngrams = ngrams
        self._min_df = min_df
        self._max_features = max_features
        self._texts = 0

    def see(self, cells: Sequence[str]) -> None:
        """See `Fitter.see`."""
        self._vocabulary.see(cells, self._ngrams)
        self._texts += sum(map(bool, cells))

    def fitted(self) -> TfidfEncoding:
        """See `Fitter.fitted`. To be called when every text of the graph was seen."""
        found = self._vocabulary
        least = self._min_df if self._min_df >= 1 else math.ceil(self._min_df * self._texts)
        chosen = found.chosen(least, self._max_features, self._ngrams)
        if not chosen:
            raise Undecided(f"no term comes in at least {self._min_df} texts")
        counts = tuple(found.texts[term] for term in chosen)
        return TfidfEncoding(self.name, self._ngrams, tuple(chosen), counts)


def terms_of(text: str, ngrams: tuple[int, int]) -> Iterator[str]:
    """Return the words of a text, and their sequences of the lengths that `ngrams` allows."""
    found = _WORD.findall(text.lower())
    shortest, longest = ngrams
    if shortest == longest == 1:
        yield from found
        return
    for length in range(shortest, longest + 1):
        for start in range(len(found) - length + 1):
            yield " ".join(found[start : start + length])


def words(term: str) -> int:
    """Count the words of a term."""
    return term.count(" ") + 1


def _projection(terms: Sequence[str]) -> sparse.csr_array:
    """Return the random projection: float64 `[terms, DIMENSIONS]`."""
    sparsity = math.sqrt(len(terms))
    draws = np.frombuffer(
        b"".join(hashlib.shake_128(term.encode()).digest(4 * DIMENSIONS) for term in terms),
        np.dtype("<u4"),
    ).reshape(len(terms), DIMENSIONS)
    shares = draws / 2**32
    signs = (shares < 0.5 / sparsity).astype(np.float64) - (shares >= 1 - 0.5 / sparsity)
    return sparse.csr_array(signs * math.sqrt(sparsity / DIMENSIONS))
