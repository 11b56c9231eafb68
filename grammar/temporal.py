"""Moments and spans of time as texts: those that Java, and so GraphSON, has for them.

Python's own types end with the year 9999 and know no nanoseconds; texts hold all of them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

_Text = Callable[[bytes], str]
_HEAD = 2
"""Bytes before a value: its type, and that there is one."""

_DAY_S = 86_400
_DURATION = re.compile(r"PT(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:\.\d+)?|-?\.\d+)S)?")


def iso_instant(seconds: int, nanoseconds: int = 0) -> str:
    """Format a moment, in seconds from 1970, in UTC.

    >>> iso_instant(0), iso_instant(253402300800, 1_000_000)
    ('1970-01-01T00:00:00Z', '+10000-01-01T00:00:00.001Z')
    """
    days, second = divmod(seconds, _DAY_S)
    return f"{_date(*_civil(days))}T{_clock(second)}{_fraction(nanoseconds)}Z"


def iso_milliseconds(count: int) -> str:
    """Format a moment, in milliseconds from 1970, in UTC."""
    seconds, rest = divmod(count, 1000)
    return iso_instant(seconds, rest * 1_000_000)


def temporal_text(what: str, raw: bytes) -> str | None:
    """Return the text of a qualified value in GraphBinary whose type has the name `what`; `None`
    for another type."""
    read = _TEXTS.get(what)
    return None if read is None else read(raw[_HEAD:])


def duration_seconds(raw: bytes) -> float:
    """Return the length of a qualified Duration in GraphBinary, in seconds."""
    seconds, nanoseconds = struct.unpack_from(">qi", raw, _HEAD)
    return float(seconds + nanoseconds / 1e9)


def seconds_of(duration: str) -> float | None:
    """Return the length of a duration in the format of `java.time`, in seconds; `None` for another
    text.

    >>> seconds_of("PT1H-0.5S")
    3599.5
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a day counted from 1970 (Howard Hinnant, "chrono-compatible low-level
    date algorithms")."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return year + era * 400 + (month <= 2), month, day


def _year(year: int) -> str:
    if 0 <= year <= 9999:
        return f"{year:04}"
    return f"{year:+05}"


def _date(year: int, month: int, day: int) -> str:
    return f"{_year(year)}-{month:02}-{day:02}"


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _fraction(nanoseconds: int) -> str:
    if not nanoseconds:
        return ""
    digits = f"{nanoseconds:09}"
    return "." + (digits[:3] if digits[3:] == "000000" else digits.removesuffix("000"))


def _time(nanoseconds: int) -> str:
    """Format a time of day, in which Java leaves out seconds that are zero."""
    second, rest = divmod(nanoseconds, 1_000_000_000)
    if not (second % 60 or rest):
        return _clock(second)[:5]
    return _clock(second) + _fraction(rest)


def _offset(seconds: int) -> str:
    if not seconds:
        return "Z"
    text = _clock(abs(seconds))
    return ("-" if seconds < 0 else "+") + text.removesuffix(":00")


def _unpacked(layout: str, written: Callable[..., str]) -> _Text:
    unpack = struct.Struct(layout).unpack_from
    return lambda data: written(*unpack(data))


def _local(year: int, month: int, day: int, nanoseconds: int) -> str:
    return f"{_date(year, month, day)}T{_time(nanoseconds)}"


def _with_offset(year: int, month: int, day: int, nanoseconds: int, offset: int) -> str:
    return _local(year, month, day, nanoseconds) + _offset(offset)


_TEXTS: dict[str, _Text] = {
    "Date": _unpacked(">q", iso_milliseconds),
    "Timestamp": _unpacked(">q", iso_milliseconds),
    "Instant": _unpacked(">qi", iso_instant),
    "LocalDate": _unpacked(">ibb", _date),
    "LocalDateTime": _unpacked(">ibbq", _local),
    "LocalTime": _unpacked(">q", _time),
    "MonthDay": _unpacked(">bb", lambda month, day: f"--{month:02}-{day:02}"),
    "OffsetDateTime": _unpacked(">ibbqi", _with_offset),
    "OffsetTime": _unpacked(">qi", lambda time, offset: _time(time) + _offset(offset)),
    "Period": _unpacked(">iii", lambda years, months, days: f"P{years}Y{months}M{days}D"),
    "Year": _unpacked(">i", str),
    "YearMonth": _unpacked(">ib", lambda year, month: f"{_year(year)}-{month:02}"),
    "ZonedDateTime": _unpacked(">ibbqi", _with_offset),
    "ZoneOffset": _unpacked(">i", _offset),
}
