"""Charts as inline SVG that follow the page's colours: lines, bars, points beside a diagonal.

Axes end at round ticks. Series differ in colour and in dashes. Every picture has a title and a
description for those who hear it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from gremlink.proxy.learning.reports.figures import brief, tick

WIDTH, HEIGHT = 480, 260
LEFT, RIGHT, TOP, BOTTOM = 72, 18, 12, 46
END = WIDTH - RIGHT
DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 4", "1 4", "6 2 1 2")
COLOURS = len(DASHES)
LETTER = 7.2
"""Width of a letter in pixels, about."""
MOST_NAME = 60
"""Letters of a series' name that are shown; the rest is in its title."""
MOST_LABEL = 26
"""Letters of a label beside a bar."""
MOST_SERIES = 24
DECADES = 1000.0
"""Largest beside smallest number from which an axis of positive numbers is logarithmic."""

Points = Sequence[tuple[float, float]]


def lines(series: Mapping[str, Points], x_title: str, y_title: str) -> str:
    """Draw a line for each series, without points that are not finite; empty without any."""
    kept = _finite(series)
    if not kept:
        return ""
    xs, ys = _columns(kept)
    plot = _Plot(_Axis(min(xs), max(xs)), _Axis(min(0.0, *ys), max(ys)), x_title, y_title)
    for number, (name, points) in enumerate(kept.items()):
        path = " ".join(f"{plot.x(x):.1f},{plot.y(y):.1f}" for x, y in points)
        plot.add(
            f'<polyline points="{path}" fill="none" class="l{number % COLOURS}" '
            f'stroke-width="2" stroke-dasharray="{DASHES[number % COLOURS]}"/>'
        )
        if len(points) == 1:
            plot.point(*points[0], number, 3.0)
        plot.legend(name)
    return plot.drawn(_ends(kept))


def bars(groups: Mapping[str, Sequence[float]], labels: Sequence[str], y_title: str) -> str:
    """Draw bars side by side, one of each group for every label."""
    highest = max((value for values in groups.values() for value in values), default=0.0)
    if highest <= 0.0:
        return ""
    across = _Axis(0.0, float(len(labels)), exact=True)
    plot = _Plot(across, _Axis(0.0, highest), "", y_title, ticks=False)
    wide = 0.8 / len(groups)
    for number, (name, values) in enumerate(groups.items()):
        for place, value in enumerate(values):
            left = plot.x(place + 0.1 + number * wide)
            width = plot.x(place + 0.1 + (number + 1) * wide) - left
            plot.add(
                f'<rect x="{left:.1f}" y="{plot.y(value):.1f}" width="{width:.1f}" '
                f'height="{plot.y(0) - plot.y(value):.1f}" class="f{number % COLOURS}">'
                f"<title>{escape(name)}, {escape(labels[place])}: {brief(value, 6)}</title></rect>"
            )
        plot.legend(name)
    for place, label in enumerate(labels):
        plot.text(plot.x(place + 0.5), HEIGHT - BOTTOM + 17, label, "middle", "small")
    return plot.drawn(
        "; ".join(
            f"{name}: "
            + ", ".join(
                f"{label} {brief(value, 6)}" for label, value in zip(labels, values, strict=True)
            )
            for name, values in groups.items()
        )
    )


def ranked(
    names: Sequence[str], values: Sequence[float], spreads: Sequence[float], x_title: str
) -> str:
    """Draw a bar across for each name, with a line over `spreads` to both sides of its end."""
    if not any(values):
        return ""
    ends = [
        value + sign * spread
        for value, spread in zip(values, spreads, strict=True)
        for sign in (-1, 1)
    ]
    left, step = 190, 22
    axis = _Axis(min(0.0, *ends), max(0.0, *ends))
    bottom = TOP + step * len(names)

    def x(value: float) -> float:
        return left + axis.share(value) * (END - left)

    parts = []
    for value in axis.ticks:
        parts.append(
            f'<line x1="{x(value):.1f}" y1="{TOP}" x2="{x(value):.1f}" y2="{bottom}" class="g"/>'
        )
        parts.append(
            f'<text x="{x(value):.1f}" y="{bottom + 16}" text-anchor="middle" class="small">'
            f"{tick(value)}</text>"
        )
    for place, (name, value, spread) in enumerate(zip(names, values, spreads, strict=True)):
        y = TOP + step * place + step / 2
        short = name if len(name) <= MOST_LABEL else f"{name[: MOST_LABEL - 1]}…"
        start, end = sorted((x(0.0), x(value)))
        parts.append(
            f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end"><title>{escape(name)}</title>'
            f"{escape(short)}</text>"
            f'<rect x="{start:.1f}" y="{y - 7:.1f}" width="{end - start:.1f}" height="14" '
            f'class="f0"><title>{escape(name)}: {brief(value)}</title></rect>'
            f'<line x1="{x(value - spread):.1f}" y1="{y:.1f}" x2="{x(value + spread):.1f}" '
            f'y2="{y:.1f}" class="q" stroke-width="2"/>'
        )
    said = ", ".join(f"{name} {brief(value)}" for name, value in zip(names, values, strict=True))
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom + 40}" role="img"><title>{escape(x_title)}</title>'
        f"<desc>{escape(said[:2000])}</desc>{''.join(parts)}"
        f'<text x="{(left + END) / 2}" y="{bottom + 34}" text-anchor="middle">'
        f"{escape(x_title)}</text></svg>"
    )


