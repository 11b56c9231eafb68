"""Reports of trainings for a terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.reports.figures import figure
from gremlink.proxy.learning.reports.link_report import LinkReport
from gremlink.proxy.learning.reports.namespaces import with_short_names
from gremlink.proxy.learning.reports.property_report import PropertyReport
from gremlink.proxy.learning.reports.property_table import property_table
from gremlink.proxy.messages.controls import escaped


def table_of(report: LinkReport | PropertyReport) -> Group:
    """Return a report of links or of a property, for a terminal."""
    if isinstance(report, PropertyReport):
        return property_table(report)
    return link_table(report)


def link_table(report: LinkReport) -> Group:
    """Return the report for a terminal: methods side by side, weights, protocol, cost."""
    table = Table(header_style="bold", caption_justify="left")
    table.add_column("Method")
    for name in ("MRR", "Hits@1", "Hits@3", "Hits@10", "Seconds"):
        table.add_column(name, justify="right")
    shown = ("mrr", "hits@1", "hits@3", "hits@10")
    for row in report.rows:
        chosen = row.method == report.model
        table.add_row(
            row.method,
            *(figure(row.metrics[key]) for key in shown),
            f"{row.seconds:.1f}",
            style="bold" if chosen else "",
        )
    chance = (figure(report.chance[key]) for key in shown)
    table.add_row("(a random order)", *chance, "", style="dim")
    lines = [f"Protocol: {report.protocol}."]
    if report.model == AUTO:
        for blend in report.blend:
            lines.append(f"Weights of {blend.relation} {blend.direction}: {blend.describe()}")
    lines.append(report.verdict())
    lines += report.notes()
    if report.search is not None:
        lines.append(report.search.verdict())
    lines.append(
        f"{report.graph['vertices']:,} vertices, {report.graph['edges']:,} edges; "
        f"{report.seconds:.1f} s on {report.device}, peak memory {report.peak_memory:,.0f} MiB, "
        f"seed {report.seed}"
    )
    said = with_short_names(lines, report.namespaces)
    return Group(table, *(Text(escaped(line)) for line in said))
