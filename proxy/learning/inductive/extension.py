"""A stored graph brought up to date where the live graph was read.

Vertices that came after training get numbers behind all others of their type, so that everything
stored by number keeps its meaning. Where all links of a vertex were read, these take the place of
the stored ones; where a sample was, it is added to them. Types of vertices and relations that the
training has not seen are left out: no model has learned anything about them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph.labels import split_labels
from gremlink.proxy.learning.features.encoding import Encoding, UnfitCell
from gremlink.proxy.learning.features.matrix import encode
from gremlink.proxy.learning.features.terms import TermEncoding, count_terms
from gremlink.proxy.learning.graph import (
    Direction,
    Edges,
    Features,
    Floats,
    Indexes,
    Mask,
    Relation,
    Terms,
    TypedGraph,
    distinct_edges,
)
from gremlink.proxy.learning.inductive.neighbourhood import (
    Cells,
    Neighbourhood,
    ReadLinks,
    ReadVertex,
)
from gremlink.proxy.learning.trained.stored_graph import StoredGraph

Place = tuple[str, int]
"""A vertex: its type, and its number there."""

Places = MutableMapping[Literal, Place]


@dataclass(frozen=True, slots=True)
class Extension:
    """The result: a graph with the new vertices at the end of their types.

    `places` are those of all its vertices; `before` are the numbers of vertices that were stored.
    """

    stored: StoredGraph
    places: Places
    before: Mapping[str, int]

    def rows(self, asked: Collection[Literal]) -> dict[str, Indexes]:
        """Return the asked vertices and the new ones, sorted int64 by type."""
        found: dict[str, set[int]] = {
            name: set(range(self.before[name], count))
            for name, count in self.stored.graph.counts.items()
        }
        for vertex in asked:
            place = self.places.get(vertex)
            if place is not None:
                found[place[0]].add(place[1])
        return {name: np.array(sorted(numbers), np.int64) for name, numbers in found.items()}

    def enlarged(self, name: str, table: Floats) -> Floats:
        """Copy the rows stored for the vertices of a type, with rows of 0 for the new ones."""
        copy = np.zeros((self.stored.graph.counts[name], *table.shape[1:]), table.dtype)
        copy[: len(table)] = table
        return copy


def places_of(stored: StoredGraph) -> dict[Literal, Place]:
    """Return the type and the position of each vertex of a graph, by id."""
    return {
        literal: (name, index)
        for name, ids in stored.ids.items()
        for index, literal in enumerate(ids)
    }


def extend(stored: StoredGraph, places: Places, neighbourhood: Neighbourhood) -> Extension:
    """Extend the graph by what was read of the live one. `places` are those of `stored`.

    Raises ValueError where a property that was read does not fit its encoding.
    """
    graph = stored.graph
    read: dict[Literal, Place] = {}
    ids = {name: list(members) for name, members in stored.ids.items()}
    vertices: dict[str, list[ReadVertex]] = {}
    for vertex in neighbourhood.vertices:
        name = type_of(vertex.label)
        if name not in graph.counts or vertex.id in read:
            continue
        place = places.get(vertex.id)
        if place is None or place[0] != name:
            place = name, len(ids[name])
            ids[name].append(vertex.id)
        read[vertex.id] = place
        vertices.setdefault(name, []).append(vertex)
    counts = {name: len(members) for name, members in ids.items()}
    features, terms = dict(graph.features), dict(graph.terms)
    for name, found in vertices.items():
        rows = np.array([read[vertex.id][1] for vertex in found], np.int64)
        cells = {vertex.id: vertex.values for vertex in found}
        if name in features:
            encoded = encoded_rows(cells, stored.encodings[name])
            features[name] = _with_rows(features[name], counts[name], rows, encoded)
        if name in terms:
            counted = counted_rows(cells, stored.term_encodings[name])
            terms[name] = _with_terms(terms[name], counts[name], rows, counted)
    every: Places = ChainMap(read, places)
    edges = _edges(graph, counts, read, neighbourhood.links)
    moved = TypedGraph(counts, edges, features, terms)
    extended = replace(stored, graph=moved, ids=ids)
    return Extension(extended, every, graph.counts)


def type_of(label: str) -> str:
    """Return the type of a vertex, as exports name it, from Gremlin's `label()`."""
    return ";".join(split_labels(label))


def encoded_rows(elements: Mapping[Literal, Cells], encodings: Sequence[Encoding]) -> Floats:
    """Encode the features of elements that were read: float32 `[elements, width]`.

    Raises ValueError for a value that does not fit its encoding.
    """
    try:
        return encode(_columns(elements, encodings), encodings).values
    except UnfitCell as error:
        raise ValueError(f"{list(elements)[error.row]!r}: {error}") from error


