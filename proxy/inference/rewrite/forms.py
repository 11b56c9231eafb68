"""Tables of the forms in which answers are written into a query: of the rows, the first that fits.

The columns are properties of a case, each asked only where the columns before it fit. The tables
are `links.LINKS`, `properties.PROPERTIES` and `property_values.PER_ELEMENT`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Case = TypeVar("Case")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Row(Generic[Case, Result]):
    """A form of answers, the function that writes it, and the values that columns must have."""

    form: str
    write: Callable[[Case], Result]
    when: Mapping[str, bool | str]

    def fits(self, case: Case) -> bool:
        """Return whether each column has the value that it must have."""
        return all(getattr(case, column) == value for column, value in self.when.items())


def choose(rows: Sequence[Row[Case, Result]], case: Case) -> Row[Case, Result]:
    """Return the first row that fits. The last one of a table fits always."""
    return next(row for row in rows if row.fits(case))


def as_markdown(rows: Sequence[Row[Case, Result]]) -> str:
    """Return a table as a document shows it; an empty cell fits anything."""
    columns = list(dict.fromkeys(column for row in rows for column in row.when))
    lines = [[*(column.replace("_", " ") for column in columns), "form", "written by"]]
    lines.append(["---"] * len(lines[0]))
    for row in rows:
        cells = [_shown(row.when.get(column)) for column in columns]
        lines.append([*cells, row.form, f"`{row.write.__qualname__}`"])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(value: bool | str | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
    return value
