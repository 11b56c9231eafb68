"""Moments as text: what is one, and when it was."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.proxy.graph.files.timestamps import Timestamp, parse_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1999-12-31T23:59:59-0500", "2000-01-01T04:59:59"),
        ("1999-12-31T23:59:59+02:00", "1999-12-31T21:59:59"),
        ("1999-12-31T23:59:59+02", "1999-12-31T21:59:59"),
        ("1999-12-31T23:59:59.123+0000", "1999-12-31T23:59:59.123000"),
        ("1999-12-31T23:59:59.123456789Z", "1999-12-31T23:59:59.123456"),
        ("1999-12-31T23:59Z", "1999-12-31T23:59:00"),
        ("1999-12-31t23:59z", "1999-12-31T23:59:00"),
        ("1999-12-31T23:59-05:30", "2000-01-01T05:29:00"),
        ("1999-12-31 23:59:59 UTC", "1999-12-31T23:59:59"),
        ("1999-12-31T23:59:60Z", "1999-12-31T23:59:59"),
        ("2020-01-01T00:00+02:00[Europe/Paris]", "2019-12-31T22:00:00"),
        ("2020-01-01T00:00:00Z[Etc/GMT+5]", "2020-01-01T00:00:00"),
        ("2020-01-01T00:00:00+01:30:15", "2019-12-31T22:29:45"),
        ("+2020-01-01", "2020-01-01T00:00:00"),
        ("20200131T101112Z", "2020-01-31T10:11:12"),
        ("2020-02-29", "2020-02-29T00:00:00"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    found = parse_timestamp(text)
    assert found is not None
    assert found.utc().isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "2020", "2020-01", "soon", "2021-02-29", "2020-13-01", "2020-00-01", "2020-01-32"),
        *("2020-01-01T24:00", "2020-01-01T10:60", "2020-01-01T10:00:61", "12020-01-01"),
        *("٢٠٢٠-01-01", "2020-01-01T10:00:00.Z", "2020-01-01T10:00:00+2", "2020-01-01T10:00:00["),
        *("12:00", "PT5S", "2020-01-01T10:00:00+99:99", "2020-01-01T10:00:00-19:00"),
        *("2020-01-01T10:00:00+01:60", "2020-01-01T10:00:00+1860", "2020-01-01T10:00+01:00:99"),
    ],
)
def test_what_is_none(text: str) -> None:
    assert parse_timestamp(text) is None


@pytest.mark.parametrize(
    ("text", "year", "weekday"),
    [
        ("+292278994-08-17T07:12:55.807Z", 292278994, 6),
        ("-292275055-05-16T16:47:04.192Z", -292275055, 6),
        ("0000-12-31T00:00:00Z", 0, 6),
        ("-0001-01-01", -1, 4),
        ("+10000-01-01T00:00:00Z", 10000, 5),
    ],
)
def test_years_beyond_those_of_python(text: str, year: int, weekday: int) -> None:
    found = parse_timestamp(text)
    assert found is not None
    assert (found.year, found.weekday) == (year, weekday)
    assert found.seconds() == pytest.approx((year - 1970) * 365.2425 * 86_400, abs=400 * 86_400)
    with pytest.raises(ValueError, match="the year"):
        found.utc()


@given(st.datetimes(timezones=st.timezones()))
def test_as_the_standard_library(moment: datetime) -> None:
    offset = moment.utcoffset()
    assert offset is not None
    if offset.microseconds or not 1 < moment.year < 9999:
        return
    found = parse_timestamp(moment.isoformat())
    assert found is not None
    assert found.utc() == moment.astimezone(timezone.utc).replace(tzinfo=None)
    assert found.weekday == moment.weekday()
    naive = moment.replace(tzinfo=timezone.utc).timestamp()
    assert found.seconds() == pytest.approx(naive, abs=1e-3)


def test_a_clock_without_a_zone() -> None:
    assert parse_timestamp("2020-01-02T03:04:05") == Timestamp(2020, 1, 2, 3, 4, 5)
    assert parse_timestamp("2020-01-02T03:04:05Z") == Timestamp(2020, 1, 2, 3, 4, 5, 0, 0)
