"""How one property becomes numbers; kept with the model so that new rows are encoded alike.

An encoding is fitted on a column of an export (cells are text, empty means missing), is stored as
JSON, and turns any later column of the same property into float32 columns. The rules and defaults
are those that the Neptune user guide gives under "Feature encoding".
"""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Protocol

import numpy as np

from proxy.learning.graph import Floats

MOST_CATEGORIES = 100
"""Beyond this the most frequent 99 keep a column each and the rest share one."""

OTHER = "OTHER"


class Encoding(Protocol):
    """One property's way into numbers."""

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
        """float32 `[cells, columns]`."""
        ...


class MissingValue(ValueError):
    """A numerical cell is empty and no imputer was configured. `row` counts from 0."""

    def __init__(self, name: str, row: int) -> None:
        super().__init__(
            f"property {name!r} has no value in row {row + 1} and no imputer is configured: "
            'set "imputer" to mean, median or most-frequent for this feature'
        )
        self.name = name
        self.row = row


class NotANumber(ValueError):
    """A numerical cell is not a number. `row` counts from 0."""

    def __init__(self, name: str, row: int, cell: str) -> None:
        super().__init__(
            f"property {name!r} has {cell!r} in row {row + 1}, which is not a number: "
            'use the type "category" or "auto" for this feature'
        )
        self.name = name
        self.row = row


def parts_of(cell: str, separator: str | None) -> list[str]:
    """The values in one cell."""
    if not separator:
        return [cell] if cell else []
    return [part for part in (piece.strip() for piece in cell.split(separator)) if part]


