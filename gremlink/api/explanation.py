"""Explanations of predicted links: contributions of methods, paths, shared properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from gremlink.api.table import Table, shown

if TYPE_CHECKING:
    from gremlink.proxy.learning.links.prediction.explanation import Explanation as Found


class ConnectingPath(NamedTuple):
    """Ids of vertices with arrows between them, as `u1 -FRIEND-> u2`, and how strong it is."""

    path: str
    strength: float


class SharedProperty(NamedTuple):
    """A property in which two vertices are alike: the cosine of its encodings, and the values that
    both have."""

    property: str
    similarity: float
    shared: str


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """The reasons for a predicted link; prints as text and shows itself in a notebook.

    `contributions` are the methods of the model, each with its weight times its normalised score,
    the largest first: they add up to the score before calibration. `paths` connect the two
    vertices, the strongest first. `features` are properties in which they are alike. `notes` say
    what log-odds among the contributions mean.
    """

    source: Any
    target: Any
    score: float
    contributions: Mapping[str, float]
    paths: Table[ConnectingPath]
    features: Table[SharedProperty]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: Any, target: Any, score: float, found: Found) -> Explanation:
        """Make one of what a model says."""
        return cls(
            source,
            target,
            score,
            dict(found.contributions),
            Table(
                ConnectingPath._fields,
                tuple(
                    ConnectingPath(" ".join(str(step.value) for step in each.steps), each.strength)
                    for each in found.paths
                ),
            ),
            Table(
                SharedProperty._fields,
                tuple(
                    SharedProperty(each.property, each.similarity, ", ".join(each.shared))
                    for each in found.features
                ),
            ),
            tuple(found.notes),
        )

    @property
    def methods(self) -> Table[tuple[str, float]]:
        """The contributions as a table."""
        return Table(("method", "contribution"), tuple(self.contributions.items()))

    def __repr__(self) -> str:
        parts = [*self.notes, *(repr(each) for each in self._tables())]
        return "\n".join([self._head(), *parts])

    def _repr_html_(self) -> str:
        """Return the explanation for a notebook."""
        parts = "".join(each._repr_html_() for each in self._tables())
        said = "".join(f"<p>{escape(each)}</p>" for each in (self._head(), *self.notes))
        return f"{said}{parts}"

    def _head(self) -> str:
        return f"{shown(self.source)} to {shown(self.target)}: score {shown(self.score)}"

    def _tables(self) -> list[Table[Any]]:
        return [each for each in (self.methods, self.paths, self.features) if each.rows]
