"""The report of a link training as a page: figures beside their plots."""

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
from gremlink.proxy.learning.reports.link_report import RANK_BINS, Report
from gremlink.proxy.learning.reports.search_page import search_parts

COLUMNS = ("mrr", "hits@1", "hits@3", "hits@10", "hits@100", "ndcg@10", "recall@10", "recall@20")
MOST_TYPES = 60
"""Edge types that are shown one by one."""


def link_page(report: Report) -> str:
    """A self-contained HTML document."""
    parts = [
        *opening(
            f"{report.graph['vertices']:,} vertices, {report.graph['edges']:,} edges.", report
        ),
        paragraph(
            "In brackets the middle 95 % of resampled sources. Memory is what the process "
            "grew by while the method was fitted and asked."
        ),
        _methods(report),
        heading("Ranks of the held-out links"),
        charts.bars(report.rank_counts, [label for label, _ in RANK_BINS], "links"),
        heading("Learning"),
        charts.lines(
            {name: sorted(course.losses.items()) for name, course in report.courses.items()},
            "epoch",
            "loss",
        ),
        charts.lines(
            {name: sorted(course.curve.items()) for name, course in report.courses.items()},
            "epoch",
            "gain, held-out links",
        ),
        heading("The blend"),
        table(
            ("Relation", "Direction", "Weights"),
            [
                (
                    row.relation,
                    row.direction,
                    row.told(),
                )
                for row in report.blend[:MOST_TYPES]
            ],
        ),
        heading("Calibration"),
        paragraph(
            "Scores, as Neptune#ml.threshold reads them, beside how often a link was behind them, "
            "links and pairs without one counting alike; on validation links."
        ),
        charts.reliability(
            [(each.score, each.share) for each in report.reliability], "score", "share of links"
        ),
        heading("Relations and directions"),
        _by_type(report),
        *embedding_parts(report.picture),
        *search_parts(report.search),
        heading("Examples"),
        table(
            ("Input", "Relation", "Likeliest new links"),
            [
                (
                    example.source,
                    f"{example.relation} {example.direction}",
                    ", ".join(f"{name} ({score:.2f})" for name, score in example.answers),
                )
                for example in report.examples
            ],
        ),
    ]
    return page(f"Link prediction, {report.model}", [part for part in parts if part])


def _methods(report: Report) -> str:
    rows = []
    for row in report.rows:
        low, high = row.intervals["mrr"]
        rows.append(
            (
                row.method,
                f"{row.metrics['mrr']:.4f} ({low:.3f} to {high:.3f})",
                *(f"{row.metrics[name]:.4f}" for name in COLUMNS[1:]),
                f"{row.seconds:.1f}",
                f"{row.memory:,.0f}",
            )
        )
    chance = (f"{report.chance[name]:.4f}" if name in report.chance else "" for name in COLUMNS)
    rows.append(("(a random order)", *chance, "", ""))
    header = ("Method", *(name.upper() if name == "mrr" else name for name in COLUMNS))
    return table((*header, "Seconds", "MiB"), rows, own=0)


def _by_type(report: Report) -> str:
    best = report.best_alone()
    shown = report.rows[:1] if best is None else (report.rows[0], best)
    rows = []
    for task, figures in list(report.rows[0].by_direction.items())[:MOST_TYPES]:
        for row in shown:
            own = figures if row is report.rows[0] else row.by_direction[task]
            rows.append((task, row.method, *(f"{own[name]:.4f}" for name in COLUMNS)))
    return table(("Relation", "Method", *COLUMNS), rows)
