"""Moments as text: ISO 8601 as people, Neptune, and the types of `java.time` write it.

Python's own `datetime` ends with the year 9999, begins with 1, and knows no nanoseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_MOMENT = re.compile(
    r"(?P<date>(?P<year>\d{4}|[+-]\d{4,10})-(?P<month>\d\d)-(?P<day>\d\d)|(?P<compact>\d{8}))"
    r"(?:[T ](?P<hour>\d\d)"
    r"(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?(?:\[[\w/+:-]{1,64}\])?|Z)?",
    re.ASCII | re.IGNORECASE,
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIRST, _LAST = 1, 9999
"""Years that `datetime` has."""
_MOST_OFFSET = 18 * 3600
"""Largest offset, in seconds, of `java.time`: no country's clock is that far from UTC."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A date and time as its clock shows it.

    `offset` is what the clock is ahead of UTC, in seconds; `None` where the text does not say.
    """

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    offset: int | None = None

    @property
    def weekday(self) -> int:
        """0 for Monday to 6. The calendar repeats itself every 400 years."""
        return datetime(self.year % 400 + 400, self.month, self.day).weekday()

    def seconds(self) -> float:
        """Return the seconds since the beginning of 1970 on the same clock."""
        return self._whole_seconds() + self.nanosecond / 1e9

    def milliseconds(self) -> int:
        """Return the milliseconds since the beginning of 1970 in UTC, as Gremlin's Date has
        them."""
        return (self._whole_seconds() - (self.offset or 0)) * 1000 + self.nanosecond // 1_000_000

    def _whole_seconds(self) -> int:
        cycles, year = divmod(self.year, 400)
        moment = datetime(year + 400, self.month, self.day, self.hour, self.minute, self.second)
        since = moment - datetime(1970, 1, 1)
        return since.days * _DAY + since.seconds + (cycles - 1) * _CYCLE

    def utc(self) -> datetime:
        """Return the moment in UTC, without a zone, to microseconds.

        Raises ValueError outside of the years 1 to 9999.
        """
        if not _FIRST <= self.year <= _LAST:
            raise ValueError(f"the year {self.year} is not from {_FIRST} to {_LAST}")
        clock = (self.year, self.month, self.day, self.hour, self.minute, self.second)
        try:
            return datetime(*clock, self.nanosecond // 1000) - timedelta(seconds=self.offset or 0)
        except OverflowError:
            raise ValueError(f"in UTC the year is not from {_FIRST} to {_LAST}") from None


_DAY = 86_400
_CYCLE = 146_097 * _DAY
"""Seconds of 400 years, after which the calendar repeats itself."""


def parse_timestamp(text: str) -> Timestamp | None:
    """Read the moment in a text, `None` if there is none. A number alone is a date of eight
    digits."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    if match["compact"]:
        digits = match["compact"]
        year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    else:
        year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    hour, minute = int(match["hour"] or 0), int(match["minute"] or 0)
    second = int(match["second"] or 0)
    if not 1 <= month <= 12 or not 1 <= day <= _days(year, month):
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    # A leap second is the one before it: clocks of databases have none.
    second = min(second, 59)
    nanosecond = int((match["fraction"] or "").ljust(9, "0"))
    try:
        offset = _offset(match["zone"])
    except ValueError:
        return None
    return Timestamp(year, month, day, hour, minute, second, nanosecond, offset)


def _days(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else _DAYS[month - 1]


def _offset(zone: str | None) -> int | None:
    """Return the seconds ahead of UTC. Raises ValueError for what no clock has."""
    if not zone:
        return None
    if zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(6, "0")
    minutes, rest = int(digits[2:4]), int(digits[4:])
    seconds = int(digits[:2]) * 3600 + minutes * 60 + rest
    if minutes > 59 or rest > 59 or seconds > _MOST_OFFSET:
        raise ValueError("no clock is set so")
    return -seconds if zone[0] == "-" else seconds
