"""The verdict of a report, as people read it first: what is served, how good it is, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.reports.figures import brief
from gremlink.proxy.learning.reports.link_report import LinkReport
from gremlink.proxy.learning.reports.property_findings import CONSTANTS
from gremlink.proxy.learning.reports.property_report import (
    LOWER_IS_BETTER,
    TITLES,
    PropertyReport,
)

Interval = tuple[float, float]

ALIKE = 0.005
"""Share by which figures differ that are called equal."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A large figure with its name, and what to know of it."""

    name: str
    figure: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """Verdict on what is served, and advice; `kind` is good, warn or bad."""

    kind: str
    text: str
    advice: str
    tiles: tuple[Tile, ...]


def headline(report: LinkReport | PropertyReport) -> Headline:
    """Return the verdict: intervals apart mean a difference, others may be chance."""
    own, best = report.row(report.model), report.best_alone()
    nothing = _nothing(report)
    metric = "mrr" if isinstance(report, LinkReport) else report.metric
    lower = metric in LOWER_IS_BETTER
    title = "MRR" if isinstance(report, LinkReport) else TITLES[metric]
    figure = own.metrics[metric]
    tiles = [Tile(f"{title} of what is served", brief(figure, 4), _between(report, own.method))]
    said = f"{_served(report)} is served."
    kind, advice = "good", ""
    if best is not None and (nothing is None or best.method != nothing[0]):
        other = best.metrics[metric]
        tiles.append(Tile(f"Best single method, {best.method}", brief(other, 4)))
        same = _alone(report) == best.method
        if same:
            said += " No other method is better."
        else:
            said += f" {_compared(figure, other, lower=lower)} {best.method}, the best alone."
            advice = f"Use it: its lead over {best.method} is more than chance."
        if not same and not _apart(report, own.method, best.method, lower=lower):
            kind = "warn"
            advice = (
                f"The difference to {best.method} is no more than chance on these data: serve "
                "either; more held-out data would tell them apart."
            )
        if not same and (other < figure if lower else other > figure):
            kind = "warn"
            advice = f"Consider {best.method} alone: train with it as the method."
    if nothing is not None:
        name, floor, called = nothing
        tiles.append(Tile(called[0].upper() + called[1:], brief(floor, 4)))
        worst = _interval(report, own.method)
        sure = worst is None or (worst[1] < floor if lower else worst[0] > floor)
        if own.method == name or _alone(report) == name:
            kind, advice = "bad", f"Nothing was found that tells more than {called}."
        elif sure:
            advice = advice or f"Use it: it is clearly better than {called}."
            said += f" It is {_times(figure, floor, lower=lower)} {called}, more than chance."
        else:
            kind = "bad"
            said += f" It is not clearly better than {called}."
            advice = "Do not rely on it yet: give it more edges, values or features, as below."
    return Headline(kind, said, advice or "Use it.", tuple(tiles))


def _alone(report: LinkReport | PropertyReport) -> str | None:
    """Return the one method that is the whole model, if there is one."""
    if report.model != AUTO:
        return report.model
    if isinstance(report, PropertyReport):
        return report.served_alone
    used = {name for row in report.blend for name in row.weights}
    return used.pop() if len(used) == 1 else None


def _served(report: LinkReport | PropertyReport) -> str:
    alone = _alone(report)
    if alone is not None:
        return alone if alone == report.model else f"{alone} alone, which {report.model} chose,"
    if isinstance(report, PropertyReport):
        count = len(report.weights)
    else:
        count = len({name for row in report.blend for name in row.weights})
    return f"A blend of {count} methods"


def _nothing(report: LinkReport | PropertyReport) -> tuple[str, float, str] | None:
    """Return what looks at nothing: its method, its figure, and how it is called."""
    if isinstance(report, LinkReport):
        return "", report.chance["mrr"], "a random order"
    for row in report.rows:
        if row.method in CONSTANTS:
            return row.method, row.metrics[report.metric], CONSTANTS[row.method]
    return None


def _interval(report: LinkReport | PropertyReport, method: str) -> Interval | None:
    if isinstance(report, LinkReport):
        for row in report.rows:
            if row.method == method:
                return row.intervals.get("mrr")
        return None
    return report.details.intervals.get(method) if report.details else None


def _between(report: LinkReport | PropertyReport, method: str) -> str:
    found = _interval(report, method)
    return f"95 % interval {brief(found[0])} to {brief(found[1])}" if found else ""


def _apart(report: LinkReport | PropertyReport, method: str, other: str, *, lower: bool) -> bool:
    one, two = _interval(report, method), _interval(report, other)
    if one is None or two is None:
        return False
    return one[1] < two[0] if lower else one[0] > two[1]


def _compared(figure: float, other: float, *, lower: bool) -> str:
    if lower:
        lead = 1.0 - figure / other if other > 0 else 0.0
        if abs(lead) < ALIKE:
            return "Its error is that of"
        return f"Its error is {abs(100 * lead):.0f} % {'less' if lead > 0 else 'more'} than that of"
    lead = figure / other - 1.0 if other > 0 else 0.0
    if abs(lead) < ALIKE:
        return "It is as good as"
    return f"It is {abs(100 * lead):.0f} % {'better' if lead > 0 else 'worse'} than"


def _times(figure: float, floor: float, *, lower: bool) -> str:
    one, two = (floor, figure) if lower else (figure, floor)
    ratio = one / two if two > 0 else 1.0
    return (
        f"{ratio:.0f} times as good as" if ratio >= 2 else f"{100 * (ratio - 1):.0f} % better than"
    )
