"""A vertex by all that it is linked to: the matrix that the factor models read.

A column is another vertex in a role: the tail of a relation that goes out, or the head of one that
comes in. So one matrix serves directed, bipartite and typed graphs, and new vertices too, because
what a factor model has learned belongs to columns, and a row is read from the graph when asked.

Where the direction of a relation inside one type means little, its two roles are one: the
undirected view has half as many columns, with twice the links in each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)

View = Literal["directed", "undirected", "own-directed", "own-undirected"]
"""Columns of the profiles: of all relations of the source, or of the asked one alone; a relation
inside one type as two blocks `[out | in]`, or as one, its symmetric neighbourhood."""

VIEWS: tuple[View, ...] = ("directed", "undirected", "own-directed", "own-undirected")
"""All views, in the order of their numbers in artifacts."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """The rows of one vertex type: `matrix` is float32 CSR `[vertices, columns]`, 1 for a link.

    `sizes` are those of the blocks of columns; the first block are the candidates, of which there
    are `candidates` by now: more than columns if some came after the model had learned.
    """

    matrix: sparse.csr_array
    sizes: tuple[int, ...]
    candidates: int
    view: View = "directed"

    @classmethod
    def build(
        cls, graph: TypedGraph, relation: Relation, direction: Direction, view: View
    ) -> Profiles:
        """Build the links of the sources in a view; those by the asked relation come first."""
        undirected = view in ("undirected", "own-undirected")
        blocks = [
            _block(graph, *role, undirected=undirected)
            for role in _roles(graph, relation, direction, view)
        ]
        joined = sparse.csr_array(sparse.hstack(blocks, format="csr"))
        sizes = tuple(int(block.shape[1]) for block in blocks)
        return cls(joined, sizes, sizes[0], view)

    @classmethod
    def all_links(cls, graph: TypedGraph, relation: Relation, direction: Direction) -> Profiles:
        """Build the links of the sources by any relation; the asked one comes first."""
        return cls.build(graph, relation, direction, "directed")

    @classmethod
    def own_links(cls, graph: TypedGraph, relation: Relation, direction: Direction) -> Profiles:
        """Build the links of the sources by the relation, in the asked direction only."""
        return cls.build(graph, relation, direction, "own-directed")

    @classmethod
    def of_both(
        cls, graph: TypedGraph, relation: Relation, view: View
    ) -> dict[Direction, Profiles]:
        """Build the profiles of both directions; where the view has none, they are one object."""
        out = cls.build(graph, relation, "out", view)
        same = same_for_both(relation, view)
        return {"out": out, "in": out if same else cls.build(graph, relation, "in", view)}

    def cut(self, sizes: Sequence[int]) -> Profiles:
        """Keep the first columns of each block: those that there were when a model learned.

        Raises ValueError where the blocks are others.
        """
        if tuple(sizes) == self.sizes:
            return self
        if len(sizes) != len(self.sizes) or any(map(int.__gt__, sizes, self.sizes)):
            raise ValueError(f"columns {tuple(sizes)} are not the beginning of {self.sizes}")
        starts = np.cumsum((0, *self.sizes[:-1]))
        kept = [np.arange(start, start + size) for start, size in zip(starts, sizes, strict=True)]
        matrix = sparse.csr_array(self.matrix[:, np.concatenate(kept)])
        return Profiles(matrix, tuple(sizes), self.candidates, self.view)

    def weighing(self, own: sparse.csr_array) -> Profiles:
        """Replace the numbers of the links to candidates: `[vertices, candidates]`."""
        others = self.matrix[:, self.last :]
        joined = sparse.hstack([own[:, : self.last], others], format="csr")
        return replace(self, matrix=sparse.csr_array(joined))

    @property
    def last(self) -> int:
        """End of the candidates' columns."""
        return self.sizes[0]

    def padded(self, scores: Floats) -> Floats:
        """Add scores of 0 for candidates that came later, which have no columns."""
        missing = self.candidates - scores.shape[1]
        return np.pad(scores, ((0, 0), (0, missing))) if missing else scores

    @property
    def width(self) -> int:
        """The number of columns."""
        return int(self.matrix.shape[1])


def views(graph: TypedGraph, relation: Relation) -> tuple[View, ...]:
    """Return the views of all links that differ: two where a relation inside one type is seen."""
    ends = {relation.head, relation.tail}
    inside = any(other.head == other.tail and other.head in ends for other in graph.edges)
    return ("directed", "undirected") if inside else ("directed",)


def same_for_both(relation: Relation, view: View) -> bool:
    """Return whether a view shows the same in both directions."""
    return relation.head == relation.tail and view in ("undirected", "own-undirected")


def _roles(
    graph: TypedGraph, relation: Relation, direction: Direction, view: View
) -> Iterator[tuple[Relation, Direction]]:
    """Yield the relations and directions of the blocks, the asked ones first."""
    yield relation, direction
    if view in ("own-directed", "own-undirected"):
        return
    source = relation.source_type(direction)
    for other in graph.edges:
        folded = view == "undirected" and other.head == other.tail
        for end in DIRECTIONS[:1] if folded else DIRECTIONS:
            asked = other == relation and (folded or end == direction)
            if other.source_type(end) == source and not asked:
                yield other, end