def reliability(points: Points, x_title: str, y_title: str, counts: Sequence[float] = ()) -> str:
    """Draw points from 0 to 1 beside the diagonal on which they should lie; larger ones for more
    `counts`."""
    if not points:
        return ""
    plot = _Plot(_Axis(0.0, 1.0), _Axis(0.0, 1.0), x_title, y_title)
    plot.diagonal(0.0, 1.0)
    most = max(counts, default=1.0)
    for place, (x, y) in enumerate(points):
        size = counts[place] if len(counts) == len(points) else most
        said = f" ({size:,.0f})" if counts else ""
        plot.point(x, y, 0, 3.0 + 5.0 * math.sqrt(size / most), f"{x:.2f}: {y:.2f}{said}")
    return plot.drawn(", ".join(f"{x:.2f}: {y:.2f}" for x, y in points))


def agreement(points: Points, x_title: str, y_title: str) -> str:
    """Draw pairs of numbers that should be equal, beside the diagonal of equal ones."""
    kept = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if not kept:
        return ""
    every = [value for point in kept for value in point]
    low, high = min(every), max(every)
    truths = [x for x, _ in kept]
    decades = min(truths) > 0 and max(truths) / min(truths) >= DECADES
    if decades:
        low = min(truths)
        kept = [(x, max(y, low)) for x, y in kept]
    plot = _Plot(
        _Axis(low, high, decades=decades), _Axis(low, high, decades=decades), x_title, y_title
    )
    plot.diagonal(low, high)
    for x, y in kept:
        plot.point(x, y, 0, 2.5)
    return plot.drawn(f"{len(kept)} pairs, {brief(low)} to {brief(high)}")


def scatter(series: Mapping[str, Points], x_title: str, y_title: str) -> str:
    """Draw points of several kinds in a plane. Empty without any point."""
    kept = _finite(series)
    if not kept:
        return ""
    xs, ys = _columns(kept)
    plot = _Plot(_Axis(min(xs), max(xs)), _Axis(min(ys), max(ys)), x_title, y_title)
    for number, (name, points) in enumerate(kept.items()):
        for x, y in points:
            plot.point(x, y, number, 2.5)
        plot.legend(name)
    return plot.drawn(", ".join(f"{name}: {len(points)}" for name, points in kept.items()))


