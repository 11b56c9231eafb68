"""Dates: a column for every value of each of their parts."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gremlink.proxy.graph.files.timestamps import Timestamp, parse_timestamp
from gremlink.proxy.learning.features.encoding import NotADate, Undecided
from gremlink.proxy.learning.features.numerical import impute
from gremlink.proxy.learning.graph import Floats

DATETIME_PARTS = ("year", "month", "weekday", "hour")

_SPANS = {"month": range(1, 13), "weekday": range(7), "hour": range(24)}
MOST_YEARS = 200
"""Years from the first to the last that have a column each; beyond, only those found have."""


@dataclass(frozen=True, slots=True)
class DatetimeEncoding:
    """One-hot for each part of a date that takes more than one value in the data.

    `parts` holds for each part its values: the years found, months 1 to 12, weekdays 0 (Monday)
    to 6, hours 0 to 23. Missing dates are `imputed` (ISO 8601), or all zero without that.
    """

    kind: ClassVar[str] = "datetime"

    name: str
    parts: tuple[tuple[str, tuple[int, ...]], ...]
    imputed: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """`month=1` and the like."""
        return tuple(f"{part}={value}" for part, values in self.parts for value in values)

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`."""
        encoded = np.zeros((len(cells), len(self.columns)), np.float32)
        places = {
            (part, value): place
            for place, (part, value) in enumerate(
                (part, value) for part, values in self.parts for value in values
            )
        }
        for row, cell in enumerate(cells):
            moment = parse_datetime(cell) if cell else None
            if moment is None:
                if cell:
                    raise NotADate(self.name, row, cell)
                if self.imputed is None:
                    continue
                moment = parse_timestamp(self.imputed)
                assert moment is not None
            for part, _ in self.parts:
                place = places.get((part, _part(moment, part)))
                if place is not None:
                    encoded[row, place] = 1.0
        return encoded


class DatetimeFitter:
    """Finds the parts that vary."""

    def __init__(
        self, name: str, parts: Sequence[str] = DATETIME_PARTS, imputer: str | None = None
    ) -> None:
        self._name = name
        self._imputer = imputer
        self._seen: dict[str, set[int]] = {part: set() for part in parts or DATETIME_PARTS}
        self._seconds: list[float] = []

    def see(self, cells: Sequence[str]) -> None:
        """See `Fitter.see`."""
        counted = Counter(cells)
        for cell, count in counted.items():
            moment = parse_datetime(cell) if cell else None
            if moment is None:
                if cell:
                    raise NotADate(self._name, list(cells).index(cell), cell)
                continue
            for part, seen in self._seen.items():
                seen.add(_part(moment, part))
            if self._imputer is not None:
                self._seconds.extend([moment.seconds()] * count)

    def fitted(self) -> DatetimeEncoding:
        """See `Fitter.fitted`."""
        kept = []
        for part, seen in self._seen.items():
            if len(seen) > 1:
                kept.append((part, tuple(_SPANS[part] if part in _SPANS else _years(seen))))
        if not kept:
            raise Undecided("all its dates fall into the same year, month, weekday and hour")
        imputed = None
        if self._imputer is not None and self._seconds:
            seconds = impute(np.array(self._seconds), self._imputer)
            imputed = _imputed(seconds)
        return DatetimeEncoding(self._name, tuple(kept), imputed)


def _years(seen: set[int]) -> Sequence[int]:
    first, last = min(seen), max(seen)
    if last - first < MOST_YEARS:
        return range(first, last + 1)
    if len(seen) > MOST_YEARS:
        # What a database has for "never" is far away; the middle is what describes.
        middle = sorted(seen)
        spare = len(middle) - MOST_YEARS
        return middle[spare // 2 : spare // 2 + MOST_YEARS]
    return sorted(seen)


def _imputed(seconds: float) -> str:
    """Return the moment that replaces missing ones, within the years of `datetime`."""
    epoch = datetime.datetime(1970, 1, 1)
    low = (datetime.datetime.min - epoch).total_seconds()
    high = (datetime.datetime(9999, 12, 31) - epoch).total_seconds()
    within = datetime.timedelta(seconds=round(min(max(seconds, low), high)))
    return (epoch + within).isoformat()


def parse_datetime(cell: str) -> Timestamp | None:
    """Parse an ISO 8601 date or time as its clock shows it, or return `None`. A number alone is no
    date."""
    text = cell.strip()
    return None if text.isdigit() else parse_timestamp(text)


def _part(moment: Timestamp, part: str) -> int:
    return int(getattr(moment, part))
