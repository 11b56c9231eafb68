"""A small table of results: rows to iterate, text for a terminal, HTML for a notebook."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from gremlink.errors import NotInstalled
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    import pandas
    import pyarrow
    from rich.console import RenderableType

Row = TypeVar("Row", bound=tuple[Any, ...], covariant=True)

SHOWN = 20
"""Rows that text and HTML show; `to_pandas` and iteration have all."""

WIDTH = 120
"""Characters in a line of text."""


@dataclass(frozen=True, slots=True, repr=False)
class Table(Sequence[Row], Generic[Row]):
    """A sequence of named tuples, which prints as a table.

    >>> from gremlink.api.models import PredictedLink
    >>> table = Table(PredictedLink._fields, (PredictedLink("user_19", "user_01", 0.5),))
    >>> [row.target for row in table], table.column("score"), table.to_dicts()[0]["source"]
    (['user_01'], [0.5], 'user_19')
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Table[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | Table[Row]:
        if isinstance(index, slice):
            return Table(self.columns, self.rows[index])
        return self.rows[index]

    def column(self, name: str) -> list[Any]:
        """Return the values of a column, a value for each row. Raises KeyError."""
        if name not in self.columns:
            raise KeyError(f"no column {name!r}: there are {', '.join(self.columns)}")
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a dictionary for each row, its values by column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_pandas(self) -> pandas.DataFrame:
        """Return a pandas DataFrame. Raises `NotInstalled` without pandas."""
        found: pandas.DataFrame = _library("pandas", "to_pandas").DataFrame(self._by_column())
        return found

    def to_arrow(self) -> pyarrow.Table:
        """Return an Arrow table. Raises `NotInstalled` without pyarrow."""
        found: pyarrow.Table = _library("pyarrow", "to_arrow").table(self._by_column())
        return found

    def _by_column(self) -> dict[str, list[Any]]:
        return {name: self.column(name) for name in self.columns}

    def __repr__(self) -> str:
        from rich.table import Table as Drawn

        if not self.rows:
            return f"no rows ({', '.join(self.columns)})"
        drawn = Drawn(header_style="bold")
        for place, name in enumerate(self.columns):
            numbers = all(isinstance(row[place], int | float | None) for row in self.rows)
            drawn.add_column(name, justify="right" if numbers else "left")
        for row in self.rows[:SHOWN]:
            drawn.add_row(*map(shown, row))
        return "\n".join([as_text(drawn), *self._left_out()])

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        head = "".join(f"<th>{escape(escaped(name))}</th>" for name in self.columns)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(shown(value))}</td>' for value in row)}</tr>"
            for row in self.rows[:SHOWN]
        )
        more = "".join(f"<p>{escape(line)}</p>" for line in self._left_out())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _left_out(self) -> list[str]:
        more = len(self.rows) - SHOWN
        return [f"… and {more:,} more rows"] if more > 0 else []


def shown(value: object) -> str:
    """Return the text of a value in a table: controls escaped, numbers with four places, nothing
    for `None`."""
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else escaped(str(value))


def as_text(drawn: RenderableType) -> str:
    """Return what rich draws as plain text, without colours or blanks at the ends of lines."""
    from gremlink.proxy.messages.terminal import Terminal

    file = io.StringIO()
    Terminal(file=file, width=WIDTH, color_system=None).print(drawn)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _library(name: str, method: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise NotInstalled(
            f"{method}() needs {name}, which is not installed: `pip install {name}` adds it",
            name=name,
        ) from None
