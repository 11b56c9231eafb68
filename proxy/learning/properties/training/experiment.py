"""Trying all methods on rows that are held out: one split, or cross-validation of few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gremlink.proxy.learning.events import PhaseStarted, Progress
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.methods import AUTO, NETWORK
from gremlink.proxy.learning.processing.processed import CustomSplit
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.metrics import ClassificationMetrics, Metrics, metrics_for
from gremlink.proxy.learning.properties.training.candidates import Candidates
from gremlink.proxy.learning.properties.training.fold import Fold, best_stage
from gremlink.proxy.learning.properties.training.model_selection import (
    Choice,
    Yardstick,
    choose,
    yardstick_of,
)
from gremlink.proxy.learning.properties.training.network import Course, Judge, Stage, learned
from gremlink.proxy.learning.properties.training.plan import PropertyPlan, planned
from gremlink.proxy.learning.properties.training.splitting import in_parts, parts_for
from gremlink.proxy.learning.provenance import Stopwatch
from gremlink.proxy.learning.settings import TrainingSettings, UnusableSettings
from gremlink.proxy.learning.timeline import Steps
from gremlink.proxy.learning.trained.target import Form, Outputs


@dataclass(frozen=True, slots=True)
class PropertyStudy:
    """What holding rows back has told.

    `choices` are how to answer, by method and for `auto`; `metrics` have seen the elements
    `judged`, in that order. `courses` tell how the network learned, in every fold.
    """

    protocol: str
    choices: Mapping[str, Choice]
    metrics: Mapping[str, Metrics]
    stage: Stage
    networks: int
    courses: tuple[Course, ...]
    judged: Indexes


@dataclass
class Trial:
    """One training's data, methods and clock; `plan` holds whatever settings a search tries."""

    dataset: PropertyDataset
    settings: TrainingSettings
    plan: PropertyPlan
    seed: int
    progress: Progress
    watch: Stopwatch = field(default_factory=Stopwatch)

    @classmethod
    def of(
        cls,
        dataset: PropertyDataset,
        settings: TrainingSettings,
        seed: int,
        progress: Progress,
        model: str = AUTO,
    ) -> Trial:
        """With what the budget has room for. Raises `UnusableSettings` for a model that cannot."""
        names = Candidates(dataset, seed).names
        if model not in (AUTO, *names):
            raise UnusableSettings(
                f"the model {model!r} cannot learn {dataset.target}: choose one of "
                f"{', '.join((AUTO, *names))}"
            )
        plan = planned(dataset, names, settings, model)
        return cls(dataset, settings, plan, seed, progress)

    @cached_property
    def candidates(self) -> Candidates:
        """The methods."""
        return Candidates(self.dataset, self.seed)

    @cached_property
    def yardstick(self) -> Yardstick:
        """What counts."""
        return yardstick_of(self.dataset)

    @cached_property
    def random(self) -> np.random.Generator:
        """For splits."""
        return np.random.default_rng(self.seed)

    def study(self) -> PropertyStudy:
        """By cross-validation, or by one split."""
        return self._study_folds() if self.cross_validates else self._study_split()

    @property
    def cross_validates(self) -> bool:
        """Whether every row judges once, and there are none for tests alone."""
        return self.plan.effort.parts > 0

    def split(self) -> tuple[Indexes, Indexes, Indexes]:
        """Rows for training, validation and test; asked once, and first."""
        dataset = self.dataset
        return parts_for(dataset.labelled, self._strata(), dataset.split, self.random)

    def parts(self) -> list[Indexes]:
        """The parts of a cross-validation; asked once, and first."""
        dataset = self.dataset
        return in_parts(dataset.labelled, self._strata(), self.plan.effort.parts, self.random)

    def _study_split(self) -> PropertyStudy:
        dataset = self.dataset
        train, valid, test = self.split()
        fold = self._fold("training rows", train, np.concatenate([valid, test]), len(valid))
        self.progress(PhaseStarted("choosing among the methods"))
        stage = best_stage([fold.course])
        before, after = slice(0, len(valid)), slice(len(valid), None)
        choices = choose(
            self.yardstick, fold.at(self.plan.names, stage, before), dataset.truth[valid]
        )
        metrics = self._new_metrics()
        self._judge(metrics, choices, fold, stage, after)
        chosen = isinstance(dataset.split, CustomSplit)
        how = "held out as configured" if chosen else "held out at random"
        protocol = (
            f"{len(test):,} test rows, {how} and used for nothing else "
            f"({len(valid):,} more for validation)"
        )
        return PropertyStudy(protocol, choices, metrics, stage, 1, (fold.course,), test)

    def _study_folds(self) -> PropertyStudy:
        dataset = self.dataset
        parts = self.parts()
        count = len(parts)
        folds = []
        for number, held in enumerate(parts, start=1):
            others = np.concatenate([part for part in parts if part is not held])
            phase = f"cross-validation, part {number} of {count}"
            folds.append(self._fold(phase, others, held, len(held)))
        self.progress(PhaseStarted("choosing among the methods"))
        step = Steps(self.progress, "choosing among the methods", count + 1)
        metrics = self._new_metrics()
        for fold in folds:
            elsewhere = [other for other in folds if other is not fold]
            choices, stage = self._chosen(elsewhere)
            self._judge(metrics, choices, fold, stage, slice(None))
            step()
        choices, stage = self._chosen(folds)
        protocol = (
            f"cross-validation, {count} parts of {len(dataset.labelled):,} rows, each judged by "
            "what was chosen on the others"
        )
        courses = tuple(fold.course for fold in folds)
        judged = np.concatenate([fold.held for fold in folds])
        return PropertyStudy(
            protocol, choices, metrics, stage, self.plan.effort.networks, courses, judged
        )

    def _chosen(self, folds: Sequence[Fold]) -> tuple[dict[str, Choice], Stage]:
        stage = best_stage([fold.course for fold in folds])
        every = [fold.at(self.plan.names, stage, slice(None)) for fold in folds]
        said = {name: np.concatenate([each[name] for each in every]) for name in self.plan.names}
        truth = self.dataset.truth[np.concatenate([fold.held for fold in folds])]
        return choose(self.yardstick, said, truth), stage

    def _new_metrics(self) -> dict[str, Metrics]:
        form = self.dataset.target.form
        return {name: metrics_for(form) for name in (AUTO, *self.plan.names)}

    def _judge(
        self,
        metrics: Mapping[str, Metrics],
        choices: Mapping[str, Choice],
        fold: Fold,
        stage: Stage,
        rows: slice,
    ) -> None:
        said = list(fold.at(self.plan.names, stage, rows).values())
        truth = self.dataset.truth[fold.held[rows]]
        for name, choice in choices.items():
            answers = choice.outputs(self.dataset.target.form, said)
            metrics[name].update(truth, answers)

    def _fold(self, phase: str, train: Indexes, held: Indexes, watched: int) -> Fold:
        """Fit all methods on `train`; a network stops by the first `watched` of `held`."""
        subjects = self.dataset.subjects.select(held)
        said: dict[str, Outputs] = {}
        simple = f"simple methods, {phase}"
        self.progress(PhaseStarted(simple))
        step = Steps(self.progress, simple, len(self.plan.names))
        for name in self.plan.names:
            if name != NETWORK:
                with self.watch.timing(name):
                    said[name] = self.candidates.fit(name, train).outputs(subjects)
                step()
        course = Course()
        if NETWORK in self.plan.names:
            self.progress(PhaseStarted(phase))
            with self.watch.timing(NETWORK):
                course = self.learn(phase, train, held, watched, self.judge(held[:watched]))
        return Fold(held, said, course)

    def learn(
        self, phase: str, train: Indexes, held: Indexes, watched: int, judge: Judge
    ) -> Course:
        """Train the network alone."""
        settings, most = self.settings, self.plan.most_epochs
        if most is not None and settings.epochs > most:
            settings = replace(settings, epochs=most)
        return learned(
            phase,
            self.dataset,
            train,
            held,
            watched,
            settings,
            self.seed,
            self.progress,
            judge,
        )

    def judge(self, rows: Indexes) -> Judge:
        """The loss on rows."""
        truth = self.dataset.truth[rows]
        return lambda outputs: self.yardstick.loss(outputs, truth)

    def _strata(self) -> Indexes:
        """What every part should have its share of: classes, where there is one for each row."""
        known = self.dataset.truth[self.dataset.labelled]
        if self.dataset.target.form is Form.ONE_CLASS:
            return np.asarray(known.argmax(axis=1), dtype=np.int64)
        return np.zeros(len(known), np.int64)


def confusion_of(metrics: Metrics, form: Form) -> list[list[int]]:
    """Rows by true and by predicted class, where every row has one class."""
    if isinstance(metrics, ClassificationMetrics) and form is Form.ONE_CLASS:
        return [[int(count) for count in row] for row in metrics.confusion()]
    return []