@dataclass(frozen=True, slots=True)
class CategoryEncoding:
    """One-hot; multi-hot when the property has a separator. Missing cells are all zero."""

    kind: ClassVar[str] = "category"

    name: str
    categories: tuple[str, ...]
    separator: str | None = None
    has_other: bool = False

    @classmethod
    def fit(cls, name: str, cells: Sequence[str], separator: str | None = None) -> CategoryEncoding:
        """Collect the categories, most frequent first, equals in alphabetical order."""
        counted = Counter(part for cell in cells for part in parts_of(cell, separator))
        ordered = sorted(counted, key=lambda category: (-counted[category], category))
        if len(ordered) > MOST_CATEGORIES:
            return cls(name, tuple(ordered[: MOST_CATEGORIES - 1]), separator, True)
        return cls(name, tuple(ordered), separator)

    @property
    def columns(self) -> tuple[str, ...]:
        """The categories, then `OTHER`."""
        return (*self.categories, OTHER) if self.has_other else self.categories

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`."""
        places = {category: index for index, category in enumerate(self.categories)}
        encoded = np.zeros((len(cells), len(self.columns)), np.float32)
        for row, cell in enumerate(cells):
            for part in parts_of(cell, self.separator):
                place = places.get(part)
                if place is not None:
                    encoded[row, place] = 1.0
                elif self.has_other:
                    encoded[row, -1] = 1.0
        return encoded


@dataclass(frozen=True, slots=True)
class NumericalEncoding:
    """One column: `(value - shift) / scale`, the mean of several values, an imputed value for none.

    `min-max` shifts by the minimum and scales by the range. `standard` divides by the sum of all
    values, as the user guide has it. `none` leaves the value.
    """

    kind: ClassVar[str] = "numerical"

    name: str
    norm: str
    shift: float
    scale: float
    imputed: float | None = None
    separator: str | None = None

    @classmethod
    def fit(
        cls,
        name: str,
        cells: Sequence[str],
        norm: str = "min-max",
        imputer: str | None = None,
        separator: str | None = None,
    ) -> NumericalEncoding:
        """Learn range and imputed value. Raises `MissingValue`, `NotANumber`."""
        values = _numbers(name, cells, separator)
        present = values[~np.isnan(values)]
        if len(present) < len(values) and imputer is None:
            raise MissingValue(name, int(np.flatnonzero(np.isnan(values))[0]))
        imputed = _impute(present, imputer) if imputer is not None else None
        shift, scale = 0.0, 1.0
        if len(present):
            match norm:
                case "min-max":
                    shift = float(present.min())
                    scale = float(present.max()) - shift
                case "standard":
                    scale = float(present.sum())
                case "none":
                    pass
                case _:
                    raise ValueError(
                        f"property {name!r}: unknown norm {norm!r}, "
                        "choose min-max, standard or none"
                    )
        return cls(name, norm, shift, scale or 1.0, imputed, separator)

    @property
    def columns(self) -> tuple[str, ...]:
        """The property itself."""
        return (self.name,)

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`. Raises `MissingValue`, `NotANumber`."""
        values = _numbers(self.name, cells, self.separator)
        missing = np.isnan(values)
        if missing.any():
            if self.imputed is None:
                raise MissingValue(self.name, int(np.flatnonzero(missing)[0]))
            values[missing] = self.imputed
        return ((values - self.shift) / self.scale).astype(np.float32)[:, None]


def _numbers(name: str, cells: Sequence[str], separator: str | None) -> np.ndarray[Any, Any]:
    """float64 `[cells]`, `nan` where missing, the mean where there are several."""
    values = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        parts = parts_of(cell, separator)
        if not parts:
            continue
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            raise NotANumber(name, row, cell) from None
        mean = sum(numbers) / len(numbers)
        values[row] = mean if math.isfinite(mean) else np.nan
    return values


def _impute(present: np.ndarray[Any, Any], imputer: str) -> float:
    if not len(present):
        return 0.0
    match imputer:
        case "mean":
            return float(present.mean())
        case "median":
            return float(np.median(present))
        case "most-frequent" | "most_frequent":
            values, counts = np.unique(present, return_counts=True)
            return float(values[counts.argmax()])
    raise ValueError(f"unknown imputer {imputer!r}, choose mean, median or most-frequent")


DATETIME_PARTS = ("year", "month", "weekday", "hour")


@dataclass(frozen=True, slots=True)
class DatetimeEncoding:
    """One-hot for each part of a date that takes more than one value in the data.

    `parts` holds for each part its values: the years found, months 1 to 12, weekdays 0 (Monday)
    to 6, hours 0 to 23. Missing dates are all zero.
    """

    kind: ClassVar[str] = "datetime"

    name: str
    parts: tuple[tuple[str, tuple[int, ...]], ...]

    @classmethod
    def fit(
        cls, name: str, cells: Sequence[str], parts: Sequence[str] = DATETIME_PARTS
    ) -> DatetimeEncoding:
        """Keep the parts that vary."""
        found = [moment for moment in map(parse_datetime, cells) if moment is not None]
        kept: list[tuple[str, tuple[int, ...]]] = []
        for part in parts or DATETIME_PARTS:
            if part not in DATETIME_PARTS:
                raise ValueError(
                    f"property {name!r}: unknown datetime part {part!r}, "
                    f"choose from {', '.join(DATETIME_PARTS)}"
                )
            seen = sorted({_part(moment, part) for moment in found})
            if len(seen) > 1:
                span = {"month": range(1, 13), "weekday": range(7), "hour": range(24)}
                kept.append((part, tuple(span.get(part, range(seen[0], seen[-1] + 1)))))
        return cls(name, tuple(kept))

    @property
    def columns(self) -> tuple[str, ...]:
        """`month=1` and the like."""
        return tuple(f"{part}={value}" for part, values in self.parts for value in values)

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`."""
        encoded = np.zeros((len(cells), len(self.columns)), np.float32)
        for row, cell in enumerate(cells):
            moment = parse_datetime(cell)
            if moment is None:
                continue
            start = 0
            for part, values in self.parts:
                value = _part(moment, part)
                if value in values:
                    encoded[row, start + values.index(value)] = 1.0
                start += len(values)
        return encoded


def parse_datetime(cell: str) -> datetime.datetime | None:
    """An ISO 8601 date or time, or `None`. A number alone is not a date."""
    text = cell.strip()
    if len(text) < 8 or text.isdigit():
        return None
    if text.endswith(("Z", "z")):
        text = text[:-1] + "+00:00"
    elif text.endswith(" UTC"):
        text = text[:-4] + "+00:00"
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


def _part(moment: datetime.datetime, part: str) -> int:
    return moment.weekday() if part == "weekday" else int(getattr(moment, part))


_KINDS: dict[str, type[CategoryEncoding] | type[NumericalEncoding] | type[DatetimeEncoding]] = {
    encoding.kind: encoding for encoding in (CategoryEncoding, NumericalEncoding, DatetimeEncoding)
}


def to_document(encoding: Encoding) -> dict[str, Any]:
    """The encoding as JSON."""
    return {"kind": encoding.kind, **asdict(encoding)}  # type: ignore[call-overload]


def from_document(document: dict[str, Any]) -> Encoding:
    """The encoding that `to_document` wrote. Raises ValueError for anything else."""
    made = _KINDS.get(document.get("kind", ""))
    if made is None:
        raise ValueError(f"unknown feature encoding {document.get('kind')!r}")
    names = {field.name for field in fields(made)}
    return made(**{key: _tuples(value) for key, value in document.items() if key in names})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
