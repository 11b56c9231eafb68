"""The steps of a training for a property; `train` has their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from gremlink.proxy.learning.budget import REFERENCE, Speed
from gremlink.proxy.learning.comparison.held_out import HeldOut
from gremlink.proxy.learning.comparison.results import held_out_rows
from gremlink.proxy.learning.events import PhaseStarted, Progress, unheard
from gremlink.proxy.learning.methods import AUTO, NETWORK, PROPERTY_MODELS
from gremlink.proxy.learning.processing.edge_sample import EdgeFeatures as EdgeSample
from gremlink.proxy.learning.properties.context import Known
from gremlink.proxy.learning.properties.dataset import PropertyDataset, load_property
from gremlink.proxy.learning.properties.methods.method import BaseModel
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.properties.mixture import used
from gremlink.proxy.learning.properties.prediction.model import EdgeFeatures, PropertyModel
from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.properties.training import cross_validation, holdout
from gremlink.proxy.learning.properties.training.experiment import (
    PropertyExperiment,
    PropertyResults,
)
from gremlink.proxy.learning.properties.training.importance import feature_importance
from gremlink.proxy.learning.properties.training.network import checkpoints
from gremlink.proxy.learning.properties.training.stages import stages, trial_seconds
from gremlink.proxy.learning.reports.property_report import PropertyReport, property_report
from gremlink.proxy.learning.search.configuration import Metric
from gremlink.proxy.learning.search.names import applied
from gremlink.proxy.learning.search.search import Reached, Tell
from gremlink.proxy.learning.search.tuning import Request
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.head import Head
from gremlink.proxy.learning.trained.target import Form
from gremlink.proxy.learning.workflows.embeddings import Groups

COLOURS = 7
"""Classes in the picture of the embeddings."""

ONLY_SETTINGS = (
    "of the earlier training only the settings are used: networks for properties begin anew, "
    "because they know the values that would have to judge them"
)


@dataclass(frozen=True, slots=True)
class PropertyTask:
    """Prediction of a property on a data set; see `train.Task`."""

    learns: ClassVar[str] = "a property"
    models: ClassVar[tuple[str, ...]] = PROPERTY_MODELS
    examples: ClassVar[str] = "rows"

    stages = staticmethod(stages)
    trial_seconds = staticmethod(trial_seconds)

    dataset: PropertyDataset

    @classmethod
    def load(cls, directory: Path, configuration: str, progress: Progress) -> PropertyTask:
        """See `Task.load`."""
        return cls(load_property(directory, configuration, progress))

    @property
    def name(self) -> str:
        """See `Task.name`."""
        return self.dataset.target.name

    @property
    def size(self) -> int:
        """See `Task.size`."""
        return self.dataset.graph.edge_count + len(self.dataset.labelled)

    def experiment(
        self,
        model: str,
        settings: TrainingSettings,
        seed: int,
        progress: Progress,
        speed: Speed = REFERENCE,
    ) -> PropertyExperiment:
        """See `Task.experiment`."""
        return PropertyExperiment.planned(self.dataset, model, settings, seed, progress, speed)

    def start_warm(self, experiment: PropertyExperiment, request: Request) -> tuple[str, ...]:
        """See `Task.start_warm`; only the settings are used."""
        if request.search.previous is None:
            return ()
        experiment.settings = applied(experiment.settings, request.earlier.get(NETWORK, {}))
        return (ONLY_SETTINGS,)

    def trial(
        self, network: str, settings: TrainingSettings, seed: int, metric: Metric | None
    ) -> tuple[str, Callable[[TrainingSettings, Tell], Reached]]:
        """See `Task.trial`."""
        whole = self.experiment(AUTO, settings, seed, unheard)
        score = whole.scoring.by(metric)

        def validate(tried: TrainingSettings, tell: Tell) -> Reached:
            experiment = replace(whole, settings=tried)
            if experiment.cross_validates:
                return cross_validation.validate_settings(experiment, score, tell)
            return holdout.validate_settings(experiment, score, tell)

        return (metric or whole.scoring.trial_metric).name, validate

    def evaluate(self, experiment: PropertyExperiment) -> PropertyResults:
        """See `Task.evaluate`."""
        if experiment.cross_validates:
            return cross_validation.cross_validate(experiment)
        return holdout.evaluate_holdout(experiment)

    def fit(self, experiment: PropertyExperiment, results: PropertyResults) -> PropertyModel:
        """See `Task.fit`."""
        choice = results.choices[experiment.model]
        members = []
        for name, weight in used(experiment.plan.names, choice.weights).items():
            experiment.progress(PhaseStarted(f"{name} on all rows"))
            with experiment.stopwatch.timing(name):
                fitted: BaseModel = (
                    _networks(experiment, results)
                    if name == NETWORK
                    else experiment.candidates.fit(name, self.dataset.labelled)
                )
            members.append((weight, fitted))
        return model_of(self.dataset, members, choice.decision)

    def groups(self) -> Groups | None:
        """See `Task.groups`: the vertices of the most frequent classes, if vertices have any."""
        dataset, target = self.dataset, self.dataset.target
        if target.element == "edge" or target.form is Form.NUMBER:
            return None
        truth = dataset.truth[dataset.labelled]
        return {
            str(value.value): (target.ends[0], dataset.labelled[truth[:, index] > 0])
            for index, value in enumerate(target.classes[:COLOURS])
        }

    def edge_features(self) -> EdgeSample:
        """See `Task.edge_features`."""
        dataset = self.dataset
        if dataset.edge_features is None or isinstance(dataset.target.owner, str):
            return {}
        return {dataset.target.owner: (dataset.edge_encodings, dataset.edge_features.values)}

    def held_out(self, experiment: PropertyExperiment, results: PropertyResults) -> HeldOut:
        """See `Task.held_out`."""
        names = [name for name in results.metrics if name != AUTO or experiment.model == AUTO]
        return held_out_rows(results, self.dataset, names)

    def report(
        self,
        experiment: PropertyExperiment,
        results: PropertyResults,
        model: PropertyModel,
        common: Mapping[str, Any],
    ) -> PropertyReport:
        """See `Task.report`."""
        return property_report(experiment, results, common, feature_importance(experiment, results))


def model_of(
    dataset: PropertyDataset, members: Sequence[tuple[float, BaseModel]], decision: Decision
) -> PropertyModel:
    """Return the model of methods with their weights, with the data that prediction needs."""
    labelled = dataset.subjects.select(dataset.labelled)
    served = PropertyModel(
        dataset.target,
        dataset.stored,
        Known(labelled.ends, dataset.truth[dataset.labelled]),
        tuple(members),
        decision,
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


def _networks(experiment: PropertyExperiment, results: PropertyResults) -> Networks:
    heads: list[Head] = []
    encoders: list[Encoder] = []
    dataset, count = experiment.dataset, results.networks
    for number in range(count):
        phase = "training on all rows"
        if count > 1:
            phase += f", network {number + 1} of {count}"
        experiment.progress(PhaseStarted(phase))
        found = checkpoints(
            phase,
            dataset,
            dataset.labelled,
            experiment.settings,
            experiment.seed * count + number,
            experiment.progress,
            {},
            remembers=results.checkpoint.remembers,
            epochs=results.checkpoint.epoch,
        )
        (last,) = deque(found, maxlen=1)
        heads.append(last.head())
        encoders.append(last.encoder())
    return Networks(dataset.target.form, tuple(heads), tuple(encoders))
