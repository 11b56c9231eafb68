"""Reports as HTML pages that need nothing else, from the templates beside this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from gremlink.proxy.learning.reports import charts
from gremlink.proxy.learning.reports.figures import brief, figure
from gremlink.proxy.learning.reports.link_report import RANK_BINS, LinkReport
from gremlink.proxy.learning.reports.namespaces import shortened
from gremlink.proxy.learning.reports.property_report import TITLES, PropertyReport
from gremlink.proxy.learning.reports.report import Report
from gremlink.proxy.learning.reports.verdict import headline
from gremlink.proxy.learning.search.parameter import in_words
from gremlink.proxy.learning.search.tuning import SearchReport
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.timeline import in_parts

Rows = list[tuple[str, ...]]

MOST_CLASSES = 20
"""Classes of a confusion matrix; rarer ones are one."""

OTHERS = "all others"


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
    pages.filters["figure"] = figure
    return pages.get_template(report.template).render(
        report=report,
        charts=charts,
        in_parts=in_parts,
        rank_bins=[label for label, _ in RANK_BINS],
        titles=TITLES,
        trials=_trials,
        headline=headline(report) if isinstance(report, (LinkReport, PropertyReport)) else None,
        warnings=tuple(dict.fromkeys(report.warnings)),
        settings=_settings,
        confusion=confusion,
    )


def _shortened(value: Any, namespaces: Mapping[str, str]) -> Any:
    """Return what a template prints with short names for IRIs; charts stay charts."""
    if not namespaces or not isinstance(value, str):
        return value
    return type(value)(shortened(value, namespaces))


def confusion(
    classes: Mapping[str, int], matrix: Sequence[Sequence[int]]
) -> tuple[list[str], list[tuple[str, list[tuple[int, int]]]]]:
    """Return names, and for each a row of counts with their colours: shares of the row, 0 to 9."""
    names = list(classes)
    counts = np.array(matrix, dtype=np.int64).reshape(len(matrix), len(matrix))
    if len(names) > MOST_CLASSES:
        order = np.argsort(-counts.sum(axis=1), kind="stable")
        kept, rest = order[: MOST_CLASSES - 1], order[MOST_CLASSES - 1 :]
        inner = counts[np.ix_(kept, kept)]
        right = counts[np.ix_(kept, rest)].sum(axis=1)
        below = counts[np.ix_(rest, kept)].sum(axis=0)
        corner = counts[np.ix_(rest, rest)].sum()
        counts = np.block([[inner, right[:, None]], [below[None, :], np.array([[corner]])]])
        names = [*(names[each] for each in kept), OTHERS]
    totals = np.maximum(counts.sum(axis=1), 1)
    rows = []
    for name, row, total in zip(names, counts.tolist(), totals.tolist(), strict=True):
        rows.append((name, [(count, charts.heat(count / total)) for count in row]))
    return names, rows


def _counts(counts: Mapping[str, int]) -> Rows:
    return [(name, f"{count:,}") for name, count in counts.items()]


def _settings(settings: Mapping[str, Any]) -> tuple[Rows, frozenset[int]]:
    """Return names, values and defaults of settings, and the rows that are not the defaults."""
    usual = asdict(TrainingSettings())
    rows = [
        (name, *(_setting(each) for each in (value, usual.get(name, ""))))
        for name, value in sorted(settings.items())
    ]
    return rows, frozenset(place for place, row in enumerate(rows) if row[1] != row[2])


def _setting(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_setting, value))
    return brief(value) if isinstance(value, float) else str(value)


def _trials(search: SearchReport) -> tuple[tuple[str, ...], Rows, tuple[int]]:
    """Return the header and the rows of a search's trials, and the row of the best."""
    names = list(search.trials[0].parameters)
    rows = [
        (
            str(row.number + 1),
            *(in_words([("", row.parameters[name])]).strip() for name in names),
            "" if row.value is None else figure(row.value),
            row.reason or row.state,
            f"{row.seconds:.1f}",
        )
        for row in search.trials
    ]
    best = [row.parameters == search.parameters for row in search.trials].index(True)
    return ("Trial", *names, search.metric, "End", "Seconds"), rows, (best,)
