"""Names of vertices, for people: the property of a file that reads like one."""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.proxy.graph.files.export_files import NodeFile
from gremlink.proxy.graph.names import LONGEST, name_keys

SAMPLED = 200
"""The first vertices of a file, that are looked at to find the property."""

MOST_NAMED = 2**20
"""Vertices of a type that have their names kept, at most: of more they would take some 100 MB."""


def names_in(file: NodeFile, vertices: int, left_out: str | None = None) -> Sequence[str]:
    """Return a name for each row of a file, in its order, empty where there is none; nothing at all
    where no property but `left_out` reads like a name, or where there are too many `vertices`.

    Raises `BadExport`.
    """
    if not 0 < vertices <= MOST_NAMED:
        return ()
    chunk = next(iter(file.chunks(None, SAMPLED)))
    hidden = {file.id_column, left_out}
    columns = {
        name: cells
        for name, cells in chunk.columns.items()
        if name not in hidden and not name.startswith("~")
    }
    sample = [
        {name: cells[row] for name, cells in columns.items() if cells[row]}
        for row in range(len(chunk))
    ]
    keys = name_keys(sample)
    if not keys:
        return ()
    found: list[str] = []
    for chunk in file.chunks({keys[0]}):
        found += (" ".join(cell.split())[:LONGEST] for cell in chunk.require(keys[0]))
    return found
