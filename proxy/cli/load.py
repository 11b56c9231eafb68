"""`gremlink load`: files into a graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.databases import rdf_store_of
from gremlink.proxy.cli.export import graph_of
from gremlink.proxy.cli.output import progress
from gremlink.proxy.cli.output.console import WrongUsage, apply_limits, show, warn, with_settings

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration

_RDF = ("ntriples", "nquads", "turtle", "trig", "rdfxml")
_FORMATS = ("auto", "csv", "gremlin", *_RDF)


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="auto",
    show_default=True,
    help="csv is Neptune's bulk-loader format, gremlin is one query per line, the others are RDF.",
)
@click.option("--traversal-source", default="g", show_default=True, help="Its name on the server.")
@click.option("--graph", metavar="IRI", help="Graph for statements of RDF that name none.")
@click.option("--base", metavar="IRI", help="What relative IRIs of RDF are relative to.")
@with_settings(
    ("--url", "upstream.url", "The graph, as in ws://localhost:8183/gremlin."),
    ("--sparql", "sparql.url", "The RDF store, as in http://localhost:7878."),
)
def load(
    path: Path,
    form: str,
    traversal_source: str,
    graph: str | None,
    base: str | None,
    settings: Configuration,
) -> None:
    """Load PATH, a file or a directory: CSV and Gremlin into a graph, RDF into an RDF store.

    From a directory and its folders all files with a column ~id are loaded, by any name, or all
    files of RDF, packed with gzip or bzip2 or not; other files are listed. They are read completely
    before anything is written, and merged: loading them again changes nothing. Gremlin text is sent
    line by line as it is.
    """
    from gremlink.proxy.graph import load_csv, load_gremlin
    from gremlink.proxy.graph.load.gremlin_text import is_gremlin_text

    apply_limits(settings)
    if form in _RDF or (form == "auto" and _holds_rdf(path)):
        _load_rdf(path, form, graph, base, settings)
        return
    if graph is not None or base is not None:
        raise WrongUsage(f"--graph and --base are for RDF, and {path} holds none")
    server = graph_of(settings)
    with progress.graph_progress() as tell:
        if form == "gremlin" or (form == "auto" and is_gremlin_text(path)):
            sent = load_gremlin(server, path, traversal_source=traversal_source, progress=tell)
            warnings = sent.warnings
            message = f"{sent.queries} queries run in {sent.seconds:.1f} s"
        else:
            report = load_csv(server, path, traversal_source=traversal_source, progress=tell)
            warnings = report.warnings
            message = (
                f"{report.vertices} vertices and {report.edges} edges loaded "
                f"in {report.seconds:.1f} s"
            )
    for warning in warnings:
        warn(warning)
    show(message)


def _holds_rdf(path: Path) -> bool:
    """Return True if a path without a format is RDF. Raises `WrongUsage` if it is both."""
    from gremlink.proxy.graph.files.folder import csv_files
    from gremlink.proxy.graph.rdf.formats import is_rdf

    if not is_rdf(path):
        return False
    if path.is_dir():
        from gremlink.proxy.graph import FileProblem

        try:
            csv_files(path)
        except FileProblem:
            return True
        raise WrongUsage(
            f"{path} holds both CSV and RDF, which go into different databases: load the one with "
            "--format csv, and the other with --format turtle (or nquads, …)"
        )
    return True


def _load_rdf(
    path: Path, form: str, graph: str | None, base: str | None, settings: Configuration
) -> None:
    from gremlink.proxy.graph.rdf.formats import checked_iri
    from gremlink.proxy.graph.rdf.load import load_rdf

    for name, iri in (("--graph", graph), ("--base", base)):
        try:
            if iri is not None:
                checked_iri(iri)
        except ValueError as error:
            raise WrongUsage(f"{name}: {error}") from None
    store = rdf_store_of(settings)
    with progress.graph_progress() as tell:
        report = load_rdf(
            store,
            path,
            form=None if form == "auto" else form,
            graph=graph,
            base=base,
            progress=tell,
        )
    for warning in report.warnings:
        warn(warning)
    show(f"{report.statements} statements loaded in {report.seconds:.1f} s")
