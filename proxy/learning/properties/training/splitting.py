"""Stratified splits of rows: training, validation and test rows, and parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Indexes, Mask
from gremlink.proxy.learning.processing.processed import (
    CustomSplit,
    Split,
    SplitRate,
    UnusableExport,
)

LEAST_SHARE = 0.1
"""Share of validation rows, where a configuration has neither these nor test rows."""


def in_order(rows: Indexes, strata: Indexes, random: np.random.Generator) -> Indexes:
    """Shuffle the rows inside their strata, stratum after stratum: int64 `[rows]`."""
    shuffled = random.permutation(len(rows))
    return rows[shuffled[np.argsort(strata[shuffled], kind="stable")]]


def in_parts(
    rows: Indexes, strata: Indexes, count: int, random: np.random.Generator
) -> list[Indexes]:
    """Return parts of equal size, each with its share of every stratum."""
    order = in_order(rows, strata, random)
    return [np.sort(order[number::count]) for number in range(count)]


def parts_for(
    rows: Indexes, strata: Indexes, split: Split, random: np.random.Generator
) -> tuple[Indexes, Indexes, Indexes]:
    """Return training, validation and test rows, as a user chose them or at random.

    Rows that a user put nowhere are in none. Without test rows of the user every other validation
    row is one.
    """
    if not isinstance(split, CustomSplit):
        return split_rows(rows, strata, split, random)
    train, valid, test = (
        np.intersect1d(part, rows) for part in (split.train, split.valid, split.test)
    )
    if not len(train) or not len(valid) or (not len(test) and len(valid) < 2):
        raise UnusableExport(
            "the files of custom_split_filenames list too few elements with a value: train needs "
            "one and valid two, or valid and test one each"
        )
    if not len(test):
        valid, test = valid[::2], valid[1::2]
    return train, valid, test


def split_rows(
    rows: Indexes, strata: Indexes, rate: SplitRate, random: np.random.Generator
) -> tuple[Indexes, Indexes, Indexes]:
    """Return training, validation and test rows, each with its share of every stratum.

    Each has one row at least. Neptune's exporter writes no share for tests; then the validation
    share is halved, because without test rows there would be nothing to report.
    """
    _, valid_share, test_share = rate
    if valid_share <= 0:
        valid_share = test_share or LEAST_SHARE
    if test_share <= 0:
        valid_share = test_share = valid_share / 2
    order = in_order(rows, strata, random)
    # Systematic sampling along the strata.
    test = _some_of(len(order), test_share, random, left=2)
    rest = order[~test]
    valid = _some_of(len(rest), valid_share / max(1.0 - test_share, 1e-9), random, left=1)
    return np.sort(rest[~valid]), np.sort(rest[valid]), np.sort(order[test])


def _some_of(count: int, share: float, random: np.random.Generator, *, left: int) -> Mask:
    """Draw a share of so many rows, at least one of them, and leave some."""
    taken = _crossings(np.arange(count, dtype=np.float64) + random.random(), share)
    if not taken.any():
        taken[random.integers(count)] = True
    others = np.flatnonzero(taken)
    taken[others[: max(0, len(others) - max(1, count - left))]] = False
    return taken


def _crossings(steps: NDArray[np.float64], share: float) -> Mask:
    return np.asarray(np.floor((steps + 1) * share) > np.floor(steps * share))
