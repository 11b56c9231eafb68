"""Details of a property report, of the model on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.curves import Curve, Points, curve
from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.thresholds import HALF, predicted_classes
from gremlink.proxy.learning.properties.training.experiment import PropertyResults
from gremlink.proxy.learning.properties.training.metrics import macro_auc
from gremlink.proxy.learning.properties.training.network import Checkpoint
from gremlink.proxy.learning.properties.training.summed import summed
from gremlink.proxy.learning.reports.figures import brief
from gremlink.proxy.learning.reports.property_examples import called, described
from gremlink.proxy.learning.resampling import resampled
from gremlink.proxy.learning.trained.target import Form, Outputs

RESAMPLES = 200
BINS = 10
POINTS = 400
"""Pairs of true and predicted numbers in the picture, at most."""
EXAMPLES = 10
CURVES = 8
"""Classes with curves: the most frequent ones."""
CONFUSIONS = 15
"""Confusions in the report, the most frequent ones."""
MIDDLE = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class ClassRow:
    """The metrics of one class. `count` rows have it; `auc` is `None` where all or none do."""

    name: str
    count: int
    precision: float
    recall: float
    f1: float
    auc: float | None


@dataclass(frozen=True, slots=True)
class HeldExample:
    """An element that was held out: its name, its value, and the prediction; its properties and
    links in words."""

    element: str
    truth: str
    said: str
    has: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """`intervals` are around the metric that chose, by method. `reliability` has confidences beside
    the share of true ones, in tenths; `points` have true beside predicted numbers. `losses` are
    those that a network learned by, `held_losses` those on held-out rows, means over the folds, by
    kind of network and epoch. `counts` are the pairs of row and class behind `reliability`. `roc`
    has false and true positive rates, `precision_recall` recall and precision, by class.
    `confusions` are true and predicted class with their count.
    """

    intervals: Mapping[str, tuple[float, float]]
    classes: tuple[ClassRow, ...]
    reliability: Points
    points: Points
    examples: tuple[HeldExample, ...]
    losses: Mapping[str, Points]
    held_losses: Mapping[str, Points]
    counts: tuple[int, ...] = ()
    roc: Mapping[str, Points] = field(default_factory=dict)
    precision_recall: Mapping[str, Points] = field(default_factory=dict)
    confusions: tuple[tuple[str, str, int], ...] = ()


def details(dataset: PropertyDataset, results: PropertyResults, model: str, metric: str) -> Details:
    """Return the details from the results on held-out rows."""
    form = dataset.target.form
    truth, answers = results.metrics[model].rows()
    random = np.random.default_rng(len(truth))
    numbers = form is Form.NUMBER
    points: Points = ()
    if numbers:
        shown = random.permutation(len(truth))[:POINTS]
        origin = dataset.target.origin
        columns = [each[shown, 0].astype(np.float64) + origin for each in (truth, answers)]
        pairs = zip(*(each.tolist() for each in columns), strict=True)
        points = tuple((round(x, 6), round(y, 6)) for x, y in pairs)
    names = [str(value.value) for value in dataset.target.classes]
    curves = {} if numbers else class_curves(names, truth > HALF, answers)
    return Details(
        {
            name: interval(form, *metrics.rows(), metric)
            for name, metrics in results.metrics.items()
        },
        () if numbers else class_rows(form, names, truth > HALF, answers),
        () if numbers else reliability(truth > HALF, answers),
        points,
        _examples(dataset, results, truth, answers, random.permutation(len(truth))[:EXAMPLES]),
        _mean_curves([each.learning for each in results.histories]),
        _mean_curves([each.losses for each in results.histories]),
        () if numbers else reliability_counts(answers),
        {name: each.roc for name, each in curves.items()},
        {name: each.precision_recall for name, each in curves.items()},
        confusions(names, truth > HALF, answers) if form is Form.ONE_CLASS else (),
    )


def interval(form: Form, truth: Floats, answers: Outputs, metric: str) -> tuple[float, float]:
    """Return the middle 95 % of a metric over resampled rows."""
    if form is Form.NUMBER:
        found = summed(form, truth, answers, metric)
    else:
        found = summed(form, truth > HALF, predicted_classes(form, answers), metric)
    low, high = np.percentile(found.figure(resampled(found.columns, RESAMPLES)), MIDDLE)
    return round(float(low), 6), round(float(high), 6)


def class_rows(
    form: Form, names: Sequence[str], truth: NDArray[np.bool_], answers: Outputs
) -> tuple[ClassRow, ...]:
    """Return a row for each class."""
    predicted = predicted_classes(form, answers)
    found = []
    for index, name in enumerate(names):
        own, count = truth[:, index], int(truth[:, index].sum())
        hits, named = int((own & predicted[:, index]).sum()), int(predicted[:, index].sum())
        found.append(
            ClassRow(
                name,
                count,
                hits / named if named else 0.0,
                hits / count if count else 0.0,
                2.0 * hits / (count + named) if count + named else 0.0,
                macro_auc(own[:, None], answers[:, [index]]) if 0 < count < len(own) else None,
            )
        )
    return tuple(found)


def reliability(truth: NDArray[np.bool_], answers: Outputs) -> Points:
    """Return mean confidence and share of true ones in tenths, over pairs of row and class."""
    scores, own = answers.ravel(), truth.ravel()
    places = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    means = np.bincount(places, weights=scores, minlength=BINS) / np.maximum(counts, 1)
    shares = np.bincount(places, weights=own, minlength=BINS) / np.maximum(counts, 1)
    kept = np.flatnonzero(counts)
    return tuple((round(float(means[each]), 4), round(float(shares[each]), 4)) for each in kept)


def reliability_counts(answers: Outputs) -> tuple[int, ...]:
    """Return the pairs of row and class in each tenth that has some."""
    places = np.minimum((answers.ravel() * BINS).astype(np.int64), BINS - 1)
    return tuple(int(each) for each in np.bincount(places, minlength=BINS) if each)


def class_curves(
    names: Sequence[str], truth: NDArray[np.bool_], answers: Outputs
) -> dict[str, Curve]:
    """Return the curves of each of the most frequent classes against all others."""
    found = {}
    for index in np.argsort(-truth.sum(axis=0), kind="stable")[:CURVES].tolist():
        own = truth[:, index].astype(np.float64)
        drawn = curve(answers[:, index], own, 1.0 - own)
        if drawn is not None:
            found[names[index]] = drawn
    return found


def confusions(
    names: Sequence[str], truth: NDArray[np.bool_], answers: Outputs
) -> tuple[tuple[str, str, int], ...]:
    """Return the most frequent pairs of another true class than the likeliest."""
    own, said = truth.argmax(axis=1), answers.argmax(axis=1)
    wrong = own != said
    pairs = own[wrong] * len(names) + said[wrong]
    kinds, counts = np.unique(pairs, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:CONFUSIONS]
    return tuple(
        (names[kinds[each] // len(names)], names[kinds[each] % len(names)], int(counts[each]))
        for each in order
    )


def _examples(
    dataset: PropertyDataset,
    results: PropertyResults,
    truth: Floats,
    answers: Outputs,
    shown: NDArray[np.int64],
) -> tuple[HeldExample, ...]:
    form = dataset.target.form
    names = [str(value.value) for value in dataset.target.classes]
    predicted = None if form is Form.NUMBER else predicted_classes(form, answers)
    origin = dataset.target.origin
    digits = 10 if origin else 6
    found = []
    for row in shown.tolist():
        place = int(results.tested[row])
        element = _called(dataset, place)
        has, links = described(dataset, place)
        if predicted is None:
            own, said = (float(each[row, 0]) + origin for each in (truth, answers))
            found.append(HeldExample(element, brief(own, digits), brief(said, digits), has, links))
            continue
        true = [name for name, has in zip(names, truth[row] > HALF, strict=True) if has]
        order = np.argsort(-answers[row], kind="stable")
        named = [
            f"{names[each]} ({answers[row, each]:.2f})" for each in order if predicted[row, each]
        ]
        found.append(HeldExample(element, ", ".join(true), ", ".join(named) or "none", has, links))
    return tuple(found)


def _called(dataset: PropertyDataset, row: int) -> str:
    """Return a vertex's name and id; an edge's id, or those of its ends."""
    places = [int(end[row]) for end in dataset.subjects.ends]
    ends = [
        called(dataset, name, place)
        for name, place in zip(dataset.target.ends, places, strict=True)
    ]
    if len(ends) == 1:
        return ends[0]
    own = dataset.edge_ids[row] if len(dataset.edge_ids) else ""
    return own or " to ".join(ends)


def _mean_curves(folds: Sequence[Mapping[Checkpoint, float]]) -> dict[str, Points]:
    """Return by kind of network the mean at every epoch that some fold reached."""
    curves: dict[str, dict[int, list[float]]] = {}
    for fold in folds:
        for (remembers, epoch), value in fold.items():
            name = "with learned embeddings" if remembers else "features alone"
            curves.setdefault(name, {}).setdefault(epoch, []).append(value)
    return {
        name: tuple(
            (float(epoch), round(float(np.mean(values)), 6))
            for epoch, values in sorted(curve.items())
        )
        for name, curve in curves.items()
    }
