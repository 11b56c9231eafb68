"""The steps of a training for links; `train` has their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.budget import REFERENCE, Speed
from gremlink.proxy.learning.comparison.held_out import HeldOut
from gremlink.proxy.learning.comparison.results import held_out_links
from gremlink.proxy.learning.events import PhaseStarted, Progress, unheard
from gremlink.proxy.learning.graph import DIRECTIONS, Relation
from gremlink.proxy.learning.links.evaluation.random_order import random_order
from gremlink.proxy.learning.links.prediction.model import TASK, LinkModel, RelationModel
from gremlink.proxy.learning.links.scorers import FITTED, SIGNED, SIMPLE
from gremlink.proxy.learning.links.scorers.recommenders.fitted import Tensors
from gremlink.proxy.learning.links.training import cross_validation, holdout
from gremlink.proxy.learning.links.training.dataset import Dataset, link_dataset
from gremlink.proxy.learning.links.training.experiment import LinkExperiment, LinkResults
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS, Run
from gremlink.proxy.learning.links.training.networks import with_progress
from gremlink.proxy.learning.links.training.stages import stages, trial_seconds
from gremlink.proxy.learning.links.training.warm_start import LEAST_NEW, read_earlier, warm_start
from gremlink.proxy.learning.methods import MODELS, NETWORK
from gremlink.proxy.learning.models.fitting import Checkpoint
from gremlink.proxy.learning.models.gnn.mini_batches import place
from gremlink.proxy.learning.processing.edge_sample import EdgeFeatures
from gremlink.proxy.learning.processing.load import load_processed
from gremlink.proxy.learning.processing.processed import CustomSplit, UnusableExport
from gremlink.proxy.learning.reports.link_examples import examples
from gremlink.proxy.learning.reports.link_report import (
    LinkReport,
    blend_rows,
    findings,
    link_rows,
    rank_counts,
)
from gremlink.proxy.learning.search.configuration import BadHpoConfiguration, Metric
from gremlink.proxy.learning.search.names import applied
from gremlink.proxy.learning.search.search import Reached, Tell
from gremlink.proxy.learning.search.tuning import Request
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.network import Trained, together

METRIC = "mrr"


def load_dataset(
    directory: Path, configuration: str = CONFIGURATION, progress: Progress | None = None
) -> Dataset:
    """Read an export, or a processed graph. Raises `BadExport`, `UnusableExport`, ValueError."""
    return link_dataset(load_processed(directory, configuration, progress))


@dataclass(frozen=True, slots=True)
class LinkTask:
    """Link prediction on a data set; see `train.Task`."""

    learns: ClassVar[str] = TASK
    models: ClassVar[tuple[str, ...]] = MODELS
    examples: ClassVar[str] = "edges"

    stages = staticmethod(stages)
    trial_seconds = staticmethod(trial_seconds)

    dataset: Dataset

    @classmethod
    def load(cls, directory: Path, configuration: str, progress: Progress) -> LinkTask:
        """See `Task.load`."""
        return cls(load_dataset(directory, configuration, progress))

    @property
    def name(self) -> str:
        """See `Task.name`."""
        return TASK

    @property
    def size(self) -> int:
        """See `Task.size`."""
        return self.dataset.graph.edge_count

    def experiment(
        self,
        model: str,
        settings: TrainingSettings,
        seed: int,
        progress: Progress,
        speed: Speed = REFERENCE,
    ) -> LinkExperiment:
        """See `Task.experiment`."""
        for relation in self.dataset.targets if model in SIMPLE else ():
            if not SIMPLE[model].applies(self.dataset.graph, relation):
                raise UnusableExport(
                    f"{model} says nothing about {relation}: choose another model, or other targets"
                )
        return LinkExperiment(self.dataset, model, settings, seed, progress, speed=speed)

    def start_warm(self, experiment: LinkExperiment, request: Request) -> tuple[str, ...]:
        """See `Task.start_warm`; warns where networks begin anew all the same."""
        directory = request.search.previous
        if directory is None:
            return ()
        for name, parameters in request.earlier.items():
            experiment.tuned[name] = applied(experiment.settings, parameters)
        warm = warm_start(read_earlier(directory), self.dataset)
        new = warm.new_edges(experiment.relations)
        if experiment.cross_validates:
            reason = "the graph is small"
        elif any(isinstance(split, CustomSplit) for split in self.dataset.targets.values()):
            reason = "the split is the user's"
        elif new < LEAST_NEW:
            reason = f"{new} edges are new, and {LEAST_NEW} are needed to judge it"
        else:
            experiment.warm = warm
            return ()
        return (f"no warm start but for its settings, networks begin anew: {reason}",)

    def trial(
        self, network: str, settings: TrainingSettings, seed: int, metric: Metric | None
    ) -> tuple[str, Callable[[TrainingSettings, Tell], Reached]]:
        """See `Task.trial`."""
        if metric is not None and metric.name != METRIC:
            raise BadHpoConfiguration(
                f"eval_metric is {metric.name!r}: the trials of link prediction are judged by "
                f"{METRIC!r}"
            )

        def validate(tried: TrainingSettings, tell: Tell) -> Reached:
            experiment = LinkExperiment(self.dataset, network, tried, seed, unheard)
            if experiment.cross_validates:
                return cross_validation.validate_settings(experiment, network, tell)
            return holdout.validate_settings(experiment, network, tell)

        return METRIC, validate

    def evaluate(self, experiment: LinkExperiment) -> LinkResults:
        """See `Task.evaluate`."""
        if experiment.cross_validates:
            return cross_validation.cross_validate(experiment)
        return holdout.evaluate_holdout(experiment)

    def groups(self) -> None:
        """See `Task.groups`."""

    def fit(self, experiment: LinkExperiment, results: LinkResults) -> LinkModel:
        """See `Task.fit`."""
        blend = results.blend
        used = {relation: blend.used(relation) for relation in experiment.relations}
        needed = {name for names in used.values() for name in names}
        networks: dict[str, Trained] = {}
        encoders: list[Encoder] = []
        for name in experiment.networks:
            if name in needed:
                count = results.networks[name]
                with experiment.stopwatch.timing(name):
                    several = [
                        _trained(experiment, results, name, number, count)
                        for number in range(count)
                    ]
                networks[name] = together([last.embeddings() for last in several])
                encoders += [last.encoder() for last in several if last.encoder is not None]
        fitted: dict[Relation, dict[str, Tensors]] = {}
        for relation, names in used.items():
            for name in names:
                if name in FITTED:
                    experiment.progress(PhaseStarted(f"{name} on all edges"))
                    with experiment.stopwatch.timing(name):
                        learned = experiment.choices.learn(name, self.dataset.graph, relation)
                        tensors = learned.tensors()
                    fitted.setdefault(relation, {})[name] = tensors
        relations = []
        for relation, names in used.items():
            columns = [blend.members.index(name) for name in names]
            weights = {end: blend.weights[relation, end][..., columns] for end in DIRECTIONS}
            calibrations = {end: results.calibrations[relation, end] for end in DIRECTIONS}
            signed = SIGNED.intersection(names)
            relations.append(RelationModel(relation, names, weights, calibrations, signed))
        return LinkModel(self.dataset.stored, tuple(relations), networks, tuple(encoders), fitted)

    def edge_features(self) -> EdgeFeatures:
        """See `Task.edge_features`."""
        edges = self.dataset.graph.edges
        return {
            relation: (encodings, features)
            for relation, encodings in self.dataset.edge_encodings.items()
            if (features := edges[relation].features) is not None
        }

    def held_out(self, experiment: LinkExperiment, results: LinkResults) -> HeldOut:
        """See `Task.held_out`."""
        return held_out_links(results, self.dataset.stored.ids)

    def report(
        self,
        experiment: LinkExperiment,
        results: LinkResults,
        model: LinkModel,
        common: Mapping[str, Any],
    ) -> LinkReport:
        """See `Task.report`."""
        served = {name for each in model.relations for name in each.members}
        results = replace(results, seconds=experiment.seconds())
        rows = link_rows(results, experiment.model, experiment.estimates(served))
        used = NETWORK in results.blend.members
        chance = random_order(experiment.every_link, results.queries)
        return LinkReport(
            **common,
            protocol=results.protocol,
            rows=rows,
            device=place(self.dataset.graph, experiment.settings) if used else "cpu",
            chance=chance,
            blend=blend_rows(results),
            epochs=dict(results.epochs),
            networks={name: results.networks[name] for name in model.networks},
            courses=dict(results.histories),
            rank_counts=rank_counts(results, rows),
            reliability=results.reliability,
            curves=results.curves,
            examples=examples(model, experiment.seed, self.dataset.names),
            findings=findings(results, rows, chance, experiment.model, self.dataset.graph),
        )


def _trained(
    experiment: LinkExperiment, results: LinkResults, name: str, number: int, count: int
) -> Checkpoint:
    """Train a network on all edges, one of `count`; return its last checkpoint."""
    phase = f"{name} on all edges" + (f", {number + 1} of {count}" if count > 1 else "")
    experiment.progress(PhaseStarted(phase))
    epochs = results.epochs[name]
    found = NETWORK_METHODS[name].checkpoints(
        Run(
            experiment.dataset.graph,
            experiment.relations,
            experiment.settings_of(name),
            epochs,
            experiment.seed * count + number,
            small=experiment.cross_validates,
            warm=experiment.warm,
        )
    )
    (last,) = deque(with_progress(phase, found, epochs, experiment.progress, []), maxlen=1)
    return last
