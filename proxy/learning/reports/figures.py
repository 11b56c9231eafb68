"""Numbers as people read them in reports: 0.4213, 1,234.5, 1,200,000."""

from __future__ import annotations

import math

SCIENTIFIC = 1e15
"""Numbers from here on are written with a power of ten: floats are exact up to about here."""

SMALL = 1e-6
"""Numbers below are written with a power of ten."""

SHORT = 1e-4
"""Numbers of an axis below which they are written with a power of ten."""

LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"))
"""Large units and their prefixes in the SI."""


def figure(value: float, decimals: int = 4) -> str:
    """Return a number with decimals, fewer of them where it is large; a small one in three
    digits."""
    size = abs(value)
    if 0 < size < 0.001 or not size < SCIENTIFIC:
        return brief(value)
    before = math.floor(math.log10(size)) if size >= 1 else 0
    return f"{value:,.{max(0, decimals - before)}f}"


def brief(value: float, digits: int = 3) -> str:
    """Return a number rounded to some digits, without zeros at its end: 0.42, 1.1, 1,100."""
    size = abs(value)
    if not size < SCIENTIFIC or 0 < size < SMALL:
        return _scientific(value)
    if not size:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return _plain(f"{rounded:,.{max(0, decimals)}f}")


def tick(value: float) -> str:
    """Return a round number of an axis in few letters: 0.2, 1,000, 5M."""
    size = abs(value)
    if not size < SCIENTIFIC or 0 < size < SHORT:
        return _scientific(value)
    for unit, letter in LARGE:
        if size >= unit:
            return f"{_plain(f'{value / unit:,.3f}')}{letter}"
    return _plain(f"{value:,.6f}")


def _plain(number: str) -> str:
    """Return a decimal number without zeros at its end."""
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return "0" if number == "-0" else number


def _scientific(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    number, _, power = f"{value:.2e}".partition("e")
    return f"{_plain(number)}e{int(power)}"
