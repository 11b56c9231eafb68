"""Linear models on descriptions of an element's ends, with all words; fitted by scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.described import COMPONENTS, Descriptions
from gremlink.proxy.learning.properties.methods.regression import fit_as_is, fitting_work
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

View = Literal["own", "smoothed", "around"]

STRENGTHS: dict[str, tuple[float, ...]] = {
    "own": (1.0, 3.0, 10.0, 100.0),
    "smoothed": (10.0, 100.0, 1000.0),
    "around": (1.0, 10.0, 100.0),
}
"""Inverse penalties that are tried; rows over words have length 1, smoothed ones less."""

OF_NUMBERS = (0.001, 0.01, 0.1, 1.0)
"""The same for ridge regression."""


@dataclass(frozen=True)
class SparseLinear:
    """A linear model on the ends' descriptions and the edges' features.

    `weights` are float64 `[columns, outputs]` for each end, `own` those of the edges' standard
    features, `intercepts` is `[outputs]`. Each vertex's part is made once, and looked up.
    """

    form: Form
    view: View
    weights: tuple[Outputs, ...]
    own: Outputs
    intercepts: Outputs
    parts: tuple[Outputs, ...] = ()

    def on(self, descriptions: Descriptions, ends: tuple[str, ...]) -> SparseLinear:
        """Return the same model on other descriptions."""
        parts = tuple(
            _product(descriptions, self.view, end, weights)
            for end, weights in zip(ends, self.weights, strict=True)
        )
        return replace(self, parts=parts)

    def raw(self, subjects: Subjects) -> Outputs:
        """Return logits or numbers: float64 `[elements, outputs]`."""
        found = np.tile(self.intercepts, (len(subjects), 1))
        for part, places in zip(self.parts, subjects.ends, strict=True):
            found += part[places]
        if len(self.own):
            found += subjects.features.astype(np.float64) @ self.own
        return found

    def outputs(self, subjects: Subjects) -> Outputs:
        """Return confidences or numbers."""
        return self.form.from_raw(self.raw(subjects))

    def tensors(self, name: str) -> dict[str, NDArray[Any]]:
        """Return the parameters: arrays by name, which begins with `name`."""
        ends = {f"{name}.{place}": weights for place, weights in enumerate(self.weights)}
        return {**ends, f"{name}.own": self.own, f"{name}.intercepts": self.intercepts}

    @classmethod
    def restore(
        cls, form: Form, view: View, ends: int, tensors: Mapping[str, NDArray[Any]], name: str
    ) -> SparseLinear:
        """Restore a model that `tensors` gave."""
        weights = tuple(tensors[f"{name}.{place}"] for place in range(ends))
        return cls(form, view, weights, tensors[f"{name}.own"], tensors[f"{name}.intercepts"])


def table(descriptions: Descriptions, view: View, end: str) -> Any:
    """Return what a view shows of a type's vertices: a matrix `[vertices, columns]`."""
    match view:
        case "own":
            return descriptions.own(end)
        case "smoothed":
            return descriptions.smoothed(end)
        case "around":
            return descriptions.around(end)


def _product(descriptions: Descriptions, view: View, end: str, weights: Outputs) -> Outputs:
    """Return what a view shows, times weights: float64 `[vertices, outputs]`.

    The parts of `around` are multiplied one by one: to put them into one sparse matrix takes three
    quarters of the time of a model that looks at another graph.
    """
    if view != "around":
        return np.asarray(table(descriptions, view, end) @ weights)
    own, one, two = np.split(weights, np.cumsum([descriptions.width(end), descriptions.depth]))
    found = np.asarray(descriptions.own(end) @ own)
    for step, of_step in zip(descriptions.steps(end), (one, two), strict=True):
        found = found + step.astype(np.float64) @ of_step
    return found


@dataclass(frozen=True)
class Design:
    """Rows of a view for elements: `matrix` is `[elements, columns]`, sparse or dense.

    The edges' own features come last, made standard by `centre` and `spread`.
    """

    view: View
    widths: tuple[int, ...]
    matrix: Any
    centre: Outputs
    spread: Outputs

    def fit(self, form: Form, rows: Indexes, truth: Floats, strength: float) -> SparseLinear:
        """Fit on some of the rows, with their truth, float32 `[rows, outputs]`."""
        fitted = fit_as_is(form, self.matrix[rows], truth, strength)
        return self.placed(form, fitted.weights, fitted.intercepts)

    def placed(self, form: Form, weights: Outputs, intercepts: Outputs) -> SparseLinear:
        """Return the model with weights of the columns, `[columns, outputs]`."""
        *ends, own = np.split(weights, np.cumsum(self.widths))
        if len(own):
            own = own / self.spread[:, None]
            intercepts = intercepts - self.centre @ own
        return SparseLinear(form, self.view, tuple(ends), own, intercepts)


def design(
    descriptions: Descriptions, view: View, ends: Sequence[str], subjects: Subjects
) -> Design:
    """Return the rows of all elements in a view."""
    parts = [
        table(descriptions, view, end)[places]
        for end, places in zip(ends, subjects.ends, strict=True)
    ]
    own = subjects.features.astype(np.float64)
    centre, spread = own.mean(axis=0), own.std(axis=0)
    spread[spread < 1e-6] = 1.0
    standard = (own - centre) / spread
    widths = tuple(part.shape[1] for part in parts)
    if view != "smoothed":
        joined = sparse.hstack([*parts, sparse.csr_array(standard)], format="csr")
        return Design(view, widths, sparse.csr_array(joined), centre, spread)
    return Design(view, widths, np.concatenate([*parts, standard], axis=1), centre, spread)


def strengths_of(form: Form, view: View) -> tuple[float, ...]:
    """Return the inverse penalties to try."""
    return OF_NUMBERS if form is Form.NUMBER else STRENGTHS[view]


def fitting_cost(dataset: PropertyDataset, view: View, fits: int = 1) -> Work:
    """Count the work of so many fits, with their share of the choice of the penalty."""
    graph, target = dataset.graph, dataset.target
    columns = int(dataset.subjects.features.shape[1])
    cells = float(columns)
    for end in target.ends:
        width, filled = 0, 0.0
        if end in graph.terms:
            terms = graph.terms[end].values
            width, filled = terms.shape[1], terms.nnz / max(graph.counts[end], 1)
        elif end in graph.features:
            width = graph.features[end].values.shape[1]
            filled = float(width)
        if view == "smoothed":
            width = min(COMPONENTS, width) if width else COMPONENTS
            filled = float(width)
        if view == "around":
            width, filled = width + 2 * COMPONENTS, filled + 2.0 * COMPONENTS
        columns, cells = columns + width, cells + filled
    # The penalties are tried twice in a training, on most of the rows of a part and of all.
    times = fits + len(strengths_of(target.form, view)) / 4.0
    return times * fitting_work(
        target.form, float(len(dataset.labelled)), columns, cells, target.width
    )
