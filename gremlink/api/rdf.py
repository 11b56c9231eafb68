"""Graphs of RDF: `sparql_server`, `load_rdf`, `export_rdf`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gremlink.api import progress as listening
from gremlink.api.arguments import PathLike, choice_of, path_of, rdf_store_of
from gremlink.api.installed import explain_missing
from gremlink.api.progress import Progress
from gremlink.api.running import beside_the_loop, running
from gremlink.errors import WrongArgument
from gremlink.proxy.config import Sparql

if TYPE_CHECKING:
    from gremlink.proxy.graph.rdf.export import RdfExportReport
    from gremlink.proxy.graph.rdf.load import RdfLoadReport

FORMATS = ("ntriples", "nquads", "turtle", "trig", "rdfxml")


@running
def sparql_server(
    *, data: PathLike | None = None, port: int = 0, progress: Progress = False
) -> Iterator[Sparql]:
    """Run an RDF store while a `with` block lasts, as `gremlink sparql-server` does.

    In a notebook `start()` and `stop()` do what the block does.

    Args:
        data: Directory that keeps the graph; without it the graph is forgotten at the end.
        port: Port to listen on, of this machine alone; 0 takes a free one.
        progress: `True`, or a function that is called with lines of text.

    Yields:
        How to reach it, for `load_rdf`, `export_rdf` and `serve`; its `url` is the address.

    Raises:
        EmbeddedServerError: It does not start.
        NotInstalled: This installation only serves.

    Example:
        >>> with gremlink.sparql_server() as fresh:
        ...     gremlink.load_rdf(fresh, "docs/examples/films.ttl").files
        1
    """
    with explain_missing():
        from gremlink.proxy.embedded import EmbeddedRdfStore
    server = EmbeddedRdfStore(
        data_dir=None if data is None else path_of(data, "data"),
        port=port,
        progress=listening.listener(progress),
    )
    with server:
        yield server.settings


def load_rdf(
    store: str | Sparql,
    path: PathLike,
    *,
    format: str | None = None,
    graph: str | None = None,
    base: str | None = None,
    progress: Progress = False,
) -> RdfLoadReport:
    """Load files of RDF into a store, as `gremlink load` does.

    All files are read before anything is written. Loading the same files again changes nothing.

    Args:
        store: Address of the store, as in `http://localhost:7878`, or a `Sparql`.
        path: A file, packed or not, or a directory of files.
        format: `ntriples`, `nquads`, `turtle`, `trig` or `rdfxml`; without it names tell.
        graph: IRI of the graph for statements that name none.
        base: IRI that relative IRIs are relative to.
        progress: `True`, or a function that is called with lines of text.

    Returns:
        A report with `statements`, `files`, `warnings` and `seconds`.

    Raises:
        WrongArgument: An argument cannot be used.
        GraphError: The store cannot be reached or refuses, or a file is wrong; `FileProblem` has
            the line and the column.

    Example:
        >>> gremlink.load_rdf(store, "docs/examples/films.ttl").warnings
        ()
    """
    from gremlink.proxy.graph.rdf.formats import checked_iri
    from gremlink.proxy.graph.rdf.load import load_rdf as load_files

    source = path_of(path, "path")
    if not source.exists():
        raise WrongArgument(f"path {source} does not exist")
    if format is not None:
        choice_of(format, "format", FORMATS)
    for name, iri in (("graph", graph), ("base", base)):
        try:
            if iri is not None:
                checked_iri(iri)
        except ValueError as error:
            raise WrongArgument(f"{name}: {error}") from None
    found, tell = rdf_store_of(store, "store"), listening.of_graph(progress)
    return beside_the_loop(
        lambda: load_files(found, source, form=format, graph=graph, base=base, progress=tell)
    )


def export_rdf(
    store: str | Sparql,
    directory: PathLike,
    *,
    params: Mapping[str, Any] | PathLike | None = None,
    progress: Progress = False,
) -> RdfExportReport:
    """Export a graph of RDF for training, as `gremlink export --rdf` does.

    Args:
        store: Address of the store, as in `http://localhost:7878`, or a `Sparql`.
        directory: Where to write; it must not exist yet, or be empty.
        params: A request of Neptune's export service, or the path of a JSON file with one
            (docs/sparql.md); without it, training learns links.
        progress: `True`, or a function that is called with lines of text. The store counts the
            statements for it.

    Returns:
        A report with `directory`, `statements`, `configurations` (files that `train` may be given),
        `warnings` and `seconds`.

    Raises:
        WrongArgument: An argument cannot be used.
        GraphError: `BadParameters`, `StoreUnreachable`, `StoreRefused` or `ExportFailed`; nothing
            is left behind.

    Example:
        >>> gremlink.export_rdf(store, "films").configurations
        ('training-data-configuration.json',)
    """
    from gremlink.proxy.graph.export.parameters import read_document
    from gremlink.proxy.graph.rdf.export import export_rdf as export_graph
    from gremlink.proxy.graph.rdf.parameters import RdfExportParameters

    path = path_of(directory, "directory")
    if params is None or isinstance(params, Mapping):
        document: Any = dict(params or {})
    else:
        document = read_document(path_of(params, "params"))
    parameters = RdfExportParameters.parse(document)
    found, tell = rdf_store_of(store, "store"), listening.of_graph(progress)
    return beside_the_loop(lambda: export_graph(found, path, parameters=parameters, progress=tell))
