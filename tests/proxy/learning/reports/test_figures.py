"""Numbers of reports over decades."""

from __future__ import annotations

import math

import pytest

from gremlink.proxy.learning.reports.figures import brief, figure, tick


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0.0000"),
        (0.42134, "0.4213"),
        (-1.5, "-1.5000"),
        (12.3456, "12.346"),
        (1000.0, "1,000.0"),
        (1234567.8, "1,234,568"),
        (0.00012345, "0.000123"),
        (3e-9, "3e-9"),
        (2.5e20, "2.5e20"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_figures_of_tables(value: float, said: str) -> None:
    assert figure(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (1100.0, "1,100"),
        (999.7, "1,000"),
        (0.4, "0.4"),
        (23456.0, "23,500"),
        (-0.00004, "-0.00004"),
        (1e-7, "1e-7"),
        (math.inf, "inf"),
    ],
)
def test_figures_in_few_digits(value: float, said: str) -> None:
    assert brief(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (0.2, "0.2"),
        (0.30000000000000004, "0.3"),
        (100000, "100,000"),
        (1e8, "100M"),
        (2.5e9, "2.5G"),
        (-4e12, "-4T"),
        (1e18, "1e18"),
        (0.00005, "5e-5"),
        (1e-12 - 1e-12, "0"),
    ],
)
def test_ticks_are_short(value: float, said: str) -> None:
    assert tick(value) == said


def test_digits_are_as_asked() -> None:
    assert (brief(0.42137, 4), brief(1234.56, 6)) == ("0.4214", "1,234.56")
    assert (figure(0.42137, 3), figure(1234.56, 3)) == ("0.421", "1,235")
