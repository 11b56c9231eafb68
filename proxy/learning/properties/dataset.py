"""From an export to rows with and without a value of the property, and the graph around them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grammar.traversal import Literal
from proxy.graph.export_files import (
    CONFIGURATION,
    EdgeFile,
    Export,
    NodeFile,
    Target,
    read_export,
)
from proxy.learning.dataset import (
    Assembled,
    EdgeTable,
    SplitRate,
    UnusableExport,
    VertexTable,
    assemble,
)
from proxy.learning.features.encodings import Encoding
from proxy.learning.features.processing import encode, fit_features
from proxy.learning.graph import Features, Floats, Indexes, Mask, Relation, TypedGraph
from proxy.learning.properties.target import (
    Form,
    PropertyTarget,
    Task,
    classes_in,
    typed,
)
from proxy.learning.tables import edge_table, feature_spec, is_link_target, vertex_table

DEFAULT_SPLIT: SplitRate = (0.9, 0.1, 0.0)
"""Neptune's, for properties."""

LEAST_ROWS = 4
"""Elements with a value that there must be."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """Elements whose property is to be predicted.

    `ends` are the vertices themselves, or the edges' heads and tails: int64 `[elements]` each.
    `features` are the edges' own: float32 `[elements, width]`; vertices have none here.
    """

    ends: tuple[Indexes, ...]
    features: Floats

    def __len__(self) -> int:
        return len(self.ends[0])

    def select(self, rows: Indexes | Mask) -> Subjects:
        """Some of them."""
        return Subjects(tuple(end[rows] for end in self.ends), self.features[rows])


@dataclass(frozen=True, slots=True)
class PropertyDataset:
    """What training works on.

    `truth` is float32 `[elements, outputs]`: 1 for the classes an element has, or its number; only
    the rows in `labelled`, int64, have one. `edge_ids` are texts, empty where the export has none.
    """

    target: PropertyTarget
    split_rate: SplitRate
    graph: TypedGraph
    ids: Mapping[str, Sequence[Literal]]
    encodings: Mapping[str, Sequence[Encoding]]
    subjects: Subjects
    truth: Floats
    labelled: Indexes
    edge_encodings: tuple[Encoding, ...]
    edge_features: Features | None
    edge_ids: Sequence[str]
    warnings: tuple[str, ...]


def only_target(export: Export) -> tuple[NodeFile | EdgeFile, Target] | None:
    """The property that a configuration asks for, `None` if it asks for links.

    Raises `UnusableExport` if it asks for more than one model can learn.
    """
    files: list[NodeFile | EdgeFile] = [*export.nodes, *export.edges]
    asked = [(file, target) for file in files for target in file.targets]
    properties = [pair for pair in asked if not is_link_target(pair[1])]
    if not properties:
        return None
    if len(asked) > 1:
        listing = ", ".join(
            f"{target.task} of {_described(file, target)}" for file, target in asked
        )
        raise UnusableExport(
            f"the configuration has {len(asked)} targets ({listing}), and a model learns one: "
            'export with "jobs", one target each, and train with each job\'s configuration'
        )
    return properties[0]


def load_property(directory: Path, configuration: str = CONFIGURATION) -> PropertyDataset:
    """Read an export with a property as its target. Raises `BadExport`, `UnusableExport`."""
    export = read_export(directory, configuration)
    found = only_target(export)
    if found is None:
        raise UnusableExport("the configuration has no property as its target")
    return build_property(export, *found)


def build_property(export: Export, file: NodeFile | EdgeFile, asked: Target) -> PropertyDataset:
    """The rows of `file` with `asked` as their target, in the graph of the whole export."""
    where = _described(file, asked)
    if asked.task not in ("classification", "regression"):
        raise UnusableExport(
            f"{where} has the unknown task {asked.task!r}: use classification or regression"
        )
    if "custom_split_filenames" in asked.options:
        raise UnusableExport(
            f"{where} has custom_split_filenames, which cannot be read yet: use split_rate"
        )
    warnings = list(export.warnings)
    nodes = [_without(vertex_table(each), asked, each is file, warnings) for each in export.nodes]
    built = assemble(nodes, [edge_table(each) for each in export.edges])
    encodings: tuple[Encoding, ...] = ()
    features: Features | None = None
    edge_ids: Sequence[str] = ()
    owner: str | Relation
    if isinstance(file, NodeFile):
        owner = file.type
        columns = next(table.columns for table in nodes if table.type == owner)
        count = built.graph.counts[owner]
        subjects = Subjects((np.arange(count),), np.zeros((count, 0), np.float32))
    else:
        owner = Relation(file.source, file.relation, file.dest)
        rows = file.read()
        columns, edge_ids = rows.columns, rows.ids
        specs = [feature_spec(each) for each in file.features if each.column != asked.column]
        if len(specs) < len(file.features):
            warnings.append(f"{owner}: the target {asked.column!r} is left out of the features")
        fitted = fit_features(str(owner), columns, specs)
        warnings += fitted.warnings
        if fitted.encodings and not all(edge_ids):
            warnings.append(f"{owner}: the edges have no ~id, so their features are left out")
        elif fitted.encodings:
            encodings = fitted.encodings
            features = encode(columns, encodings)
        table = EdgeTable(owner, rows.sources, rows.dests)
        subjects = _edge_subjects(built, table, features)
    if asked.column not in columns:
        raise UnusableExport(
            f"{where}: there is no such column, only {', '.join(map(repr, columns)) or 'none'}"
        )
    cells = columns[asked.column]
    target, truth, labelled = _truth(owner, asked, cells, file.data_types, where)
    return PropertyDataset(
        target,
        asked.split_rate or DEFAULT_SPLIT,
        built.graph,
        built.ids,
        built.encodings,
        subjects,
        truth,
        labelled,
        encodings,
        features,
        edge_ids,
        (*warnings, *built.warnings),
    )


def _described(file: NodeFile | EdgeFile, target: Target) -> str:
    if isinstance(file, NodeFile):
        return f"property {target.column!r} of {file.type!r}"
    relation = Relation(file.source, file.relation, file.dest)
    return f"property {target.column!r} of {relation}" if target.column else str(relation)


def _without(table: VertexTable, asked: Target, is_owner: bool, warnings: list[str]) -> VertexTable:
    """The table without the target among its features: it would tell itself."""
    if not is_owner or all(spec.column != asked.column for spec in table.features):
        return table
    warnings.append(f"{table.type}: the target {asked.column!r} is left out of the features")
    kept = [spec for spec in table.features if spec.column != asked.column]
    return VertexTable(table.type, table.ids, table.columns, kept)


def _edge_subjects(built: Assembled, table: EdgeTable, features: Features | None) -> Subjects:
    relation = table.relation
    heads = built.positions(table.heads, relation.head, relation)
    tails = built.positions(table.tails, relation.tail, relation)
    own = np.zeros((len(heads), 0), np.float32) if features is None else features.values
    return Subjects((heads, tails), own)


def _truth(
    owner: str | Relation,
    asked: Target,
    cells: Sequence[str],
    data_types: Mapping[str, str],
    where: str,
) -> tuple[PropertyTarget, Floats, Indexes]:
    """The target with its classes, what is known of it, and where it is known."""
    labelled = np.array([row for row, cell in enumerate(cells) if cell], np.int64)
    if len(labelled) < LEAST_ROWS:
        raise UnusableExport(
            f"{where} has {len(labelled)} values, and at least {LEAST_ROWS} are needed to learn"
        )
    key = asked.column
    if asked.task == "regression":
        numbers = np.zeros((len(cells), 1), np.float32)
        for row in labelled:
            numbers[row] = _number(cells[row], int(row), where)
        if np.ptp(numbers[labelled]) == 0:
            raise UnusableExport(f"all values of {where} are {cells[labelled[0]]}")
        return PropertyTarget(owner, key, "regression", Form.NUMBER), numbers, labelled
    separator = asked.options.get("separator")
    texts = [classes_in(cell, separator) for cell in cells]
    counted = Counter(text for row in texts for text in row)
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
    known = np.zeros((len(cells), len(ordered)), np.float32)
    for row, parts in enumerate(texts):
        for text in parts:
            known[row, places[text]] = 1.0
    form = Form.SEVERAL_CLASSES if separator else Form.ONE_CLASS
    classes = typed(ordered, data_types.get(key, "String"))
    task: Task = "classification"
    return PropertyTarget(owner, key, task, form, classes, separator), known, labelled


def _number(cell: str, row: int, where: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UnusableExport(
            f"{where} is {cell!r} in row {row + 1}, which is not a number: "
            'correct the value, or make the target a "classification"'
        )
    return number
