"""Marks of segments: properties and links that their vertices have more often than all.

Each property value, word, range of numbers and linked vertex is counted inside the segment and in
the whole. Numbers are counted by their quarters, the ranges with a fourth of all vertices each.
Evidence is that of Dunning, "Accurate methods for the statistics of surprise and coincidence"
(Computational Linguistics 19, 1993): the log-likelihood ratio of the two-by-two table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import chdtri

from gremlink.proxy.learning.features.encodings import Encoding
from gremlink.proxy.learning.features.numerical import NumericalEncoding
from gremlink.proxy.learning.features.tfidf import TfidfEncoding
from gremlink.proxy.learning.graph import DIRECTIONS, Direction, FeatureBlock, Floats, Indexes
from gremlink.proxy.learning.trained.stored_graph import StoredGraph

Kind = Literal["property", "word", "range", "link"]

LEVEL = 0.05
"""Chance that anything at all is named of a segment that differs in nothing (Bonferroni)."""

LEAST = 2
"""Vertices with a property value or link, below which it marks nothing."""

QUARTERS = (0.25, 0.5, 0.75)

_COLUMNS = ("category", "bucket_numerical", "datetime", "text_tfidf")
"""Encodings with a column for each value."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A property value or a link that `count` of a segment's `of` vertices have.

    `all_count` of all `all_of` vertices of the type have it. `name` is the property or the label of
    the edge, `value` the value, the word, the range, or the id of the vertex at the other end;
    `direction` is there for links.
    """

    kind: Kind
    name: str
    value: str
    count: int
    of: int
    all_count: int
    all_of: int
    evidence: float
    direction: Direction | None = None

    @property
    def lift(self) -> float:
        """The share of the segment that has it, over that of all vertices."""
        return (self.count / self.of) / (self.all_count / self.all_of)

    def describe(self) -> str:
        """Return what it is, as `likes → t3`."""
        match self.kind:
            case "link":
                ends = (f"{self.name} →", self.value), (f"{self.name} ←", self.value)
                return " ".join(ends[self.direction == "in"])
            case "word":
                return f"{self.name} has “{self.value}”"
            case "range":
                return f"{self.name} from {self.value}"
        return f"{self.name} is {self.value}"


Marks = tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class _Items:
    """Items of one kind that vertices have: a binary CSR matrix `[vertices, items]`, and names."""

    kind: Kind
    name: str
    values: sparse.csr_array
    names: Sequence[Any]
    direction: Direction | None = None


def marks(
    stored: StoredGraph, vertex_type: str, of: Indexes, *, limit: int = 5
) -> tuple[Marks, ...]:
    """Return what marks each segment, the strongest evidence first.

    `of`, int64 `[vertices]`, has the segments of a type's vertices from 0, -1 for none. Of
    properties and of links at most `limit` each, properties first; those alone that are unlikely to
    be chance, though the segments were found in the same graph.
    """
    count = int(of.max(initial=-1)) + 1
    inside = np.flatnonzero(of >= 0)
    members = sparse.csr_array((np.ones(len(inside)), (of[inside], inside)), shape=(count, len(of)))
    sizes = np.bincount(of[inside], minlength=count)
    found: tuple[tuple[list[Mark], list[Mark]], ...] = tuple(([], []) for _ in range(count))
    items = [*_properties(stored, vertex_type), *_links(stored, vertex_type)]
    tested = sum(int((_totals(each) >= LEAST).sum()) for each in items) * max(count, 1)
    least = float(chdtri(1, min(1.0, 2 * LEVEL / max(tested, 1))))
    for each in items:
        for segment, mark in _marks_of(each, members, sizes, least, limit):
            found[segment][mark.kind == "link"].append(mark)
    return tuple(
        tuple(mark for side in both for mark in sorted(side, key=_strongest)[:limit])
        for both in found
    )


def _strongest(mark: Mark) -> tuple[float, str, str]:
    return -mark.evidence, mark.name, mark.value


def _totals(items: _Items) -> Indexes:
    return np.bincount(items.values.indices, minlength=items.values.shape[1])


def _marks_of(
    items: _Items, members: sparse.csr_array, sizes: Indexes, least: float, limit: int
) -> Iterator[tuple[int, Mark]]:
    """Yield the segments and marks of one kind of items, at most `limit` for each segment."""
    every = items.values.shape[0]
    counts = sparse.coo_array(members @ items.values)
    rows, columns = counts.coords
    count = counts.data.astype(np.float64)
    total = _totals(items)[columns].astype(np.float64)
    of = sizes[rows].astype(np.float64)
    evidence = _evidence(count, of, total, every)
    strong = np.flatnonzero((count > of * total / every) & (evidence > least) & (total >= LEAST))
    strong = strong[np.lexsort((columns[strong], -evidence[strong], rows[strong]))]
    first = np.searchsorted(rows[strong], rows[strong])  # of its segment
    for place in strong[np.arange(len(strong)) - first < limit]:
        segment = int(rows[place])
        yield (
            segment,
            Mark(
                items.kind,
                items.name,
                _text(items.names[int(columns[place])]),
                int(count[place]),
                int(sizes[segment]),
                int(total[place]),
                every,
                round(float(evidence[place]), 2),
                items.direction,
            ),
        )


def _evidence(
    count: NDArray[np.float64], of: NDArray[np.float64], total: NDArray[np.float64], every: int
) -> NDArray[np.float64]:
    """Return the log-likelihood ratios of tables: float64 `[tables]`, each of one degree of
    freedom."""
    ratio = np.zeros(len(count))
    for inside, having in ((True, True), (True, False), (False, True), (False, False)):
        row = of if inside else every - of
        column = total if having else every - total
        if inside and having:
            observed = count
        elif inside:
            observed = of - count
        elif having:
            observed = total - count
        else:
            observed = every - of - total + count
        expected = row * column / every
        told = observed > 0
        ratio[told] += observed[told] * np.log(observed[told] / expected[told])
    return 2.0 * ratio


def _properties(stored: StoredGraph, vertex_type: str) -> Iterator[_Items]:
    """Yield the values of each property: all of them where the graph has terms, else those that
    have a column of their own."""
    told: set[str] = set()
    terms = stored.graph.terms.get(vertex_type)
    if terms is not None:
        for part, own in zip(terms.blocks, stored.term_encodings[vertex_type], strict=True):
            told.add(part.property)
            kind: Kind = "word" if part.kind == "text" else "property"
            values = _binary(terms.values[:, part.start : part.stop])
            yield _Items(kind, part.property, values, own.terms)
    features = stored.graph.features.get(vertex_type)
    if features is None:
        return
    encodings = {encoding.name: encoding for encoding in stored.encodings[vertex_type]}
    for block in features.blocks:
        encoding = encodings.get(block.property)
        if encoding is None or block.property in told:
            continue
        found = _columns(encoding, block, features.values[:, block.start : block.stop])
        if found is not None:
            yield found


def _columns(encoding: Encoding, block: FeatureBlock, values: Floats) -> _Items | None:
    """Return the values that the columns of a property tell, `None` where these are mixtures."""
    if isinstance(encoding, NumericalEncoding) and block.kind == "numerical":
        return _ranges(encoding, values[:, 0])
    if block.kind not in _COLUMNS:
        return None
    if isinstance(encoding, TfidfEncoding) and encoding.columns != encoding.terms:
        return None
    kind: Kind = "word" if block.kind == "text_tfidf" else "property"
    names = encoding.columns[: values.shape[1]]
    return _Items(kind, block.property, _binary(sparse.csr_array(values)), names)


def _ranges(encoding: NumericalEncoding, values: Floats) -> _Items | None:
    """Return the quarter that each number is in; numbers with few values fall into fewer ranges."""
    numbers = values.astype(np.float64) * encoding.scale + encoding.shift
    low, high = float(numbers.min(initial=np.inf)), float(numbers.max(initial=-np.inf))
    inner = np.unique(np.quantile(numbers, QUARTERS)) if len(numbers) else np.zeros(0)
    inner = inner[(inner > low) & (inner <= high)]
    if not low < high:
        return None
    if not len(inner):
        inner = np.array([high])
    places = np.searchsorted(inner, numbers, side="right")
    names = []
    for place in range(len(inner) + 1):
        own = numbers[places == place]
        names.append(f"{_number(own.min())} to {_number(own.max())}" if len(own) else "")
    shape = (len(numbers), len(inner) + 1)
    ones = np.ones(len(numbers), np.float32)
    matrix = sparse.csr_array((ones, (np.arange(len(numbers)), places)), shape=shape)
    return _Items("range", encoding.name, matrix, names)


def _number(value: float) -> str:
    """Return a number as its 32 bits hold it."""
    return f"{value:.0f}" if abs(value) >= 1e6 else f"{value:.6g}"


def _links(stored: StoredGraph, vertex_type: str) -> Iterator[_Items]:
    """Yield the vertices at the other ends of each relation, in each direction."""
    for relation in stored.relations:
        for direction in DIRECTIONS:
            if relation.source_type(direction) == vertex_type:
                links = stored.graph.adjacency(relation)
                matrix = links if direction == "out" else sparse.csr_array(links.T)
                names = stored.ids[relation.target_type(direction)]
                yield _Items("link", relation.label, matrix, names, direction)


def _binary(values: sparse.csr_array) -> sparse.csr_array:
    found = sparse.csr_array(values, dtype=np.float64, copy=True)
    found.eliminate_zeros()
    found.data.fill(1.0)
    return found


def _text(name: Any) -> str:
    return str(getattr(name, "value", name))
