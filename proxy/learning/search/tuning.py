"""The settings of a training: from the options, the configuration beside the data, and a search."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.events import Progress
from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.search.configuration import (
    FILE,
    BadHpoConfiguration,
    HpoConfiguration,
    Metric,
    configuration_of,
    read_configuration,
)
from gremlink.proxy.learning.search.names import SETTINGS, applied, warnings_of, with_frequency
from gremlink.proxy.learning.search.parameter import Value, in_words
from gremlink.proxy.learning.search.search import Here, Objective, TrialRow, search
from gremlink.proxy.learning.search.templates import TASKS, template
from gremlink.proxy.learning.search.workers import Workers
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.timeline import Stage
from gremlink.proxy.store.artifacts import read_manifest

TUNED = "tuned"
"""The manifest's entry for parameters that a search has found."""


@dataclass(frozen=True, slots=True)
class SearchReport:
    """The trials of a search. `parameters` are the chosen trial's, in Neptune's names; `metric` on
    held-out data judged the trials, larger is better; `parallel` ran at a time.
    """

    network: str
    metric: str
    parameters: Mapping[str, Value]
    trials: tuple[TrialRow, ...]
    parallel: int
    seconds: float

    def verdict(self) -> str:
        """Compare the best settings with those that the search began with, in a sentence."""
        chosen = in_words(list(self.parameters.items())) or "there was nothing to choose"
        best = self.rise()[-1][1]
        pruned = sum(row.state == "pruned" for row in self.trials)
        first = self.trials[0].value
        before = "" if first is None else f", {first:.4f} by default"
        return (
            f"Search of settings for {self.network}: {len(self.trials)} trials, {pruned} given up "
            f"early, {self.seconds:.1f} s. Best {self.metric} on held-out data {best:.4f}{before}: "
            f"{self._reason()}{chosen}."
        )

    def _reason(self) -> str:
        """Return the reason to keep the defaults although a trial was better, if they are kept."""
        first = self.trials[0]
        stayed = dict(self.parameters) == dict(first.parameters)
        if not stayed or first.value is None or self.rise()[-1][1] <= first.value:
            return ""
        return "no more than luck explains, so the defaults stay, "

    def rise(self) -> list[tuple[float, float]]:
        """Return the best value so far by trial, from 1, of the complete ones."""
        points: list[tuple[float, float]] = []
        for row in self.trials:
            if row.state == "complete" and row.value is not None:
                best = max(row.value, points[-1][1] if points else row.value)
                points.append((row.number + 1.0, best))
        return points


@dataclass(frozen=True, slots=True)
class Request:
    """The model to train by name, the settings that hold without a search, and the search.

    `pinned` are fields of the settings that were set on purpose: a search leaves them alone.
    `earlier` are the parameters that an earlier training's search has found, by network.
    """

    model: str
    settings: TrainingSettings
    configuration: HpoConfiguration | None
    search: SearchSettings
    pinned: frozenset[str]
    warnings: tuple[str, ...]
    earlier: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    @property
    def metric(self) -> Metric | None:
        """The metric of trials, if the configuration names one."""
        return None if self.configuration is None else self.configuration.metric


def requested(
    directory: Path,
    model: str,
    settings: TrainingSettings | None,
    asked: SearchSettings | None,
    graph: TypedGraph,
    task: str,
    models: Sequence[str],
) -> Request:
    """Read the configuration of the search, by default the one in the data's `directory`.

    A warm start takes its settings from the earlier training instead. The file's model, unless it
    is `auto`, counts more than `model`, as in Neptune; its defaults count less than settings that
    differ from the defaults here. `task`, one of `TASKS`, is what the data ask for, and `models`
    are those that can learn it. Raises `BadHpoConfiguration`, `ArtifactError`, OSError.
    """
    settings = settings or TrainingSettings()
    asked = asked or SearchSettings()
    plain = TrainingSettings()
    pinned = frozenset(
        each.name
        for each in fields(plain)
        if getattr(settings, each.name) != getattr(plain, each.name)
    )
    if asked.previous is not None:
        return _as_before(asked.previous, model, settings, asked, pinned)
    path = asked.configuration or directory / FILE
    if asked.configuration is None and not path.is_file():
        return Request(model, settings, None, asked, pinned, ())
    configuration = read_configuration(path, graph.vertex_count, graph.edge_count)
    if configuration.task not in (None, TASKS[task]):
        raise BadHpoConfiguration(
            f"{path}: task_type is {configuration.task!r}, and the data are for {TASKS[task]!r}: "
            "take a file that was written for them"
        )
    if configuration.model != AUTO:
        if configuration.model not in models:
            raise BadHpoConfiguration(
                f"{path}: the model {configuration.model!r} cannot learn this: choose one of "
                f"{', '.join(models)}"
            )
        model = configuration.model
    try:
        settings = applied(settings, _free(configuration.defaults(), pinned))
        if "evaluate_every" not in pinned:
            settings = with_frequency(settings, configuration)
        warnings = warnings_of(configuration)
    except ValueError as error:
        raise BadHpoConfiguration(f"{path}: {error}") from error
    return Request(model, settings, configuration, asked, pinned, warnings)


