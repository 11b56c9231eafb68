"""Groups of a picture's vertices, for its colours and shapes: by type, links, property, segment.

The properties are those that the model keeps: what its training read, and known values of its
target. So a picture asks no database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.features.category import CategoryEncoding
from gremlink.proxy.learning.features.dates import DatetimeEncoding
from gremlink.proxy.learning.features.encodings import Encoding
from gremlink.proxy.learning.features.numerical import BucketEncoding, NumericalEncoding
from gremlink.proxy.learning.graph import DIRECTIONS
from gremlink.proxy.learning.properties.prediction.model import PropertyModel
from gremlink.proxy.learning.segments.clustering import segments
from gremlink.proxy.learning.segments.marks import marks
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.target import Form
from gremlink.proxy.studio.plane.places import Cache, Sample, stamp_of
from gremlink.proxy.studio.sparql import local

TYPE, LINKS, SEGMENT = "type", "links", "segment"
PROPERTY = "property:"
"""The start of a property's name among the ways to colour."""

STEPS = 5
"""Ranges that numbers fall into, with as many vertices each as they allow."""

OTHERS, WITHOUT = "others", "no value"

MOST_GROUPS = 12
"""Groups with a colour of their own in the page's style; others share one. Of many points, shapes
are seen only from near."""

SHAPES = ("circle", "square", "triangle", "diamond")

_Values = dict[str, NDArray[Any]]
"""Values of all vertices by type: float64 with `nan`, or texts, empty where there are none."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of vertices: its name, and how its points are drawn.

    `colour` is a name of the page's style, `size` a factor. Names, shapes and sizes tell groups
    apart without their colours.
    """

    name: str
    count: int
    colour: str
    shape: str = "circle"
    size: float = 1.0

    @classmethod
    def numbered(cls, name: str, count: int, place: int) -> Group:
        """Return one of the named groups, of `MOST_GROUPS`."""
        return cls(name, count, f"c{place + 1}", SHAPES[place % len(SHAPES)])

    @classmethod
    def step(cls, name: str, count: int, step: int) -> Group:
        """Return a range of numbers: larger ones have larger points."""
        return cls(name, count, f"r{step + 1}", size=0.7 + 0.2 * step)


@dataclass(frozen=True, slots=True)
class Colouring:
    """Groups and, uint8 `[points]`, the one of each point; `hint` says what a reader must know."""

    key: str
    groups: tuple[Group, ...]
    codes: NDArray[np.uint8]
    hint: str = ""


_made: Cache[Colouring] = Cache(8)


def ways(sample: Sample) -> list[tuple[str, str]]:
    """Return the ways to colour, each with its name."""
    keys = {key for name in sample.types for key in _readers(sample, name)}
    shown = [local(key) for key in keys] if sample.embeddings.stored.rdf else []
    properties = [
        (PROPERTY + key, local(key) if shown.count(local(key)) == 1 else key)
        for key in sorted(keys)
    ]
    first = [(TYPE, "type"), (LINKS, "number of links"), (SEGMENT, "segment")]
    return [*first, *properties]


def colouring(artifact: Path, sample: Sample, key: str) -> Colouring:
    """Return the groups of a sample's points. Raises KeyError for a way that there is not.

    Segments take some seconds; call it in a thread.
    """
    if key not in dict(ways(sample)):
        raise KeyError(key)
    embeddings = sample.embeddings.network, len(sample)
    return _made.get((*stamp_of(artifact), embeddings, key), lambda: _coloured(sample, key))


def _coloured(sample: Sample, key: str) -> Colouring:
    if key == TYPE:
        return _named(key, np.array(sample.types, object)[sample.kinds], sample.types)
    if key == LINKS:
        return _ranges(key, _points_of(sample, _links(sample)))
    if key == SEGMENT:
        return _named(
            key,
            _points_of(sample, _segments(sample)),
            hint="Parts that lie together, found among the embeddings of each type.",
        )
    return _by_property(sample, key, key.removeprefix(PROPERTY))


def _by_property(sample: Sample, key: str, name: str) -> Colouring:
    found: _Values = {}
    for vertex_type in sample.types:
        read = _readers(sample, vertex_type).get(name)
        if read is not None:
            found[vertex_type] = read()
    hint = "" if len(found) == len(sample.types) else f"Of {', '.join(found)}."
    if all(values.dtype.kind == "f" for values in found.values()):
        filled = "A number that was missing is as the training filled it in."
        return _ranges(key, _points_of(sample, found), hint=f"{hint} {filled}".strip())
    texts = {
        each: np.array([_number(value) for value in values], object)
        if values.dtype.kind == "f"
        else values
        for each, values in found.items()
    }
    if any(_has_several(sample.embeddings.stored, each, name) for each in found):
        hint = f"{hint} Of several values the one that most vertices have counts.".strip()
    return _named(key, _points_of(sample, texts), hint=hint)


