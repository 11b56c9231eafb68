"""Training, from an export directory to an artifact directory: of links, or of a property.

Both tasks share the steps: load the data, search settings, compare candidates on held-out data, fit
the best on all data, report, write.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.budget import REFERENCE, Speed, within
from gremlink.proxy.learning.comparison.held_out import FILE as HELD_OUT
from gremlink.proxy.learning.comparison.held_out import HeldOut
from gremlink.proxy.learning.events import PhaseStarted, Progress, unheard
from gremlink.proxy.learning.links.training.dataset import Dataset
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.models.gnn.messages import threads
from gremlink.proxy.learning.models.gnn.mini_batches import check_device
from gremlink.proxy.learning.processing.edge_sample import FILE as EDGE_SAMPLE
from gremlink.proxy.learning.processing.edge_sample import EdgeFeatures, edge_sample
from gremlink.proxy.learning.processing.load import asks_for_property
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.provenance import PAGE, REPORT, peak_memory, provenance
from gremlink.proxy.learning.reports.html import render
from gremlink.proxy.learning.reports.link_report import LinkReport
from gremlink.proxy.learning.reports.namespaces import namespaces_of
from gremlink.proxy.learning.reports.property_report import PropertyReport
from gremlink.proxy.learning.search.configuration import Metric
from gremlink.proxy.learning.search.names import applied
from gremlink.proxy.learning.search.parameter import Value
from gremlink.proxy.learning.search.search import Objective, Reached, Tell
from gremlink.proxy.learning.search.tuning import (
    DataSource,
    Request,
    SearchReport,
    requested,
    stages_of_search,
    tune,
    tuned_by,
)
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings, check_model
from gremlink.proxy.learning.timeline import Stage, Timeline
from gremlink.proxy.learning.workflows.embeddings import Groups, picture
from gremlink.proxy.learning.workflows.load import Model, artifact_of
from gremlink.proxy.learning.workflows.speed import ENTRY as SPEED
from gremlink.proxy.learning.workflows.speed import chosen_speed
from gremlink.proxy.learning.workflows.train_links import LinkTask
from gremlink.proxy.learning.workflows.train_properties import PropertyTask
from gremlink.proxy.store.artifacts import try_output, write_or_keep

NO_SEARCH = "there was no search: a warm start keeps the settings of the earlier training"
NO_NETWORK = "there was no search: no network takes part in this training"
SAME_DATA = (
    "the network's settings were chosen on the {examples} that judge it, so its own figures are a "
    "little better than on new {examples}"
)
WRITING = "writing the artifact"

E = TypeVar("E")
R = TypeVar("R")
M = TypeVar("M", bound=Model)


class Task(Protocol[E, R, M]):
    """The steps of a training that depend on the task; `E` is its experiment, `R` the results."""

    learns: ClassVar[str]
    models: ClassVar[tuple[str, ...]]
    examples: ClassVar[str]

    @classmethod
    def load(cls, directory: Path, configuration: str, progress: Progress) -> Task[E, R, M]:
        """Read an export or a processed graph. Raises `BadExport`, `UnusableExport`, ValueError."""
        ...

    @property
    def name(self) -> str:
        """The task by its name in artifacts."""
        ...

    @property
    def dataset(self) -> Dataset | PropertyDataset:
        """The data, with the whole graph."""
        ...

    @property
    def size(self) -> int:
        """The number of edges, and of rows with a value: it decides the default budget."""
        ...

    def experiment(
        self,
        model: str,
        settings: TrainingSettings,
        seed: int,
        progress: Progress,
        speed: Speed = REFERENCE,
    ) -> E:
        """Plan the experiment. Raises `UnusableExport`, `UnusableSettings`."""
        ...

    def start_warm(self, experiment: E, request: Request) -> tuple[str, ...]:
        """Begin with an earlier training, and return warnings. Raises `ArtifactError`."""
        ...

    def stages(self, experiment: E) -> list[Stage]:
        """Return the phases of `evaluate` and `fit`."""
        ...

    def trial_seconds(self, experiment: E) -> float:
        """Return the estimate for one trial of a search."""
        ...

    def trial(
        self, network: str, settings: TrainingSettings, seed: int, metric: Metric | None
    ) -> tuple[str, Callable[[TrainingSettings, Tell], Reached]]:
        """Return the validation of other settings, and the name of its metric, `metric` if given.

        Raises `BadHpoConfiguration` for an unsuitable one.
        """
        ...

    def evaluate(self, experiment: E) -> R:
        """Compare the candidates on held-out data."""
        ...

    def fit(self, experiment: E, results: R) -> M:
        """Fit the chosen candidates on all data."""
        ...

    def groups(self) -> Groups | None:
        """Return the groups of vertices in the picture of the embeddings; `None` for types."""
        ...

    def edge_features(self) -> EdgeFeatures:
        """Return the properties of edges that are learned from."""
        ...

    def held_out(self, experiment: E, results: R) -> HeldOut:
        """Return the results of each held-out element."""
        ...

    def report(
        self, experiment: E, results: R, model: M, common: Mapping[str, Any]
    ) -> LinkReport | PropertyReport:
        """Return the report; `common` are the fields that do not depend on the task."""
        ...


def train(
    export_directory: Path,
    artifact_directory: Path,
    *,
    model: str = AUTO,
    seed: int = 0,
    settings: TrainingSettings | None = None,
    search: SearchSettings | None = None,
    configuration: str = CONFIGURATION,
    progress: Progress | None = None,
    deadline: float = 0.0,
    speed: str = "",
) -> LinkReport | PropertyReport:
    """Train and write the artifact; without any target, links are learned, as in Neptune.

    `model` is one of `MODELS` for links, of `PROPERTY_MODELS` for a property; a configuration of
    the search may name another. `deadline` are seconds for all of it, 0 for any. `speed` is a
    choice of `chosen_speed`. The same seed
    gives the same tensors on one machine, but for a deadline. Nothing is written before the end.

    Raises `BadExport`, `UnusableExport`, ValueError (features that do not fit, an unknown model or
    one that does not apply, an impossible configuration of the search), `SearchFailed`,
    `OutputInTheWay`, `OutputUnwritable`, `OutputKeptElsewhere`; what is known before the rows are
    read is checked before.
    """
    try_output(artifact_directory)
    if settings is not None:
        check_device(settings.device)
    kind = task_of(export_directory, configuration)
    check_model(model, kind.learns, kind.models)
    timeline = Timeline(progress or unheard, deadline=deadline)
    begun = time.perf_counter()
    timeline(PhaseStarted("reading the export"))
    task = kind.load(export_directory, configuration, timeline)
    graph = task.dataset.graph
    asked = requested(export_directory, model, settings, search, graph, task.name, task.models)
    allowed = within(asked.settings, timeline.time_left(), task.size)
    request = replace(asked, settings=allowed)
    rates, unkept = chosen_speed(speed, allowed.threads)
    experiment = task.experiment(request.model, allowed, seed, timeline, rates)
    warnings = task.start_warm(experiment, request)
    timeline.expect(_stages(task, experiment, request))
    source = DataSource(export_directory, configuration, seed)
    tried, more = _searched(task, experiment, request, source, timeline)
    with threads(graph, allowed.threads):
        results = task.evaluate(experiment)
        served = task.fit(experiment, results)
    plan = experiment.plan
    recorded = replace(experiment.settings, budget=asked.settings.budget)
    about = provenance(request.model, seed, recorded) | tuned_by(tried)
    about |= {SPEED: asdict(rates)}
    common = {
        "model": request.model,
        "warnings": (
            *task.dataset.warnings,
            *plan.warnings(),
            *request.warnings,
            *warnings,
            *more,
            *unkept,
        ),
        "graph": {"vertices": graph.vertex_count, "edges": graph.edge_count},
        "vertex_types": dict(graph.counts),
        "edge_types": {str(relation): len(edges) for relation, edges in graph.edges.items()},
        "namespaces": namespaces_of(task.dataset.stored),
        "picture": picture(served, task.groups()),
        "search": tried,
        "seed": seed,
        "budget": round(plan.budget, 1),
        "planned": round(plan.seconds, 1),
        SPEED: asdict(rates),
        "settings": about["settings"],
        "versions": about["versions"],
    }
    found = task.report(experiment, results, served, common)
    timeline(PhaseStarted(WRITING))
    report = replace(
        found,
        seconds=round(time.perf_counter() - begun, 2),
        peak_memory=round(peak_memory(), 1),
        parts=timeline.finish(),
    )
    if isinstance(report, PropertyReport):
        about["methods"] = dict(report.weights)
    reports: dict[str, Any] = {
        REPORT: report.to_document(),
        PAGE: render(report),
        HELD_OUT: task.held_out(experiment, results).to_bytes(),
    }
    if of_edges := task.edge_features():
        reports[EDGE_SAMPLE] = edge_sample(of_edges, seed)
    write_or_keep(artifact_directory, artifact_of(served, about), reports)
    return report


def task_of(directory: Path, configuration: str) -> type[Task[Any, Any, Any]]:
    """Return the task of an export's configuration; reads no rows. Raises what `train` does."""
    return PropertyTask if asks_for_property(directory, configuration) else LinkTask


