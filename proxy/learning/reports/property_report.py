"""The report of a property training: every method on the same held-out rows, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from gremlink.proxy.learning.methods import AUTO, NETWORK
from gremlink.proxy.learning.models.gnn.mini_batches import place
from gremlink.proxy.learning.properties.mixture import used
from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.properties.training.experiment import (
    PropertyExperiment,
    PropertyResults,
)
from gremlink.proxy.learning.properties.training.importance import Importance
from gremlink.proxy.learning.properties.training.metrics import ClassificationMetrics, Metrics
from gremlink.proxy.learning.properties.training.network import ran
from gremlink.proxy.learning.reports.figures import figure
from gremlink.proxy.learning.reports.property_details import Details, details
from gremlink.proxy.learning.reports.property_findings import (
    Figures,
    about_methods,
    about_nothing,
    about_sources,
)
from gremlink.proxy.learning.reports.report import MethodRow, Report
from gremlink.proxy.learning.trained.target import Form, PropertyTarget

MOST_CLASSES = 50
"""Up to so many classes the report shows the confusion matrix."""

TITLES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "auc": "AUC",
    "micro_f1": "Micro F1",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}

LOWER_IS_BETTER = ("rmse", "mae")


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyReport(Report):
    """The report of a property training. `metric` is the one that chose; it orders the rows.

    `weights` are those of the methods in the model. `classes` are the classes' frequencies among
    the labelled rows; `balance`, from 0 to 1, is the exponent of the prior correction, and
    `thresholds` are the decision thresholds where an element may have several classes; `confusion`
    counts rows by true and predicted class in this order. `remembers` is true where the network
    has learned embeddings beside the features of the vertices to predict. `findings` are sentences
    of `property_findings`. `importance` is that of the features, where there are any.
    """

    template: ClassVar[str] = "properties.html"

    task: str
    target: str
    metric: str
    weights: Mapping[str, float]
    classes: Mapping[str, int]
    balance: float
    thresholds: Mapping[str, float]
    confusion: list[list[int]]
    labelled: int
    epochs: int
    remembers: bool
    networks: int
    details: Details | None = None
    findings: tuple[str, ...] = ()
    importance: Importance | None = None

    @property
    def title(self) -> str:
        """The task, the target and the model."""
        title = f"{self.task.replace('_', ' ')}, {self.target}, {self.model}"
        return title[0].upper() + title[1:]

    @property
    def size(self) -> str:
        """The size of the data in a sentence."""
        return (
            f"{self.labelled:,} elements with a value; {self.graph['vertices']:,} vertices, "
            f"{self.graph['edges']:,} edges."
        )

    def score(self, row: MethodRow) -> float:
        """Return the metric that chose, negated where lower is better."""
        value = row.metrics[self.metric]
        return -value if self.metric in LOWER_IS_BETTER else value

    @property
    def served_alone(self) -> str | None:
        """The one method that is the whole of `auto`, if there is one."""
        return next(iter(self.weights)) if self.model == AUTO and len(self.weights) == 1 else None

    def verdict(self) -> str:
        """Compare the model with the best single method, in a sentence."""
        own, best = self.row(self.model), self.best_alone()
        reached = f"{TITLES[self.metric]} of {self.model}: {figure(own.metrics[self.metric])}"
        if best is None:
            return f"{reached}."
        other = best.metrics[self.metric]
        if best.method == self.served_alone:
            return f"{reached}; of {best.method}, which is all of it: {figure(other)}."
        if self.score(best) > self.score(own):
            return f"{reached}. {best.method} alone does better on these rows: {figure(other)}."
        return f"{reached}; of {best.method}, the best method alone: {figure(other)}."

    def notes(self) -> tuple[str, ...]:
        """Say what was found, and explain the choice, in sentences."""
        found = list(self.findings)
        only = self.served_alone
        if only is not None:
            served = f"{only} alone is served: no blend of methods was clearly better."
            figures = [self.row(name).metrics[self.metric] for name in (AUTO, only)]
            if figures[0] != figures[1]:
                served += (
                    f" The row of {AUTO} ({figure(figures[0])}) judges the choice, too: each part"
                    " of the rows was answered by what was chosen on the others, not everywhere"
                    f" {only}. That of {only} ({figure(figures[1])}) is what it reaches when it is"
                    " chosen."
                )
            found.append(served)
        if self.balance > 0:
            found.append(
                f"The classes are uneven: confidences are divided by the classes' frequencies to "
                f"the power {self.balance:g}, chosen by macro F1 on held-out rows."
            )
        if self.thresholds:
            found.append(
                "An element may have several classes: confidences are moved so that one half is "
                "where naming a class gave the best F1 on held-out rows."
            )
        return tuple(found)

    def to_document(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {**asdict(self), "notes": list(self.notes())}


def property_report(
    experiment: PropertyExperiment,
    results: PropertyResults,
    common: Mapping[str, Any],
    importance: Importance | None = None,
) -> PropertyReport:
    """Return the report of an experiment; `common` are fields that do not depend on the task."""
    dataset, model = experiment.dataset, experiment.model
    target = dataset.target
    metric = experiment.scoring.metric
    spent = dict(experiment.stopwatch.seconds)
    spent[AUTO] = sum(spent.values())
    choice = results.choices[model]
    weights, decision = used(experiment.plan.names, choice.weights), choice.decision
    estimates = experiment.plan.estimates(
        weights, ran(results.histories), results.checkpoint.epoch, results.networks
    )
    estimates[AUTO] = sum(estimates.values())
    rows = [
        MethodRow(
            name,
            metrics.compute(),
            round(spent.get(name, 0.0), 3),
            round(experiment.stopwatch.memory.get(name, 0.0), 1),
            round(estimates.get(name, 0.0), 3),
        )
        for name, metrics in results.metrics.items()
        if name != AUTO or model == AUTO
    ]
    sign = 1 if metric in LOWER_IS_BETTER else -1
    rows.sort(key=lambda row: (row.method != model, sign * row.metrics[metric]))
    counts = dataset.truth[dataset.labelled].sum(axis=0)
    classes = {
        str(value.value): int(count) for value, count in zip(target.classes, counts, strict=False)
    }
    shown = details(dataset, results, model, metric)
    figures = Figures.of(
        rows,
        metric,
        TITLES[metric],
        shown.intervals,
        lower_is_better=metric in LOWER_IS_BETTER,
    )
    found = (
        *about_nothing(figures, dataset.graph, target, dataset.subjects, len(dataset.labelled)),
        *about_sources(figures),
        *about_methods(figures, model, tuple(weights)),
    )
    return PropertyReport(
        **common,
        protocol=results.protocol,
        rows=tuple(rows),
        device=place(dataset.graph, experiment.settings) if NETWORK in weights else "cpu",
        task=target.name,
        target=str(target),
        metric=metric,
        weights=dict(weights),
        classes=classes,
        balance=decision.balance,
        thresholds=_thresholds(decision, target),
        confusion=_confusion(results.metrics[model], target.form, len(classes)),
        labelled=len(dataset.labelled),
        epochs=results.checkpoint.epoch,
        remembers=results.checkpoint.remembers,
        networks=results.networks if NETWORK in weights else 0,
        details=shown,
        findings=found,
        importance=importance,
    )


def _confusion(metrics: Metrics, form: Form, classes: int) -> list[list[int]]:
    """Return rows by true and by predicted class, where every row has one class of a few."""
    if isinstance(metrics, ClassificationMetrics) and form is Form.ONE_CLASS:
        return metrics.confusion().tolist() if classes <= MOST_CLASSES else []
    return []


def _thresholds(decision: Decision, target: PropertyTarget) -> dict[str, float]:
    """Return the thresholds by class, where an element may have several."""
    if target.form is not Form.SEVERAL_CLASSES or decision.thresholds is None:
        return {}
    pairs = zip(target.classes, decision.thresholds, strict=True)
    return {str(value.value): round(float(threshold), 4) for value, threshold in pairs}
