"""Numbers and booleans of JSON that are written as text, as in published configurations."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

_NUMBER = re.compile(r"-?[0-9]+(?P<part>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_LONGEST = 400
"""Digits; reading a whole number takes the square of them."""


def numbers(value: Any) -> Any:
    """Return the value with numbers in the place of texts that are some; everything else unchanged.

    >>> numbers(["1", 2, "x"]), numbers("0.5")
    ([1, 2, 'x'], 0.5)
    """
    if isinstance(value, list):
        return [numbers(item) for item in value]
    if not isinstance(value, str) or len(value) > _LONGEST:
        return value
    found = _NUMBER.fullmatch(value.strip())
    if found is None:
        return value
    return float(found[0]) if found["part"] else int(found[0])


def boolean(value: Any) -> Any:
    """Return the boolean that a text names; everything else unchanged.

    >>> boolean("False"), boolean(True), boolean("x")
    (False, True, 'x')
    """
    text = value.strip().lower() if isinstance(value, str) else ""
    return {"true": True, "false": False}.get(text, value)


def with_numbers(entry: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """Return the entry with numbers at these keys."""
    return {key: numbers(value) if key in keys else value for key, value in entry.items()}


FEATURE_NUMBERS = (
    *("range", "bucket_cnt", "num_buckets", "slide_window_size"),
    *("max_length", "ngram_range", "min_df", "max_features"),
)
"""The keys of a feature that are numbers, in a request for an export and in what it writes."""
