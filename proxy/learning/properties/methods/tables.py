"""Tables that methods for a property learn from, each made once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.properties import columns
from gremlink.proxy.learning.properties.columns import Table
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.described import Descriptions
from gremlink.proxy.learning.properties.methods.regression import choose_strength, loss
from gremlink.proxy.learning.properties.methods.sparse_linear import (
    Design,
    SparseLinear,
    View,
    design,
    strengths_of,
)
from gremlink.proxy.learning.properties.neighbour_estimates import (
    Estimates,
    around_vertices,
    at_ends,
)
from gremlink.proxy.learning.trained.target import Form, Outputs

PARTS = 5
"""Parts of rows, one of which chooses a penalty."""

MORE = 1.1
"""Times as many rows choose anew."""

SHARPNESS_SPREAD = 0.5
"""Standard deviation of the logarithm of a sharpness, before any data."""


@dataclass
class Tables:
    """The tables of one data set; `seed` is that of the training."""

    dataset: PropertyDataset
    seed: int
    strengths: dict[str, float] = field(default_factory=dict)
    """Inverse penalties of linear models: see `has_chosen`."""
    sharpness: dict[str, float] = field(default_factory=dict)
    """What their logits are multiplied by: the strongest penalty often finds the best directions,
    and confidences that are too even."""

    _chosen_on: dict[str, int] = field(default_factory=dict)

    def has_chosen(self, name: str, rows: Indexes) -> bool:
        """Return whether settings of a name hold for these rows; else they are to be chosen now.

        The parts of a cross-validation share what the first has chosen; all rows tell more than
        that.
        """
        if len(rows) <= MORE * self._chosen_on.get(name, 0):
            return True
        self._chosen_on[name] = len(rows)
        return False

    @cached_property
    def descriptions(self) -> Descriptions:
        """Descriptions of the vertices, with all their terms."""
        return Descriptions.fit(self.dataset.graph)

    def design(self, view: View) -> Design:
        """Return the rows of all elements in a view."""
        if view not in self._designs:
            dataset = self.dataset
            self._designs[view] = design(
                self.descriptions, view, dataset.target.ends, dataset.subjects
            )
        return self._designs[view]

    @cached_property
    def _designs(self) -> dict[View, Design]:
        return {}

    def linear(self, view: View, rows: Indexes) -> SparseLinear:
        """Fit a linear model on some elements, without the parts of the vertices."""
        form, truth = self.dataset.target.form, self.dataset.truth
        found = self.design(view)
        if not self.has_chosen(view, rows):
            held = np.arange(len(rows)) % PARTS == 0
            fitted, tried = rows[~held], rows[held]
            if not len(fitted):
                fitted = tried
            self.strengths[view], self.sharpness[view] = self._chosen(view, fitted, tried)
        model = found.fit(form, rows, truth[rows], self.strengths[view])
        return _sharpened(model, self.sharpness[view])

    def _chosen(self, view: View, fitted: Indexes, tried: Indexes) -> tuple[float, float]:
        """Return the inverse penalty and the sharpness that are the best on the rows `tried`."""
        form, truth = self.dataset.target.form, self.dataset.truth
        sharpness: dict[float, float] = {}

        def loss_of(strength: float) -> float:
            model = self.design(view).fit(form, fitted, truth[fitted], strength)
            placed = model.on(self.descriptions, self.dataset.target.ends)
            raw = placed.raw(self.dataset.subjects.select(tried))
            sharpness[strength] = fit_sharpness(form, raw, truth[tried])
            sharp = form.from_raw(raw * sharpness[strength])
            return loss(form, sharp, truth[tried])

        best = choose_strength(strengths_of(form, view), loss_of)
        return best, sharpness[best]

    @cached_property
    def own(self) -> Table:
        """The elements' features."""
        return columns.own(self.dataset.graph, self.dataset.target.ends)

    @cached_property
    def around(self) -> Table:
        """The elements' features with those of their neighbourhood."""
        return columns.around(self.dataset.graph, self.dataset.target.ends, self.named)

    @cached_property
    def named(self) -> dict[str, int]:
        """The types whose vertices have a column each."""
        return columns.named_types(self.dataset.graph, self.dataset.target.ends)

    @cached_property
    def described(self) -> bool:
        """`True` where the elements have features."""
        one = self.dataset.subjects.select(np.zeros(1, np.int64))
        return bool(self.own.rows(one).shape[1])

    @property
    def linked(self) -> bool:
        """`True` where the graph has edges."""
        return self.dataset.graph.edge_count > 0

    def estimates(self, rows: Indexes) -> tuple[Estimates, Floats]:
        """Return neighbour estimates from `rows`, and those of `rows` without themselves."""
        dataset = self.dataset
        graph, ends, truth = dataset.graph, dataset.target.ends, dataset.truth[rows]
        known = dataset.subjects.select(rows)
        if len(ends) == 1:
            estimates = around_vertices(graph, ends[0], rows, truth)
            return estimates, estimates.rows(known)
        return at_ends(tuple(graph.counts[end] for end in ends), known, truth)


def fit_sharpness(form: Form, raw: Outputs, truth: Floats) -> float:
    """Return the factor that makes logits `[rows, outputs]` the likeliest; 1 for numbers.

    Few rows draw it to 1 (Guo et al., "On calibration of modern neural networks", ICML 2017, with a
    prior).
    """
    if form is Form.NUMBER:
        return 1.0
    from scipy.optimize import minimize_scalar

    def objective(power: float) -> float:
        likely = len(truth) * loss(form, form.from_raw(raw * np.exp(power)), truth)
        return likely + 0.5 * (power / SHARPNESS_SPREAD) ** 2

    found = minimize_scalar(
        objective, bounds=(-2.0, 2.0), method="bounded", options={"xatol": 0.01}
    )
    return float(np.exp(found.x))


def _sharpened(model: SparseLinear, sharpness: float) -> SparseLinear:
    return replace(
        model,
        weights=tuple(each * sharpness for each in model.weights),
        own=model.own * sharpness,
        intercepts=model.intercepts * sharpness,
    )


def own_columns(dataset: PropertyDataset) -> int:
    """Count the columns of the elements' features."""
    features = dataset.graph.features
    of_ends = (features[end].values.shape[1] for end in dataset.target.ends if end in features)
    return int(dataset.subjects.features.shape[1] + sum(of_ends))
