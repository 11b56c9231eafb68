"""The methods that answer with what the known values nearby say, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.context import View
from gremlink.proxy.learning.properties.neighbour_estimates import Estimates
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class AroundVertices:
    """The estimate itself."""

    estimates: Estimates

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `Member.outputs`."""
        return self.estimates.rows(subjects).astype(np.float64)

    @property
    def reach(self) -> int:
        """See `Member.reach`."""
        return self.estimates.reach

    def on(self, view: View) -> AroundVertices:
        """See `Member.on`."""
        return AroundVertices(view.estimates)


@dataclass(frozen=True, slots=True)
class AtEnds:
    r"""Both ends' estimates together.

    Classes: :math:`p_c \propto p_c(\mathrm{head})\, p_c(\mathrm{tail}) / \bar p_c`, as if the ends
    were independent. Numbers: the weights in `combination`, float64 `[1 + ends]`, make up for the
    dependence (Koren, "Factor in the neighbors", TKDD 2010, calls this the baseline estimate).
    """

    form: Form
    estimates: Estimates
    combination: Outputs

    @classmethod
    def fit(cls, form: Form, estimates: Estimates, without: Floats, truth: Floats) -> AtEnds:
        """`without` are the estimates of known edges without themselves."""
        if form is not Form.NUMBER:
            return cls(form, estimates, np.zeros(0))
        design = np.concatenate([np.ones((len(without), 1)), without], axis=1)
        found, *_ = np.linalg.lstsq(design, truth.astype(np.float64).ravel(), rcond=None)
        return cls(form, estimates, found)

    @property
    def reach(self) -> int:
        """See `Member.reach`."""
        return self.estimates.reach

    def on(self, view: View) -> AtEnds:
        """See `Member.on`."""
        return AtEnds(self.form, view.estimates, self.combination)

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `Member.outputs`."""
        estimated = self.estimates.rows(subjects).astype(np.float64)
        if self.form is Form.NUMBER:
            return np.asarray(self.combination[0] + estimated @ self.combination[1:])[:, None]
        shares = np.clip(
            estimated.reshape(len(subjects), len(subjects.ends), -1), LEAST_SHARE, 1 - LEAST_SHARE
        )
        mean = np.clip(self.estimates.mean, LEAST_SHARE, 1 - LEAST_SHARE)
        if self.form is Form.ONE_CLASS:
            return self.form.from_raw(np.log(shares).sum(axis=1) - np.log(mean))
        odds = np.log(shares) - np.log1p(-shares)
        return self.form.from_raw(odds.sum(axis=1) - (np.log(mean) - np.log1p(-mean)))