def _block(
    graph: TypedGraph, relation: Relation, direction: Direction, *, undirected: bool
) -> sparse.csr_array:
    if undirected and relation.head == relation.tail:
        return graph.neighbourhood(relation)
    links = graph.adjacency(relation)
    return links if direction == "out" else sparse.csr_array(links.T)


def column_counts(matrix: sparse.csr_array) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Count the rows of each column: float32 `[columns]`."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.float32)


def stored(
    learned: Mapping[Direction, Floats], profiles: Mapping[Direction, Profiles]
) -> dict[str, Any]:
    """Return what was learned of columns for an artifact, which columns these were (`.sizes`), and
    in which view.

    One array that serves both directions is stored as `out`.
    """
    same = learned["in"] is learned["out"]
    found: dict[str, Any] = {end: learned[end] for end in DIRECTIONS[: 1 if same else 2]}
    return {**found, **stored_columns(profiles)}


def stored_columns(profiles: Mapping[Direction, Profiles]) -> dict[str, Any]:
    """Return the view for an artifact, and in `.sizes` the columns."""
    found: dict[str, Any] = {"view": np.array([VIEWS.index(profiles["out"].view)], np.int64)}
    for end in DIRECTIONS:
        found[f"{end}.sizes"] = np.array(profiles[end].sizes, np.int64)
    return found


def learned(tensors: Mapping[str, Any]) -> dict[Direction, Floats]:
    """Return what `stored` was given, by direction."""
    return {"out": tensors["out"], "in": tensors.get("in", tensors["out"])}


def restored(
    graph: TypedGraph, relation: Relation, tensors: Mapping[str, Any]
) -> dict[Direction, Profiles]:
    """Rebuild the profiles of `stored_columns`, in the same view with the same columns.

    Without a view, as earlier versions stored them, they are directed. Raises ValueError.
    """
    sizes = {end: [int(size) for size in tensors[f"{end}.sizes"]] for end in DIRECTIONS}
    if "view" in tensors:
        profiles = Profiles.of_both(graph, relation, VIEWS[int(tensors["view"][0])])
    else:
        profiles = {
            end: Profiles.build(
                graph, relation, end, "own-directed" if len(sizes[end]) == 1 else "directed"
            )
            for end in DIRECTIONS
        }
    if profiles["in"] is profiles["out"]:
        return dict.fromkeys(DIRECTIONS, profiles["out"].cut(sizes["out"]))
    return {end: profiles[end].cut(sizes[end]) for end in DIRECTIONS}


def all_columns(
    graph: TypedGraph, relation: Relation, direction: Direction, view: View = "directed"
) -> int:
    """Count the columns of a view, by the types' sizes."""
    roles = _roles(graph, relation, direction, view)
    return sum(graph.counts[role.target_type(end)] for role, end in roles)


MOST_NUMBERS = 2**24
"""Factors of the columns of one direction at most: 64 MiB of float32."""


def bounded_views(graph: TypedGraph, relation: Relation, rank: int) -> tuple[View, ...]:
    """Return the views that have room for factors of their columns, the default first.

    With several relations those of the asked one alone are among them, and at least one is left.
    """
    every = views(graph, relation)[::-1]
    if len(graph.edges) > 1:
        own: tuple[View, ...] = ("own-undirected", "own-directed")
        every += own if relation.head == relation.tail else own[1:]
    return tuple(view for view in every if fits(graph, relation, view, rank)) or every[-1:]


def fits(graph: TypedGraph, relation: Relation, view: View, rank: int) -> bool:
    """Return whether the factors of one direction are not too many numbers."""
    widest = max(all_columns(graph, relation, end, view) for end in DIRECTIONS)
    return rank * widest <= MOST_NUMBERS


def one_for_both(graph: TypedGraph, relation: Relation, view: View) -> bool:
    """Return whether the columns of one direction tell those of the other: inside one type, or
    where a matrix is the other transposed."""
    alone = len(graph.edges) == 1 or view in ("own-directed", "own-undirected")
    return relation.head == relation.tail or alone


def block_order(graph: TypedGraph, relation: Relation, view: View) -> list[int] | None:
    """Return which block of `out` each block of `in` is; None where these are others.

    Inside one type both directions see the same blocks, each its own first.
    """
    out, back = (list(_roles(graph, relation, end, view)) for end in DIRECTIONS)
    if set(out) != set(back):
        return None
    return [out.index(role) for role in back]


def link_counts(
    graph: TypedGraph, relation: Relation, direction: Direction, view: View
) -> tuple[Indexes, Indexes]:
    """Count the links of each row and of each column of a view: int64; pairs in both directions
    count twice."""
    rows = np.zeros(graph.counts[relation.source_type(direction)], np.int64)
    columns = []
    for role, end in _roles(graph, relation, direction, view):
        sources, targets = graph.edges[role].ends(end)
        if view in ("undirected", "own-undirected") and role.head == role.tail:
            sources = targets = np.concatenate([sources, targets])
        rows += np.bincount(sources, minlength=len(rows))
        columns.append(np.bincount(targets, minlength=graph.counts[role.target_type(end)]))
    return rows, np.concatenate(columns)