def _has_several(stored: StoredGraph, vertex_type: str, name: str) -> bool:
    """Return `True` if a vertex may have several values of a property."""
    if vertex_type in stored.graph.terms:
        return True
    encodings = {each.name: each for each in stored.encodings.get(vertex_type, ())}
    encoding = encodings.get(name)
    return isinstance(encoding, CategoryEncoding) and encoding.separator is not None


def _points_of(sample: Sample, values: _Values) -> NDArray[Any]:
    """Return the values of the points; types that are not there have none."""
    numbers = all(each.dtype.kind == "f" for each in values.values())
    found: NDArray[Any] = np.full(
        len(sample), np.nan if numbers else "", float if numbers else object
    )
    for kind, name in enumerate(sample.types):
        if name in values:
            own = sample.kinds == kind
            found[own] = values[name][sample.rows[own]]
    return found


# -- groups


def _named(
    key: str, texts: NDArray[Any], order: Sequence[str] | None = None, hint: str = ""
) -> Colouring:
    """Make a group of each text, the largest first, or in an order that is given."""
    places: dict[str, int] = {}
    of = np.array([places.setdefault(str(text), len(places)) for text in texts], np.int64)
    counts = np.bincount(of, minlength=len(places))
    present = [name for name in places if name]
    ranked = sorted(present, key=lambda name: (-int(counts[places[name]]), name))
    if order is not None:
        ranked = [name for name in order if name in places]
    kept = ranked if len(ranked) <= MOST_GROUPS else ranked[: MOST_GROUPS - 1]
    groups = [Group.numbered(name, int(counts[places[name]]), at) for at, name in enumerate(kept)]
    codes = np.full(len(places), len(kept), np.int64)
    codes[[places[name] for name in kept]] = np.arange(len(kept))
    rest = sum(int(counts[places[name]]) for name in ranked[len(kept) :])
    if rest:
        groups.append(Group(f"{OTHERS} ({len(ranked) - len(kept)})", rest, "quiet", "plus"))
    if "" in places:
        codes[places[""]] = len(groups)
        groups.append(Group(WITHOUT, int(counts[places[""]]), "quiet", size=0.6))
    return Colouring(key, tuple(groups), codes[of].astype(np.uint8), hint)


def _ranges(key: str, numbers: NDArray[np.float64], hint: str = "") -> Colouring:
    """Make groups of numbers, with about as many vertices each; equal numbers stay together."""
    known = np.isfinite(numbers)
    values = numbers[known]
    inner = np.unique(np.quantile(values, np.arange(1, STEPS) / STEPS)) if len(values) else values
    distinct = np.unique(values)
    if len(distinct) <= STEPS:
        inner = distinct[1:]
    inner = inner[inner > distinct[0]] if len(distinct) else inner
    found = np.searchsorted(inner, values, side="right")
    _, found = np.unique(found, return_inverse=True)
    codes = np.zeros(len(numbers), np.int64)
    codes[known] = found.reshape(-1)
    groups: list[Group] = []
    last = int(codes[known].max(initial=-1))
    for at in range(last + 1):
        own = values[found.reshape(-1) == at]
        low, high = (_number(each) for each in (own.min(), own.max()))
        step = 0 if last == 0 else round(at * (STEPS - 1) / last)
        groups.append(Group.step(low if low == high else f"{low} to {high}", len(own), step))
    if not known.all():
        codes[~known] = len(groups)
        groups.append(Group(WITHOUT, int((~known).sum()), "quiet", size=0.6))
    return Colouring(key, tuple(groups), codes.astype(np.uint8), hint)


def _number(value: float) -> str:
    """Return a number as its 32 bits hold it."""
    if np.isnan(value):
        return ""
    return f"{value:.0f}" if abs(value) >= 1e6 else f"{value:.6g}"


# -- values


def _links(sample: Sample) -> _Values:
    """Count the edges of each vertex, in both directions."""
    graph = sample.embeddings.stored.graph
    found: _Values = {name: np.zeros(graph.counts[name]) for name in sample.types}
    for relation, edges in graph.edges.items():
        for direction, ends in zip(DIRECTIONS, (edges.heads, edges.tails), strict=True):
            name = relation.source_type(direction)
            if name in found:
                found[name] += np.bincount(ends, minlength=graph.counts[name])
    return found


