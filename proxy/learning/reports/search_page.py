"""What a search has tried, for the page of a training."""

from __future__ import annotations

from gremlink.proxy.learning.reports import charts
from gremlink.proxy.learning.reports.html import heading, paragraph, table
from gremlink.proxy.learning.search.parameter import in_words
from gremlink.proxy.learning.search.search import TrialRow
from gremlink.proxy.learning.search.tuning import SearchReport


def search_parts(report: SearchReport | None) -> list[str]:
    """HTML: the best settings, the trials, how the best value rose; nothing without a search."""
    if report is None:
        return []
    names = list(report.trials[0].parameters)
    rows = [
        (
            str(row.number + 1),
            *(in_words([("", row.parameters[name])]).strip() for name in names),
            _value(row),
            row.reason or row.state,
            f"{row.seconds:.1f}",
        )
        for row in report.trials
    ]
    best = [row.parameters == report.parameters for row in report.trials].index(True)
    return [
        heading("The search"),
        paragraph(report.verdict()),
        table(("Trial", *names, report.metric, "", "Seconds"), rows, own=best),
        charts.lines({"best so far": report.rise()}, "trial", report.metric),
    ]


def _value(row: TrialRow) -> str:
    return "" if row.value is None else f"{row.value:.4f}"
