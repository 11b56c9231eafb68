"""Processing: from an export to a processed graph, in as many passes as the features need.

The rows are never in memory as a whole: what stays are ids, numbers, and the target's values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from gremlink.proxy.graph.files.export_files import EdgeFile, Export, NodeFile, Target
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.learning.events import PhaseStarted, Progress, unheard
from gremlink.proxy.learning.features.specs import Shared
from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.processing.cells import Learned
from gremlink.proxy.learning.processing.edges import EdgeReader, RelationRows
from gremlink.proxy.learning.processing.id_map import IdMap
from gremlink.proxy.learning.processing.processed import EdgeRows, ProcessedGraph, UnusableExport
from gremlink.proxy.learning.processing.targets import (
    Wanted,
    link_splits,
    only_target,
    property_column,
)
from gremlink.proxy.learning.processing.vertices import VertexReader
from gremlink.proxy.learning.timeline import Stage, Steps
from gremlink.proxy.learning.trained.stored_graph import StoredGraph

READING = "reading the files"
LEARNING = "learning how to encode the properties"
ENCODING = "encoding the properties"
"""The phases, for people."""

PER_BYTE = 5e-8
"""Seconds that one of these takes for a byte of the files, about."""

Done = TypeVar("Done")


def process(
    export: Export,
    *,
    previous: ProcessedGraph | None = None,
    progress: Progress | None = None,
) -> ProcessedGraph:
    """Process an export.

    With a `previous` one, its encodings are applied again, its vertices keep their numbers, and
    what it did not know (types, relations) is left out. Raises `BadExport`, `UnusableExport`, and
    ValueError for features that make no sense (`BadFeature`, `NoTextModel`).
    """
    progress = progress or unheard
    warnings = list(export.warnings)
    nodes: Sequence[NodeFile] = export.nodes
    links: Sequence[EdgeFile] = export.edges
    if previous is not None:
        nodes, links = _known(export, previous, warnings)
    shared = Shared()
    wanted = only_target(export)
    vertices = [VertexReader(file, _of(wanted, file), shared, _before(previous, file))
                for file in nodes]  # fmt: skip
    edges = [EdgeReader(file, _of(wanted, file), shared, _encodings(previous, file))
             for file in links]  # fmt: skip
    id_maps: dict[str, IdMap] = {}
    progress(PhaseStarted(READING))
    step = Steps(progress, READING, len(vertices) + len(edges))
    for reader in vertices:
        if reader.file.type in id_maps:
            raise UnusableExport(
                f"vertex type {reader.file.type!r} appears twice in the configuration"
            )
        id_maps[reader.file.type] = reader.identify()
        step()
    for edge_reader in edges:
        edge_reader.connect(id_maps)
        step()
    progress(PhaseStarted(LEARNING))
    # The features of all files share a vocabulary, so all have to be read before one can end.
    read = [*(each.cells for each in vertices), *(each.cells for each in edges)]
    learning = read
    while learning:
        step = Steps(progress, LEARNING, len(learning))
        learning = [each for each in learning if _stepped(each.learn(), step)]
    progress(PhaseStarted(ENCODING))
    step = Steps(progress, ENCODING, len(read))
    features = {reader.file.type: _stepped(reader.features(), step) for reader in vertices}
    terms = {reader.file.type: reader.terms() for reader in vertices}
    names = {reader.file.type: reader.names() for reader in vertices}
    by_file = [(reader.file, _stepped(list(reader.relations()), step)) for reader in edges]
    pairs = dict(_pairs(by_file))
    if previous is not None:
        nothing = np.zeros(0, np.int64)
        pairs = {relation: pairs.get(relation, Edges(nothing, nothing))
                 for relation in previous.graph.edges}  # fmt: skip
    target = None
    if wanted is not None:
        target = property_column(export, wanted, vertices, by_file, id_maps)
    warnings += [warning for each in read for warning in each.warnings]
    graph = TypedGraph(
        {name: len(id_map) for name, id_map in id_maps.items()},
        pairs,
        {name: found for name, found in features.items() if found is not None},
        {name: counted for name, counted in terms.items() if counted is not None},
    )
    return ProcessedGraph(
        StoredGraph(
            graph,
            {name: id_map.ids for name, id_map in id_maps.items()},
            {reader.file.type: reader.cells.encodings for reader in vertices},
            {reader.file.type: reader.cells.term_encodings for reader in vertices},
            export.rdf,
        ),
        _kept_rows(by_file),
        {} if wanted is not None else link_splits(export, by_file, pairs, id_maps),
        target,
        tuple(warnings),
        {name: found for name, found in names.items() if found},
    )


def stages(export: Export) -> list[Stage]:
    """Return the phases of `process`, with estimates from the sizes of the files."""
    paths = [*(file.path for file in export.nodes), *(file.path for file in export.edges)]
    seconds = PER_BYTE * sum(path.stat().st_size for path in paths if path.is_file())
    return [Stage(name, seconds, name) for name in (READING, LEARNING, ENCODING)]


def _stepped(done: Done, step: Steps) -> Done:
    """Report a finished step."""
    step()
    return done


def _of(wanted: Wanted | None, file: NodeFile | EdgeFile) -> Target | None:
    return wanted.target if wanted is not None and wanted.file is file else None


def _before(previous: ProcessedGraph | None, file: NodeFile) -> tuple[Ids, Learned] | None:
    if previous is None:
        return None
    ids = Ids.of(previous.ids[file.type])
    terms = tuple(previous.term_encodings.get(file.type, ()))
    return ids, Learned(tuple(previous.encodings[file.type]), terms)


def _encodings(previous: ProcessedGraph | None, file: EdgeFile) -> Learned | None:
    if previous is None:
        return None
    for relation, rows in previous.rows.items():
        if _makes(file, relation):
            return Learned(rows.encodings)
    return Learned(())


def _makes(file: EdgeFile, relation: Relation) -> bool:
    """Return whether the relation can come from the file."""
    if (file.source, file.dest) != (relation.head, relation.tail):
        return False
    if file.relation_column:
        return relation.label.startswith(f"{file.relation}-" if file.relation else "")
    return relation.label == file.relation


def _known(
    export: Export, previous: ProcessedGraph, warnings: list[str]
) -> tuple[Sequence[NodeFile], Sequence[EdgeFile]]:
    """Return the files with what the previous processing knew, in its order."""
    by_type = {file.type: file for file in export.nodes}
    for name, ids in previous.ids.items():
        if name not in by_type and len(ids):
            raise UnusableExport(
                f"the export has no vertices of type {name!r} any more: deleted vertices need "
                "processing and training from the beginning, without the previous processing"
            )
    for name in by_type:
        if name not in previous.ids:
            warnings.append(f"{name}: left out, because the previous processing has no such type")
    edges = []
    for file in export.edges:
        if any(_makes(file, relation) for relation in previous.graph.edges):
            edges.append(file)
        else:
            relation = Relation(file.source, file.relation, file.dest)
            warnings.append(
                f"{relation}: left out, because the previous processing has no such relation"
            )
    return [by_type[name] for name in previous.ids if name in by_type], edges


def _pairs(
    by_file: Sequence[tuple[EdgeFile, Sequence[RelationRows]]],
) -> Iterator[tuple[Relation, Edges]]:
    """Return the distinct pairs of each relation."""
    found: dict[Relation, list[EdgeRows]] = {}
    for file, relations in by_file:
        for each in relations:
            if each.relation in found and (file.targets or file.features):
                raise UnusableExport(
                    f"relation {each.relation} comes from two files, and one of them has features "
                    "or targets: put them into one file"
                )
            found.setdefault(each.relation, []).append(each.rows)
    for relation, parts in found.items():
        heads, tails = parts[0].heads, parts[0].tails
        if len(parts) > 1:
            heads = np.concatenate([part.heads for part in parts])
            tails = np.concatenate([part.tails for part in parts])
        yield relation, distinct_edges(heads, tails, same_type=relation.head == relation.tail)


def _kept_rows(
    by_file: Sequence[tuple[EdgeFile, Sequence[RelationRows]]],
) -> Mapping[Relation, EdgeRows]:
    """Return the rows that are needed beside the pairs."""
    return {
        each.relation: each.rows
        for _, relations in by_file
        for each in relations
        if each.rows.features is not None or each.cells is not None
    }
