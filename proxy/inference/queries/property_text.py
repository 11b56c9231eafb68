"""Values of properties as the texts that an export writes: what encodings are fitted on."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator

from gremlink.grammar.surrogates import escaped
from gremlink.grammar.temporal import duration_seconds, iso_milliseconds, seconds_of, temporal_text
from gremlink.grammar.traversal import Argument, Bulked, Entries, Items, Kind, Literal, Opaque

_HEAD = 2
"""Bytes before a value in GraphBinary: its type, and that there is one."""
_BUFFER_HEAD = 6
"""The same, and the length."""


def values_of(entries: Entries) -> dict[str, tuple[str, ...]]:
    """Return the entries of a `valueMap` as texts."""
    return {
        str(key.value): tuple(texts_of(value))
        for key, value in entries.entries
        if isinstance(key, Literal)
    }


def texts_of(value: Argument) -> Iterator[str]:
    """Return the texts of a value, or of all values in a list; a value without a text gives
    none."""
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
            yield escaped(str(other))
        case Opaque():
            known = _text(value)
            if known is not None:
                yield escaped(known)


def _decimal(number: float) -> str:
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return "NaN" if math.isnan(number) else repr(number)


def _text(value: Opaque) -> str | None:
    """Return the text of a value that is no literal: dates in ISO 8601, in UTC if they are
    moments."""
    match value.encoding, value.raw:
        case "graphbinary", bytes(raw):
            return _binary_text(value.what, raw)
        case "graphson", {"@type": "g:Date" | "g:Timestamp", "@value": int(milliseconds)}:
            return iso_milliseconds(milliseconds)
        case "graphson", {"@type": "gx:Duration", "@value": str(text)}:
            seconds = seconds_of(text)
            return text if seconds is None else _decimal(seconds)
        case "graphson", {"@type": str(kind), "@value": text} if kind.startswith("gx:"):
            return str(text)
    return None


def _binary_text(what: str, raw: bytes) -> str | None:
    match what:
        case "Duration":
            return _decimal(duration_seconds(raw))
        case "ByteBuffer":
            return base64.b64encode(raw[_BUFFER_HEAD:]).decode()
        case "Char":
            return raw[_HEAD:].decode(errors="surrogatepass")
    return temporal_text(what, raw)
