"""EASE of links whose direction means little."""

from __future__ import annotations

from typing import ClassVar

from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders.ease import Ease
from gremlink.proxy.learning.links.scorers.recommenders.profiles import View, views


class UndirectedEase(Ease):
    """`Ease` in the undirected view of `Profiles`: half the columns, twice the links in each.

    Friendships are stored once, in any direction; then this view ranks up to half as high again
    as the directed one, and where directions matter, lower. The blend weighs both.
    """

    name: ClassVar[str] = "undirected-ease"

    views: ClassVar[tuple[View, ...]] = ("undirected", "own-undirected")

    @classmethod
    def view(cls, graph: TypedGraph, relation: Relation) -> View | None:
        """Return the first view in which the regression is not too large, and that differs from
        those of `Ease`."""
        if "undirected" not in views(graph, relation):
            return None
        found = super().view(graph, relation)
        return found if relation.head == relation.tail or found == "undirected" else None