def _stages(task: Task[Any, Any, Any], experiment: Any, request: Request) -> list[Stage]:
    found = []
    if request.search.trials and request.search.previous is None and experiment.networks:
        seconds = task.trial_seconds(experiment)
        found = stages_of_search(request, experiment.networks[0], seconds)
    return [*found, *task.stages(experiment), Stage(WRITING, 0.2, WRITING)]


def _searched(
    task: Task[Any, Any, Any],
    experiment: Any,
    request: Request,
    source: DataSource,
    progress: Progress,
) -> tuple[SearchReport | None, tuple[str, ...]]:
    """Search settings of the first network, if one takes part; return warnings, too.

    Raises `BadHpoConfiguration`, `SearchFailed`.
    """
    if not request.search.trials:
        return None, ()
    if request.search.previous is not None:
        return None, (NO_SEARCH,)
    if not experiment.networks:
        return None, (NO_NETWORK,)
    network = experiment.networks[0]
    metric, run = _objective(task, network, request.settings, source.seed, request.metric)
    found, report = tune(request, network, task.name, metric, run, source, progress)
    experiment.use(network, found)
    same = experiment.cross_validates
    return report, (SAME_DATA.format(examples=task.examples),) if same else ()


def _objective(
    task: Task[Any, Any, Any],
    network: str,
    settings: TrainingSettings,
    seed: int,
    metric: Metric | None,
) -> tuple[str, Objective]:
    """Return the metric and the objective of a search; test data are never used.

    Equal seeds hold the same data out as the training does.
    """
    name, validate = task.trial(network, settings, seed, metric)

    def run(parameters: Mapping[str, Value], tell: Tell) -> Reached:
        tried = applied(settings, parameters)
        with threads(task.dataset.graph, tried.threads):
            return validate(tried, tell)

    return name, run


def objective(
    directory: Path,
    configuration: str,
    network: str,
    metric: tuple[str, int] | None,
    settings: TrainingSettings,
    seed: int,
) -> Objective:
    """Return the objective of a search over the settings of a network on these data.

    `metric` is the name and `topk` of one in a configuration. Raises what `train` does.
    """
    task = task_of(directory, configuration).load(directory, configuration, unheard)
    return _objective(task, network, settings, seed, Metric(*metric) if metric else None)[1]
