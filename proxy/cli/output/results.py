"""Query results for people and programs: a table, tab-separated lines, JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from gremlink.proxy.graph.server.shown import block, finite, plain, rows
from gremlink.proxy.messages.controls import json_text


def table(results: Sequence[Any]) -> Table:
    """Return a table for a terminal."""
    columns, cells = rows(results, block)
    made = Table(show_header=bool(columns), header_style="bold")
    for column in columns or [""]:
        made.add_column(Text(column), overflow="fold")
    for row in cells:
        made.add_row(*(Text(cell) for cell in row))
    return made


def lines(results: Sequence[Any]) -> Iterable[str]:
    """Yield tab-separated lines for a pipe; the first has the column names, if there are any."""
    columns, cells = rows(results)
    if columns:
        yield "\t".join(columns)
    for row in cells:
        yield "\t".join(row)


def json_line(result: Any) -> str:
    """Return one result as one line of JSON. Infinite and undefined numbers become text."""
    return json_text(finite(plain(result)), allow_nan=False)
