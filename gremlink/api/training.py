"""`train`, and the report that it returns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremlink.api import progress as listening
from gremlink.api.arguments import PathLike, directory_of, path_of, seconds_of
from gremlink.api.installed import explain_missing
from gremlink.api.progress import Progress
from gremlink.api.results.table import Table, as_text
from gremlink.errors import WrongArgument
from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from gremlink.proxy.learning.reports.link_report import LinkReport
    from gremlink.proxy.learning.reports.property_report import PropertyReport

DEFAULTS = TrainingSettings()


@dataclass(frozen=True, slots=True, repr=False)
class TrainReport:
    """The quality of a trained model, beside every other method on the same held-out data.

    Prints as the table of `gremlink train`, and shows itself in a notebook. `details` is the whole
    report, as it is in `report.json` beside the model.
    """

    artifact: Path
    details: LinkReport | PropertyReport

    @property
    def task(self) -> str:
        """`link_prediction`, `node_classification`, `node_regression`, `edge_…`."""
        return str(getattr(self.details, "task", "link_prediction"))

    @property
    def model(self) -> str:
        """The model that was asked for, as `auto`."""
        return self.details.model

    @property
    def metrics(self) -> Mapping[str, float]:
        """The model's figures on held-out data by name: `mrr`, `hits@10`, `accuracy`, `rmse`, …"""
        return dict(self.details.row(self.details.model).metrics)

    @property
    def methods(self) -> Table[tuple[Any, ...]]:
        """A row for each method, the model first: its name, its figures, its seconds."""
        names = tuple(self.details.rows[0].metrics)
        return Table(
            ("method", *names, "seconds"),
            tuple(
                (row.method, *(row.metrics[name] for name in names), row.seconds)
                for row in self.details.rows
            ),
        )

    @property
    def verdict(self) -> str:
        """A sentence: the model beside the best method alone."""
        return self.details.verdict()

    @property
    def protocol(self) -> str:
        """The way in which the figures were measured."""
        return self.details.protocol

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about the data that a user should know."""
        return tuple(self.details.warnings)

    @property
    def seconds(self) -> float:
        """Time of the training."""
        return self.details.seconds

    @property
    def page(self) -> Path:
        """The report as a page, `report.html` beside the model."""
        from gremlink.proxy.learning.provenance import PAGE

        return self.artifact / PAGE

    def to_dict(self) -> dict[str, Any]:
        """Return the whole report, as in `report.json`."""
        return self.details.to_document()

    def __repr__(self) -> str:
        from gremlink.proxy.learning.reports.tables import table_of

        return as_text(table_of(self.details))

    def _repr_html_(self) -> str:
        """Return the table and its sentences for a notebook."""
        lines = (self.verdict, f"Protocol: {self.protocol}.", f"Artifact: {self.artifact}")
        return self.methods._repr_html_() + "".join(
            f"<p>{escape(escaped(line))}</p>" for line in lines
        )


def train(
    export: PathLike,
    artifact: PathLike,
    *,
    model: str = AUTO,
    seed: int = 0,
    configuration: str = CONFIGURATION,
    budget: float | str | None = None,
    deadline: float | str | None = None,
    epochs: int = DEFAULTS.epochs,
    width: int = DEFAULTS.width,
    trials: int = 0,
    parallel: int = 1,
    hpo: PathLike | None = None,
    warm_start: PathLike | None = None,
    device: str = DEFAULTS.device,
    mini_batches: str = DEFAULTS.mini_batches,
    threads: int = DEFAULTS.threads,
    speed: PathLike | None = None,
    progress: Progress = False,
) -> TrainReport:
    """Learn what an export's targets ask for and write a model, as `gremlink train` does.

    Links, or the classes or numbers in a property of vertices or edges; without any target, links.

    Args:
        export: Directory that `export` or `process` has written.
        artifact: Directory for the model; a model that is there is replaced.
        model: `auto` blends all methods with learned weights; any other is trained alone
            (docs/links.md and docs/properties.md have the names).
        seed: Equal seeds give equal models on one machine.
        configuration: File in the export that names features and targets.
        budget: Time for all that is tried, by estimate: seconds, or text as `"90s"`, `"5m"`.
            Without it, by the size of the data.
        deadline: Time that all of it may take by the clock, likewise.
        epochs: Of the network, at most.
        width: Length of an embedding.
        trials: Trainings of the network with other settings, to find better ones.
        parallel: Trials at a time, each in a process of its own.
        hpo: A `model-hpo-configuration.json`.
        warm_start: Artifact of an earlier training to begin with.
        device: `auto`, `cpu` or `cuda`.
        mini_batches: `auto`, `always` or `never`.
        threads: Threads for training; results depend on their number.
        speed: The machine's speed by which it is planned: `measured`, `reference`, or an earlier
            artifact, for that of its training. Without it, the setting `training.speed`.
        progress: `True`, or a function that is called with lines of text.

    Raises:
        WrongArgument: An argument cannot be used.
        UnusableSettings: A setting makes no sense, or not for these data or on this machine.
        GraphError: The export cannot be read.
        UnusableExport: Nothing can be learned from it.
        ArtifactError: `artifact` holds something else.
        NotInstalled: This installation only serves.

    Example:
        >>> report = gremlink.train("export", "artifact", model="rgcn", epochs=5, budget="1s")
        >>> report.methods.columns[:3]
        ('method', 'mrr', 'mr')
    """
    source, output = directory_of(export, "export"), path_of(artifact, "artifact")
    limit = seconds_of(deadline, "deadline")
    search = SearchSettings(
        trials=trials,
        parallel=parallel,
        configuration=None if hpo is None else path_of(hpo, "hpo"),
        previous=None if warm_start is None else directory_of(warm_start, "warm_start"),
    )
    settings = TrainingSettings(
        epochs=epochs,
        width=width,
        threads=threads,
        budget=seconds_of(budget, "budget") or 0.0,
        device=device,
        mini_batches=mini_batches,
    )
    if search.configuration is not None and not search.configuration.is_file():
        raise WrongArgument(f"hpo {search.configuration} is no file")
    begun = time.monotonic()
    with explain_missing():
        from gremlink.proxy.learning.timeline import LEAST
        from gremlink.proxy.learning.workflows.train import train as run
    report = run(
        source,
        output,
        model=model,
        seed=seed,
        settings=settings,
        search=search,
        configuration=configuration,
        progress=listening.of_training(progress),
        speed="" if speed is None else str(speed),
        deadline=0.0 if limit is None else max(limit - (time.monotonic() - begun), LEAST),
    )
    return TrainReport(output, report)
