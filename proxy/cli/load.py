"""`gremlink load`: files into a graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.export import graph_of
from gremlink.proxy.cli.output import progress
from gremlink.proxy.cli.output.console import apply_limits, show, warn, with_settings

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration

_FORMATS = ("auto", "csv", "gremlin")


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="auto",
    show_default=True,
    help="csv is Neptune's bulk-loader format, gremlin is one query per line.",
)
@click.option("--traversal-source", default="g", show_default=True, help="Its name on the server.")
@with_settings(("--url", "upstream.url", "The graph, as in ws://localhost:8183/gremlin."))
def load(path: Path, form: str, traversal_source: str, settings: Configuration) -> None:
    """Load PATH, a file or a directory, into a graph.

    From a directory and its folders all files with a column ~id are loaded, by any name, packed
    with gzip or bzip2 or not; other files are listed. They are read completely before anything is
    written, and merged by id: loading them again changes nothing. Gremlin text is sent line by line
    as it is.
    """
    from gremlink.proxy.graph import load_csv, load_gremlin
    from gremlink.proxy.graph.load.gremlin_text import is_gremlin_text

    apply_limits(settings)
    graph = graph_of(settings)
    with progress.graph_progress() as tell:
        if form == "gremlin" or (form == "auto" and is_gremlin_text(path)):
            sent = load_gremlin(graph, path, traversal_source=traversal_source, progress=tell)
            warnings = sent.warnings
            message = f"{sent.queries} queries run in {sent.seconds:.1f} s"
        else:
            report = load_csv(graph, path, traversal_source=traversal_source, progress=tell)
            warnings = report.warnings
            message = (
                f"{report.vertices} vertices and {report.edges} edges loaded "
                f"in {report.seconds:.1f} s"
            )
    for warning in warnings:
        warn(warning)
    show(message)
