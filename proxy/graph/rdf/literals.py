"""Literals as cells: which kind of feature a datatype means, and the cell of a value.

A literal that its datatype does not allow (`"nan"^^xsd:dateTime`) has no value, so its cell is
empty, as if it were not there.
"""

from __future__ import annotations

import math
import re
from enum import Enum

from gremlink.proxy.graph.files.timestamps import parse_timestamp

XSD = "http://www.w3.org/2001/XMLSchema#"
STRING = f"{XSD}string"


class ValueKind(Enum):
    """Kinds of values, as features tell them apart."""

    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    TEXT = "text"


_NUMBERS = (
    *("integer", "decimal", "double", "float", "long", "int", "short", "byte"),
    *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
    *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
)
_DATES = ("dateTime", "dateTimeStamp", "date", "gYearMonth", "gYear")
_KINDS = {
    **{XSD + name: ValueKind.NUMBER for name in _NUMBERS},
    **{XSD + name: ValueKind.DATE for name in _DATES},
    f"{XSD}boolean": ValueKind.BOOLEAN,
}
_BOOLEANS = {"true": "true", "1": "true", "false": "false", "0": "false"}
_YEAR = re.compile(r"(-?\d{4,10})(-\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NO_ROOM = re.compile("[\x00\x1f]")


def kind_of(datatype: str) -> ValueKind:
    """Return the kind of the values of a datatype; text for one that is not XML Schema's."""
    return _KINDS.get(datatype, ValueKind.TEXT)


def cell_of(lexical: str, kind: ValueKind) -> str:
    """Return the cell of a literal; empty where its datatype does not allow it."""
    if kind is ValueKind.TEXT:
        # The one character joins values, and CSV has no room for the other.
        return _NO_ROOM.sub(" ", lexical) if _NO_ROOM.search(lexical) else lexical
    text = lexical.strip()
    if kind is ValueKind.NUMBER:
        # Also refuses 1_000, INF and NaN, which Python reads.
        return text if _NUMBER.fullmatch(text) and math.isfinite(float(text)) else ""
    if kind is ValueKind.BOOLEAN:
        return _BOOLEANS.get(text, "")
    match = _YEAR.fullmatch(text)
    if match is not None:
        text = f"{_signed(match[1])}{match[2] or '-01'}-01"
    return text if not text.isdigit() and parse_timestamp(text) is not None else ""


def _signed(year: str) -> str:
    return year if len(year) == 4 or year.startswith("-") else f"+{year}"
