"""Importance of features by permutation: how much worse predictions of held-out elements are where
the values of one property are dealt out anew among the vertices.

Breiman, "Random forests", Machine Learning 45, 2001; for any model: Fisher, Rudin & Dominici, "All
models are wrong, but many are useful", JMLR 20, 2019. Two properties that say the same share their
importance: each makes up for the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.events import PhaseStarted
from gremlink.proxy.learning.graph import Features, Indexes, Terms, TypedGraph
from gremlink.proxy.learning.properties.context import Context, Known
from gremlink.proxy.learning.properties.mixture import blended, used
from gremlink.proxy.learning.properties.training.experiment import (
    PropertyExperiment,
    PropertyResults,
)
from gremlink.proxy.learning.properties.training.metrics import metrics_for
from gremlink.proxy.learning.timeline import Steps, Timeline, is_over
from gremlink.proxy.learning.trained.target import Subjects

PHASE = "importance of the features"

PERMUTATIONS = 5
"""Times that each property is dealt out anew, at most."""

SHARE = 0.1
"""Share of the budget that all of it may take."""

MOST_ROWS = 5000
"""Held-out elements that are predicted, at most: the figure of so many has an error of less than a
hundredth."""


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """One property of the elements of a type: the mean `drop` of the figure and its standard
    deviation over `times` permutations. An error's rise is a drop."""

    of: str
    property: str
    drop: float
    spread: float
    times: int


@dataclass(frozen=True, slots=True)
class Importance:
    """The importance of each property, the largest first.

    `metric` is the figure that drops, from `figure`, of the methods of one fold on `elements` that
    were held out from it. `untried` are properties for which there was no time.
    """

    metric: str
    figure: float
    elements: int
    features: tuple[FeatureImportance, ...]
    untried: int = 0


_Deal = Callable[[np.random.Generator], tuple[TypedGraph, Subjects]]


def feature_importance(
    experiment: PropertyExperiment,
    results: PropertyResults,
    clock: Callable[[], float] = time.monotonic,
) -> Importance | None:
    """Measure it with the methods of the last fold; `None` where there are no features."""
    dataset, fitted = experiment.dataset, experiment.fitted
    choice = results.choices[experiment.model]
    weights = used(experiment.plan.names, choice.weights)
    if fitted is None or not set(weights) <= set(fitted.members):
        return None
    random = np.random.default_rng(experiment.seed)
    rows = np.intersect1d(fitted.held, results.tested)
    rows = np.sort(random.permutation(rows)[:MOST_ROWS])
    deals = _deals(dataset.graph, dataset.target.ends, dataset.subjects.select(rows))
    if dataset.edge_features is not None:
        deals |= _deals_of_edges(experiment, rows)
    if not deals or not len(rows) or is_over(experiment.progress):
        return None
    train = dataset.subjects.select(fitted.train)
    known = Known(train.ends, dataset.truth[fitted.train])
    truth, form = dataset.truth[rows], dataset.target.form
    metric = experiment.scoring.metric
    sign = -1.0 if metric == "rmse" else 1.0

    def figure(graph: TypedGraph, subjects: Subjects) -> float:
        asked: dict[str, Indexes] = {}
        for name, places in zip(dataset.target.ends, subjects.ends, strict=True):
            asked[name] = np.union1d(asked.get(name, np.zeros(0, np.int64)), places)
        context = Context(graph, dataset.target.ends, known, asked)
        outputs = [fitted.members[name].on(context).outputs(subjects) for name in weights]
        joined = blended(np.array(list(weights.values())), outputs)
        metrics = metrics_for(form)
        metrics.update(truth, choice.decision.applied(form, joined))
        return metrics.compute()[metric]

    experiment.progress(PhaseStarted(PHASE))
    step = Steps(experiment.progress, PHASE, PERMUTATIONS * len(deals))
    until = clock() + SHARE * experiment.plan.budget
    if isinstance(experiment.progress, Timeline) and experiment.progress.has_deadline:
        until = min(until, clock() + SHARE * experiment.progress.time_left())
    whole = figure(dataset.graph, dataset.subjects.select(rows))
    drops: dict[tuple[str, str], list[float]] = {}
    for _ in range(PERMUTATIONS):
        for key, deal in deals.items():
            if clock() >= until:
                break
            drops.setdefault(key, []).append(sign * (whole - figure(*deal(random))))
            step()
    found = [
        FeatureImportance(
            *key,
            round(float(np.mean(each)), 6),
            round(float(np.std(each, ddof=1)), 6) if len(each) > 1 else 0.0,
            len(each),
        )
        for key, each in drops.items()
    ]
    found.sort(key=lambda each: -each.drop)
    return Importance(metric, round(whole, 6), len(rows), tuple(found), len(deals) - len(drops))


def _deals(
    graph: TypedGraph, ends: tuple[str, ...], subjects: Subjects
) -> dict[tuple[str, str], _Deal]:
    """Return a way to deal out each property of vertices, those of the elements' ends first."""
    found: dict[tuple[str, str], _Deal] = {}
    for name in dict.fromkeys((*ends, *graph.counts)):
        features, terms = graph.features.get(name), graph.terms.get(name)
        keys = [block.property for block in features.blocks] if features is not None else []
        keys += [block.property for block in terms.blocks] if terms is not None else []
        for key in dict.fromkeys(keys):

            def deal(
                random: np.random.Generator, name: str = name, key: str = key
            ) -> tuple[TypedGraph, Subjects]:
                return dealt(graph, name, key, random), subjects

            found[name, key] = deal
    return found


def _deals_of_edges(
    experiment: PropertyExperiment, rows: Indexes
) -> Mapping[tuple[str, str], _Deal]:
    """Return a way to deal out each property of edges among those that are predicted."""
    dataset = experiment.dataset
    subjects = dataset.subjects.select(rows)
    found: dict[tuple[str, str], _Deal] = {}
    start = 0
    for encoding in dataset.edge_encodings:
        columns = slice(start, start + len(encoding.columns))
        start = columns.stop

        def deal(
            random: np.random.Generator, columns: slice = columns
        ) -> tuple[TypedGraph, Subjects]:
            values = subjects.features.copy()
            values[:, columns] = values[random.permutation(len(values)), columns]
            return dataset.graph, replace(subjects, features=values)

        found[str(dataset.target.owner), encoding.name] = deal
    return found


def dealt(graph: TypedGraph, name: str, key: str, random: np.random.Generator) -> TypedGraph:
    """Return the graph with the values of a property dealt out anew among a type's vertices."""
    order = random.permutation(graph.counts[name])
    features, terms = dict(graph.features), dict(graph.terms)
    if name in features:
        values = features[name].values.copy()
        for block in features[name].blocks:
            if block.property == key:
                columns = slice(block.start, block.stop)
                values[:, columns] = values[order, columns]
        features[name] = Features(values, features[name].blocks)
    if name in terms:
        counted = terms[name].values
        for term_block in terms[name].blocks:
            if term_block.property == key:
                first, last = term_block.start, term_block.stop
                parts = [counted[:, :first], counted[:, first:last][order], counted[:, last:]]
                counted = sparse.csr_array(sparse.hstack(parts, format="csr"))
        terms[name] = Terms(counted, terms[name].blocks)
    return graph.describing(features, terms)
