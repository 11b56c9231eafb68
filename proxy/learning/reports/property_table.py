"""The report of a property training, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from rich.console import Group

    from gremlink.proxy.learning.reports.property_report import PropertyReport

MOST_SHOWN = 12
"""Most classes whose frequencies are shown."""


def property_table(report: PropertyReport) -> Group:
    """Return the methods side by side, the choice with its reason, protocol and cost."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from gremlink.proxy.learning.reports.figures import figure
    from gremlink.proxy.learning.reports.namespaces import shortened, with_short_names
    from gremlink.proxy.learning.reports.property_report import TITLES

    target = shortened(report.target, report.namespaces)
    table = Table(header_style="bold", title=f"{report.task.replace('_', ' ')}: {target}")
    table.add_column("Method")
    metrics = list(report.rows[0].metrics)
    for name in (*(TITLES[metric] for metric in metrics), "Seconds"):
        table.add_column(name, justify="right")
    for row in report.rows:
        table.add_row(
            row.method,
            *(figure(row.metrics[metric]) for metric in metrics),
            f"{row.seconds:.1f}",
            style="bold" if row.method == report.model else "",
        )
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in report.weights.items())
    lines = [f"Protocol: {report.protocol}.", f"Chosen by {TITLES[report.metric]}: {weights}."]
    lines += report.notes()
    if report.classes:
        counts = [f"{name} {count:,}" for name, count in report.classes.items()]
        more = f" and {len(counts) - MOST_SHOWN} more" if len(counts) > MOST_SHOWN else ""
        lines.append(f"Classes: {', '.join(counts[:MOST_SHOWN])}{more}.")
    if report.search is not None:
        lines.append(report.search.verdict())
    best = report.best_alone()
    own = report.row(report.model)
    # The notes explain a method that is served alone.
    if (
        best is not None
        and best.method != report.served_alone
        and report.score(best) > report.score(own)
    ):
        lines.append(
            f"Note: {best.method} alone does better on these rows than {report.model} "
            f"({figure(best.metrics[report.metric])} against {figure(own.metrics[report.metric])})."
        )
    lines.append(
        f"{report.labelled:,} rows with a value; {report.graph['vertices']:,} vertices, "
        f"{report.graph['edges']:,} edges; {report.seconds:.1f} s on {report.device}, "
        f"peak memory {report.peak_memory:,.0f} MiB, seed {report.seed}"
    )
    shown = with_short_names(lines, report.namespaces)
    return Group(table, *(Text(escaped(line)) for line in shown))
