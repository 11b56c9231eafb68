"""`gremlink transform`: a trained model on a graph that has grown, without training."""

from __future__ import annotations

from pathlib import Path

import click

from gremlink.proxy.cli.output import console, progress


@click.command()
@click.argument("artifact", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("data", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for the new artifact; one that is there is replaced.",
)
@click.option(
    "--configuration",
    default="training-data-configuration.json",
    show_default=True,
    help="File in the export that names features and targets.",
)
@console.within_limits
def transform(artifact: Path, data: Path, output: Path, configuration: str) -> None:
    """Apply the model in ARTIFACT to newer DATA: vertices and edges that came after training.

    DATA is an export, or the output of `gremlink process --previous`. New vertices become inputs
    and answers; nothing is learned anew. Deleted vertices need training from the beginning.
    """
    from gremlink.proxy.store.artifacts import try_output

    try_output(output)
    console.say("loading the libraries")
    with console.importing():
        from gremlink.proxy.learning.workflows.transform import transform as run

    with console.explain_interruption(output), progress.training_progress() as tell:
        found = run(artifact, data, output, configuration=configuration, progress=tell)
    for warning in found.warnings:
        console.warn(warning)
    console.show(
        f"{found.task} on {found.vertices:,} vertices and {found.edges:,} edges "
        f"in {found.seconds:.1f} s"
    )
    console.show(f"Changed: {found.drift}")
    if found.drift.advises_training:
        console.warn("so much has changed that training anew is advised")
    console.say(f"The artifact is in {output}. `gremlink endpoint create` serves it.")
