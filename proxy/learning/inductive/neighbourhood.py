"""The part of a live graph that was read around some vertices, in the form that prediction
takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import Direction

Cells = Mapping[str, Sequence[str]]
"""The values of an element's properties by key, as texts."""


class ReadVertex(Protocol):
    """A vertex with the values of its properties."""

    @property
    def id(self) -> Literal:
        """Its id."""
        ...

    @property
    def label(self) -> str:
        """Gremlin's `label()`: several labels are joined by `::`."""
        ...

    @property
    def values(self) -> Cells:
        """The properties that a model reads."""
        ...


class ReadLinks(Protocol):
    """The links of a vertex under one label and in one direction."""

    @property
    def vertex(self) -> Literal:
        """Vertex that the values belong to."""
        ...

    @property
    def label(self) -> str:
        """Their label."""
        ...

    @property
    def direction(self) -> Direction:
        """`out` where they leave the vertex."""
        ...

    @property
    def others(self) -> Sequence[Literal]:
        """The vertices at their other ends."""
        ...

    @property
    def values(self) -> Sequence[Sequence[str]]:
        """Texts of the property to predict, by element; empty where it was not read."""
        ...

    @property
    def complete(self) -> bool:
        """`True` where these are all links, not a sample."""
        ...


class Neighbourhood(Protocol):
    """The read part of a graph."""

    @property
    def vertices(self) -> Sequence[ReadVertex]:
        """Its vertices, those at the ends of links included."""
        ...

    @property
    def links(self) -> Sequence[ReadLinks]:
        """The links of those vertices whose links were read."""
        ...
