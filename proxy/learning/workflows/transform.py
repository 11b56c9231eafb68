"""The transform of a trained model to a graph that has grown: inference without training.

Neptune calls this a model transform. All embeddings and predictions are computed from the new
graph, those of old vertices included. A new vertex has the mean of its type's learned embeddings,
plus its features.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.graph.reading import read_export
from gremlink.proxy.learning.events import PhaseStarted, Progress, unheard
from gremlink.proxy.learning.features.encodings import to_document
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.inductive.extension import Extension
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.processing.drift import Drift, drift_between
from gremlink.proxy.learning.processing.process import process
from gremlink.proxy.learning.processing.processed import (
    Codes,
    EdgeRows,
    ProcessedGraph,
    UnusableExport,
)
from gremlink.proxy.learning.processing.stored import read_processed
from gremlink.proxy.learning.properties.context import Context, Known
from gremlink.proxy.learning.properties.dataset import subjects_of
from gremlink.proxy.learning.properties.prediction.model import EdgeFeatures, PropertyModel
from gremlink.proxy.learning.workflows.load import Model, artifact_of, model_in
from gremlink.proxy.store.artifacts import (
    MANIFEST,
    read_artifact,
    try_output,
    write_or_keep,
)

REPORT = "transform.json"


@dataclass(frozen=True, slots=True)
class Transformed:
    """The result of a transform."""

    task: str
    vertices: int
    edges: int
    drift: Drift
    warnings: tuple[str, ...]
    seconds: float


def transform(
    artifact_directory: Path,
    data_directory: Path,
    output: Path,
    *,
    configuration: str = CONFIGURATION,
    progress: Progress | None = None,
) -> Transformed:
    """Apply a trained model to newer data and write the result, an artifact like the first.

    The data are an export, which is processed with the model's own encodings, or a processed graph
    that was made with them. Raises `BadExport`, `UnusableExport` (deleted vertices, for one),
    `ArtifactError`.
    """
    progress = progress or unheard
    begun = time.perf_counter()
    try_output(output)
    progress(PhaseStarted("loading the model"))
    artifact = read_artifact(artifact_directory)
    model = model_in(artifact, artifact_directory)
    if (data_directory / MANIFEST).is_file():
        data = _known_relations(model, read_processed(data_directory))
        _check_encodings(model, data)
    else:
        export = read_export(data_directory, configuration)
        data = process(export, previous=_previous(model), progress=progress)
    drift = drift_between(model.stored.graph, data.graph)
    progress(PhaseStarted("computing embeddings and answers"))
    moved = _on_links(model, data) if isinstance(model, LinkModel) else on_property(model, data)
    written = artifact_of(moved, {})
    about = {
        key: value
        for key, value in artifact.manifest.items()
        if key not in written.manifest and key not in ("format", "files")
    }
    progress(PhaseStarted("writing the artifact"))
    about["transformed"] = drift.to_document()
    write_or_keep(output, artifact_of(moved, about), {REPORT: drift.to_document()})
    return Transformed(
        str(artifact.manifest["task"]),
        data.graph.vertex_count,
        data.graph.edge_count,
        drift,
        data.warnings,
        round(time.perf_counter() - begun, 2),
    )


def _previous(model: Model) -> ProcessedGraph:
    """Return the model's graph as an earlier processing."""
    rows = {}
    if isinstance(model, PropertyModel) and not isinstance(model.target.owner, str):
        nothing = np.zeros(0, np.int64)
        rows[model.target.owner] = EdgeRows(nothing, nothing, [], model.edges.encodings)
    return ProcessedGraph(model.stored, rows, {}, None)


def _known_relations(model: Model, data: ProcessedGraph) -> ProcessedGraph:
    """Return the data without relations that the model does not know, and the types that only they
    join: training leaves some out."""
    edges = data.graph.edges
    kept = {relation: edges[relation] for relation in model.stored.relations if relation in edges}
    stored = replace(data.stored, graph=replace(data.graph, edges=kept))
    unknown = set(stored.types).difference(model.stored.types)
    joined = {end for relation in kept for end in (relation.head, relation.tail)}
    return replace(data, stored=stored.without_types(unknown - joined))


def _check_encodings(model: Model, data: ProcessedGraph) -> None:
    """Raise `UnusableExport` unless a graph was processed with the encodings of the model."""
    before, now = model.stored, data.stored
    same = before.types == now.types and before.relations == now.relations
    for name in before.types if same else ():
        count = len(before.ids[name])
        same = (
            same
            and [to_document(each) for each in before.encodings[name]]
            == [to_document(each) for each in now.encodings[name]]
            and before.term_encodings.get(name, ()) in ((), now.term_encodings.get(name, ()))
            and list(now.ids[name][:count]) == list(before.ids[name])
        )
    if not same:
        raise UnusableExport(
            "the graph was not processed with the encodings of this model: process it with "
            "`gremlink process --previous DIR`, where DIR is what the model was trained on (in a "
            "request, previousDataProcessingJobId names it), or name the export, which is then "
            "processed with the model's own"
        )


def _on_links(model: LinkModel, data: ProcessedGraph) -> LinkModel:
    # All vertices count as new.
    extension = Extension(data.stored, {}, dict.fromkeys(data.graph.counts, 0))
    return model.on(extension, ())


def on_property(model: PropertyModel, data: ProcessedGraph) -> PropertyModel:
    """Apply the same methods to another graph, with the values that are known there.

    Classes that training has not seen do not count as values. Raises `UnusableExport`.
    """
    target, asked = model.target, data.target
    if asked is None or (asked.owner, asked.key) != (target.owner, target.key):
        raise UnusableExport(
            f"the model predicts {target}, and the configuration of the data asks for "
            f"{asked.described if asked is not None else 'links'}: export with the same target"
        )
    subjects, edge_features, edge_ids = subjects_of(data)
    truths = [target.truth_of((value,)) for value in asked.cells.values]
    rows, known = _known(truths, asked.cells.codes, target.width)
    graph = data.graph
    every = {name: np.arange(count) for name, count in graph.counts.items()}
    view = Context(graph, target.ends, Known(subjects.select(rows).ends, known), every)
    moved = replace(
        model,
        stored=data.stored,
        known=view.known,
        members=tuple((weight, member.on(view)) for weight, member in model.members),
        answers=None,
    )
    if target.element == "node":
        return replace(moved, answers=moved.outputs(subjects).astype(np.float32))
    if edge_features is None:
        return moved
    edges = EdgeFeatures(model.edges.encodings, edge_ids, edge_features.values, subjects.ends)
    return replace(moved, edges=edges)


def _known(truths: Sequence[Floats | None], codes: Codes, width: int) -> tuple[Indexes, Floats]:
    """Return the rows with a value that the model knows, and the values."""
    usable = np.array([truth is not None for truth in truths], np.bool_)
    table: Floats = np.zeros((len(truths), width), np.float32)
    for place, truth in enumerate(truths):
        if truth is not None:
            table[place] = truth
    has_value = codes >= 0
    rows = np.flatnonzero(has_value)[usable[codes[has_value]]]
    return rows, table[codes[rows]]
