"""Types of the bulk loader's columns: from the text of a cell to the value that is written."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any

from gremlin_python.statics import SingleByte, long, short

from gremlink.proxy.graph.errors import shortened
from gremlink.proxy.graph.files.timestamps import parse_timestamp
from gremlink.proxy.graph.server.formats import Float32, Milliseconds

Convert = Callable[[str], Any]
"""Raises ValueError with the reason."""


class OutOfRange(ValueError):
    """A value that its type has no room for."""


_INTEGER = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 19
"""Of a Long."""
# In one way only: where two parts of a pattern take the same digits, a cell costs their square.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL = re.compile(r"[+-]?inf(?:inity)?|nan", re.IGNORECASE)
"""`Infinity` and `NaN` as Neptune writes them, `INF` as XML and Spark do."""


def _integer(name: str, bits: int, make: Callable[[int], Any]) -> Callable[[str], Any]:
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def convert(text: str) -> Any:
        if not _INTEGER.fullmatch(text):
            raise ValueError(f"{shortened(text)} is not a whole number ({name})")
        # Reading a number takes the square of its digits.
        if len(text.lstrip("+-0")) > _MOST_DIGITS or not low <= int(text) <= high:
            raise OutOfRange(f"{shortened(text)} is out of the range of {name}, {low} to {high}")
        return make(int(text))

    return convert


def _floating(name: str, make: Callable[[float], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if _SPECIAL.fullmatch(text):
            return make(float(text))
        if not _DECIMAL.fullmatch(text):
            raise ValueError(f"{shortened(text)} is not a number ({name})")
        number = float(text)
        try:
            struct.pack("<f" if make is Float32 else "<d", number)
        except OverflowError:
            number = math.inf
        if math.isinf(number):
            raise OutOfRange(f"{shortened(text)} is out of the range of {name}")
        return make(number)

    return convert


def _date(text: str) -> datetime | Milliseconds:
    moment = None if text.isdigit() else parse_timestamp(text)
    if moment is None:
        raise ValueError(
            f"{shortened(text)} is not a date; write 2001-12-31 or 2001-12-31T23:59:59Z"
        )
    try:
        return moment.utc()
    except ValueError:
        milliseconds = moment.milliseconds()
    if not -(2**63) <= milliseconds < 2**63:
        raise OutOfRange(f"{shortened(text)} is out of the range of Date")
    return Milliseconds(milliseconds)


def _boolean(text: str) -> bool:
    return text.lower() == "true"


TYPES: dict[str, Convert] = {
    "bool": _boolean,
    "boolean": _boolean,
    "byte": _integer("Byte", 8, SingleByte),
    "short": _integer("Short", 16, short),
    "int": _integer("Int", 32, int),
    "integer": _integer("Int", 32, int),
    "long": _integer("Long", 64, long),
    "float": _floating("Float", Float32),
    "double": _floating("Double", float),
    "string": str,
    "date": _date,
    "datetime": _date,
}
"""Types by their names in lower case; `integer` is an export's name of an Int."""
