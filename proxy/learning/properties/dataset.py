"""Rows of a processed graph with and without a value of the property."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.events import Progress
from gremlink.proxy.learning.features.encoding import Encoding
from gremlink.proxy.learning.graph import Features, Floats, Indexes
from gremlink.proxy.learning.processing.load import load_processed
from gremlink.proxy.learning.processing.processed import (
    Column,
    CustomSplit,
    ProcessedGraph,
    PropertyColumn,
    Split,
    SplitRate,
    UnusableExport,
)
from gremlink.proxy.learning.trained.stored_graph import OverStoredGraph, StoredGraph
from gremlink.proxy.learning.trained.target import (
    Form,
    PropertyTarget,
    Subjects,
    Task,
    classes_in,
    typed,
)

DEFAULT_SPLIT: SplitRate = (0.9, 0.1, 0.0)
"""Neptune's, for properties."""

LARGEST = 1e30
"""The largest number to predict: float32 has room for little more."""

COMMON = 100.0
"""Times their mean distance from their median that numbers are away from 0 when they count from the
median."""

LEAST_ROWS = 4
"""Elements with a value that there must be."""


@dataclass(frozen=True, slots=True)
class PropertyDataset(OverStoredGraph):
    """Data of one training.

    `truth` is float32 `[elements, outputs]`: 1 for the classes an element has, or its number from
    the target's `origin`; only the rows in `labelled`, int64, have one. `edge_ids` are texts, empty
    where the export has none. `names` are those of vertices by type, where there are any.
    """

    target: PropertyTarget
    split: Split
    stored: StoredGraph
    subjects: Subjects
    truth: Floats
    labelled: Indexes
    edge_encodings: tuple[Encoding, ...]
    edge_features: Features | None
    edge_ids: Sequence[str]
    warnings: tuple[str, ...]
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


def property_dataset(processed: ProcessedGraph) -> PropertyDataset:
    """Read the rows of a processed graph with its target. Raises `UnusableExport`."""
    asked = processed.target
    if asked is None:
        raise UnusableExport("the configuration has no property as its target")
    warnings = list(processed.warnings)
    subjects, features, edge_ids = subjects_of(processed)
    encodings: tuple[Encoding, ...] = ()
    if not isinstance(asked.owner, str):
        rows = processed.rows[asked.owner]
        if features is not None:
            encodings = rows.encodings
        elif rows.features is not None:
            warnings.append(f"{asked.owner}: the edges have no ~id, so their features are left out")
    target, truth, labelled = _truth(asked)
    if isinstance(asked.split, CustomSplit):
        _check_training(np.intersect1d(asked.split.train, labelled), target, truth)
    return PropertyDataset(
        target,
        asked.split or DEFAULT_SPLIT,
        processed.stored,
        subjects,
        truth,
        labelled,
        encodings,
        features,
        edge_ids,
        tuple(warnings),
        processed.names,
    )


def subjects_of(processed: ProcessedGraph) -> tuple[Subjects, Features | None, Sequence[str]]:
    """Return the elements that a processed graph asks about; of edges their features and their ids,
    too.

    Features count only where every edge has an id, because answers find them by it.
    """
    assert processed.target is not None
    owner = processed.target.owner
    if isinstance(owner, str):
        count = processed.graph.counts[owner]
        return Subjects((np.arange(count),), np.zeros((count, 0), np.float32)), None, ()
    rows = processed.rows[owner]
    features = rows.features if all(rows.ids) else None
    own = np.zeros((len(rows.heads), 0), np.float32) if features is None else features.values
    return Subjects((rows.heads, rows.tails), own), features, rows.ids


def load_property(
    directory: Path, configuration: str = CONFIGURATION, progress: Progress | None = None
) -> PropertyDataset:
    """Read an export, or a processed graph, with a property as its target.

    Raises `BadExport`, `UnusableExport`, `ArtifactError`.
    """
    return property_dataset(load_processed(directory, configuration, progress))


def _truth(asked: PropertyColumn) -> tuple[PropertyTarget, Floats, Indexes]:
    """Return the target with its classes, its known values, and the elements that have one."""
    cells, where = asked.cells, asked.described
    labelled = cells.present()
    if len(labelled) < LEAST_ROWS:
        raise UnusableExport(
            f"{where} has {len(labelled)} values, and at least {LEAST_ROWS} are needed to learn"
        )
    if asked.task == "regression":
        exact = np.array([_number(text, cells, where) for text in cells.values])
        if np.ptp(exact) == 0:
            raise UnusableExport(f"all values of {where} are {cells.values[0]}")
        known = exact[cells.codes[labelled]]
        origin = origin_of(known)
        numbers = np.zeros((len(cells), 1), np.float32)
        numbers[labelled, 0] = known - origin
        number = PropertyTarget(
            asked.owner,
            asked.key,
            "regression",
            Form.NUMBER,
            datatype=asked.datatype,
            origin=origin,
        )
        return number, numbers, labelled
    parts = [classes_in(text, asked.separator) for text in cells.values]
    rows = cells.counts()
    counted: Counter[str] = Counter()
    for text, several in zip(cells.values, parts, strict=True):
        counted.update(dict.fromkeys(several, rows[text]))
    if len(counted) < 2:
        only = next(iter(counted), "")
        raise UnusableExport(f"{where} has one class only, {only!r}: there is nothing to learn")
    if len(counted) == len(labelled):
        raise UnusableExport(
            f"{where} has as many classes as values, {len(counted)}: it identifies rather than "
            "classifies"
        )
    # The most frequent first, so that equal scores favour them.
    ordered = sorted(counted, key=lambda text: (-counted[text], text))
    places = {text: place for place, text in enumerate(ordered)}
    classes = np.zeros((len(cells.values), len(ordered)), np.float32)
    for row, several in enumerate(parts):
        for text in several:
            classes[row, places[text]] = 1.0
    known = np.zeros((len(cells), len(ordered)), np.float32)
    known[labelled] = classes[cells.codes[labelled]]
    form = Form.SEVERAL_CLASSES if asked.separator else Form.ONE_CLASS
    task: Task = "classification"
    named = typed(ordered, asked.data_type)
    found = PropertyTarget(
        asked.owner, asked.key, task, form, named, asked.separator, asked.datatype
    )
    return found, known, labelled


def _check_training(rows: Indexes, target: PropertyTarget, truth: Floats) -> None:
    """Check that a user's own training rows do not all say the same. Raises `UnusableExport`."""
    if not len(rows) or len(np.unique(truth[rows], axis=0)) > 1:
        return
    raise UnusableExport(
        f"{target}: all {len(rows)} elements that custom_split_filenames lists for training have "
        "the same value: there is nothing to learn"
    )


def origin_of(numbers: NDArray[np.float64]) -> float:
    """Return what numbers have in common where that is most of them, their median; else 0."""
    median = float(np.median(numbers))
    spread = float(np.abs(numbers - median).mean())
    return median if abs(median) > COMMON * spread else 0.0


def _number(text: str, cells: Column, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        count = cells.counts()[text]
        raise UnusableExport(
            f"{where} is {text!r} in {count} rows, which is not a number: "
            'correct the value, or make the target a "classification"'
        )
    if abs(number) > LARGEST:
        raise UnusableExport(
            f"{where} is {text!r} in {cells.counts()[text]} rows: numbers beyond {LARGEST:g} "
            "cannot be learned; divide all of them, or leave this one out"
        )
    return number
