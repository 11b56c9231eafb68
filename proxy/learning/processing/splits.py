"""`custom_split_filenames`: parts that a user chose, read from files beside the data.

A file lists vertices by `~id`, or edges by `~from` and `~to`. A column named like the target says
what the value of an element is, and wins over the export.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gremlink.proxy.graph.files.export_files import EdgeFile, NodeFile
from gremlink.proxy.graph.files.export_rows import (
    FROM,
    FROM_TYPE,
    ID,
    ID_TYPE,
    TO,
    TO_TYPE,
    Chunk,
    read_chunks,
)
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.processing.id_map import IdMap
from gremlink.proxy.learning.processing.processed import Column, CustomSplit, UnusableExport

KEY = "custom_split_filenames"


@dataclass(slots=True)
class Listed:
    """The elements of each part, and values by element, as the files list them."""

    split: CustomSplit
    values: dict[int, str] = field(default_factory=dict)

    def applied(self, cells: Column) -> Column:
        """Return the column with the values that the files give."""
        if not self.values:
            return cells
        texts = list(cells)
        for place, text in self.values.items():
            texts[place] = text
        return Column.of(texts)


def file_names(options: Mapping[str, Any], where: str) -> dict[str, str]:
    """Return the files of the parts `train`, `valid` and, where there is one, `test`.

    Raises `UnusableExport`.
    """
    given = options[KEY]
    if not isinstance(given, dict):
        raise UnusableExport(f"{where}: {KEY} has to be an object with train, valid and test")
    # The user guide calls the second one by both names.
    names = {("valid" if key == "validation" else key): name for key, name in given.items()}
    for part in ("train", "valid"):
        if not isinstance(names.get(part), str) or not names[part]:
            raise UnusableExport(f"{where}: {KEY} names no file for {part!r}")
    unknown = sorted(set(names) - {"train", "valid", "test"})
    if unknown:
        raise UnusableExport(f"{where}: {KEY} has {unknown[0]!r}: use train, valid and test")
    return {part: name for part, name in names.items() if name}


def split_of_vertices(
    directory: Path, file: NodeFile, names: Mapping[str, str], id_map: IdMap, column: str
) -> Listed:
    """Return the parts of a node target. Raises `BadExport`, `UnusableExport`."""
    parts: dict[str, list[int]] = {}
    values: dict[int, str] = {}
    for part, name in names.items():
        found = parts.setdefault(part, [])
        for chunk in read_chunks(_beside(directory, file.path, name), file.separator):
            ids = chunk.ids(ID, file.id_type, ID_TYPE)
            places = id_map.find(ids)
            _check(chunk, places, ID, ids, f"no vertex of type {file.type!r}")
            found.extend(places.tolist())
            if column in chunk.columns:
                values.update(zip(places.tolist(), chunk.columns[column], strict=True))
    return Listed(_custom(parts), values)


def split_of_edges(
    directory: Path,
    file: EdgeFile,
    names: Mapping[str, str],
    ends: tuple[IdMap, IdMap],
    pairs: tuple[Indexes, Indexes],
    column: str,
) -> Listed:
    """Return the parts of an edge target: positions in `pairs`, every one that joins the same
    vertices.

    Raises `BadExport`, `UnusableExport`.
    """
    base = max(len(ends[1]), 1)
    keys = pairs[0] * base + pairs[1]
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    parts: dict[str, list[int]] = {}
    values: dict[int, str] = {}
    for part, name in names.items():
        found = parts.setdefault(part, [])
        for chunk in read_chunks(_beside(directory, file.path, name), file.separator):
            heads = chunk.ids(FROM, file.source_id_type, FROM_TYPE)
            tails = chunk.ids(TO, file.dest_id_type, TO_TYPE)
            asked = ends[0].find(heads) * base + ends[1].find(tails)
            first = np.searchsorted(ordered, asked, side="left")
            last = np.searchsorted(ordered, asked, side="right")
            _check(chunk, np.where(last > first, 0, -1), FROM, heads, "the beginning of no edge")
            given = chunk.columns.get(column) if column else None
            for row in range(len(chunk)):
                places = order[first[row] : last[row]].tolist()
                found.extend(places)
                if given is not None:
                    values.update(dict.fromkeys(places, given[row]))
    return Listed(_custom(parts), values)


def _custom(parts: Mapping[str, list[int]]) -> CustomSplit:
    train, valid, test = (
        np.unique(np.array(parts.get(part, []), np.int64)) for part in ("train", "valid", "test")
    )
    for left, right, named in (
        (train, valid, "train and valid"),
        (train, test, "train and test"),
        (valid, test, "valid and test"),
    ):
        both = np.intersect1d(left, right)
        if len(both):
            raise UnusableExport(
                f"{KEY}: {len(both)} elements are in {named}: every element belongs to one part"
            )
    if not len(train) or not len(valid):
        raise UnusableExport(f"{KEY}: the files for train and valid have to list something")
    return CustomSplit(train, valid, test)


def _check(chunk: Chunk, places: Indexes, column: str, ids: Ids, what: str) -> None:
    if (places < 0).any():
        row = int((places < 0).argmax())
        raise chunk.problem(row, column, f"{ids[row].value!r} is {what} in the export")


def _beside(directory: Path, data: Path, name: str) -> Path:
    """Find a file that a configuration names: beside the data, or from the export's directory."""
    candidates = [data.parent / name, directory / name]
    for path in candidates:
        if not path.resolve().is_relative_to(directory.resolve()):
            raise UnusableExport(f"{KEY}: {name!r} leaves the directory of the export")
    return next((path for path in candidates if path.exists()), candidates[0])
