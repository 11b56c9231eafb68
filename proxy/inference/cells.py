"""Values of properties as the texts that an export writes: what encodings are fitted on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from grammar.traversal import Argument, Bulked, Entries, Items, Kind, Literal, Opaque

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TEMPORAL = ("Instant", "LocalDate", "LocalDateTime", "OffsetDateTime", "ZonedDateTime")
_BINARY_DATE_HEAD = 2
"""Bytes before the milliseconds of a date in GraphBinary: the type, and that there is a value."""


def values_of(entries: Entries) -> dict[str, tuple[str, ...]]:
    """What `valueMap` gave, as texts."""
    return {
        str(key.value): tuple(texts_of(value))
        for key, value in entries.entries
        if isinstance(key, Literal)
    }


def texts_of(value: Argument) -> Iterator[str]:
    """The texts of a value, or of all values in a list; what has no text has none."""
    match value:
        case Items(_, items):
            for item in items:
                yield from texts_of(item)
        case Bulked(inner, bulk):
            for text in texts_of(inner):
                yield from [text] * bulk
        case Literal(Kind.NULL):
            return
        case Literal(Kind.BOOLEAN, truth):
            yield "true" if truth else "false"
        case Literal(Kind.FLOAT | Kind.DOUBLE, number):
            yield _decimal(number)
        case Literal(_, other):
            yield str(other)
        case Opaque():
            moment = _date(value)
            if moment is not None:
                yield moment


def _decimal(number: float) -> str:
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return "NaN" if math.isnan(number) else repr(number)


def _date(value: Opaque) -> str | None:
    """A date in ISO 8601, in UTC."""
    match value.encoding, value.raw:
        case "graphbinary", bytes(raw) if value.what in ("Date", "Timestamp"):
            return _instant(int.from_bytes(raw[_BINARY_DATE_HEAD:], "big", signed=True))
        case "graphson", {"@type": "g:Date" | "g:Timestamp", "@value": int(milliseconds)}:
            return _instant(milliseconds)
        case "graphson", {"@type": str(kind), "@value": text} if _is_temporal(kind):
            return str(text)
    return None


def _is_temporal(kind: Any) -> bool:
    return str(kind).partition(":")[2] in _TEMPORAL


def _instant(milliseconds: int) -> str:
    moment = (_EPOCH + timedelta(milliseconds=milliseconds)).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds") + "Z"
