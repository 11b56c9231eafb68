"""Two trained models beside each other: `compare`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from gremlink.api.arguments import PathLike, directory_of
from gremlink.api.results.table import Table
from gremlink.proxy.learning.comparison.runs import ComparedMethod
from gremlink.proxy.learning.workflows.compare import compare_artifacts
from gremlink.proxy.messages.controls import escaped


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Two models side by side; prints as a table and shows itself in a notebook.

    `methods` has a row for each method: its figures by `metric` in the first and the other model,
    and a word for the difference. Where both held out the same elements, `difference` is the second
    minus the first on these, `low` and `high` its interval of 95 %; without zero in it the word is
    `better` or `worse`. `warnings` say why figures cannot simply be compared, `how` says by what
    the words were found.
    """

    metric: str
    methods: Table[ComparedMethod]
    warnings: tuple[str, ...]
    how: tuple[str, ...]
    _document: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON, with the numbers of elements on which the other is `ahead` and
        `behind`."""
        return dict(self._document)

    def __repr__(self) -> str:
        return "\n".join([repr(self.methods), *self._lines()])

    def _repr_html_(self) -> str:
        """Return the table and its sentences for a notebook."""
        lines = "".join(f"<p>{escape(line)}</p>" for line in self._lines())
        return self.methods._repr_html_() + lines

    def _lines(self) -> list[str]:
        return [f"By {self.metric}.", *map(escaped, (*self.warnings, *self.how))]


def compare(first: PathLike, other: PathLike, metric: str = "") -> Comparison:
    """Compare two models that `train` has written, the second with the first.

    Args:
        first: Directory of the model to beat.
        other: Directory of the other model.
        metric: A metric of their reports, as `hits@10`; without it the first one's headline.

    Raises:
        WrongArgument: There is no such directory.
        ArtifactError: A model has no report, or no such metric.

    Example:
        >>> found = gremlink.compare("artifact", "artifact")
        >>> found.metric, found.methods[0].word
        ('mrr', 'no clear difference')
    """
    sides = [directory_of(first, "first"), directory_of(other, "other")]
    names = _names(*sides)
    pairs = list(zip(names, sides, strict=True))
    found = compare_artifacts(pairs[0], pairs[1], metric)
    return Comparison(
        found.metric,
        Table(ComparedMethod._fields, tuple(found.rows())),
        tuple(found.differences),
        tuple(found.how),
        found.to_document(names),
    )


def _names(first: Path, other: Path) -> tuple[str, str]:
    """Return short names of two directories that tell them apart."""
    if first.name != other.name and first.name and other.name:
        return first.name, other.name
    return str(first), str(other)