def _as_before(
    previous: Path,
    model: str,
    settings: TrainingSettings,
    asked: SearchSettings,
    pinned: frozenset[str],
) -> Request:
    """Take the network's settings of an earlier training. Raises `ArtifactError`."""
    manifest = read_manifest(previous)
    before = manifest.get("settings", {})
    kept = {name: before[name] for name in set(SETTINGS.values()) - pinned if name in before}
    found = manifest.get(TUNED, {})
    earlier = {name: _free(parameters, pinned) for name, parameters in found.items()}
    return Request(model, replace(settings, **kept), None, asked, pinned, (), earlier)


def _free(values: Mapping[str, Value], pinned: frozenset[str]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if SETTINGS.get(name) not in pinned}


@dataclass(frozen=True, slots=True)
class DataSource:
    """The data and the seed, from which a worker makes the same objective."""

    directory: Path
    data_configuration: str = CONFIGURATION
    seed: int = 0

    def document(
        self, network: str, metric: Metric | None, settings: TrainingSettings
    ) -> dict[str, Any]:
        """Return the first line for `trial_worker.serve`."""
        return {
            "directory": str(self.directory),
            "configuration": self.data_configuration,
            "model": network,
            "metric": None if metric is None else [metric.name, metric.topk],
            "settings": asdict(settings),
            "seed": self.seed,
        }


def stages_of_search(request: Request, network: str, seconds: float) -> list[Stage]:
    """Return the trials of a search as stages, each of so many seconds."""
    at_a_time = min(request.search.parallel, request.search.trials)
    return [
        Stage(f"{searching(network)}, trial {number}", seconds / at_a_time, "the search")
        for number in range(1, request.search.trials + 1)
    ]


def searching(network: str) -> str:
    """Return the name of a search in progress."""
    return f"search of settings for {network}"


def tune(
    request: Request,
    network: str,
    task: str,
    metric: str,
    objective: Objective,
    source: DataSource,
    progress: Progress,
) -> tuple[TrainingSettings, SearchReport]:
    """Search settings for a network; `metric` is the name of what `objective` returns.

    Without a configuration the parameters are those of `templates`. Raises `SearchFailed`.
    """
    begun = time.perf_counter()
    configuration = request.configuration
    if configuration is None:
        configuration = configuration_of(template(network, task, metric))
    asked, settings = request.search, request.settings
    parameters = [
        each
        for each in configuration.searched(asked.trials)
        if each.name in SETTINGS and SETTINGS[each.name] not in request.pinned
    ]
    known = {each.name: getattr(settings, SETTINGS[each.name]) for each in parameters}
    # An open setting (embeddings beside features) counts as true.
    defaults = {name: True if value is None else value for name, value in known.items()}
    # With nothing to choose one trial is enough.
    trials = asked.trials if parameters else 1
    parallel = min(asked.parallel, trials)
    options: dict[str, Any] = {
        "trials": trials,
        "parallel": parallel,
        "seed": source.seed,
        "progress": progress,
        "what": searching(network),
    }
    if parallel == 1:
        found = search(parameters, defaults, runner=Here(objective), **options)
    else:
        first = source.document(network, request.metric, settings)
        first["settings"]["threads"] = max(1, settings.threads // parallel)
        with Workers(parallel, first) as workers:
            found = search(parameters, defaults, runner=workers, **options)
    seconds = round(time.perf_counter() - begun, 2)
    report = SearchReport(network, metric, found.best, found.trials, parallel, seconds)
    return applied(settings, found.best), report


def tuned_by(report: SearchReport | None) -> dict[str, Any]:
    """Return the manifest's entry of a search: the parameters that were found, by network."""
    return {TUNED: {} if report is None else {report.network: dict(report.parameters)}}
