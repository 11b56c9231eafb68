from __future__ import annotations

import click
import pytest

from gremlink.proxy.cli.duration import DURATION


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90.0), ("5m", 300.0), ("1.5h", 5400.0), (" 2m ", 120.0)]
)
def test_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["5", "m", "-1m", "0s", "5 minutes", ""])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write a number"):
        DURATION.convert(text, None, None)
