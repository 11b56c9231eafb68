"""Differences of two trainings on the elements that both held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import stdtrit

from gremlink.proxy.learning.comparison.held_out import Answers, HeldOut
from gremlink.proxy.learning.links.evaluation.ranking_metrics import RankingMetrics
from gremlink.proxy.learning.properties.training.summed import CLASSES, NUMBERS, Summed, summed
from gremlink.proxy.learning.resampling import resampled
from gremlink.proxy.learning.trained.target import Form

DRAWS = 500
"""Draws of the bootstrap: its standard errors are then exact to some 3 %."""

LEAST_UNITS = 6
"""Sources of links, or elements, below which nothing is said: of five even a sign test finds
nothing where all of them point the same way (2 / 2^5 = 6 %)."""

LEAST_SHARE = 0.5
"""Share of the held-out elements that both have, from which on pairs tell more than intervals: half
of the elements are as good in pairs as all are without, where results correlate by one half."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The second figure minus the first on the same elements, and its interval of 95 %.

    `ahead` and `behind` count the elements on which the second did better and worse.
    """

    value: float
    low: float
    high: float
    ahead: int
    behind: int

    @property
    def is_clear(self) -> bool:
        """True where the interval has no zero in it."""
        return self.low > 0.0 or self.high < 0.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two trainings on the elements that both held out, in the same order.

    `of` counts the elements of the one that held out fewer; `sampled` tells that files have a part
    of them.
    """

    first: HeldOut
    other: HeldOut
    of: int
    sampled: bool

    def __len__(self) -> int:
        return len(self.first.keys)

    @property
    def sentence(self) -> str:
        """The elements that were compared, in words."""
        things = _things(self.first)
        if len(self) == self.of:
            found = f"the same {len(self):,} {things}"
        else:
            found = f"the {len(self):,} {things} that both have, of {self.of:,}"
        return f"{found}, a sample" if self.sampled else found

    def differences(
        self, metric: str, methods: Sequence[tuple[str, str]]
    ) -> list[Difference | None]:
        """Return the difference of a metric for each pair of methods, the first run's and the other
        run's; `None` where a metric is not one of single elements, or a run has no such method.

        Standard errors are those of the bootstrap over units, paired. Few units are allowed for by
        Student's t.
        """
        parts = [self._parts(metric, *pair) for pair in methods]
        sides = [side for part in parts if part is not None for side in part]
        if not sides:
            return [None] * len(methods)
        units = sides[0].columns.shape[0]
        columns = [each.columns for each in sides]
        joined = (
            sparse.hstack(columns, format="csr")
            if sparse.issparse(columns[0])
            else np.concatenate(columns, axis=1)
        )
        drawn = resampled(joined, DRAWS)
        total = np.asarray(joined.sum(axis=0), np.float64).reshape(1, -1)
        ends = np.cumsum([each.shape[1] for each in columns])[:-1]
        figures = [
            (side.figure(whole)[0], side.figure(some))
            for side, whole, some in zip(
                sides, np.split(total, ends, axis=1), np.split(drawn, ends, axis=1), strict=True
            )
        ]
        found: list[Difference | None] = []
        taken = iter(figures)
        for part, pair in zip(parts, methods, strict=True):
            if part is None:
                found.append(None)
                continue
            (one, ones), (two, twos) = next(taken), next(taken)
            leads = twos - ones
            leads = leads[np.isfinite(leads)]
            if len(leads) < 2 or not np.isfinite(two - one):
                found.append(None)
                continue
            error = float(leads.std(ddof=1)) * np.sqrt(units / (units - 1.0))
            width = float(stdtrit(units - 1.0, 0.975) * error)
            value = float(two - one)
            better = self._better(*pair)
            ahead, behind = int((better > 0).sum()), int((better < 0).sum())
            found.append(Difference(value, value - width, value + width, ahead, behind))
        return found

    def _parts(self, metric: str, first: str, other: str) -> tuple[Summed, Summed] | None:
        """Return the metric of both sides as sums over units; `None` where it is none of these."""
        if first not in self.first.answers or other not in self.other.answers:
            return None
        form = self.first.form
        if form is None:
            sides = []
            units = self.first.units.view(np.int64)
            for held, name in ((self.first, first), (self.other, other)):
                metrics = RankingMetrics()
                metrics.update(held.answers[name].astype(np.float64), units)
                sides.append(metrics.summed().get(metric))
            if sides[0] is None or sides[1] is None:
                return None
            return Summed(sides[0], _share), Summed(sides[1], _share)
        if metric not in (NUMBERS if form is Form.NUMBER else CLASSES):
            return None
        truth = self.truth(self.first)
        one = summed(form, truth, self._rows(self.first, self.first.answers[first]), metric)
        two = summed(form, truth, self._rows(self.other, self.other.answers[other]), metric)
        return one, two

    def truth(self, held: HeldOut) -> NDArray[np.bool_] | NDArray[np.float64]:
        """Return the true values of one side, as `[elements, classes]` or `[elements, 1]`."""
        return self._rows(held, held.truth)

    def _rows(self, held: HeldOut, answers: Answers) -> NDArray[np.bool_] | NDArray[np.float64]:
        """Return answers as numbers, or as classes of the first run: bool `[elements, classes]`."""
        if held.form is Form.NUMBER:
            return np.asarray(answers, np.float64)[:, None]
        count = len(held.classes)
        if held.form is Form.ONE_CLASS:
            has = np.zeros((len(answers), count), np.bool_)
            has[np.arange(len(answers)), answers] = True
        else:
            has = np.unpackbits(answers, axis=1, count=count).astype(np.bool_)
        if held.classes == self.first.classes:
            return has
        places = {name: place for place, name in enumerate(held.classes)}
        return has[:, [places[name] for name in self.first.classes]]

    def _better(self, first: str, other: str) -> NDArray[np.float64]:
        """Return how much better the other did on each element; only the sign counts."""
        one, two = self.first.answers[first], self.other.answers[other]
        if self.first.form is None:
            return np.asarray(one - two, np.float64)
        if self.first.form is Form.NUMBER:
            truth = self.first.truth
            return np.asarray(np.abs(one - truth) - np.abs(two - truth), np.float64)
        truth = self.truth(self.first)
        right = [
            (self._rows(held, answers) == truth).all(axis=1).astype(np.float64)
            for held, answers in ((self.first, one), (self.other, two))
        ]
        return np.asarray(right[1] - right[0])


def pair(first: HeldOut, other: HeldOut) -> Pairing | str:
    """Pair two trainings by their held-out elements; a text says why that cannot be done."""
    if first.form is not other.form or sorted(first.classes) != sorted(other.classes):
        return "they predict other classes or kinds of values"
    _, places, others = np.intersect1d(
        first.keys, other.keys, assume_unique=True, return_indices=True
    )
    fewer = min(len(first.keys), len(other.keys))
    if len(places) < LEAST_SHARE * fewer:
        return f"only {len(places):,} of {fewer:,} {_things(first)} are the same"
    one, two = first.select(places), other.select(others)
    if len(np.unique(one.units)) < LEAST_UNITS:
        return f"{len(places):,} {_things(first)} are too few to tell a difference"
    sampled = len(first.keys) < first.elements or len(other.keys) < other.elements
    found = Pairing(one, two, fewer, sampled)
    if first.form is not None and not np.array_equal(found.truth(one), found.truth(two)):
        return "the held-out elements have other values"
    return found


def _things(held: HeldOut) -> str:
    return "questions about held-out links" if held.form is None else "held-out elements"


def _share(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums[:, 0] / sums[:, 1])
