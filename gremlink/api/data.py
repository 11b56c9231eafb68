"""From a database to what training reads: `load_csv`, `export`, `process`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremlink.api import progress as listening
from gremlink.api.arguments import PathLike, choice_of, directory_of, path_of, server_of
from gremlink.api.progress import Progress
from gremlink.api.results.table import Table
from gremlink.api.running import beside_the_loop
from gremlink.errors import WrongArgument
from gremlink.proxy.config import Upstream
from gremlink.proxy.graph import ExportParameters, ExportReport, LoadReport, export_graph
from gremlink.proxy.graph import load_csv as load_files
from gremlink.proxy.graph.files.export_files import CONFIGURATION

MODEL_TYPES = ("heterogeneous", "kge")


def load_csv(
    url: str | Upstream,
    directory: PathLike,
    *,
    traversal_source: str = "g",
    progress: Progress = False,
) -> LoadReport:
    """Load files in Neptune's bulk-loader format into a database, as `gremlink load` does.

    Vertices and edges are merged by id: loading the same files again changes nothing.

    Args:
        url: Address of the database, as in `ws://localhost:8183/gremlin`, or an `Upstream`.
        directory: A directory of CSV files, or one file.
        traversal_source: Its name on the server.
        progress: `True`, or a function that is called with lines of text.

    Returns:
        A report with `vertices`, `edges`, `warnings` and `seconds`.

    Raises:
        WrongArgument: An argument cannot be used.
        GraphError: The database cannot be reached or refuses, or a file is wrong; `FileProblem`
            has the line and the column.

    Example:
        >>> gremlink.load_csv(database, gremlink.FRIENDS).vertices
        20
    """
    path = path_of(directory, "directory")
    if not path.exists():
        raise WrongArgument(f"directory {path} does not exist")
    server = server_of(url, "url")
    tell = listening.of_graph(progress)
    return beside_the_loop(
        lambda: load_files(server, path, traversal_source=traversal_source, progress=tell)
    )


def export(
    url: str | Upstream,
    directory: PathLike,
    *,
    targets: Sequence[Mapping[str, Any]] = (),
    features: Sequence[Mapping[str, Any]] = (),
    params: Mapping[str, Any] | PathLike | None = None,
    traversal_source: str = "g",
    connections: int | None = None,
    progress: Progress = False,
) -> ExportReport:
    """Export a graph into the layout of Neptune's exporter, as `gremlink export` does.

    Args:
        url: Address of the database, as in `ws://localhost:8183/gremlin`, or an `Upstream`.
        directory: Where to write; it must not exist yet, or be empty.
        targets: What to predict, as in `{"node": "User", "property": "group", "type":
            "classification"}`; without any, training learns links.
        features: How properties are encoded (docs/features.md); others are encoded by guess.
        params: In the place of `targets` and `features` a whole request of Neptune's export
            service, or the path of a JSON file with one.
        traversal_source: Its name on the server.
        connections: How many read the graph at the same time; 2 unless the request says it.
        progress: `True`, or a function that is called with lines of text. The server counts the
            elements for it.

    Returns:
        A report with `directory`, `vertices`, `edges`, `configurations` (files that `train` may be
        given), `warnings` and `seconds`.

    Raises:
        WrongArgument: An argument cannot be used.
        GraphError: `BadParameters`, `ConnectionFailed`, `ServerRefused` or `ExportFailed`. What
            was read of a large graph stays in a folder that the message names, and the same call
            goes on with it.

    Example:
        >>> gremlink.export(database, "export").edges
        25
    """
    path = path_of(directory, "directory")
    parameters = _parameters(targets, features, params)
    server, tell = server_of(url, "url"), listening.of_graph(progress)
    return beside_the_loop(
        lambda: export_graph(
            server,
            path,
            parameters=parameters,
            traversal_source=traversal_source,
            progress=tell,
            connections=connections,
        )
    )


def _parameters(
    targets: Sequence[Mapping[str, Any]],
    features: Sequence[Mapping[str, Any]],
    params: Mapping[str, Any] | PathLike | None,
) -> ExportParameters:
    if params is None:
        asked = {"targets": list(targets), "features": list(features)}
        return ExportParameters.parse({key: value for key, value in asked.items() if value})
    if targets or features:
        raise WrongArgument("params is a whole request: put targets and features into it")
    if isinstance(params, Mapping):
        return ExportParameters.parse(dict(params))
    return ExportParameters.read(path_of(params, "params"))


@dataclass(frozen=True, slots=True, repr=False)
class ProcessReport:
    """The encodings of an export's properties; prints as a table.

    `properties` has a row for each property: element, count of elements, property, encoding,
    columns of its encoding. `drift` is a sentence about what has changed since `previous`.
    """

    directory: Path
    properties: Table[tuple[str, int, str, str, int]]
    target: str
    warnings: tuple[str, ...]
    drift: str | None
    seconds: float

    def __repr__(self) -> str:
        return f"{self.properties!r}\nTo predict: {self.target}"

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        from html import escape

        return f"{self.properties._repr_html_()}<p>To predict: {escape(self.target)}</p>"


def process(
    export: PathLike,
    output: PathLike,
    *,
    previous: PathLike | None = None,
    model_type: str | None = None,
    configuration: str = CONFIGURATION,
    progress: Progress = False,
) -> ProcessReport:
    """Encode an export's properties and store the result, as `gremlink process` does.

    `train` takes the result in the place of the export; it is worth a step of its own where several
    trainings follow, and for `previous`.

    Args:
        export: Directory that `export` has written.
        output: Directory for the processed graph; one that is there is replaced.
        previous: Output of an earlier processing whose encodings are applied again.
        model_type: `heterogeneous` or `kge` writes the configuration of a search for Neptune's
            model of this type, not for `auto`.
        configuration: File in the export that names features and targets.
        progress: `True`, or a function that is called with lines of text.

    Raises:
        WrongArgument: An argument cannot be used.
        GraphError: The export cannot be read.
        UnusableExport: Nothing can be learned from it.
        ArtifactError: `output` holds something else, or `previous` is damaged.

    Example:
        >>> gremlink.process("export", "processed").target
        'links, (User)-FRIEND->(User)'
    """
    from gremlink.proxy.learning.workflows.process import prepare

    begun = time.monotonic()
    if model_type is not None:
        choice_of(model_type, "model_type", MODEL_TYPES)
    found = prepare(
        directory_of(export, "export"),
        path_of(output, "output"),
        previous=None if previous is None else directory_of(previous, "previous"),
        configuration=configuration,
        model_type=model_type,
        progress=listening.of_training(progress),
    )
    rows = (
        (name, count, encoding.name, encoding.kind, len(encoding.columns))
        for name, count, encodings in found.elements()
        for encoding in encodings
    )
    return ProcessReport(
        path_of(output, "output"),
        Table(("element", "count", "property", "encoding", "columns"), tuple(rows)),
        found.target,
        tuple(found.processed.warnings),
        None if found.drift is None else str(found.drift),
        time.monotonic() - begun,
    )
