"""The experiment of a property training: the data, the candidates and the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gremlink.proxy.learning.budget import REFERENCE, Speed
from gremlink.proxy.learning.events import MethodCompared, PhaseStarted, Progress
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.methods import AUTO, NETWORK
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.method import BaseModel
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.properties.training.candidates import Candidates
from gremlink.proxy.learning.properties.training.fold import Fitted, Fold, best_checkpoint
from gremlink.proxy.learning.properties.training.metrics import Metrics, metrics_for
from gremlink.proxy.learning.properties.training.model_selection import Choice, choose
from gremlink.proxy.learning.properties.training.network import (
    Checkpoint,
    PropertyHistory,
    Validate,
    learned,
)
from gremlink.proxy.learning.properties.training.plan import PropertyPlan, planned
from gremlink.proxy.learning.properties.training.scoring import Scoring, scoring_of
from gremlink.proxy.learning.provenance import Stopwatch
from gremlink.proxy.learning.settings import TrainingSettings, UnusableSettings
from gremlink.proxy.learning.timeline import Steps
from gremlink.proxy.learning.trained.target import Form, Outputs


@dataclass(frozen=True, slots=True)
class PropertyResults:
    """The results on held-out rows.

    `choices` are the choices by method and for `auto`; `metrics` have taken the elements `tested`,
    in that order. `checkpoint` is the best one of the network, `networks` how many to average;
    `histories` are the learning curves of every fold.
    """

    protocol: str
    choices: Mapping[str, Choice]
    metrics: Mapping[str, Metrics]
    checkpoint: Checkpoint
    networks: int
    histories: tuple[PropertyHistory, ...]
    tested: Indexes


@dataclass
class PropertyExperiment:
    """The data and the candidates of one training; `plan` holds for all settings of a search.

    `fitted` are the methods of the last fold.
    """

    dataset: PropertyDataset
    model: str
    settings: TrainingSettings
    seed: int
    progress: Progress
    plan: PropertyPlan
    speed: Speed = REFERENCE
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    fitted: Fitted | None = None
    _scores: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def planned(
        cls,
        dataset: PropertyDataset,
        model: str,
        settings: TrainingSettings,
        seed: int,
        progress: Progress,
        speed: Speed = REFERENCE,
    ) -> PropertyExperiment:
        """Plan what the budget has room for. Raises `UnusableSettings` for an unsuitable model."""
        names = Candidates(dataset, seed).names
        if model not in (AUTO, *names):
            raise UnusableSettings(
                f"the model {model!r} cannot learn {dataset.target}: choose one of "
                f"{', '.join((AUTO, *names))}"
            )
        plan = planned(dataset, names, settings, model, speed)
        return cls(dataset, model, settings, seed, progress, plan, speed)

    @cached_property
    def candidates(self) -> Candidates:
        """The methods."""
        return Candidates(self.dataset, self.seed)

    @cached_property
    def scoring(self) -> Scoring:
        """The metric that chooses."""
        return scoring_of(self.dataset)

    @cached_property
    def random(self) -> np.random.Generator:
        """The generator for splits."""
        return np.random.default_rng(self.seed)

    @property
    def networks(self) -> tuple[str, ...]:
        """The network, where a search may tune it."""
        tunable = NETWORK in self.plan.names and self.model in (AUTO, NETWORK)
        return (NETWORK,) if tunable else ()

    def use(self, network: str, settings: TrainingSettings) -> None:
        """Train the network with settings that a search has found."""
        self.settings = settings

    @property
    def cross_validates(self) -> bool:
        """True where every row is held out once, and none is for tests alone."""
        return self.plan.effort.parts > 0

    @property
    def strata(self) -> Indexes:
        """The class of each labelled row, where it has one, for stratified splits."""
        known = self.dataset.truth[self.dataset.labelled]
        if self.dataset.target.form is Form.ONE_CLASS:
            return np.asarray(known.argmax(axis=1), dtype=np.int64)
        return np.zeros(len(known), np.int64)

    def select(
        self, folds: Sequence[Fold], rows: slice = slice(None)
    ) -> tuple[dict[str, Choice], Checkpoint]:
        """Choose among the methods, and the network's checkpoint, by rows of folds."""
        checkpoint = best_checkpoint([fold.history for fold in folds])
        every = [fold.outputs_at(self.plan.names, checkpoint, rows) for fold in folds]
        outputs = {name: np.concatenate([each[name] for each in every]) for name in self.plan.names}
        truth = self.dataset.truth[np.concatenate([fold.held[rows] for fold in folds])]
        return choose(self.scoring, outputs, truth), checkpoint

    def new_metrics(self) -> dict[str, Metrics]:
        """Return empty metrics of every method and of `auto`."""
        form = self.dataset.target.form
        return {name: metrics_for(form) for name in (AUTO, *self.plan.names)}

    def test(
        self,
        metrics: Mapping[str, Metrics],
        choices: Mapping[str, Choice],
        fold: Fold,
        checkpoint: Checkpoint,
        rows: slice = slice(None),
    ) -> None:
        """Update metrics with rows of a fold."""
        outputs = list(fold.outputs_at(self.plan.names, checkpoint, rows).values())
        truth = self.dataset.truth[fold.held[rows]]
        for name, choice in choices.items():
            metrics[name].update(truth, choice.outputs(self.dataset.target.form, outputs))

    def fold(self, phase: str, train: Indexes, held: Indexes, watched: int) -> Fold:
        """Fit all methods on `train`; the first `watched` of `held` validate the network."""
        subjects = self.dataset.subjects.select(held)
        outputs: dict[str, Outputs] = {}
        members: dict[str, BaseModel] = {}
        simple = f"simple methods, {phase}"
        self.progress(PhaseStarted(simple))
        step = Steps(self.progress, simple, len(self.plan.names))
        for name in self.plan.names:
            if name != NETWORK:
                with self.stopwatch.timing(name):
                    members[name] = self.candidates.fit(name, train)
                    outputs[name] = members[name].outputs(subjects)
                self._compare(name, outputs[name], held)
                step()
        history = PropertyHistory()
        if NETWORK in self.plan.names:
            self.progress(PhaseStarted(phase))
            with self.stopwatch.timing(NETWORK):
                history = self.learn(phase, train, held, watched, self.loss_on(held[:watched]))
            best = best_checkpoint([history])
            if best in history.outputs:
                self._compare(NETWORK, history.outputs[best], held)
            if history.network is not None:
                head, encoder = history.network
                members[NETWORK] = Networks(self.dataset.target.form, (head,), (encoder,))
                history.network = None  # of one fold alone it is kept
        self.fitted = Fitted(train, held, members)
        return Fold(held, outputs, history)

    def compare_auto(self, metrics: Mapping[str, Metrics]) -> None:
        """Send the score of the weighted methods, once all held-out rows are in the metrics."""
        name = self.scoring.metric
        value = metrics[AUTO].compute()[name]
        self.progress(MethodCompared(AUTO, name, -value if name == "rmse" else value))

    def _compare(self, name: str, outputs: Outputs, held: Indexes) -> None:
        """Send a method's mean score over the folds so far."""
        scores = self._scores.setdefault(name, [])
        scores.append(self.scoring.score(outputs, self.dataset.truth[held]))
        self.progress(MethodCompared(name, self.scoring.metric, float(np.mean(scores))))

    def learn(
        self, phase: str, train: Indexes, held: Indexes, watched: int, validate: Validate
    ) -> PropertyHistory:
        """Train the network alone."""
        settings = replace(self.settings, epochs=self.plan.epochs(self.settings.epochs))
        return learned(
            phase,
            self.dataset,
            train,
            held,
            watched,
            settings,
            self.seed,
            self.progress,
            validate,
        )

    def loss_on(self, rows: Indexes) -> Validate:
        """Return the validation by the loss on rows."""
        truth = self.dataset.truth[rows]
        return lambda outputs: self.scoring.loss(outputs, truth)
