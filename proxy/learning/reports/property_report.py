"""What a training for a property tells at its end: every method on the same held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.reports.property_details import Details
from gremlink.proxy.learning.search.tuning import SearchReport

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


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """One method; `seconds` to fit it wherever it was tried, and to predict with it, and `memory`
    the MiB by which the process grew meanwhile."""

    method: str
    metrics: Mapping[str, float]
    seconds: float
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class PropertyReport:
    """The model's row comes first. `metric` is the one that chose, the rows are ordered by it.

    `weights` are those of the methods in the model. `classes` are the classes' frequencies among
    the labelled rows; `balance`, from 0 to 1, is how far their confidences were lifted for being
    rare, and `thresholds` are those that became one half, where an element may have several
    classes; `confusion` counts rows by true and predicted class in this order. `remembers` tells
    whether the network has learned embeddings beside features for the vertices that are asked
    about. `budget` and `planned` are seconds, what was allowed and what the methods were estimated
    to take; `peak_memory` is in MiB, `seconds` is the whole training.
    """

    model: str
    task: str
    target: str
    protocol: str
    metric: str
    rows: tuple[PropertyRow, ...]
    weights: Mapping[str, float]
    classes: Mapping[str, int]
    balance: float
    thresholds: Mapping[str, float]
    confusion: list[list[int]]
    warnings: tuple[str, ...]
    graph: Mapping[str, int]
    labelled: int
    epochs: int
    remembers: bool
    networks: int
    seed: int
    device: str
    budget: float
    planned: float
    seconds: float
    peak_memory: float
    search: SearchReport | None = None
    vertex_types: Mapping[str, int] = field(default_factory=dict)
    edge_types: Mapping[str, int] = field(default_factory=dict)
    details: Details | None = None
    picture: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)

    def row(self, method: str) -> PropertyRow:
        """The row of a method. Raises KeyError."""
        for row in self.rows:
            if row.method == method:
                return row
        raise KeyError(method)

    def best_alone(self) -> PropertyRow | None:
        """The best row by `metric` beside the model's."""
        others = [row for row in self.rows if row.method != self.model]
        sign = -1 if self.metric in LOWER_IS_BETTER else 1
        return max(others, key=lambda row: sign * row.metrics[self.metric], default=None)

    def is_better(self, row: PropertyRow, other: PropertyRow) -> bool:
        """Whether a row is better by `metric`."""
        one, two = row.metrics[self.metric], other.metrics[self.metric]
        return one < two if self.metric in LOWER_IS_BETTER else one > two

    @property
    def served_alone(self) -> str | None:
        """The one method that is the whole of `auto`, if there is one."""
        return next(iter(self.weights)) if self.model == AUTO and len(self.weights) == 1 else None

    def verdict(self) -> str:
        """A sentence: how the model stands beside the best method alone."""
        own, best = self.row(self.model), self.best_alone()
        figure = f"{TITLES[self.metric]} of {self.model}: {own.metrics[self.metric]:.4f}"
        if best is None:
            return f"{figure}."
        other = best.metrics[self.metric]
        if best.method == self.served_alone:
            return f"{figure}; of {best.method}, which is all of it: {other:.4f}."
        if self.is_better(best, own):
            return f"{figure}. {best.method} alone does better on these rows: {other:.4f}."
        return f"{figure}; of {best.method}, the best method alone: {other:.4f}."

    def notes(self) -> tuple[str, ...]:
        """Sentences about the choice, for people."""
        found = []
        only = self.served_alone
        if only is not None:
            served = f"{only} alone did at least as well as any blend, and is served."
            figures = [self.row(name).metrics[self.metric] for name in (AUTO, only)]
            if figures[0] != figures[1]:
                served += (
                    f" The row of {AUTO} ({figures[0]:.4f}) judges the choice, too: each part of"
                    " the rows was answered by what was chosen on the others, not everywhere"
                    f" {only}. That of {only} ({figures[1]:.4f}) is what it reaches when it is"
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
        """The report as JSON."""
        return {**asdict(self), "notes": list(self.notes())}
