"""Dates: a column for every value of each of their parts."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from proxy.learning.features.encoding import NotADate, Undecided
from proxy.learning.features.numerical import impute
from proxy.learning.graph import Floats

DATETIME_PARTS = ("year", "month", "weekday", "hour")

_SPANS = {"month": range(1, 13), "weekday": range(7), "hour": range(24)}
_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?",
    re.IGNORECASE,
)


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
        for row, cell in enumerate(cells):
            moment = parse_datetime(cell) if cell else None
            if moment is None:
                if cell:
                    raise NotADate(self.name, row, cell)
                if self.imputed is None:
                    continue
                moment = datetime.datetime.fromisoformat(self.imputed)
            start = 0
            for part, values in self.parts:
                place = _part(moment, part) - values[0]
                if 0 <= place < len(values):
                    encoded[row, start + place] = 1.0
                start += len(values)
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
                seconds = moment.replace(tzinfo=datetime.timezone.utc).timestamp()
                self._seconds.extend([seconds] * count)

    def fitted(self) -> DatetimeEncoding:
        """See `Fitter.fitted`."""
        kept = []
        for part, seen in self._seen.items():
            if len(seen) > 1:
                span = _SPANS.get(part, range(min(seen), max(seen) + 1))
                kept.append((part, tuple(span)))
        if not kept:
            raise Undecided("all its dates fall into the same year, month, weekday and hour")
        imputed = None
        if self._imputer is not None and self._seconds:
            seconds = impute(np.array(self._seconds), self._imputer)
            middle = datetime.datetime.fromtimestamp(round(seconds), datetime.timezone.utc)
            imputed = middle.replace(tzinfo=None).isoformat()
        return DatetimeEncoding(self._name, tuple(kept), imputed)


def parse_datetime(cell: str) -> datetime.datetime | None:
    """An ISO 8601 date or time as its clock shows it, or `None`. A number alone is not a date."""
    text = cell.strip()
    match = _ISO.fullmatch(text)
    if match is None or text.isdigit():
        return None
    year, month, day, hour, minute, second, fraction, _ = match.groups()
    try:
        return datetime.datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            min(int(second or 0), 59),
            int((fraction or "0")[:6].ljust(6, "0")),
        )
    except ValueError:
        return None


def _part(moment: datetime.datetime, part: str) -> int:
    return moment.weekday() if part == "weekday" else int(getattr(moment, part))
