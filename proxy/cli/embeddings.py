"""`gremlink embeddings`: embeddings of the vertices of a model, and segments by them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from gremlink.proxy.cli.endpoint import artifact_of
from gremlink.proxy.cli.output import console
from gremlink.proxy.cli.predict import check_output, remove_written, say_written
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gremlink.grammar.traversal import Literal
    from gremlink.proxy.config import Configuration
    from gremlink.proxy.learning.segments.segmented import Segments
    from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings


@click.command()
@click.argument("model", metavar="ENDPOINT|ARTIFACT", required=False)
@click.option(
    "--method",
    metavar="NAME",
    help="The method whose embeddings to take, as ials; by default that of the network.",
)
@click.option("--neighbours", metavar="ID", help="Print the vertices that are nearest to this one.")
@click.option(
    "--type",
    "among",
    metavar="LABEL",
    help="Neighbours of this type, not of its own; segments of this type alone.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Neighbours to print.",
)
@click.option(
    "--segments",
    metavar="auto|K",
    help="Part the vertices of each type into K segments, or as many as fit best, and say what "
    "marks each.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the segments: the same seed gives the same ones.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Write all of them: into a file that ends in .csv or .parquet, or as NumPy arrays into a "
    "directory. Of segments: .csv, .jsonl (also with .gz) or .parquet; - is standard output.",
)
@click.option(
    "--projector",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the files of TensorBoard's projector into a directory, with names of the vertices "
    "if there is a --url.",
)
@click.option(
    "--write-back", metavar="NAME", help="Write the segments into the graph, as this property."
)
@click.option("--dry-run", is_flag=True, help="Say how many would be written; write nothing.")
@click.option(
    "--remove",
    metavar="NAME",
    help="Remove the written segments of this name from the graph, and nothing else.",
)
@console.with_settings(
    (
        "--url",
        "upstream.url",
        "The graph for --write-back and names, as in ws://localhost:8183/gremlin.",
    ),
    ("--store", "store.directory", "Directory of the endpoints."),
)
def embeddings(
    model: str | None,
    method: str | None,
    neighbours: str | None,
    among: str | None,
    limit: int,
    segments: str | None,
    seed: int,
    output: Path | None,
    projector: Path | None,
    write_back: str | None,
    dry_run: bool,
    remove: str | None,
    settings: Configuration,
) -> None:
    """Print or store the embeddings of the vertices of a trained model, or segments by them.

    Those of its network, else the factors of its factorisation (ials, pure-svd), else those that
    a linear model's weights imply (ease, item-knn).

    For clustering, pictures, or nearest neighbours, by the cosine of two embeddings. Without
    options, print the types of vertices that have embeddings.

    \b
      gremlink embeddings friends --segments auto
      gremlink embeddings friends --segments 8 --output users.csv
      gremlink embeddings friends --segments auto --write-back segment
      gremlink embeddings --remove segment
    """
    from rich.table import Table

    from gremlink.proxy.learning.workflows.load import model_in
    from gremlink.proxy.store.artifacts import read_artifact

    if remove is not None:
        if model is not None or output is not None or write_back is not None:
            raise console.WrongUsage("--remove stands alone, with --url")
        remove_written(remove, settings, dry_run=dry_run)
        return
    if model is None:
        raise console.WrongUsage("name an endpoint, or the directory of a model")
    if segments is None and write_back is not None:
        raise console.WrongUsage("--write-back is for --segments")
    if dry_run and write_back is None:
        raise console.WrongUsage("--dry-run is for --write-back and --remove")
    _check_outputs(method, output, projector, segments=segments is not None)
    artifact = artifact_of(model, settings)
    found = model_in(read_artifact(artifact), artifact).vertex_embeddings(method)
    if segments is not None:
        asked = _SegmentsAsked(segments, among, seed, output, write_back, dry_run)
        _segments(found, artifact, Path(model).name, asked, settings)
        return
    if output is not None:
        _write(found, artifact, output)
    if projector is not None:
        _write_projector(found, projector, _names(found, settings))
    if neighbours is not None:
        table = Table("Vertex", header_style="bold")
        table.add_column("Cosine", justify="right")
        for vertex, cosine in found.nearest(found.find(neighbours), limit, among):
            table.add_row(escaped(str(vertex.value)), f"{cosine:.4f}")
        console.output().print(table)
    elif output is None and projector is None:
        table = Table("Type", header_style="bold", caption_justify="left")
        table.caption = f"Method: {found.network}"
        for title in ("Vertices", "Width"):
            table.add_column(title, justify="right")
        for name, values in found.tables.items():
            table.add_row(escaped(name), f"{len(values):,}", f"{values.shape[1]:,}")
        console.output().print(table)


def _check_outputs(
    method: str | None, output: Path | None, projector: Path | None, *, segments: bool
) -> None:
    """Check the outputs before the work. Raises `WrongUsage`, `UnknownFormat`,
    `OutputUnwritable`."""
    from gremlink.proxy.store.outputs import try_directory

    if segments:
        if projector is not None:
            raise console.WrongUsage("--projector is for embeddings: leave out --segments")
        if output is not None:
            check_output(output)
        return
    if output is not None:
        if method is not None and not _is_table(output):
            raise console.WrongUsage(
                "--method writes into a file: choose a name that ends in .csv or .parquet"
            )
        if output.exists() and not output.is_dir() and not _is_table(output):
            raise console.WrongUsage(
                f"{output} is a file: choose a directory, or a name that ends in .csv or .parquet"
            )
        try_directory(output)
    if projector is not None:
        try_directory(projector)


class _SegmentsAsked(NamedTuple):
    parts: str
    label: str | None
    seed: int
    output: Path | None
    write_back: str | None
    dry_run: bool


def _segments(
    found: VertexEmbeddings,
    artifact: Path,
    name: str,
    asked: _SegmentsAsked,
    settings: Configuration,
) -> None:
    from gremlink.proxy.learning.segments.segmented import count_of, segmented

    if asked.write_back is not None and found.stored.rdf:
        raise console.WrongUsage(
            "segments of an RDF graph are not written back: write a file with --output, and load it"
        )
    parted = segmented(found, count_of(asked.parts), label=asked.label, seed=asked.seed)
    if asked.output is not None:
        from gremlink.proxy.learning.predictions.segment_files import marks_file, write_segments

        count = write_segments(asked.output, parted)
        if str(asked.output) != "-":
            console.say(
                f"The segments of {count:,} vertices are in {asked.output}, what marks them in "
                f"{marks_file(asked.output).name}."
            )
    if asked.write_back is not None:
        _write_segments(parted, artifact, name, asked, asked.write_back, settings)
    if asked.output is None and asked.write_back is None:
        from gremlink.proxy.cli.output.segments import segment_table

        console.output().print(segment_table(parted))
    for each in parted.types:
        console.note(f"{each.label}: {each.segmentation.reason} ({each.segmentation.structure})")


def _write_segments(
    parted: Segments,
    artifact: Path,
    name: str,
    asked: _SegmentsAsked,
    key: str,
    settings: Configuration,
) -> None:
    if asked.dry_run:
        count = sum(1 for _ in parted.values())
        console.show(f"{count:,} segments would be written as {escaped(key)}")
        return
    from gremlink.proxy.cli.export import graph_of
    from gremlink.proxy.graph.load.write_back import write_values
    from gremlink.proxy.graph.server.connection import GraphConnection
    from gremlink.proxy.learning.workflows.predict import provenance_of

    given = (parted.method, asked.parts, asked.label, asked.seed)
    provenance = provenance_of(artifact, name, str(given), parted.rows())
    with GraphConnection(graph_of(settings)) as connection:
        done = write_values(connection, key, parted.values(), provenance)
    say_written(done, key, "segments")


def _is_table(output: Path) -> bool:
    return output.suffix.lower() in (".csv", ".parquet")


def _write(found: VertexEmbeddings, artifact: Path, output: Path) -> None:
    if not _is_table(output):
        from gremlink.proxy.learning.workflows.results import write_results

        output.mkdir(parents=True, exist_ok=True)
        write_results(artifact, output)
        console.say(f"embeddings/entity.npy and mapping.json are in {output}.")
        return
    if output.suffix.lower() == ".parquet":
        from gremlink.proxy.learning.predictions.files import write_embeddings

        write_embeddings(output, found)
        console.say(f"The embeddings are in {output}.")
        return
    import csv

    from gremlink.proxy.store.outputs import appearing

    output.parent.mkdir(parents=True, exist_ok=True)
    width = max(values.shape[1] for values in found.tables.values())
    with appearing(output) as file:
        writer = csv.writer(file)
        writer.writerow(["~id", "~label", *(f"e{column}" for column in range(width))])
        for name, values in found.tables.items():
            for vertex, row in zip(found.stored.ids[name], values.tolist(), strict=True):
                writer.writerow([vertex.value, name, *(f"{value:.6g}" for value in row)])
    console.say(f"The embeddings are in {output}.")


def _names(found: VertexEmbeddings, settings: Configuration) -> dict[Literal, str]:
    """Return the names of vertices; none without a database."""
    if settings.upstream.url is None:
        return {}
    from gremlink.errors import Error
    from gremlink.proxy.cli.export import graph_of
    from gremlink.proxy.cli.output.vertex_names import vertex_names
    from gremlink.proxy.graph.server.connection import GraphConnection

    try:
        with GraphConnection(graph_of(settings)) as connection:
            return vertex_names(connection, {name: found.stored.ids[name] for name in found.tables})
    except Error as error:
        console.warn(f"the vertices have no names in the file: {error}")
        return {}


def _write_projector(
    found: VertexEmbeddings, directory: Path, names: Mapping[Literal, str]
) -> None:
    """Write `tensors.tsv` and `metadata.tsv`, a row each for each vertex.

    With `names` these have a column, which is the first: the projector shows it.
    """
    from gremlink.proxy.store.outputs import appearing

    directory.mkdir(parents=True, exist_ok=True)
    with appearing(directory / "tensors.tsv") as file:
        for values in found.tables.values():
            for row in values.tolist():
                file.write("\t".join(f"{value:.6g}" for value in row) + "\n")
    with appearing(directory / "metadata.tsv") as file:
        file.write("name\tid\tlabel\n" if names else "id\tlabel\n")
        for name in found.tables:
            for vertex in found.stored.ids[name]:
                id = str(vertex.value)
                cells = (names.get(vertex, id), id, name) if names else (id, name)
                file.write("\t".join(map(_one_line, cells)) + "\n")
    console.say(
        f"tensors.tsv and metadata.tsv are in {directory}: load them in TensorBoard's projector."
    )


def _one_line(text: str) -> str:
    """Return a text for a cell: the projector has no quotes."""
    return " ".join(text.split())
