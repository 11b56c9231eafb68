"""`gremlink export`: a graph into files for training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gremlink.proxy.cli.databases import rdf_store_of
from gremlink.proxy.cli.output import console, progress

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration
    from gremlink.proxy.graph import Server


def graph_of(settings: Configuration) -> Server:
    """Return the configured database, or the server that `gremlink gremlin-server` runs."""
    from gremlink.proxy.config.tls import context_of
    from gremlink.proxy.graph import Server

    upstream = settings.upstream
    if upstream.url is None:
        from gremlink.proxy.embedded import embedded_upstream  # not part of every installation

        upstream = embedded_upstream(settings.embedded)
    return Server(str(upstream.url), context_of(upstream))


@click.command()
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory to write; it must not exist yet, or be empty.",
)
@click.option(
    "--params",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with targets and features, as Neptune's export service takes them.",
)
@click.option("--traversal-source", default="g", show_default=True, help="Its name on the server.")
@click.option(
    "--rdf",
    is_flag=True,
    help="Export the RDF store: N-Triples. So does a request with the command export-rdf, and a "
    "store that is named alone.",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 64),
    show_default="concurrency in the request, or 2",
    help="Connections that read a property graph at the same time.",
)
@console.with_settings(
    ("--url", "upstream.url", "The graph, as in ws://localhost:8183/gremlin."),
    ("--sparql", "sparql.url", "The RDF store, as in http://localhost:7878."),
)
def export(
    output: Path,
    params: Path | None,
    traversal_source: str,
    rdf: bool,
    connections: int | None,
    settings: Configuration,
) -> None:
    """Export a graph to Neptune's layout: its files and training-data-configuration.json.

    The files of a property graph are CSV, those of an RDF graph N-Triples. A large property graph
    is read in shards: an export that was interrupted goes on when it is repeated.
    """
    from gremlink.proxy.graph import ExportParameters, export_graph
    from gremlink.proxy.graph.export.parameters import read_document
    from gremlink.proxy.graph.rdf.parameters import is_rdf_request
    from gremlink.proxy.store.outputs import try_directory

    console.apply_limits(settings)
    try_directory(output)
    document = {} if params is None else read_document(params)
    is_only_rdf = settings.upstream.url is None and settings.sparql.is_set
    if rdf or is_rdf_request(document) or (is_only_rdf and "command" not in document):
        _export_rdf(output, document, settings)
        return
    parameters = ExportParameters.parse(document)
    with console.explain_interruption(output), progress.graph_progress() as tell:
        report = export_graph(
            graph_of(settings),
            output,
            parameters=parameters,
            traversal_source=traversal_source,
            # Counting the elements costs the server a scan.
            progress=tell if console.is_interactive() else None,
            connections=connections,
        )
    for warning in report.warnings:
        console.warn(warning)
    console.show(
        f"{report.vertices} vertices and {report.edges} edges exported to {report.directory} "
        f"in {report.seconds:.1f} s"
    )


def _export_rdf(output: Path, document: Any, settings: Configuration) -> None:
    from gremlink.proxy.graph.rdf.export import export_rdf
    from gremlink.proxy.graph.rdf.parameters import RdfExportParameters

    parameters = RdfExportParameters.parse(document)
    store = rdf_store_of(settings)
    with console.explain_interruption(output), progress.graph_progress() as tell:
        report = export_rdf(
            store,
            output,
            parameters=parameters,
            # Counting the statements costs the store a scan.
            progress=tell if console.is_interactive() else None,
        )
    for warning in report.warnings:
        console.warn(warning)
    console.show(
        f"{report.statements} statements exported to {report.directory} in {report.seconds:.1f} s"
    )