def heat(share: float) -> int:
    """Return the step of colour of a share, 0 to 9; only nothing has the step 0."""
    return min(9, math.ceil(share * 9)) if share > 0 else 0


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers, at most `most` + 1, the first at or below `low`, the last at or above
    `high`."""
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        span = abs(low) or 1.0
        low, high = low - span / 2, high + span / 2
    raw = span / (most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def _finite(series: Mapping[str, Points]) -> dict[str, list[tuple[float, float]]]:
    kept = {
        name: [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        for name, points in list(series.items())[:MOST_SERIES]
    }
    return {name: points for name, points in kept.items() if points}


def _columns(series: Mapping[str, Points]) -> tuple[list[float], list[float]]:
    xs = [x for points in series.values() for x, _ in points]
    return xs, [y for points in series.values() for _, y in points]


def _ends(series: Mapping[str, Points]) -> str:
    return "; ".join(
        f"{name}: from {brief(points[0][1])} to {brief(points[-1][1])}"
        for name, points in series.items()
    )


class _Axis:
    """An axis from 0 to 1 for numbers from round tick to round tick, or for decades of them."""

    def __init__(
        self, low: float, high: float, *, decades: bool = False, exact: bool = False
    ) -> None:
        self._decades = decades
        if decades:
            first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
            step = max(1, math.ceil((last - first) / 6))
            self.ticks = [10.0**place for place in range(first, last + 1, step)]
            ends = (float(first), float(last))
        else:
            self.ticks = [low, high] if exact else round_ticks(low, high)
            ends = (self.ticks[0], self.ticks[-1])
        self._low, self._high = ends

    def _place(self, value: float) -> float:
        return math.log10(value) if self._decades else value

    def share(self, value: float) -> float:
        """Return the place on the axis."""
        return (self._place(value) - self._low) / (self._high - self._low)


class _Plot:
    """Axes with ticks, and the shapes that are added."""

    def __init__(
        self, across: _Axis, up: _Axis, x_title: str, y_title: str, *, ticks: bool = True
    ) -> None:
        self._across, self._up = across, up
        self._titles = (x_title, y_title)
        self._parts: list[str] = []
        self._legend: list[str] = []
        for value in up.ticks:
            y = self.y(value)
            self.add(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{END}" y2="{y:.1f}" class="g"/>')
            self.text(LEFT - 6, y + 4, tick(value), "end", "small")
        if ticks:
            for value in across.ticks:
                self.text(self.x(value), HEIGHT - BOTTOM + 17, tick(value), "middle", "small")
        self.text((LEFT + END) / 2, HEIGHT - 8, x_title, "middle")
        middle = (TOP + HEIGHT - BOTTOM) / 2
        self.add(
            f'<text x="12" y="{middle:.1f}" text-anchor="middle" '
            f'transform="rotate(-90 12 {middle:.1f})">{escape(y_title)}</text>'
        )

    def x(self, value: float) -> float:
        """Return the pixels from the left."""
        return LEFT + self._across.share(value) * (END - LEFT)

    def y(self, value: float) -> float:
        """Return the pixels from the top."""
        return HEIGHT - BOTTOM - self._up.share(value) * (HEIGHT - TOP - BOTTOM)

    def add(self, part: str) -> None:
        self._parts.append(part)

    def text(self, x: float, y: float, text: str, anchor: str, kind: str = "") -> None:
        kind = f' class="{kind}"' if kind else ""
        self.add(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(text)}</text>'
        )

    def point(self, x: float, y: float, number: int, radius: float, said: str = "") -> None:
        title = f"<title>{escape(said)}</title>" if said else ""
        self.add(
            f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="{radius:.1f}" '
            f'class="f{number % COLOURS}" fill-opacity=".65">{title}</circle>'
        )

    def diagonal(self, low: float, high: float) -> None:
        self.add(
            f'<line x1="{self.x(low):.1f}" y1="{self.y(low):.1f}" x2="{self.x(high):.1f}" '
            f'y2="{self.y(high):.1f}" class="q" stroke-dasharray="4 3"/>'
        )

    def legend(self, name: str) -> None:
        self._legend.append(name)

    def drawn(self, said: str) -> str:
        """Return the picture with the names of its series below; `said` describes it."""
        x, y = float(LEFT), float(HEIGHT + 12)
        for number, name in enumerate(self._legend):
            short = name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 1]}…"
            width = 38 + LETTER * len(short)
            if x > LEFT and x + width > END:
                x, y = float(LEFT), y + 18
            kind, dash = number % COLOURS, DASHES[number % COLOURS]
            self.add(
                f'<line x1="{x:.1f}" y1="{y - 4:.1f}" x2="{x + 20:.1f}" y2="{y - 4:.1f}" '
                f'class="l{kind}" stroke-width="4" stroke-dasharray="{dash}"/>'
            )
            self.add(
                f'<text x="{x + 25:.1f}" y="{y:.1f}"><title>{escape(name)}</title>'
                f"{escape(short)}</text>"
            )
            x += width
        height = int(y + 8) if self._legend else HEIGHT
        title = " by ".join(each for each in reversed(self._titles) if each)
        return (
            f'<svg viewBox="0 0 {WIDTH} {height}" role="img"><title>{escape(title)}</title>'
            f"<desc>{escape(said[:2000])}</desc>{''.join(self._parts)}</svg>"
        )
