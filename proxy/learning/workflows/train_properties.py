"""Training for a property, from an export directory to an artifact directory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.budget import within
from gremlink.proxy.learning.events import PhaseStarted, Progress, unheard
from gremlink.proxy.learning.methods import AUTO, NETWORK, PROPERTY_MODELS
from gremlink.proxy.learning.models.gnn.messages import threads
from gremlink.proxy.learning.properties.context import Known
from gremlink.proxy.learning.properties.dataset import PropertyDataset, load_property
from gremlink.proxy.learning.properties.methods.method import BaseModel
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.properties.mixture import used
from gremlink.proxy.learning.properties.prediction.artifact import to_artifact
from gremlink.proxy.learning.properties.prediction.model import EdgeFeatures, PropertyModel
from gremlink.proxy.learning.properties.thresholds import Lift
from gremlink.proxy.learning.properties.training.experiment import PropertyStudy, Trial
from gremlink.proxy.learning.properties.training.model_selection import Choice
from gremlink.proxy.learning.properties.training.network import epochs_of
from gremlink.proxy.learning.properties.training.stages import stages
from gremlink.proxy.learning.properties.training.tuning import searched
from gremlink.proxy.learning.provenance import PAGE, REPORT, provenance
from gremlink.proxy.learning.reports.property_page import property_page
from gremlink.proxy.learning.reports.property_report import PropertyReport
from gremlink.proxy.learning.reports.property_reporting import report_of
from gremlink.proxy.learning.search.tuning import (
    Question,
    tuned_by,
    wanted_for,
)
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.timeline import Timeline
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.head import Head
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.target import Form
from gremlink.proxy.learning.workflows.embeddings import Groups, picture
from gremlink.proxy.store.artifacts import try_output, write_or_keep

VERSIONS_OF = ("gremlink", "torch", "dgl", "numpy", "scipy", "scikit-learn")
COLOURS = 7
"""Classes in the picture of the embeddings."""


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
    deadline: float = 0.0,
) -> PropertyReport:
    """Learn to predict a property and write the artifact; nothing is written before all is done.

    `model` is one of `PROPERTY_MODELS`; `deadline` are seconds that all of it may take, 0 for any.
    The same seed gives the same tensors on one machine. Raises
    `BadExport`, `UnusableExport`, ValueError (features that do not fit, a model that is unknown or
    does not apply, a configuration of the search that makes no sense), `SearchFailed`,
    `OutputInTheWay`, `OutputUnwritable`, `OutputKeptElsewhere`.
    """
    timeline = Timeline(progress or unheard, deadline=deadline)
    begun = time.perf_counter()
    try_output(artifact_directory)
    timeline(PhaseStarted("reading the export"))
    dataset = load_property(export_directory, configuration, timeline)
    wanted = wanted_for(
        export_directory,
        model,
        settings,
        search,
        dataset.graph,
        dataset.target.name,
        PROPERTY_MODELS,
    )
    model = wanted.model
    size = dataset.graph.edge_count + len(dataset.labelled)
    allowed = within(wanted.settings, timeline.time_left(), size)
    wanted = replace(wanted, settings=allowed)
    trial = Trial.of(dataset, allowed, seed, timeline, model)
    timeline.expect(stages(trial, wanted))
    question = Question(export_directory, configuration, seed)
    settings, tried, warnings = searched(trial, wanted, question)
    trial.settings = settings
    with threads(trial.dataset.graph, settings.threads):
        study = trial.study()
        choice = study.choices[model]
        served = _served(trial, study, choice)
    timeline(PhaseStarted("writing the artifact"))
    taken = used(trial.plan.names, choice.weights)
    report = report_of(trial, study, model, taken, time.perf_counter() - begun)
    warnings = (*report.warnings, *wanted.warnings, *warnings)
    shown = picture(served, _by_class(dataset))
    parts = timeline.finish()
    report = replace(report, search=tried, warnings=warnings, picture=shown, parts=parts)
    about = provenance(model, seed, settings, VERSIONS_OF) | tuned_by(tried)
    about["methods"] = dict(taken)
    reports = {REPORT: report.to_document(), PAGE: property_page(report)}
    write_or_keep(artifact_directory, to_artifact(served, about), reports)
    return report


def _served(trial: Trial, study: PropertyStudy, choice: Choice) -> PropertyModel:
    """The chosen methods, fitted on every row that has a value."""
    dataset = trial.dataset
    members = []
    for name, weight in used(trial.plan.names, choice.weights).items():
        trial.progress(PhaseStarted(f"{name} on all rows"))
        fitted: BaseModel = (
            _networks(trial, study)
            if name == NETWORK
            else trial.candidates.fit(name, dataset.labelled)
        )
        members.append((weight, fitted))
    return model_of(dataset, members, choice.lift)


def model_of(
    dataset: PropertyDataset,
    members: Sequence[tuple[float, BaseModel]],
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
    return EdgeFeatures(
        dataset.edge_encodings,
        dataset.edge_ids,
        dataset.edge_features.values,
        dataset.subjects.ends,
    )


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
