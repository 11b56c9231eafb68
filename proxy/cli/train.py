"""`gremlink train`: from an export to an artifact, with a table of its quality."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.duration import DURATION
from gremlink.proxy.cli.output import console, progress
from gremlink.proxy.learning.methods import AUTO, MODELS, PROPERTY_MODELS
from gremlink.proxy.learning.settings import DEVICES, MINI_BATCHES, SearchSettings, TrainingSettings

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration

DEFAULTS = TrainingSettings()

LOADING = "loading the libraries"
"""Name of the time before the first part of a training."""


@click.command()
@click.argument("export_directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for the artifact; an artifact that is there is replaced.",
)
@click.option(
    "--model",
    type=click.Choice(tuple(dict.fromkeys((*MODELS, *PROPERTY_MODELS)))),
    default=AUTO,
    show_default=True,
    help="auto blends all methods with learned weights; any other stands alone.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--configuration",
    default="training-data-configuration.json",
    show_default=True,
    help="File in the export that names features and targets.",
)
@click.option(
    "--budget",
    type=DURATION,
    default=None,
    help="Time for all that is tried, by estimate, as 90s, 5m or 1h; without it by the size of the "
    "data.",
)
@click.option(
    "--deadline",
    type=DURATION,
    default=None,
    help="Time that all of it may take by the clock; what is not done by then is left out.",
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    default=DEFAULTS.epochs,
    show_default=True,
    help="Of the network, at most.",
)
@click.option(
    "--width",
    type=click.IntRange(min=2),
    default=DEFAULTS.width,
    show_default=True,
    help="Length of an embedding.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Trainings of the network with other settings, to find better ones; 0 searches nothing.",
)
@click.option(
    "--parallel",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Trials at a time, each in a process of its own; they share the threads.",
)
@click.option(
    "--hpo",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A model-hpo-configuration.json; without it the one beside processed data.",
)
@click.option(
    "--warm-start",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Artifact of an earlier training, whose settings and networks this one begins with.",
)
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default=DEFAULTS.device,
    show_default=True,
    help="Where the graph neural network learns; auto is a GPU if there is one and it pays.",
)
@click.option(
    "--mini-batches",
    type=click.Choice(MINI_BATCHES),
    default=DEFAULTS.mini_batches,
    show_default=True,
    help="Learn from samples of the graph; auto does so where the whole would not fit.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=DEFAULTS.threads,
    show_default=True,
    help="Threads for training; results depend on their number.",
)
@console.with_settings(
    ("--speed", "training.speed", "The machine's speed by which it is planned, not measured anew.")
)
def train(
    export_directory: Path,
    output: Path,
    model: str,
    seed: int,
    configuration: str,
    budget: float | None,
    deadline: float | None,
    epochs: int,
    width: int,
    trials: int,
    parallel: int,
    hpo: Path | None,
    warm_start: Path | None,
    device: str,
    mini_batches: str,
    threads: int,
    settings: Configuration,
) -> None:
    """Train a model for an export's targets and write an artifact that can be served.

    Targets are links, or the classes or numbers in a property of vertices or edges; without any,
    links. Prints every method's quality on held-out data, and the weights that `auto` gives to
    each.

    With --trials a search looks for better settings of the network, within the ranges of
    model-hpo-configuration.json; settings given by --epochs or --width are kept.
    """
    from gremlink.proxy.store.artifacts import try_output

    begun = monotonic()
    console.apply_limits(settings)
    try_output(output)
    console.say(LOADING)
    with console.importing():
        from gremlink.proxy.learning.provenance import PAGE, REPORT
        from gremlink.proxy.learning.reports.tables import table_of
        from gremlink.proxy.learning.timeline import LEAST, in_parts
        from gremlink.proxy.learning.workflows.train import train as run
    loaded = monotonic() - begun

    with console.explain_interruption(output), progress.training_progress() as tell:
        report = run(
            export_directory,
            output,
            model=model,
            seed=seed,
            settings=TrainingSettings(
                epochs=epochs,
                width=width,
                threads=threads,
                budget=budget or 0.0,
                device=device,
                mini_batches=mini_batches,
            ),
            search=SearchSettings(
                trials=trials, parallel=parallel, configuration=hpo, previous=warm_start
            ),
            configuration=configuration,
            progress=tell,
            speed=settings.training.speed,
            deadline=0.0 if deadline is None else max(deadline - loaded, LEAST),
        )
    for warning in report.warnings:
        console.warn(warning)
    console.output().print(table_of(report))
    console.show(f"Time: {in_parts({**report.parts, LOADING: loaded})}.")
    console.show(f"Report: {output / PAGE}, and for programs {REPORT} beside it")
    console.say(f"The artifact is in {output}. `gremlink endpoint create` serves it.")
