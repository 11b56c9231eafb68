"""Numbers: one column, scaled; or a column for each range of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.features.encoding import MissingValue, NotANumber, parts_of
from gremlink.proxy.learning.graph import Floats

IMPUTERS = ("mean", "median", "most-frequent")
NORMS = ("min-max", "standard", "none")
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class NumericalEncoding:
    """One column: `(value - shift) / scale`, the mean of several values, an imputed value for none.

    `min-max` shifts by the minimum and scales by the range. `standard` divides by the sum of all
    values, as the user guide has it. `none` leaves the value. `centre` and `spread` are mean and
    standard deviation of what comes out (the spread 1 where nothing varies), for those who compare
    numbers of several properties.
    """

    kind: ClassVar[str] = "numerical"

    name: str
    norm: str
    shift: float
    scale: float
    imputed: float | None = None
    separator: str | None = None
    centre: float = 0.0
    spread: float = 1.0

    @property
    def columns(self) -> tuple[str, ...]:
        """The property itself."""
        return (self.name,)

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`."""
        values = filled(self.name, numbers(self.name, cells, self.separator), self.imputed)
        return ((values - self.shift) / self.scale).astype(np.float32)[:, None]


@dataclass(frozen=True, slots=True)
class BucketEncoding:
    """A column for each of `count` ranges of equal width between `low` and `high`.

    A value covers `[value - window / 2, value + window / 2]` and sets every column that this
    touches; what lies outside belongs to the first or the last.
    """

    kind: ClassVar[str] = "bucket_numerical"

    name: str
    low: float
    high: float
    count: int
    window: float = 0.0
    imputed: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The ranges."""
        width = (self.high - self.low) / self.count
        edges = [self.low + number * width for number in range(self.count + 1)]
        return tuple(f"{edges[n]:g}..{edges[n + 1]:g}" for n in range(self.count))

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`."""
        values = filled(self.name, numbers(self.name, cells, None), self.imputed)
        first = self._buckets(values - self.window / 2)
        last = self._buckets(values + self.window / 2)
        every = np.arange(self.count)
        touched = (every >= first[:, None]) & (every <= last[:, None])
        return touched.astype(np.float32)

    def _buckets(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        places = np.floor((values - self.low) * self.count / (self.high - self.low))
        return np.clip(places, 0, self.count - 1)


class NumericalFitter:
    """Learns range and imputed value; options as in the configuration."""

    def __init__(
        self,
        name: str,
        norm: str = "min-max",
        imputer: str | None = None,
        separator: str | None = None,
    ) -> None:
        self._column = _Column(name, imputer, separator)
        self._norm = norm

    @property
    def name(self) -> str:
        """The property."""
        return self._column.name

    @property
    def separator(self) -> str | None:
        """The separator of several numbers in a cell."""
        return self._column.separator

    def see(self, cells: Sequence[str]) -> None:
        """See `Fitter.see`."""
        self._column.see(cells)

    def fitted(self) -> NumericalEncoding:
        """See `Fitter.fitted`."""
        column = self._column
        present = column.present()
        shift, scale = 0.0, 1.0
        if len(present) and self._norm == "min-max":
            shift = float(present.min())
            scale = float(present.max()) - shift
        elif len(present) and self._norm == "standard":
            scale = math.fsum(present)
        scale = scale or 1.0
        imputed = column.imputed(present)
        centre, spread = _standard(present, column.missing, imputed or 0.0)
        return NumericalEncoding(
            column.name,
            self._norm,
            shift,
            scale,
            imputed,
            column.separator,
            (centre - shift) / scale,
            abs(spread / scale) or 1.0,
        )


class BucketFitter:
    """Learns the imputed value; the ranges are configured."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        count: int,
        window: float = 0.0,
        imputer: str | None = None,
    ) -> None:
        self._column = _Column(name, imputer, None)
        self._encoding = BucketEncoding(name, low, high, count, window)

    def see(self, cells: Sequence[str]) -> None:
        """See `Fitter.see`."""
        self._column.see(cells)

    def fitted(self) -> BucketEncoding:
        """See `Fitter.fitted`."""
        found = self._encoding
        imputed = self._column.imputed(self._column.present())
        return BucketEncoding(found.name, found.low, found.high, found.count, found.window, imputed)


class _Column:
    """The numbers of a column, 8 bytes each."""

    def __init__(self, name: str, imputer: str | None, separator: str | None) -> None:
        self.name = name
        self.separator = separator
        self._imputer = imputer
        self.missing = 0
        self._parts: list[NDArray[np.float64]] = []

    def see(self, cells: Sequence[str]) -> None:
        values = numbers(self.name, cells, self.separator)
        missing = np.isnan(values)
        if missing.any() and self._imputer is None:
            raise MissingValue(self.name, int(missing.argmax()))
        self.missing += int(missing.sum())
        self._parts.append(values[~missing])

    def present(self) -> NDArray[np.float64]:
        return np.concatenate([np.zeros(0), *self._parts])

    def imputed(self, present: NDArray[np.float64]) -> float | None:
        return None if self._imputer is None else impute(present, self._imputer)


def numbers(name: str, cells: Sequence[str], separator: str | None) -> NDArray[np.float64]:
    """Read numbers: float64 `[cells]`, `nan` where missing or not finite, the mean where there are
    several.

    Raises `NotANumber`.
    """
    values: list[float] = []
    try:
        if separator is None:
            for cell in cells:
                values.append(number_of(cell) if cell else math.nan)
        else:
            for cell in cells:
                several = [number_of(part) for part in parts_of(cell, separator)]
                values.append(sum(several) / len(several) if several else math.nan)
    except ValueError:
        row = len(values)
        raise NotANumber(name, row, cells[row]) from None
    found = np.array(values, np.float64)
    # What a feature cannot hold is missing, as infinity is.
    found[~(np.abs(found) <= LARGEST)] = np.nan
    return found


def number_of(text: str) -> float:
    """Read a text as a number. Digits with low lines between them, as in Python, are none.

    Raises ValueError.
    """
    if "_" in text:
        raise ValueError(text)
    return float(text)


def filled(name: str, values: NDArray[np.float64], imputed: float | None) -> NDArray[np.float64]:
    """Replace missing values by `imputed`. Raises `MissingValue`."""
    missing = np.isnan(values)
    if missing.any():
        if imputed is None:
            raise MissingValue(name, int(missing.argmax()))
        values[missing] = imputed
    return values


def _standard(present: NDArray[np.float64], missing: int, imputed: float) -> tuple[float, float]:
    """Return mean and standard deviation, missing values filled in."""
    count = len(present) + missing
    if not count:
        return 0.0, 0.0
    mean = (math.fsum(present) + missing * imputed) / count
    squares = math.fsum((present - mean) ** 2) + missing * (imputed - mean) ** 2
    return mean, math.sqrt(squares / count)


def impute(present: NDArray[Any], imputer: str) -> float:
    """Return the replacement of missing values: 0 where no value is known."""
    if not len(present):
        return 0.0
    match imputer:
        case "mean":
            return math.fsum(present) / len(present)
        case "median":
            return float(np.median(present))
    values, counts = np.unique(present, return_counts=True)
    return float(values[counts.argmax()])
