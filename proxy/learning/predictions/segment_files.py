"""Files of segments: a row for each vertex, and beside it a file of what marks each segment."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from gremlink.grammar.traversal import Kind
from gremlink.proxy.learning.predictions.files import STANDARD_OUTPUT, Column, writing_cells
from gremlink.proxy.learning.predictions.rows import BATCH
from gremlink.proxy.learning.segments.segmented import Segments

MARK_COLUMNS = (
    Column("label", ()),
    Column("segment", (), arrow="int32"),
    Column("kind", ()),
    Column("name", ()),
    Column("direction", (), optional=True),
    Column("value", ()),
    Column("count", {Kind.LONG}),
    Column("vertices", {Kind.LONG}),
    Column("all_count", {Kind.LONG}),
    Column("all_vertices", {Kind.LONG}),
    Column("lift", {Kind.DOUBLE}),
    Column("evidence", {Kind.DOUBLE}),
)


def marks_file(path: Path) -> Path:
    """Return the place of the marks beside a file of segments, as `users.marks.csv`."""
    name, _, rest = path.name.partition(".")
    return path.with_name(f"{name}.marks.{rest}")


def write_segments(path: Path, found: Segments) -> int:
    """Write the segments of all vertices, and what marks them; return the number of vertices.

    A vertex in no segment has none in its row. On standard output there are no marks.
    Raises `UnknownFormat`, `OutputUnwritable`.
    """
    kinds = {vertex.kind for each in found.types for vertex in each.ids}
    columns = (
        Column("id", kinds),
        Column("label", ()),
        Column("segment", (), optional=True, arrow="int32"),
    )
    written = 0
    with writing_cells(path, columns) as writer:
        rows = found.rows()
        while batch := list(islice(rows, BATCH)):
            writer.write(batch)
            written += len(batch)
    if path == STANDARD_OUTPUT:
        return written
    with writing_cells(marks_file(path), MARK_COLUMNS) as writer:
        for each in found.types:
            for segment, told in enumerate(each.marks):
                writer.write(
                    [
                        (
                            *(each.label, segment, mark.kind, mark.name, mark.direction),
                            *(mark.value, mark.count, mark.of, mark.all_count, mark.all_of),
                            *(round(mark.lift, 4), mark.evidence),
                        )
                        for mark in told
                    ]
                )
    return written
