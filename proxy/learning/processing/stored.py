"""A processed graph on disk: an artifact of its own, that training and later processing read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.features.encodings import from_document, to_document
from gremlink.proxy.learning.features.matrix import blocks_of
from gremlink.proxy.learning.graph import Features, Relation
from gremlink.proxy.learning.processing.processed import (
    Column,
    CustomSplit,
    EdgeRows,
    ProcessedGraph,
    PropertyColumn,
    Split,
)
from gremlink.proxy.learning.trained.stored_graph import stored_graph_of
from gremlink.proxy.store.artifacts import Artifact, Tensors, write_or_keep
from gremlink.proxy.store.reading import making, read_for

TASK = "processed"
ROWS = "rows"
TARGET = "target"
SPLITS = "splits"
NAMES = "names"

Arrays = dict[str, NDArray[Any]]


def write_processed(
    directory: Path,
    processed: ProcessedGraph,
    about: Mapping[str, Any],
    reports: Mapping[str, Any] | None = None,
) -> None:
    """Write the graph as a whole or not at all; `about` goes into the manifest.

    `reports` are JSON files beside it, which a user may edit. Raises `OutputKeptElsewhere`,
    OSError.
    """
    write_or_keep(directory, to_artifact(processed, about), reports)


def read_processed(directory: Path) -> ProcessedGraph:
    """Read what `write_processed` wrote. Raises `ArtifactError`."""
    otherwise = ", not a processed graph: name an export, or the output of `gremlink process`"
    artifact = read_for(TASK, directory, otherwise)
    with making("a processed graph", directory):
        return from_artifact(artifact)


def to_artifact(processed: ProcessedGraph, about: Mapping[str, Any]) -> Artifact:
    """Return the graph as manifest, documents and tensors."""
    stored = processed.stored
    relations = stored.relations
    rows: Arrays = {}
    splits: Arrays = {}
    row_entries = []
    names: dict[str, list[str]] = {}
    for relation, each in processed.rows.items():
        place = relations.index(relation)
        rows[f"{place}.heads"], rows[f"{place}.tails"] = each.heads, each.tails
        if each.features is not None:
            rows[f"{place}.features"] = each.features.values
        names[str(place)] = list(each.ids)
        encodings = [to_document(encoding) for encoding in each.encodings]
        row_entries.append({"relation": place, "encodings": encodings})
    manifest = {
        "task": TASK,
        **about,
        **stored.manifest(),
        "rows": row_entries,
        "links": [
            {
                "relation": relations.index(relation),
                "split": _written(split, f"links.{relations.index(relation)}", splits),
            }
            for relation, split in processed.links.items()
        ],
        "target": _target_document(processed.target, splits),
        "warnings": list(processed.warnings),
    }
    tensors: dict[str, Tensors] = dict(stored.tensors())
    documents = dict(stored.documents())
    if rows:
        tensors[ROWS] = rows
        documents[ROWS] = names
    if processed.target is not None:
        tensors[TARGET] = {"codes": processed.target.cells.codes}
        documents[TARGET] = {"values": list(processed.target.cells.values)}
    if processed.names:
        documents[NAMES] = {
            str(stored.types.index(name)): list(found) for name, found in processed.names.items()
        }
    if splits:
        tensors[SPLITS] = splits
    return Artifact(manifest, documents, tensors)


def from_artifact(artifact: Artifact) -> ProcessedGraph:
    """Restore what `to_artifact` gave. Raises KeyError, ValueError, TypeError or IndexError."""
    manifest = artifact.manifest
    stored = stored_graph_of(artifact)
    splits = artifact.tensors.get(SPLITS, {})
    rows = {}
    for entry in manifest["rows"]:
        place = entry["relation"]
        arrays = artifact.tensors[ROWS]
        encodings = tuple(from_document(each) for each in entry["encodings"])
        values = arrays.get(f"{place}.features")
        rows[stored.relations[place]] = EdgeRows(
            arrays[f"{place}.heads"],
            arrays[f"{place}.tails"],
            artifact.documents[ROWS][str(place)],
            encodings,
            None if values is None else Features(values, blocks_of(encodings)),
        )
    links = {
        stored.relations[entry["relation"]]: _read(
            entry["split"], f"links.{entry['relation']}", splits
        )
        for entry in manifest["links"]
    }
    return ProcessedGraph(
        stored,
        rows,
        {relation: split for relation, split in links.items() if split is not None},
        _target(artifact, splits),
        tuple(manifest["warnings"]),
        {
            stored.types[int(place)]: found
            for place, found in artifact.documents.get(NAMES, {}).items()
        },
    )


def _target_document(target: PropertyColumn | None, splits: Arrays) -> dict[str, Any] | None:
    if target is None:
        return None
    return {
        "owner": target.owner if isinstance(target.owner, str) else list(target.owner),
        "key": target.key,
        "task": target.task,
        "data_type": target.data_type,
        "separator": target.separator,
        "datatype": target.datatype,
        "split": _written(target.split, TARGET, splits),
    }


def _target(artifact: Artifact, splits: Tensors) -> PropertyColumn | None:
    entry = artifact.manifest["target"]
    if entry is None:
        return None
    owner = entry["owner"] if isinstance(entry["owner"], str) else Relation(*entry["owner"])
    cells = Column(
        tuple(artifact.documents[TARGET]["values"]),
        artifact.tensors[TARGET]["codes"].astype(np.int32),
    )
    return PropertyColumn(
        owner,
        entry["key"],
        entry["task"],
        entry["data_type"],
        cells,
        _read(entry["split"], TARGET, splits),
        entry["separator"],
        entry.get("datatype"),
    )


def _written(split: Split | None, name: str, splits: Arrays) -> Sequence[float] | str | None:
    """Return shares as they are; the parts of a user as tensors."""
    if not isinstance(split, CustomSplit):
        return None if split is None else list(split)
    for part in ("train", "valid", "test"):
        splits[f"{name}.{part}"] = getattr(split, part)
    return "custom"


def _read(entry: Any, name: str, splits: Tensors) -> Split | None:
    if entry is None:
        return None
    if entry == "custom":
        return CustomSplit(*(splits[f"{name}.{part}"] for part in ("train", "valid", "test")))
    train, valid, test = entry
    return float(train), float(valid), float(test)