def _segments(sample: Sample) -> _Values:
    """Return the segments, each with the strongest of what marks it."""
    found: _Values = {}
    stored = sample.embeddings.stored
    for name in sample.types:
        of = segments(np.asarray(sample.embeddings.tables[name], np.float32)).of
        kind = name if len(sample.types) > 1 else "segment"
        texts = [
            ": ".join([f"{kind} {number}", *(mark.describe() for mark in of_segment)])
            for number, of_segment in enumerate(marks(stored, name, of, limit=1))
        ]
        found[name] = np.array([*texts, ""], object)[of]  # NONE, -1, is the last
    return found


def _readers(sample: Sample, vertex_type: str) -> dict[str, Callable[[], NDArray[Any]]]:
    """Return for each property of a type that can be read a function that reads it."""
    stored = sample.embeddings.stored
    found: dict[str, Callable[[], NDArray[Any]]] = {}
    features = stored.graph.features.get(vertex_type)
    encodings = {each.name: each for each in stored.encodings.get(vertex_type, ())}
    for block in features.blocks if features is not None else ():
        encoding = encodings.get(block.property)
        if encoding is not None and _is_read(encoding, block.kind):
            assert features is not None
            values = features.values[:, block.start : block.stop]
            found[block.property] = partial(_decoded, encoding, values)
    found.update(_of_terms(stored, vertex_type))
    model = sample.model
    if isinstance(model, PropertyModel) and model.target.owner == vertex_type:
        found[model.target.key] = partial(_known, model, stored.graph.counts[vertex_type])
    return found


def _is_read(encoding: Encoding, kind: str) -> bool:
    if isinstance(encoding, DatetimeEncoding):
        return any(part == "year" for part, _ in encoding.parts)
    known = isinstance(encoding, CategoryEncoding | NumericalEncoding | BucketEncoding)
    return known and kind == encoding.kind


def _decoded(encoding: Encoding, values: NDArray[np.float32]) -> NDArray[Any]:
    """Return the values behind encoded ones."""
    if isinstance(encoding, NumericalEncoding):
        return values[:, 0].astype(np.float64) * encoding.scale + encoding.shift
    names: Sequence[Any] = encoding.columns
    if isinstance(encoding, DatetimeEncoding):
        columns = [at for at, name in enumerate(names) if name.startswith("year=")]
        years = np.array([float(names[at].removeprefix("year=")) for at in columns])
        return np.where(
            values[:, columns].any(axis=1), years[values[:, columns].argmax(axis=1)], np.nan
        )
    texts = np.array([*names, ""], object)
    if isinstance(encoding, CategoryEncoding) and encoding.has_other:
        texts[len(names) - 1] = OTHERS
    return texts[np.where(values.any(axis=1), values.argmax(axis=1), len(names))]


def _of_terms(stored: StoredGraph, vertex_type: str) -> dict[str, Callable[[], NDArray[Any]]]:
    """Return the readers of categories that are kept as terms."""
    terms = stored.graph.terms.get(vertex_type)
    if terms is None:
        return {}
    found: dict[str, Callable[[], NDArray[Any]]] = {}
    for block, own in zip(terms.blocks, stored.term_encodings[vertex_type], strict=True):
        if block.kind == "text":
            continue

        def read(block: Any = block, own: Any = own) -> NDArray[Any]:
            part = terms.values[:, block.start : block.stop].tocoo()
            rows, columns = part.coords
            often = np.bincount(columns, minlength=part.shape[1])
            order = np.lexsort((columns, -often[columns], rows))
            first = np.unique(rows[order], return_index=True)[1]
            names = np.array([str(getattr(each, "value", each)) for each in own.terms], object)
            texts = np.full(part.shape[0], "", object)
            texts[rows[order][first]] = names[columns[order][first]]
            return texts

        found[block.property] = read
    return found


def _known(model: PropertyModel, count: int) -> NDArray[Any]:
    """Return the known values of the target: of several classes the one that most have."""
    (rows,) = model.known.ends
    truth = model.known.truth
    if model.target.form is Form.NUMBER:
        numbers = np.full(count, np.nan)
        numbers[rows] = truth[:, 0].astype(np.float64) + model.target.origin
        return numbers
    order = np.argsort(-truth.sum(axis=0), kind="stable")
    texts = np.full(count, "", object)
    names = np.array([str(each.value) for each in model.target.classes], object)[order]
    has = truth.any(axis=1)
    texts[rows[has]] = names[truth[has][:, order].argmax(axis=1)]
    return texts
