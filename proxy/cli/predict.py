"""`gremlink predict`: all predictions of a model at once, into a file or into the graph."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gremlink.proxy.cli.databases import rdf_store_of
from gremlink.proxy.cli.endpoint import artifact_of
from gremlink.proxy.cli.export import graph_of
from gremlink.proxy.cli.output import console
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration
    from gremlink.proxy.graph.load.write_back import Written


@click.command()
@click.argument("model", metavar="ENDPOINT|ARTIFACT", required=False)
@click.option("--all", "everything", is_flag=True, help="For all vertices (or edges) of the model.")
@click.option("--label", metavar="LABEL", help="For all vertices of this type.")
@click.option(
    "--ids",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="For the vertices in this file, an id a line.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=10,
    show_default=True,
    help="Predictions for each of them, at most.",
)
@click.option("--threshold", type=click.FloatRange(0, 1), help="Leave out lower scores.")
@click.option("--edge", metavar="LABEL", help="The links to predict, where there are several.")
@click.option(
    "--direction",
    type=click.Choice(["out", "in"]),
    default="out",
    show_default=True,
    help="Predict targets or sources of links.",
)
@click.option("--target", metavar="LABEL", help="Type of the predicted vertices.")
@click.option("--known", is_flag=True, help="Predict links that there are, too.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File: .csv, .jsonl (also with .gz) or .parquet; - is standard output, as CSV.",
)
@click.option(
    "--write-back",
    metavar="NAME",
    help="Write them into the graph: links as edges of this label, values as a property; of RDF as "
    "triples of this IRI.",
)
@click.option("--dry-run", is_flag=True, help="Say how many would be written; write nothing.")
@click.option(
    "--remove",
    metavar="NAME",
    help="Remove the predicted edges or property of this name from the graph, and nothing else.",
)
@console.with_settings(
    ("--url", "upstream.url", "The graph for --write-back, as in ws://localhost:8183/gremlin."),
    ("--sparql", "sparql.url", "The RDF store for --write-back, as in http://localhost:7878."),
    ("--store", "store.directory", "Directory of the endpoints."),
)
def predict(
    model: str | None,
    everything: bool,
    label: str | None,
    ids: Path | None,
    limit: int,
    threshold: float | None,
    edge: str | None,
    direction: str,
    target: str | None,
    known: bool,
    output: Path | None,
    write_back: str | None,
    dry_run: bool,
    remove: str | None,
    settings: Configuration,
) -> None:
    """Predict for many vertices at once, as queries would one by one.

    Links that there were at the training are no predictions. Predictions that are written back
    carry score, model and time; a second run changes nothing, a later model replaces them, and
    --remove takes them away again.

    \b
      gremlink predict friends --all --output friends.parquet
      gremlink predict friends --all --limit 3 --write-back MAY_KNOW
      gremlink predict --remove MAY_KNOW
    """
    if remove is not None:
        if model is not None or output is not None or write_back is not None:
            raise console.WrongUsage("--remove stands alone, with --url or --sparql")
        remove_written(remove, settings, dry_run=dry_run)
        return
    if model is None:
        raise console.WrongUsage("name an endpoint, or the directory of a model")
    if sum((everything, label is not None, ids is not None)) != 1:
        raise console.WrongUsage("for which vertices? --all, --label LABEL or --ids FILE")
    if (output is None) == (write_back is None):
        raise console.WrongUsage("where to? --output FILE or --write-back NAME")
    if dry_run and write_back is None:
        raise console.WrongUsage("--dry-run is for --write-back and --remove")
    if output is not None:
        check_output(output)
    from gremlink.proxy.learning.workflows.predict import open_predictions

    found = open_predictions(
        artifact_of(model, settings),
        edge_label=edge,
        direction=direction,
        target_label=target,
        limit=limit,
        threshold=threshold,
        hides=not known,
    )
    inputs = found.inputs(label, ids)
    with _telling(len(inputs)) as tell:
        if output is not None:
            count = found.write_file(output, inputs, tell)
            if str(output) != "-":
                console.say(f"{count:,} predictions for {len(inputs):,} are in {output}.")
            return
        assert write_back is not None
        if dry_run:
            count = found.count_written(inputs, tell)
            console.show(f"{count:,} predictions would be written as {escaped(write_back)}")
            return
        is_rdf = found.predictor.is_rdf
        database = rdf_store_of(settings) if is_rdf else graph_of(settings)
        done = found.write_back(database, write_back, inputs, Path(model).name, tell)
    say_written(done, write_back, "predictions")


@contextmanager
def _telling(total: int) -> Iterator[Any]:
    from gremlink.proxy.cli.output.progress import graph_progress

    with graph_progress() as tell:
        yield lambda done, _: tell("predictions for", done, total)


def check_output(output: Path) -> None:
    """Check the output before the work.

    Raises `UnknownFormat`, `NoParquet`, `OutputUnwritable`.
    """
    from gremlink.proxy.learning.predictions.files import (
        STANDARD_OUTPUT,
        format_of,
        require_format,
    )
    from gremlink.proxy.store.outputs import try_directory

    require_format(format_of(output))
    if output != STANDARD_OUTPUT:
        try_directory(output)


def say_written(done: Written, name: str, what: str) -> None:
    """Print how many predictions, or segments, are in the graph under a name."""
    left = f", {done.left_out:,} left out whose vertices are gone" if done.left_out else ""
    removed = f", {done.removed:,} earlier ones removed" if done.removed else ""
    console.show(f"{done.written:,} {what} are in the graph as {escaped(name)}{removed}{left}")


def remove_written(name: str, settings: Configuration, *, dry_run: bool) -> None:
    """Remove what was written back under a name, or say how many there are."""
    from gremlink.proxy.learning.workflows.predict import remove_predictions

    is_rdf = settings.upstream.url is None and settings.sparql.is_set
    database = rdf_store_of(settings) if is_rdf else graph_of(settings)
    edges, values = remove_predictions(database, name, dry_run=dry_run)
    what = f"{edges:,} predicted edges and {values:,} predicted values"
    if is_rdf:
        what = f"{edges:,} predictions"
    console.show(f"{what} would go" if dry_run else f"{what} are removed")
