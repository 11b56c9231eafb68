"""Reports as HTML pages that need nothing else, from the templates beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gremlink.proxy.learning.reports import charts
from gremlink.proxy.learning.reports.link_report import RANK_BINS
from gremlink.proxy.learning.reports.namespaces import shortened
from gremlink.proxy.learning.reports.property_report import TITLES
from gremlink.proxy.learning.reports.report import Report
from gremlink.proxy.learning.search.parameter import in_words
from gremlink.proxy.learning.search.tuning import SearchReport
from gremlink.proxy.learning.timeline import in_parts

Rows = list[tuple[str, ...]]


def render(report: Report) -> str:
    """Return the page of a report; texts of the data stay texts."""
    pages = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _shortened(value, report.namespaces),
    )
    pages.filters["counts"] = _counts
    return pages.get_template(report.template).render(
        report=report,
        charts=charts,
        in_parts=in_parts,
        rank_bins=[label for label, _ in RANK_BINS],
        titles=TITLES,
        trials=_trials,
    )


def _shortened(value: Any, namespaces: Mapping[str, str]) -> Any:
    """Return what a template prints with short names for IRIs; charts stay charts."""
    if not namespaces or not isinstance(value, str):
        return value
    return type(value)(shortened(value, namespaces))


def _counts(counts: Mapping[str, int]) -> Rows:
    return [(name, f"{count:,}") for name, count in counts.items()]


def _trials(search: SearchReport) -> tuple[tuple[str, ...], Rows, int]:
    """Return the header and the rows of a search's trials, and the row of the best."""
    names = list(search.trials[0].parameters)
    rows = [
        (
            str(row.number + 1),
            *(in_words([("", row.parameters[name])]).strip() for name in names),
            "" if row.value is None else f"{row.value:.4f}",
            row.reason or row.state,
            f"{row.seconds:.1f}",
        )
        for row in search.trials
    ]
    best = [row.parameters == search.parameters for row in search.trials].index(True)
    return ("Trial", *names, search.metric, "", "Seconds"), rows, best
