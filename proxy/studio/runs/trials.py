"""The trials of a search as pictures: their history, and each parameter against the value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 40
"""Pixels of a picture, and of its margins."""

MOST_PARAMETERS = 12
"""Parameters that have a picture, those with several values."""

LOGARITHMIC = 50.0
"""Ratio of the largest and the smallest value from which on an axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A trial in a picture, with its text."""

    x: float
    y: float
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture: dots, ticks of both axes as places and texts, and a line of the best so far."""

    title: str
    dots: Sequence[Dot]
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    line: str = ""


@dataclass(frozen=True, slots=True)
class Trials:
    """A search of settings: `rows` are its trials, the best first."""

    network: str
    metric: str
    chosen: str
    seconds: float
    names: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    history: Plot
    parameters: Sequence[Plot]


def trials_of(report: Mapping[str, Any]) -> Trials | None:
    """Return the search in a report, `None` if there was none."""
    search = report.get("search")
    if not isinstance(search, dict) or not search.get("trials"):
        return None
    rows = list(search["trials"])
    valued = [row for row in rows if isinstance(row.get("value"), int | float)]
    names = list(dict.fromkeys(name for row in rows for name in row.get("parameters") or {}))
    metric = str(search.get("metric", ""))
    several = [
        name
        for name in names
        if len({str(row["parameters"][name]) for row in valued if name in row["parameters"]}) > 1
    ]
    best = sorted(rows, key=lambda row: (row.get("value") is None, -(row.get("value") or 0.0)))
    return Trials(
        str(search.get("network", "")),
        metric,
        ", ".join(f"{name} {_text(value)}" for name, value in search["parameters"].items()),
        float(search.get("seconds") or 0.0),
        names,
        best,
        _history(valued),
        [_against(name, valued) for name in several[:MOST_PARAMETERS]],
    )


def _history(rows: Sequence[Mapping[str, Any]]) -> Plot:
    numbers = [float(row["number"]) + 1 for row in rows]
    x, x_ticks = _scale(numbers, LEFT, WIDTH - RIGHT, whole=True)
    y, y_ticks = _scale([row["value"] for row in rows], HEIGHT - BOTTOM, TOP)
    line: list[str] = []
    best = -math.inf
    for number, row in sorted(zip(numbers, rows, strict=True), key=lambda each: each[0]):
        if row.get("state") == "complete":
            if line:
                line.append(f"{x(number):.1f},{y(best):.1f}")
            best = max(best, row["value"])
            line.append(f"{x(number):.1f},{y(best):.1f}")
    dots = [
        Dot(x(number), y(row["value"]), str(row.get("state", "")), _told(row))
        for number, row in zip(numbers, rows, strict=True)
    ]
    return Plot("trial", dots, x_ticks, y_ticks, " ".join(line))


def _against(name: str, rows: Sequence[Mapping[str, Any]]) -> Plot:
    """Return a parameter against the value; texts have equal distances."""
    there = [row for row in rows if name in row["parameters"]]
    values = [row["parameters"][name] for row in there]
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        logarithmic = min(values) > 0 and max(values) / min(values) >= LOGARITHMIC
        x, x_ticks = _scale(values, LEFT, WIDTH - RIGHT, logarithmic=logarithmic)
        places = [x(each) for each in values]
    else:
        texts = sorted({str(each) for each in values})
        step = (WIDTH - LEFT - RIGHT) / len(texts)
        at = {text: LEFT + step * (place + 0.5) for place, text in enumerate(texts)}
        x_ticks = [(at[text], text[:12]) for text in texts]
        places = [at[str(each)] for each in values]
    y, y_ticks = _scale([row["value"] for row in there], HEIGHT - BOTTOM, TOP)
    dots = [
        Dot(place, y(row["value"]), str(row.get("state", "")), _told(row))
        for place, row in zip(places, there, strict=True)
    ]
    return Plot(name, dots, x_ticks, y_ticks)


def _told(row: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name} {_text(value)}" for name, value in row["parameters"].items())
    return f"trial {int(row['number']) + 1}: {_text(row['value'])} ({row.get('state')}): {told}"


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _scale(
    values: Sequence[float],
    start: float,
    end: float,
    *,
    logarithmic: bool = False,
    whole: bool = False,
) -> tuple[Any, list[tuple[float, str]]]:
    """Return the function from a value to a place, and round ticks."""
    finite = [float(each) for each in values if math.isfinite(each)] or [0.0]
    change = math.log10 if logarithmic else float
    low, high = change(min(finite)), change(max(finite))
    if high == low:
        low, high = low - 0.5, high + 0.5

    def place(value: float) -> float:
        return start + (end - start) * (change(value) - low) / (high - low)

    if logarithmic:
        powers = range(math.ceil(low), math.floor(high) + 1)
        ticks = [10.0**power for power in powers] or [min(finite), max(finite)]
    else:
        raw = (high - low) / 4
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(each * power for each in (1, 2, 5, 10) if each * power >= raw)
        step = max(step, 1.0) if whole else step
        first = math.ceil(low / step)
        ticks = [number * step for number in range(first, math.floor(high / step) + 1)]
    return place, [(place(tick), f"{tick:.6g}") for tick in ticks]
