"""Training for a property, from an export directory to an artifact directory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from proxy.graph.export_files import CONFIGURATION
from proxy.learning.embeddings import Groups, picture
from proxy.learning.events import PhaseStarted, Progress, unheard
from proxy.learning.inductive.encoder import Encoder
from proxy.learning.models.messages import threads
from proxy.learning.properties.choice import Choice
from proxy.learning.properties.dataset import PropertyDataset, load_property
from proxy.learning.properties.details import details
from proxy.learning.properties.head import Head, Networks
from proxy.learning.properties.lift import Lift
from proxy.learning.properties.members import Member
from proxy.learning.properties.merits import metric_of
from proxy.learning.properties.mixture import used
from proxy.learning.properties.model import EdgeFeatures, PropertyModel, to_artifact
from proxy.learning.properties.network import epochs_of
from proxy.learning.properties.page import property_page
from proxy.learning.properties.report import (
    LOWER_IS_BETTER,
    MOST_CLASSES,
    PropertyReport,
    PropertyRow,
)
from proxy.learning.properties.study import PropertyStudy, Trial, confusion_of
from proxy.learning.properties.target import Form, PropertyTarget
from proxy.learning.properties.trials import property_objective
from proxy.learning.properties.view import Known
from proxy.learning.provenance import PAGE, REPORT, peak_memory, provenance
from proxy.learning.search.names import applied
from proxy.learning.search.tuning import (
    NO_SEARCH,
    Question,
    SearchReport,
    Wanted,
    tuned,
    tuned_by,
    wanted_for,
)
from proxy.learning.settings import (
    AUTO,
    NETWORK,
    PROPERTY_MODELS,
    SearchSettings,
    TrainingSettings,
)
from proxy.learning.stored_graph import StoredGraph
from proxy.store.artifacts import check_output, write_artifact

VERSIONS_OF = ("gremlink", "torch", "dgl", "numpy", "scipy", "scikit-learn")
COLOURS = 7
"""Classes in the picture of the embeddings."""
ONLY_SETTINGS = (
    "of the earlier training only the settings are used: networks for properties begin anew, "
    "because they know the values that would have to judge them"
)
SAME_ROWS = (
    "the network's settings were chosen on the rows that judge it, so its own figures are a little "
    "better than on new rows"
)


def train_property(
    export_directory: Path,
    artifact_directory: Path,
    *,
    model: str = AUTO,
    seed: int = 0,
    settings: TrainingSettings | None = None,
    search: SearchSettings | None = None,
    configuration: str = CONFIGURATION,
    progress: Progress | None = None,
) -> PropertyReport:
    """Learn to predict a property and write the artifact; nothing is written before all is done.

    `model` is one of `PROPERTY_MODELS`. The same seed gives the same tensors on one machine. Raises
    `BadExport`, `UnusableExport`, ValueError (features that do not fit, a model that is unknown or
    does not apply, a configuration of the search that makes no sense), `SearchFailed`,
    `OutputInTheWay`.
    """
    progress = progress or unheard
    begun = time.perf_counter()
    check_output(artifact_directory)
    progress(PhaseStarted("reading the export"))
    dataset = load_property(export_directory, configuration)
    wanted = wanted_for(export_directory, model, settings, search, dataset.graph, PROPERTY_MODELS)
    model = wanted.model
    trial = Trial(dataset, wanted.settings, seed, progress)
    if model != AUTO and model not in trial.field.names:
        raise ValueError(
            f"the model {model!r} cannot learn {trial.dataset.target}: choose one of "
            f"{', '.join((AUTO, *trial.field.names))}"
        )
    question = Question(export_directory, configuration, seed)
    settings, tried, warnings = _searched(trial, wanted, question)
    trial.settings = settings
    with threads(trial.dataset.graph, settings.threads):
        study = trial.study()
        choice = study.choices[model]
        served = _served(trial, study, choice)
    progress(PhaseStarted("writing the artifact"))
    taken = used(trial.field.names, choice.weights)
    report = _report(trial, study, model, taken, time.perf_counter() - begun)
    warnings = (*report.warnings, *wanted.warnings, *warnings)
    shown = picture(served, _by_class(dataset))
    report = replace(report, search=tried, warnings=warnings, picture=shown)
    about = provenance(model, seed, settings, VERSIONS_OF) | tuned_by(tried)
    about["methods"] = dict(taken)
    reports = {REPORT: report.to_document(), PAGE: property_page(report)}
    write_artifact(artifact_directory, to_artifact(served, about), reports)
    return report


def _searched(
    trial: Trial, wanted: Wanted, question: Question
) -> tuple[TrainingSettings, SearchReport | None, tuple[str, ...]]:
    """Look for settings of the network, if it takes part."""
    settings = wanted.settings
    if wanted.search.previous is not None:
        settings = applied(settings, wanted.earlier.get(NETWORK, {}))
        warnings = (NO_SEARCH,) if wanted.search.trials else ()
        return settings, None, (ONLY_SETTINGS, *warnings)
    if not wanted.search.trials:
        return settings, None, ()
    if NETWORK not in trial.field.names or wanted.model not in (AUTO, NETWORK):
        return settings, None, ("there was no search: no network takes part in this training",)
    metric = wanted.metric or metric_of(trial.yardstick)
    objective = property_objective(trial.dataset, settings, trial.seed, metric)
    task = trial.dataset.target.name
    found, report = tuned(wanted, NETWORK, task, metric.name, objective, question, trial.progress)
    return found, report, (SAME_ROWS,) if trial.is_small else ()


def _served(trial: Trial, study: PropertyStudy, choice: Choice) -> PropertyModel:
    """The chosen methods, fitted on every row that has a value."""
    dataset = trial.dataset
    members = []
    for name, weight in used(trial.field.names, choice.weights).items():
        trial.progress(PhaseStarted(f"{name} on all rows"))
        fitted: Member = (
            _networks(trial, study) if name == NETWORK else trial.field.fit(name, dataset.labelled)
        )
        members.append((weight, fitted))
    return model_of(dataset, members, choice.lift)


def model_of(
    dataset: PropertyDataset,
    members: Sequence[tuple[float, Member]],
    lift: Lift,
) -> PropertyModel:
    """The model of methods with their weights, with all that it has to know of the data."""
    labelled = dataset.subjects.select(dataset.labelled)
    served = PropertyModel(
        dataset.target,
        StoredGraph(dataset.graph, dataset.ids, dataset.encodings),
        Known(labelled.ends, dataset.truth[dataset.labelled]),
        tuple(members),
        lift,
        _edge_features(dataset),
    )
    if dataset.target.element == "edge":
        return served
    return replace(served, answers=served.outputs(dataset.subjects).astype(np.float32))


def _edge_features(dataset: PropertyDataset) -> EdgeFeatures:
    if dataset.edge_features is None:
        empty = np.zeros((0, dataset.subjects.features.shape[1]), np.float32)
        return EdgeFeatures((), (), empty)
    return EdgeFeatures(dataset.edge_encodings, dataset.edge_ids, dataset.edge_features.values)


def _networks(trial: Trial, study: PropertyStudy) -> Networks:
    heads: list[Head] = []
    encoders: list[Encoder] = []
    for number in range(study.networks):
        phase = "training on all rows"
        if study.networks > 1:
            phase += f", network {number + 1} of {study.networks}"
        trial.progress(PhaseStarted(phase))
        epochs = epochs_of(
            phase,
            trial.dataset,
            trial.dataset.labelled,
            trial.settings,
            trial.seed * study.networks + number,
            trial.progress,
            {},
            remembers=study.stage.remembers,
            epochs=study.stage.epoch,
        )
        (last,) = deque(epochs, maxlen=1)
        heads.append(last.head())
        encoders.append(last.encoder())
    return Networks(trial.dataset.target.form, tuple(heads), tuple(encoders))


def _report(
    trial: Trial, study: PropertyStudy, model: str, taken: Mapping[str, float], seconds: float
) -> PropertyReport:
    dataset = trial.dataset
    target = dataset.target
    metric = trial.yardstick.metric
    spent = dict(trial.watch.seconds)
    spent[AUTO] = sum(spent.values())
    rows = [
        PropertyRow(
            name,
            metrics.compute(),
            round(spent.get(name, 0.0), 3),
            round(trial.watch.memory.get(name, 0.0), 1),
        )
        for name, metrics in study.metrics.items()
        if name != AUTO or model == AUTO
    ]
    lift = study.choices[model].lift
    sign = 1 if metric in LOWER_IS_BETTER else -1
    rows.sort(key=lambda row: (row.method != model, sign * row.metrics[metric]))
    counts = dataset.truth[dataset.labelled].sum(axis=0)
    classes = {
        str(value.value): int(count) for value, count in zip(target.classes, counts, strict=False)
    }
    shown = len(classes) <= MOST_CLASSES
    return PropertyReport(
        model=model,
        task=target.name,
        target=str(target),
        protocol=study.protocol,
        metric=metric,
        rows=tuple(rows),
        weights=dict(taken),
        classes=classes,
        balance=lift.balance,
        thresholds=_thresholds(lift, target),
        confusion=confusion_of(study.metrics[model], target.form) if shown else [],
        warnings=dataset.warnings,
        graph={"vertices": dataset.graph.vertex_count, "edges": dataset.graph.edge_count},
        labelled=len(dataset.labelled),
        epochs=study.stage.epoch,
        remembers=study.stage.remembers,
        networks=study.networks if NETWORK in taken else 0,
        seed=trial.seed,
        device="cpu",
        seconds=round(seconds, 2),
        peak_memory=round(peak_memory(), 1),
        vertex_types=dict(dataset.graph.counts),
        edge_types={str(relation): len(edges) for relation, edges in dataset.graph.edges.items()},
        details=details(dataset, study, model, metric),
    )


def _by_class(dataset: PropertyDataset) -> Groups | None:
    """The vertices of the most frequent classes; `None` where there are no classes of vertices."""
    target = dataset.target
    if target.element == "edge" or target.form is Form.NUMBER:
        return None
    truth = dataset.truth[dataset.labelled]
    return {
        str(value.value): (target.ends[0], dataset.labelled[truth[:, place] > 0])
        for place, value in enumerate(target.classes[:COLOURS])
    }


def _thresholds(lift: Lift, target: PropertyTarget) -> dict[str, float]:
    """By class, where an element may have several."""
    if target.form is not Form.SEVERAL_CLASSES or lift.thresholds is None:
        return {}
    pairs = zip(target.classes, lift.thresholds, strict=True)
    return {str(value.value): round(float(threshold), 4) for value, threshold in pairs}
