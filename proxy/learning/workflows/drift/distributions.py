"""Distributions of properties at the training and now, by the population stability index.

A number has deciles of the training as bins, a category its values, a date those of each of its
parts. Texts and vectors are compared along the directions in which those of the training differ
most, as in the detection of changes by principal components (Qahtan et al., KDD 2015).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import ArpackError, svds
from scipy.special import chdtri

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.features.dates import DatetimeEncoding
from gremlink.proxy.learning.features.encoding import Encoding, UnfitCell
from gremlink.proxy.learning.features.terms import TermEncoding
from gremlink.proxy.learning.graph import Features, Terms
from gremlink.proxy.learning.inductive.extension import counted_rows, encoded_rows
from gremlink.proxy.learning.inductive.neighbourhood import Cells

SLIGHT, LARGE = 0.1, 0.25
"""Limits of the population stability index, those that credit scoring uses: below 0.1 no change,
from 0.25 on a large one (Siddiqi, Credit Risk Scorecards, 2006)."""

CHANCE = 0.01
"""Probability of an index that large where nothing has changed. The index of B bins of samples of m
and n elements is then about chi-square with B - 1 degrees of freedom times 1/m + 1/n (Yurdakul and
Naranjo, Statistical properties of the population stability index, 2020)."""

BINS = 10
"""Bins of a number, which are deciles of the training."""

MOST_VALUES = 20
"""Values of a category that are compared one by one; the others are one."""

DIRECTIONS = 3
"""Directions along which texts and vectors are compared."""

MOST_FITTED = 5000
"""Elements of the training that the directions are found in."""

Counts = NDArray[Any]
Matrix: TypeAlias = "NDArray[Any] | sparse.csr_array"


@dataclass(frozen=True, slots=True)
class PropertyDrift:
    """The population stability index `psi` of a property of a type of vertices, or of edges.

    `word` is `none`, `slight` or `large`; an index that `noise`, the largest that chance explains,
    reaches says nothing.
    """

    type: str
    property: str
    psi: float
    noise: float
    sampled: int
    word: str


@dataclass(frozen=True, slots=True)
class Known:
    """The properties of a type as a training has them: encodings, and what they gave."""

    encodings: Sequence[Encoding]
    features: Features | None
    term_encodings: Sequence[TermEncoding] = ()
    terms: Terms | None = None

    @property
    def keys(self) -> list[str]:
        """The properties that have an encoding."""
        names = [each.name for each in self.encodings]
        names += [each.name for each in self.term_encodings]
        return list(dict.fromkeys(names))


def property_drifts(
    type: str, known: Known, sample: Mapping[Literal, Cells], notes: list[str]
) -> list[PropertyDrift]:
    """Compare the properties of a type with a sample of the elements that there are now.

    Values that do not fit their encoding any more become a note.
    """
    if not sample:
        return []
    found: dict[str, list[PropertyDrift]] = {}
    if known.terms is not None and known.term_encodings:
        now = counted_rows(sample, known.term_encodings)
        for block in known.terms.blocks:
            before, after = (
                sparse.csr_array(each[:, block.start : block.stop])
                for each in (known.terms.values, now)
            )
            pairs = _of_words(before, after) if block.kind == "text" else _of_values(before, after)
            compared = _worst(type, block.property, pairs, before.shape[0], len(sample))
            found.setdefault(block.property, []).append(compared)
    start = 0
    for encoding in known.encodings if known.features is not None else ():
        assert known.features is not None
        stop = start + len(encoding.columns)
        columns = known.features.values[:, start:stop].astype(float)
        start = stop
        if encoding.name in found:
            continue
        try:
            encoded = encoded_rows(sample, [encoding]).astype(float)
        except (UnfitCell, ValueError) as error:
            notes.append(f"{encoding.name} of {type} has values of another kind: {error}")
            continue
        if isinstance(encoding, DatetimeEncoding):
            cells = [each.get(encoding.name, ()) for each in sample.values()]
            is_there = np.array([any(each) for each in cells], np.bool_)
            found[encoding.name] = [
                _worst(type, f"{encoding.name} ({part})", [pair], len(columns), len(sample))
                for part, pair in _of_parts(encoding, columns, encoded, is_there)
            ]
        else:
            pairs = _of_columns(columns, encoded)
            found[encoding.name] = [_worst(type, encoding.name, pairs, len(columns), len(sample))]
    return [each for several in found.values() for each in several]


Pair = tuple[Counts, Counts]


def _of_columns(before: Counts, after: Counts) -> list[Pair]:
    """Return histograms of encoded columns, then and now."""
    if before.shape[1] == 1:
        return [_deciles(before[:, 0], after[:, 0])]
    if ((before == 0) | (before == 1)).all():
        first, second = (
            np.append(each.sum(axis=0), (~each.any(axis=1)).sum()) for each in (before, after)
        )
        return [(first, second)]
    return list(_along_directions(before, after))


def _of_values(before: sparse.csr_array, after: sparse.csr_array) -> list[Pair]:
    """Return histograms of values, of all rare ones, and of elements without any known one."""
    counts = [np.asarray(each.sum(axis=0)).ravel().astype(float) for each in (before, after)]
    places = np.argsort(-counts[0], kind="stable")
    most, others = places[:MOST_VALUES], places[MOST_VALUES:]
    has = [
        np.append(each[most], [each[others].sum(), (np.diff(matrix.indptr) == 0).sum()])
        for each, matrix in zip(counts, (before, after), strict=True)
    ]
    return [(has[0], has[1])]


def _of_words(before: sparse.csr_array, after: sparse.csr_array) -> list[Pair]:
    """Return histograms of texts along directions of their words, and of those without any."""
    some = [(np.diff(each.indptr) == 0).sum() for each in (before, after)]
    none = [np.array([empty, each.shape[0] - empty]) for empty, each in
            zip(some, (before, after), strict=True)]  # fmt: skip
    documents = np.asarray((before > 0).sum(axis=0)).ravel()
    # Words of nearly every text tell nothing of what it is about.
    rarity = np.log((1.0 + before.shape[0]) / (1.0 + documents))
    weighted = []
    for each in (before, after):
        found = sparse.csr_array(each, dtype=np.float64, copy=True)
        found.data = np.log1p(found.data)
        found = sparse.csr_array(found.multiply(rarity[None, :]))
        lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
        scale = sparse.dia_array(
            (1.0 / np.maximum(lengths, 1e-12)[None, :], [0]), shape=(len(lengths), len(lengths))
        )
        weighted.append(sparse.csr_array(scale @ found))
    return [(none[0], none[1]), *_along_directions(weighted[0], weighted[1])]


def _of_parts(
    encoding: DatetimeEncoding, before: Counts, after: Counts, is_there: NDArray[np.bool_]
) -> Iterator[tuple[str, Pair]]:
    """Yield histograms of each part of dates: its values, values of no column, no date.

    `is_there` tells which elements have a date now.
    """
    had = before.any(axis=1)
    start = 0
    for part, values in encoding.parts:
        stop = start + len(values)
        pair = []
        for rows, there in ((before, had), (after, is_there | after.any(axis=1))):
            own = rows[:, start:stop]
            other = there & ~own.any(axis=1)
            pair.append(np.append(own.sum(axis=0), [other.sum(), (~there).sum()]))
        yield part, (pair[0], pair[1])
        start = stop


def _deciles(before: Counts, after: Counts) -> Pair:
    edges = np.unique(np.quantile(before, np.linspace(0, 1, BINS + 1)[1:-1]))
    first, second = (
        np.bincount(np.searchsorted(edges, each, side="left"), minlength=len(edges) + 1)
        for each in (before, after)
    )
    return first, second


def _along_directions(before: Matrix, after: Matrix) -> Iterator[Pair]:
    """Yield histograms along the directions in which the rows of `before` differ most."""
    step = max(1, before.shape[0] // MOST_FITTED)
    fitted = before[::step].astype(np.float64)
    count = min(DIRECTIONS, min(fitted.shape) - 1)
    if count < 1 or not abs(fitted).sum():
        return
    try:
        _, _, directions = svds(fitted, k=count, v0=np.ones(min(fitted.shape)))
    except ArpackError:  # all rows are alike
        return
    for direction in directions[::-1]:
        # Equal elements are in one bin, however their products were rounded.
        along = (np.round(np.asarray(each @ direction), 9) for each in (before, after))
        yield _deciles(*along)


def _worst(
    type: str, property: str, pairs: Sequence[Pair], then: int, sampled: int
) -> PropertyDrift:
    """Return the largest change among some histograms of a property, beside its noise.

    There are `then` elements of the training, and `sampled` ones of today.
    """
    found = [(0.0, 0.0)]
    for pair in pairs:
        before, after = (np.asarray(each, float) for each in pair)
        chance = CHANCE / len(pairs)
        found.append(stability_index(before, after, (then, sampled), chance))
    psi, noise = max(found, key=lambda each: (each[0] > each[1], each[0]))
    word = "none" if psi < SLIGHT or psi <= noise else "slight" if psi < LARGE else "large"
    return PropertyDrift(type, property, round(psi, 4), round(noise, 4), sampled, word)


def stability_index(
    before: Counts,
    after: Counts,
    elements: tuple[int, int] | None = None,
    chance: float = CHANCE,
) -> tuple[float, float]:
    """Return the population stability index of two histograms, and the largest by chance.

    `elements` count what was drawn by chance, where each may be in several bins.
    """
    there = (before + after) > 0
    before, after = before[there], after[there]
    if len(before) < 2 or not before.sum() or not after.sum():
        return 0.0, 0.0
    # Half an element in each bin, so that an empty one has a logarithm.
    shares = [(each + 0.5) / (each.sum() + 0.5 * len(each)) for each in (before, after)]
    psi = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    if np.array_equal(before, after):
        psi = 0.0
    drawn = elements or (before.sum(), after.sum())
    scale = 1 / drawn[0] + 1 / drawn[1]
    return psi, float(chdtri(len(before) - 1, chance)) * scale
