"""`gremlink process`: from an export to a processed graph for training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.output import console, progress
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from rich.table import Table

    from gremlink.proxy.learning.workflows.process import Prepared


@click.command()
@click.argument("export_directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for the processed graph; one that is there is replaced.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Output of an earlier processing whose encodings are to be applied again.",
)
@click.option(
    "--model-type",
    type=click.Choice(("heterogeneous", "kge")),
    help="Write the configuration of a search for Neptune's model of this type, not for auto.",
)
@click.option(
    "--configuration",
    default="training-data-configuration.json",
    show_default=True,
    help="File in the export that names features and targets.",
)
@console.within_limits
def process(
    export_directory: Path,
    output: Path,
    previous: Path | None,
    model_type: str | None,
    configuration: str,
) -> None:
    """Encode an export's properties as its configuration asks for, and store the result.

    `gremlink train` takes the result in place of the export. With --previous the graph is brought
    up to date for an existing model: encodings stay, old vertices keep their numbers, and the
    changes are printed.
    """
    from gremlink.proxy.store.artifacts import try_output

    try_output(output)
    with console.importing():
        from gremlink.proxy.learning.workflows.process import prepare

    with console.explain_interruption(output), progress.training_progress() as tell:
        found = prepare(
            export_directory,
            output,
            previous=previous,
            configuration=configuration,
            model_type=model_type,
            progress=tell,
        )
    for warning in found.processed.warnings:
        console.warn(warning)
    console.output().print(summary(found))
    if found.drift is not None:
        console.show(f"Changed: {found.drift}")
        if found.drift.advises_training:
            console.warn("so much has changed that training anew is advised")
    console.say(f"The processed graph is in {output}. `gremlink train` reads it.")


def summary(found: Prepared) -> Table:
    """Return a table of the graph and the encodings of its properties."""
    from rich.table import Table

    caption = f"To predict: {found.target}"
    table = Table(header_style="bold", caption_justify="left", caption=caption)
    for title in ("Element", "Count", "Property", "Encoding", "Columns"):
        right = title in ("Count", "Columns")
        table.add_column(title, justify="right" if right else "left")
    for name, count, encodings in found.elements():
        first = escaped(name), f"{count:,}"
        for encoding in encodings:
            table.add_row(*first, escaped(encoding.name), encoding.kind, str(len(encoding.columns)))
            first = "", ""
        if not encodings:
            table.add_row(*first, "", "", "")
    return table
