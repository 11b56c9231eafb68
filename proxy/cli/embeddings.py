"""`gremlink embeddings`: embeddings of the vertices of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.output import console
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings


@click.command()
@click.argument("artifact", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--method",
    metavar="NAME",
    help="The method whose embeddings to take, as ials; by default that of the network.",
)
@click.option("--neighbours", metavar="ID", help="Print the vertices that are nearest to this one.")
@click.option("--type", "among", metavar="LABEL", help="Neighbours of this type, not of its own.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Neighbours to print.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Write all of them: into a file that ends in .csv or .parquet, or as NumPy arrays into a "
    "directory.",
)
@click.option(
    "--projector",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the files of TensorBoard's projector into a directory.",
)
def embeddings(
    artifact: Path,
    method: str | None,
    neighbours: str | None,
    among: str | None,
    limit: int,
    output: Path | None,
    projector: Path | None,
) -> None:
    """Print or store the embeddings of the vertices in ARTIFACT, a trained model.

    Those of its network, else the factors of its factorisation (ials, pure-svd).

    For clustering, pictures, or nearest neighbours, by the cosine of two embeddings. Without
    options, print the types of vertices that have embeddings.
    """
    from rich.table import Table

    from gremlink.proxy.learning.workflows.load import model_in
    from gremlink.proxy.store.artifacts import read_artifact
    from gremlink.proxy.store.outputs import try_directory

    if method is not None and output is not None and not _is_table(output):
        raise console.WrongUsage(
            "--method writes into a file: choose a name that ends in .csv or .parquet"
        )
    if output is not None:
        if output.exists() and not output.is_dir() and not _is_table(output):
            raise console.WrongUsage(
                f"{output} is a file: choose a directory, or a name that ends in .csv or .parquet"
            )
        try_directory(output)
    if projector is not None:
        try_directory(projector)
    found = model_in(read_artifact(artifact), artifact).vertex_embeddings(method)
    if output is not None:
        _write(found, artifact, output)
    if projector is not None:
        _write_projector(found, projector)
    if neighbours is not None:
        table = Table("Vertex", header_style="bold")
        table.add_column("Cosine", justify="right")
        for vertex, cosine in found.nearest(found.find(neighbours), limit, among):
            table.add_row(escaped(str(vertex.value)), f"{cosine:.4f}")
        console.output().print(table)
    elif output is None and projector is None:
        table = Table("Type", header_style="bold", caption_justify="left")
        table.caption = f"Network: {found.network}"
        for title in ("Vertices", "Width"):
            table.add_column(title, justify="right")
        for name, values in found.tables.items():
            table.add_row(escaped(name), f"{len(values):,}", f"{values.shape[1]:,}")
        console.output().print(table)


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


def _write_projector(found: VertexEmbeddings, directory: Path) -> None:
    """Write `tensors.tsv` and `metadata.tsv`, a row each for each vertex."""
    from gremlink.proxy.store.outputs import appearing

    directory.mkdir(parents=True, exist_ok=True)
    with appearing(directory / "tensors.tsv") as file:
        for values in found.tables.values():
            for row in values.tolist():
                file.write("\t".join(f"{value:.6g}" for value in row) + "\n")
    with appearing(directory / "metadata.tsv") as file:
        file.write("id\tlabel\n")
        for name in found.tables:
            for vertex in found.stored.ids[name]:
                file.write(f"{_one_line(str(vertex.value))}\t{_one_line(name)}\n")
    console.say(
        f"tensors.tsv and metadata.tsv are in {directory}: load them in TensorBoard's projector."
    )


def _one_line(text: str) -> str:
    """Return a text for a cell: the projector has no quotes."""
    return " ".join(text.split())
