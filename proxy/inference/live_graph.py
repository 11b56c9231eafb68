"""The part of a live graph that inductive inferences read, and how much of it a model asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal as OneOf

from gremlink.grammar.traversal import Literal

Direction = OneOf["out", "in"]


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a live graph that a model has to know.

    Links are read of all vertices less than `hops` away from an input, under each of `edge_labels`
    and in each direction at most `fan_outs[distance]`; the vertices at their ends follow with the
    properties in `keys`. Inputs that are edges are read with the properties in `edge_keys`, and
    `valued` is the label and the property that links of the inputs themselves are read with.
    """

    hops: int
    fan_outs: tuple[int, ...]
    edge_labels: tuple[str, ...]
    keys: tuple[str, ...]
    edge_keys: tuple[str, ...] = ()
    valued: tuple[str, str] | None = None


Cells = Mapping[str, tuple[str, ...]]
"""The values of properties by key, as the texts that an export writes."""


@dataclass(frozen=True, slots=True)
class ReadVertex:
    """A vertex as it was read."""

    id: Literal
    label: str
    values: Cells


@dataclass(frozen=True, slots=True)
class ReadLinks:
    """The links of a vertex under a label in one direction; `complete` if these are all.

    `values` are those of the property with which links were read, for each, if they were.
    """

    vertex: Literal
    label: str
    direction: Direction
    others: tuple[Literal, ...]
    complete: bool
    values: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The vertices and links around the inputs; `size` is in bytes."""

    vertices: tuple[ReadVertex, ...]
    links: tuple[ReadLinks, ...]
    size: int

    def __str__(self) -> str:
        edges = sum(len(each.others) for each in self.links)
        return f"{len(self.vertices):,} vertices, {edges:,} links, {self.size:,} bytes"
