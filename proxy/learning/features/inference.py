"""The type `auto`: which encoding suits a property, judged by its values.

The rules, in order, are those of the Neptune user guide under "Auto feature encoding".
"""

from __future__ import annotations

from collections.abc import Sequence

from proxy.learning.features.encodings import (
    CategoryEncoding,
    DatetimeEncoding,
    Encoding,
    NumericalEncoding,
    parse_datetime,
    parts_of,
)

FEW_UNIQUE_SHARE = 0.10
FEW_UNIQUE_COUNT = 100
DESCRIBED = 0.10
"""Share of the vertices that the categories with a column of their own have to cover."""

TEXT_TOKENS = 3
"""Average words from which on a string is text."""

DEFAULT_SEPARATOR = ";"
"""What joins the values of a multi-valued property in an export."""


class Undecided(Exception):
    """The property is left out; the message says why."""


def infer(name: str, cells: Sequence[str], separator: str | None = None) -> Encoding:
    """The encoding for a property of unknown type. Raises `Undecided`."""
    present = [cell for cell in cells if cell]
    if not present:
        raise Undecided("it has no values")
    if separator is None and _joined(present):
        separator = DEFAULT_SEPARATOR
    if separator is not None:
        return _multi_valued(name, cells, separator)
    unique = len(set(present))
    if all(_is_number(cell) for cell in present):
        if unique == 1:
            raise Undecided("all its values are the same")
        if unique < FEW_UNIQUE_SHARE * len(present) and unique < FEW_UNIQUE_COUNT:
            return CategoryEncoding.fit(name, cells)
        return NumericalEncoding.fit(name, cells, "min-max", "median")
    if all(parse_datetime(cell) for cell in present):
        encoding = DatetimeEncoding.fit(name, cells)
        if not encoding.columns:
            raise Undecided("all its dates fall into the same year, month, weekday and hour")
        return encoding
    tokens = sum(len(cell.split()) for cell in present) / len(present)
    if unique > FEW_UNIQUE_SHARE * len(present) and tokens >= TEXT_TOKENS:
        raise Undecided("it is free text, which is not encoded yet")
    if unique == 1:
        raise Undecided("all its values are the same")
    categories = CategoryEncoding.fit(name, cells)
    kept = set(categories.categories)
    described = sum(cell in kept for cell in present)
    if unique == len(present) or (categories.has_other and described < DESCRIBED * len(present)):
        raise Undecided(
            "(nearly) every vertex has its own value, so it identifies rather than describes"
        )
    return categories


def _multi_valued(name: str, cells: Sequence[str], separator: str) -> Encoding:
    parts = [part for cell in cells for part in parts_of(cell, separator)]
    if parts and all(_is_number(part) for part in parts):
        return NumericalEncoding.fit(name, cells, "min-max", "median", separator)
    if len(set(parts)) == len(parts):
        raise Undecided("no two vertices share a value")
    return CategoryEncoding.fit(name, cells, separator)


def _joined(present: Sequence[str]) -> bool:
    """Whether cells hold several values: splitting them finds shorter and fewer ones."""
    if not any(DEFAULT_SEPARATOR in cell for cell in present):
        return False
    parts = {part for cell in present for part in parts_of(cell, DEFAULT_SEPARATOR)}
    words = max(len(part.split()) for part in parts) if parts else 0
    return words <= TEXT_TOKENS and len(parts) < len(set(present))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
