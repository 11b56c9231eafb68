"""Segments as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from gremlink.proxy.learning.segments.marks import Mark, Marks
    from gremlink.proxy.learning.segments.segmented import Segments

SHOWN = 3
"""Properties, and links, of a segment in the table."""


def segment_table(found: Segments) -> Table:
    """Return a row for each segment: its vertices, and what marks it."""
    table = Table("Type", header_style="bold", caption_justify="left")
    table.caption = (
        f"By the embeddings of {found.method}. “12 of 15, 4.0 times”: 12 of the segment's 15 "
        "vertices have it, which is 4 times as often as among all of their type."
    )
    table.add_column("Segment", justify="right")
    table.add_column("Vertices", justify="right")
    table.add_column("Typical", overflow="fold")
    for each in found.types:
        sizes = each.segmentation.sizes.tolist()
        for segment, (size, told) in enumerate(zip(sizes, each.marks, strict=True)):
            table.add_row(Text(escaped(each.label)), str(segment), f"{size:,}", _described(told))
        if each.segmentation.without:
            alone = f"{each.segmentation.without:,}"
            table.add_row(Text(escaped(each.label)), "none", alone, "between the segments")
    return table


def _described(told: Marks) -> Text:
    links = [mark for mark in told if mark.kind == "link"][:SHOWN]
    properties = [mark for mark in told if mark.kind != "link"][:SHOWN]
    if not told:
        return Text("nothing that is more than chance", style="dim")
    return Text("\n").join(Text(_line(mark)) for mark in (*properties, *links))


def _line(mark: Mark) -> str:
    return f"{escaped(mark.describe())}: {mark.count:,} of {mark.of:,}, {mark.lift:.1f} times"
