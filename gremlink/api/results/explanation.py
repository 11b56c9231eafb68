"""Explanations of predictions. Links: contributions of methods, paths, shared properties; values of
a property: what features and links add, and examples."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from gremlink.api.results.table import Table, shown

if TYPE_CHECKING:
    from gremlink.proxy.learning.links.prediction.explanation import Explanation as Found
    from gremlink.proxy.learning.properties.prediction.explanation import LinkPart as FoundLink
    from gremlink.proxy.learning.properties.prediction.explanation import (
        PropertyExplanation as FoundProperty,
    )


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


class _Shown:
    """An explanation prints as text and shows itself in a notebook."""

    __slots__ = ()
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        parts = [*self.notes, *(repr(each) for each in self._tables())]
        return "\n".join([self._head(), *parts])

    def _repr_html_(self) -> str:
        """Return the explanation for a notebook."""
        parts = "".join(each._repr_html_() for each in self._tables())
        said = "".join(f"<p>{escape(each)}</p>" for each in (self._head(), *self.notes))
        return f"{said}{parts}"

    @abstractmethod
    def _head(self) -> str: ...

    @abstractmethod
    def _tables(self) -> list[Table[Any]]: ...


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(_Shown):
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

    def _head(self) -> str:
        return f"{shown(self.source)} to {shown(self.target)}: score {shown(self.score)}"

    def _tables(self) -> list[Table[Any]]:
        return [each for each in (self.methods, self.paths, self.features) if each.rows]


class MethodPart(NamedTuple):
    """A method of a blend, its weight, and what it says: a confidence or a number."""

    method: str
    weight: float
    says: float


class FeaturePart(NamedTuple):
    """A property, the element that has it (`vertex`, `edge`, `source` or `target`), and what it
    adds."""

    property: str
    of: str
    part: float


class LinkPart(NamedTuple):
    """Links of a kind, an arrow, their number and what they add; `vertex` is at the other end of a
    single one, and `values` are those known of it."""

    link: str
    of: str
    vertex: Any
    number: int
    values: str
    part: float


class Example(NamedTuple):
    """An element with known values, and the cosine of what it is compared by."""

    id: Any
    values: str
    similarity: float


@dataclass(frozen=True, slots=True, repr=False)
class PropertyExplanation(_Shown):
    """The reasons for a predicted value; prints as text and shows itself in a notebook.

    `methods` are those of the model: the weighted mean of what they say is the number, or the
    confidence before decision thresholds. `features`, `links` of a kind and `neighbours` have what
    the score, or the number, would be less without them, the largest first. `examples` are the
    elements with a known value that are most like this one by `alike`: embeddings, features or
    links. `notes` say what was not tried.
    """

    id: Any
    value: Any
    score: float
    methods: Table[MethodPart]
    features: Table[FeaturePart]
    links: Table[LinkPart]
    neighbours: Table[LinkPart]
    examples: Table[Example]
    alike: str
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, id: Any, value: Any, score: float, found: FoundProperty) -> PropertyExplanation:
        """Make one of what a model says."""

        def links(parts: Iterable[FoundLink]) -> Table[LinkPart]:
            rows = (
                LinkPart(
                    each.link,
                    each.of,
                    None if each.vertex is None else each.vertex.value,
                    each.count,
                    ", ".join(str(value.value) for value in each.values),
                    each.part,
                )
                for each in parts
            )
            return Table(LinkPart._fields, tuple(rows))

        methods = (MethodPart(name, *each) for name, each in found.methods.items())
        features = (FeaturePart(each.property, each.of, each.part) for each in found.features)
        examples = (
            Example(
                each.ends[0].value if len(each.ends) == 1 else tuple(v.value for v in each.ends),
                ", ".join(str(value.value) for value in each.values),
                each.similarity,
            )
            for each in found.examples
        )
        return cls(
            id,
            value,
            score,
            Table(MethodPart._fields, tuple(methods)),
            Table(FeaturePart._fields, tuple(features)),
            links(found.links),
            links(found.neighbours),
            Table(Example._fields, tuple(examples)),
            found.alike,
            tuple(found.notes),
        )

    def _head(self) -> str:
        return f"{shown(self.id)}: {shown(self.value)}, score {shown(self.score)}"

    def _tables(self) -> list[Table[Any]]:
        every = (self.methods, self.features, self.links, self.neighbours, self.examples)
        return [each for each in every if each.rows]
