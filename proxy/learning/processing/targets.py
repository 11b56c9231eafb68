"""Targets of a configuration: one property, or links; with values and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gremlink.proxy.graph.files.export_files import EdgeFile, Export, NodeFile, Target
from gremlink.proxy.graph.spelling import suggestion
from gremlink.proxy.learning.graph import Edges, Relation
from gremlink.proxy.learning.processing.edges import RelationRows
from gremlink.proxy.learning.processing.id_map import IdMap
from gremlink.proxy.learning.processing.processed import (
    Column,
    PropertyColumn,
    Split,
    SplitRate,
    UnusableExport,
)
from gremlink.proxy.learning.processing.splits import (
    KEY,
    file_names,
    split_of_edges,
    split_of_vertices,
)
from gremlink.proxy.learning.processing.vertices import VertexReader

DEFAULT_LINK_SPLIT: SplitRate = (0.9, 0.05, 0.05)
"""Neptune's, for links."""

PROPERTY_TASKS = ("classification", "regression")

UNRECOGNIZED = "Unrecognized "
"""Beginning of the exporter's warning about a target that the graph has not: without one, links
would be learned instead of what was asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The property to be predicted, and the file that has it."""

    file: NodeFile | EdgeFile
    target: Target

    @property
    def owner(self) -> str | Relation:
        """The vertex type or the relation."""
        return owner_of(self.file)

    @property
    def described(self) -> str:
        """For messages."""
        return described(self.file, self.target)


def is_link_target(target: Target) -> bool:
    """Return whether links are to be predicted, rather than a property."""
    # The documentation has the one name, Neptune's own scripts the other.
    return target.task in ("link_prediction", "link_predict")


def only_target(export: Export) -> Wanted | None:
    """Return the property that a configuration asks for, `None` if it asks for links.

    Raises `UnusableExport` if it asks for more than one model can learn, or for something unknown.
    """
    files: list[NodeFile | EdgeFile] = [*export.nodes, *export.edges]
    asked = [(file, target) for file in files for target in file.targets]
    for file, target in asked:
        is_link = is_link_target(target) and isinstance(file, EdgeFile)
        if not is_link and target.task not in PROPERTY_TASKS:
            known = (*PROPERTY_TASKS, *(("link_prediction",) if isinstance(file, EdgeFile) else ()))
            raise UnusableExport(
                f"{described(file, target)} has the unknown task {target.task!r}"
                f"{suggestion(target.task, known)}"
            )
        if not is_link and not target.column:
            raise UnusableExport(f"a {target.task} of {owner_of(file)} names no property")
    lost = [text for text in export.warnings if str(text).startswith(UNRECOGNIZED)]
    if lost and not asked:
        raise UnusableExport(
            f"the export was asked for a target that it did not find, so its configuration has "
            f"none ({lost[0]}): export again with the right name, or put the target into the "
            'configuration as "labels" of its file'
        )
    properties = [Wanted(*pair) for pair in asked if not is_link_target(pair[1])]
    if not properties:
        return None
    if len(asked) > 1:
        listing = ", ".join(f"{target.task} of {described(file, target)}" for file, target in asked)
        raise UnusableExport(
            f"the configuration has {len(asked)} targets ({listing}), and a model learns one: "
            'export with "jobs", one target each, and train with each job\'s configuration'
        )
    return properties[0]


def owner_of(file: NodeFile | EdgeFile) -> str | Relation:
    """Return the type or the relation whose properties a file has."""
    if isinstance(file, NodeFile):
        return file.type
    return Relation(file.source, file.relation, file.dest)


def described(file: NodeFile | EdgeFile, target: Target) -> str:
    """Describe a target for messages."""
    if isinstance(file, NodeFile):
        return f"property {target.column!r} of {file.type!r}"
    return (
        f"property {target.column!r} of {owner_of(file)}" if target.column else str(owner_of(file))
    )


def property_column(
    export: Export,
    wanted: Wanted,
    vertices: Sequence[VertexReader],
    by_file: Sequence[tuple[EdgeFile, Sequence[RelationRows]]],
    id_maps: Mapping[str, IdMap],
) -> PropertyColumn:
    """Return the values of the target and its split. Raises `BadExport`, `UnusableExport`."""
    file, target = wanted.file, wanted.target
    names = file_names(target.options, wanted.described) if KEY in target.options else None
    split: Split | None = target.split_rate
    owner = wanted.owner
    if isinstance(file, NodeFile):
        cells = next(reader for reader in vertices if reader.file is file).target_cells()
        if names is not None:
            id_map = id_maps[file.type]
            listed = split_of_vertices(export.directory, file, names, id_map, target.column)
            cells, split = listed.applied(cells), listed.split
    else:
        relations = next(relations for each, relations in by_file if each is file)
        if len(relations) != 1:
            raise UnusableExport(
                f"{wanted.described}: the file has {len(relations)} relations, and a target "
                "belongs to one: export each relation to a file of its own"
            )
        only = relations[0]
        owner = only.relation
        cells = only.cells if only.cells is not None else Column.of([])
        if names is not None:
            ends = id_maps[file.source], id_maps[file.dest]
            pairs = only.rows.heads, only.rows.tails
            listed = split_of_edges(export.directory, file, names, ends, pairs, target.column)
            cells, split = listed.applied(cells), listed.split
    data_type = file.data_types.get(target.column, "String")
    separator = target.options.get("separator")
    datatype = target.options.get("datatype") if export.rdf else None
    return PropertyColumn(
        owner, target.column, target.task, data_type, cells, split, separator, datatype
    )


def link_splits(
    export: Export,
    by_file: Sequence[tuple[EdgeFile, Sequence[RelationRows]]],
    pairs: Mapping[Relation, Edges],
    id_maps: Mapping[str, IdMap],
) -> dict[Relation, Split]:
    """Return the relations that are to be predicted. Without any target all are, as in Neptune.

    How many edges they have is no matter here. Raises `BadExport`, `UnusableExport`.
    """
    found: dict[Relation, Split] = {}
    for file, relations in by_file:
        target = next((each for each in file.targets if is_link_target(each)), None)
        if target is None:
            continue
        for each in relations:
            if KEY in target.options:
                edges = pairs[each.relation]
                listed = split_of_edges(
                    export.directory,
                    file,
                    file_names(target.options, str(each.relation)),
                    (id_maps[file.source], id_maps[file.dest]),
                    (edges.heads, edges.tails),
                    "",
                )
                found[each.relation] = listed.split
            else:
                found[each.relation] = target.split_rate or DEFAULT_LINK_SPLIT
    return found or dict.fromkeys(pairs, DEFAULT_LINK_SPLIT)
