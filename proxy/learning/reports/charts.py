"""Small charts as inline SVG: lines, bars, and a diagonal for calibration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 520, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 40
END = WIDTH - RIGHT
COLOURS = ("#1b6ca8", "#c8553d", "#588b3f", "#8a5aa8", "#b08d1e", "#4a4e69", "#0f8b8d")

Points = Sequence[tuple[float, float]]


def lines(series: Mapping[str, Points], x_title: str, y_title: str) -> str:
    """Draw a line for each series, without points that are not finite; empty without any."""
    kept = {
        name: [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        for name, points in series.items()
    }
    kept = {name: points for name, points in kept.items() if points}
    if not kept:
        return ""
    xs = [x for points in kept.values() for x, _ in points]
    ys = [y for points in kept.values() for _, y in points]
    plot = _Plot(min(xs), max(xs), min(0.0, *ys), max(ys), x_title, y_title)
    for number, (name, points) in enumerate(kept.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{plot.x(x):.1f},{plot.y(y):.1f}" for x, y in points)
        plot.add(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        plot.legend(number, name, colour)
    return plot.drawn()


def bars(groups: Mapping[str, Sequence[float]], labels: Sequence[str], y_title: str) -> str:
    """Draw bars side by side, one of each group for every label."""
    highest = max((value for values in groups.values() for value in values), default=0.0)
    if highest <= 0.0:
        return ""
    plot = _Plot(0.0, float(len(labels)), 0.0, highest, "", y_title, ticks=False)
    wide = 0.8 / len(groups)
    for number, (name, values) in enumerate(groups.items()):
        colour = COLOURS[number % len(COLOURS)]
        for place, value in enumerate(values):
            left = plot.x(place + 0.1 + number * wide)
            width = plot.x(place + 0.1 + (number + 1) * wide) - left
            plot.add(
                f'<rect x="{left:.1f}" y="{plot.y(value):.1f}" width="{width:.1f}" '
                f'height="{plot.y(0) - plot.y(value):.1f}" fill="{colour}"/>'
            )
        plot.legend(number, name, colour)
    for place, label in enumerate(labels):
        plot.text(plot.x(place + 0.5), HEIGHT - BOTTOM + 16, label, "middle")
    return plot.drawn()


def reliability(points: Points, x_title: str, y_title: str) -> str:
    """Draw points from 0 to 1 beside the diagonal on which they should lie."""
    return _beside_diagonal(points, (0.0, 1.0), 4.0, x_title, y_title)


def agreement(points: Points, x_title: str, y_title: str) -> str:
    """Draw pairs of numbers that should be equal, beside the diagonal of equal ones."""
    every = [value for point in points for value in point if math.isfinite(value)]
    ends = (min(every), max(every)) if every else (0.0, 1.0)
    return _beside_diagonal(points, ends, 2.0, x_title, y_title)


def scatter(series: Mapping[str, Points], x_title: str, y_title: str) -> str:
    """Draw points of several kinds in a plane. Empty without any point."""
    every = [point for points in series.values() for point in points]
    if not every:
        return ""
    xs, ys = [x for x, _ in every], [y for _, y in every]
    plot = _Plot(min(xs), max(xs), min(ys), max(ys), x_title, y_title)
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        for x, y in points:
            at = f'cx="{plot.x(x):.1f}" cy="{plot.y(y):.1f}"'
            plot.add(f'<circle {at} r="2" fill="{colour}" fill-opacity=".6"/>')
        plot.legend(number, name, colour)
    return plot.drawn()


def _beside_diagonal(
    points: Points, ends: tuple[float, float], radius: float, x_title: str, y_title: str
) -> str:
    low, high = ends
    plot = _Plot(low, high, low, high, x_title, y_title)
    plot.add(
        f'<line x1="{plot.x(low):.1f}" y1="{plot.y(low):.1f}" x2="{plot.x(high):.1f}" '
        f'y2="{plot.y(high):.1f}" stroke="#999" stroke-dasharray="4 3"/>'
    )
    for x, y in points:
        at = f'cx="{plot.x(x):.1f}" cy="{plot.y(y):.1f}"'
        plot.add(f'<circle {at} r="{radius:g}" fill="{COLOURS[0]}" fill-opacity=".7"/>')
    return plot.drawn() if points else ""


class _Plot:
    """Axes with ticks, and the shapes that are added."""

    def __init__(
        self,
        left: float,
        right: float,
        low: float,
        high: float,
        x_title: str,
        y_title: str,
        *,
        ticks: bool = True,
    ) -> None:
        self._left, self._across = left, (right - left) or 1.0
        self._low, self._up = low, (high - low) or 1.0
        self._parts: list[str] = []
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            value = low + share * self._up
            y = self.y(value)
            self.add(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{END}" y2="{y:.1f}" class="g"/>')
            self.text(LEFT - 6, y + 4, _short(value), "end")
            if ticks:
                at = left + share * self._across
                self.text(self.x(at), HEIGHT - BOTTOM + 16, _short(at), "middle")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x_title, "middle")
        self._parts.append(
            f'<text x="12" y="{HEIGHT / 2}" text-anchor="middle" '
            f'transform="rotate(-90 12 {HEIGHT / 2})">{escape(y_title)}</text>'
        )

    def x(self, value: float) -> float:
        """Return the pixels from the left."""
        return LEFT + (value - self._left) / self._across * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return the pixels from the top."""
        return HEIGHT - BOTTOM - (value - self._low) / self._up * (HEIGHT - TOP - BOTTOM)

    def add(self, part: str) -> None:
        self._parts.append(part)

    def text(self, x: float, y: float, text: str, anchor: str) -> None:
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')

    def legend(self, number: int, name: str, colour: str) -> None:
        y = TOP + 14 * number
        self.add(f'<rect x="{WIDTH + 6}" y="{y}" width="10" height="10" fill="{colour}"/>')
        self.text(WIDTH + 20, y + 9, name, "start")

    def drawn(self) -> str:
        """Return the picture."""
        body = "".join(self._parts)
        return f'<svg viewBox="0 0 {WIDTH + 170} {HEIGHT}" role="img">{body}</svg>'


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
