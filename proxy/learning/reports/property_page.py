"""The report of a training for a property as a page: figures beside their plots."""

from __future__ import annotations

from gremlink.proxy.learning.reports import charts
from gremlink.proxy.learning.reports.html import (
    embedding_parts,
    heading,
    opening,
    page,
    paragraph,
    table,
)
from gremlink.proxy.learning.reports.property_details import Details
from gremlink.proxy.learning.reports.property_report import TITLES, PropertyReport
from gremlink.proxy.learning.reports.search_page import search_parts

MOST_CLASSES = 30
"""Classes in the confusion matrix."""


def property_page(report: PropertyReport) -> str:
    """A self-contained HTML document."""
    parts = [
        *opening(
            f"{report.labelled:,} elements with a value; {report.graph['vertices']:,} vertices, "
            f"{report.graph['edges']:,} edges.",
            report,
            report.notes(),
        ),
        paragraph(
            f"Chosen by {TITLES[report.metric]}; in brackets the middle 95 % of it over resampled "
            "rows. Memory is what the process grew by while the method was fitted and asked."
        ),
        _methods(report),
        heading("The blend"),
        table(("Method", "Weight"), [(n, f"{w:.2f}") for n, w in report.weights.items()]),
    ]
    if report.details is not None:
        parts += _details(report, report.details)
    parts += embedding_parts(report.picture)
    parts += search_parts(report.search)
    title = f"{report.task.replace('_', ' ')}, {report.target}, {report.model}"
    return page(title[0].upper() + title[1:], [part for part in parts if part])


def _methods(report: PropertyReport) -> str:
    metrics = list(report.rows[0].metrics)
    rows = []
    for row in report.rows:
        cells = [f"{row.metrics[name]:.4f}" for name in metrics]
        if report.details is not None and row.method in report.details.intervals:
            low, high = report.details.intervals[row.method]
            cells[metrics.index(report.metric)] += f" ({low:.3f} to {high:.3f})"
        rows.append((row.method, *cells, f"{row.seconds:.1f}", f"{row.memory:,.0f}"))
    header = ("Method", *(TITLES[name] for name in metrics), "Seconds", "MiB")
    return table(header, rows, own=0)


def _details(report: PropertyReport, details: Details) -> list[str]:
    parts = []
    if details.points:
        parts.append(heading("True and predicted"))
        parts.append(charts.agreement(details.points, "true", "predicted"))
    if report.confusion and len(report.confusion) <= MOST_CLASSES:
        names = list(report.classes)
        rows = [(n, *map(str, r)) for n, r in zip(names, report.confusion, strict=True)]
        parts += [
            heading("Confusion"),
            paragraph("Held-out elements by true class (rows) and by the likeliest (columns)."),
            table(("", *names), rows),
        ]
    if details.classes:
        header = ("Class", "Held out", "Precision", "Recall", "F1", "AUC", *_threshold(report))
        parts += [heading("Classes"), table(header, _class_rows(report, details))]
    if details.reliability:
        parts += [
            heading("Calibration"),
            paragraph(
                "Confidences, as Neptune#ml.score tells and Neptune#ml.threshold reads them, "
                "beside the share of them that are true; on held-out elements."
            ),
            charts.reliability(details.reliability, "confidence", "share that is true"),
        ]
    if details.losses:
        parts += [
            heading("Learning"),
            charts.lines(details.losses, "epoch", "loss"),
            charts.lines(details.held_losses, "epoch", "loss on held-out rows"),
        ]
    parts += [
        heading("Examples"),
        paragraph("Elements that were held out, drawn at random."),
        table(("Element", "True", "Predicted"),
              [(each.element, each.truth, each.said) for each in details.examples]),
    ]  # fmt: skip
    return parts


def _threshold(report: PropertyReport) -> tuple[str, ...]:
    return ("Named from",) if report.thresholds else ()


def _class_rows(report: PropertyReport, details: Details) -> list[tuple[str, ...]]:
    rows = []
    for each in details.classes:
        figures = (each.precision, each.recall, each.f1)
        cells = [each.name, f"{each.count:,}", *(f"{figure:.3f}" for figure in figures)]
        cells.append("" if each.auc is None else f"{each.auc:.3f}")
        if report.thresholds:
            cells.append(f"{report.thresholds[each.name]:.3f}")
        rows.append(tuple(cells))
    return rows
