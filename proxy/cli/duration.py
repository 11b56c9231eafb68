"""Durations on the command line: a number and its unit."""

from __future__ import annotations

import re

import click

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """Click type of `90s`, `5m`, `1.5h`: seconds as a float, more than 0."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See `click.ParamType.convert`."""
        if isinstance(value, float):
            return value
        matched = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(value).strip())
        if matched is None or not float(matched[1]):
            self.fail(f"{value!r} is no duration: write a number and s, m or h, as 5m", param, ctx)
        return float(matched[1]) * UNITS[matched[2]]


DURATION = Duration()