def counted_rows(
    elements: Mapping[Literal, Cells], encodings: Sequence[TermEncoding]
) -> sparse.csr_array:
    """Count the terms of elements that were read: float32 `[elements, terms]`."""
    return count_terms(_columns(elements, encodings), encodings, len(elements)).values


def _columns(
    elements: Mapping[Literal, Cells], encodings: Sequence[Encoding | TermEncoding]
) -> dict[str, list[str]]:
    columns = {}
    for encoding in encodings:
        separator = getattr(encoding, "separator", None)  # dates have none
        columns[encoding.name] = [
            _cell(cells.get(encoding.name, ()), separator) for cells in elements.values()
        ]
    return columns


def _cell(values: Sequence[str], separator: str | None) -> str:
    """Join values as an export writes them into one cell."""
    if not values:
        return ""
    if not separator or len(values) == 1:
        return values[0]
    return separator.join(value.replace(separator, f"\\{separator}") for value in values)


def _with_rows(features: Features, count: int, rows: Indexes, encoded: Floats) -> Features:
    values = np.zeros((count, features.values.shape[1]), np.float32)
    values[: len(features.values)] = features.values
    values[rows] = encoded
    return Features(values, features.blocks)


def _with_terms(terms: Terms, count: int, rows: Indexes, counted: sparse.csr_array) -> Terms:
    # The rows come from one pile: those that stay, then those that were read.
    before = terms.values.shape[0]
    piled = sparse.vstack([terms.values, counted, sparse.csr_array((1, counted.shape[1]))], "csr")
    from_pile = np.full(count, before + len(rows), np.int64)
    from_pile[:before] = np.arange(before)
    from_pile[rows] = before + np.arange(len(rows))
    return Terms(sparse.csr_array(piled)[from_pile], terms.blocks)


def _edges(
    graph: TypedGraph,
    counts: Mapping[str, int],
    read: Mapping[Literal, Place],
    links: Sequence[ReadLinks],
) -> dict[Relation, Edges]:
    """Return all relations with the read links in them."""
    complete: dict[tuple[str, Direction, str], list[int]] = {}
    added: dict[Relation, list[tuple[int, int]]] = {}
    for each in links:
        if each.vertex not in read:
            continue
        name, own = read[each.vertex]
        if each.complete:
            complete.setdefault((each.label, each.direction, name), []).append(own)
        for other in each.others:
            if other not in read:
                continue
            other_name, number = read[other]
            outward = each.direction == "out"
            head, tail = (name, other_name) if outward else (other_name, name)
            relation = Relation(head, each.label, tail)
            if relation in graph.edges:
                pair = (own, number) if outward else (number, own)
                added.setdefault(relation, []).append(pair)
    return {
        relation: _joined(
            relation,
            edges,
            _under(complete.get((relation.label, "out", relation.head)), counts[relation.head]),
            _under(complete.get((relation.label, "in", relation.tail)), counts[relation.tail]),
            added.get(relation, []),
        )
        for relation, edges in graph.edges.items()
    }


def _under(numbers: Sequence[int] | None, count: int) -> Mask | None:
    if numbers is None:
        return None
    mask = np.zeros(count, np.bool_)
    mask[np.array(numbers, np.int64)] = True
    return mask


def _joined(
    relation: Relation,
    edges: Edges,
    heads: Mask | None,
    tails: Mask | None,
    added: Sequence[tuple[int, int]],
) -> Edges:
    """Join the added edges to the stored ones, without those at the `heads` and `tails` under the
    masks."""
    stale = np.zeros(len(edges), np.bool_)
    if heads is not None:
        stale |= heads[edges.heads]
    if tails is not None:
        stale |= tails[edges.tails]
    if not stale.any() and not added:
        return edges
    kept = edges.select(~stale) if stale.any() else edges
    pairs = np.array(added, np.int64).reshape(-1, 2)
    same_type = relation.head == relation.tail
    new = distinct_edges(pairs[:, 0], pairs[:, 1], same_type=same_type)
    new = new.select(~_among(new, kept))
    return Edges(np.concatenate([kept.heads, new.heads]), np.concatenate([kept.tails, new.tails]))


def _among(some: Edges, edges: Edges) -> Mask:
    """Return a mask of the edges that are among others: only those at the same heads are
    compared."""
    if not len(some):
        return np.zeros(0, np.bool_)
    concerned = np.zeros(int(max(some.heads.max(), edges.heads.max(initial=0))) + 1, np.bool_)
    concerned[some.heads] = True
    near = edges.select(concerned[edges.heads])
    width = int(max(some.tails.max(), near.tails.max(initial=0))) + 1
    found: Mask = np.isin(some.heads * width + some.tails, near.heads * width + near.tails)
    return found
