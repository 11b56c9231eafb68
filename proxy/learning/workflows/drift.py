"""Drift of a live graph from the one that a model was trained on, and what to do about it.

Counts are the database's; ids and properties are read of a sample of the vertices of each type.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import T
from numpy.typing import NDArray
from scipy.special import chdtri

from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph import GraphCounts, GraphError, Server
from gremlink.proxy.graph.export.elements import texts_of
from gremlink.proxy.graph.labels import spellings, split_labels
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.graph.server.typed_values import literal_of
from gremlink.proxy.learning.features.encoding import UnfitCell
from gremlink.proxy.learning.features.encodings import Encoding
from gremlink.proxy.learning.features.terms import TermEncoding
from gremlink.proxy.learning.inductive.extension import counted_rows, encoded_rows, type_of
from gremlink.proxy.learning.inductive.neighbourhood import Cells
from gremlink.proxy.learning.processing.drift import MOST_WITH_FEATURES, MOST_WITHOUT
from gremlink.proxy.learning.trained.stored_graph import StoredGraph, stored_graph_of
from gremlink.proxy.store.artifacts import read_artifact
from gremlink.proxy.store.errors import StoreError
from gremlink.proxy.store.reading import making

SAMPLE = 1000
"""Vertices of each type that are read."""

MOST_TYPES = 20
"""Types of vertices of which a sample is read, the largest ones."""

SECONDS = 20.0
"""Seconds for all questions to the database together."""

SLIGHT, LARGE = 0.1, 0.25
"""Limits of the population stability index, those that credit scoring uses: below 0.1 no change,
from 0.25 on a large one (Siddiqi, Credit Risk Scorecards, 2006)."""

CHANCE = 0.01
"""Probability of an index that large where nothing has changed. The index of B bins of samples of m
and n elements is then about chi-square with B - 1 degrees of freedom times 1/m + 1/n (Yurdakul and
Naranjo, Statistical properties of the population stability index, 2020)."""

BINS = 10
"""Bins of a number, which are deciles of the training."""

MOST_VALUES = 20
"""Values of a category that are compared one by one; the others are one."""

PARALLEL = 200
"""Vertices whose links are counted with and without repetition, and links of each."""

NOTHING, TRANSFORM, TRAIN = "nothing", "transform", "train"
"""What to do."""


@dataclass(frozen=True, slots=True)
class CountDrift:
    """The number of elements of a label then and now; `then` is `None` for one that is new."""

    name: str
    then: int | None
    now: int


@dataclass(frozen=True, slots=True)
class PropertyDrift:
    """The population stability index `psi` of a property of a type of vertices.

    `word` is `none`, `slight` or `large`; an index that `noise`, the largest that chance explains,
    reaches says nothing.
    """

    type: str
    property: str
    psi: float
    noise: float
    sampled: int
    word: str


@dataclass(frozen=True, slots=True)
class GraphDrift:
    """The result: shares are of the elements at the training, `age` is in seconds.

    `unknown` are vertices of today, by type, that the model does not know, estimated from a sample.
    """

    advice: str
    sentence: str
    age: float
    share: float
    limit: float
    new_share: float
    vertices: Sequence[CountDrift]
    edges: Sequence[CountDrift]
    unknown: Mapping[str, float]
    properties: Sequence[PropertyDrift]
    notes: Sequence[str] = field(default_factory=tuple)

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


class NoDriftKnown(StoreError):
    """A model whose graph cannot be compared."""


def graph_drift(
    artifact: Path, created: float, server: Server, counts: GraphCounts, *, seconds: float = SECONDS
) -> GraphDrift:
    """Compare the graph in an artifact with the live one, counted as `counts`.

    `created` is the time of the endpoint, seconds since 1970. Raises `ArtifactError`,
    `NoDriftKnown`, `GraphError` where there is no connection.
    """
    found = read_artifact(artifact)
    if "vertex_types" not in found.manifest:
        raise NoDriftKnown("this model has no graph of its training with it: train it again")
    with making("a model", artifact):
        stored = stored_graph_of(found)
    if stored.rdf:
        raise NoDriftKnown("the model is of an RDF graph: drift is told of property graphs alone")
    until = time.monotonic() + seconds
    notes: list[str] = []
    vertices = _vertices(stored, counts)
    with GraphConnection(server) as connection:
        samples = _samples(connection, stored, vertices, until, notes)
        edges = _edges(connection, stored, counts, samples, until, notes)
    unknown = {
        name: sum(each not in known for each in sample) / len(sample)
        for name, sample in samples.items()
        if sample and (known := set(stored.ids[name])) is not None
    }
    properties = [
        each for name, sample in samples.items() for each in _properties(stored, name, sample)
    ]
    compared = {(each.type, each.property) for each in properties}
    left = [
        f"{key} of {name}"
        for name, sample in samples.items()
        for key in (_keys(stored, name) if sample else ())
        if (name, key) not in compared
    ]
    if left:
        notes.append(f"No distribution is compared of {', '.join(left[:5])}.")
    properties.sort(key=lambda each: (each.word == "none", -each.psi))
    return _advised(stored, vertices, edges, unknown, properties, notes, time.time() - created)


def _vertices(stored: StoredGraph, counts: GraphCounts) -> list[CountDrift]:
    now = {";".join(labels): counted.count for labels, counted in counts.nodes.items()}
    then = stored.graph.counts
    known = [CountDrift(name, count, now.get(name, 0)) for name, count in then.items()]
    return known + [CountDrift(name, None, n) for name, n in now.items() if name not in then]


def _samples(
    connection: GraphConnection,
    stored: StoredGraph,
    vertices: Sequence[CountDrift],
    until: float,
    notes: list[str],
) -> dict[str, dict[Literal, Cells]]:
    """Read some vertices of each type, by chance: id and the properties that have an encoding."""
    known = [each for each in vertices if each.then is not None and each.now]
    known.sort(key=lambda each: -each.now)
    if len(known) > MOST_TYPES:
        notes.append(f"Properties are compared for the {MOST_TYPES} largest types of {len(known)}.")
    found: dict[str, dict[Literal, Cells]] = {}
    for each in known[:MOST_TYPES]:
        keys = _keys(stored, each.name)
        some = g.V().has_label(*_labels(each.name))
        if each.now > SAMPLE:
            some = some.coin(min(1.0, 1.5 * SAMPLE / each.now))
        values = __.properties(*keys).project("k", "v").by(__.key()).by(__.value()).fold()
        rows = some.limit(SAMPLE).project("i", "l", "p").by(T.id).by(T.label)
        rows = rows.by(values if keys else __.constant(0))
        try:
            left = max(0.1, until - time.monotonic())
            found[each.name] = {
                literal_of(row["i"]): _cells(row["p"] if keys else ())
                for row in connection.submit(rows.bytecode, seconds=left)
                if type_of(str(row["l"])) == each.name
            }
        except (GraphError, TypeError) as error:  # an id of a type that models do not know
            notes.append(f"{each.name}: no sample could be read: {str(error)[:200]}")
    return found


def _labels(name: str) -> tuple[str, ...]:
    """Return labels of which each vertex of a type has one, whichever the database joins."""
    return tuple(dict.fromkeys((*spellings(name), split_labels(name)[0])))


def _keys(stored: StoredGraph, name: str) -> list[str]:
    encodings: list[Encoding | TermEncoding] = [
        *stored.encodings.get(name, ()),
        *stored.term_encodings.get(name, ()),
    ]
    return list(dict.fromkeys(each.name for each in encodings))


def _cells(properties: Sequence[Mapping[str, Any]]) -> Cells:
    found: dict[str, list[str]] = {}
    for each in properties:
        found.setdefault(str(each["k"]), []).extend(texts_of(each["v"]))
    return found


def _edges(
    connection: GraphConnection,
    stored: StoredGraph,
    counts: GraphCounts,
    samples: Mapping[str, Mapping[Literal, Cells]],
    until: float,
    notes: list[str],
) -> list[CountDrift]:
    """Compare edges by label.

    A training knows distinct links, the database counts edges. Where these are more, some links
    are looked at, and edges that repeat another one are left out by their share.
    """
    then: dict[str, int] = {}
    heads: dict[str, list[str]] = {}
    for relation, edges in stored.graph.edges.items():
        then[relation.label] = then.get(relation.label, 0) + len(edges)
        heads.setdefault(relation.label, []).append(relation.head)
    found = []
    for label, before in then.items():
        now = counts.edges[label].count if label in counts.edges else 0
        if now > before:
            try:
                left = max(0.1, until - time.monotonic())
                share = _distinct(connection, label, heads[label], left)
                now = max(round(now * share), min(now, before)) if share < 1 else now
            except GraphError as error:
                notes.append(f"{label}: repeated links are counted, too: {str(error)[:200]}")
        found.append(CountDrift(label, before, now))
    others = [label for label in counts.edges if label not in then]
    return found + [CountDrift(label, None, counts.edges[label].count) for label in others]


def _distinct(
    connection: GraphConnection, label: str, heads: Sequence[str], seconds: float
) -> float:
    """Return the share of distinct links among the edges that leave some vertices."""
    some = (
        g.V().has_label(*{label for name in heads for label in _labels(name)}).where(__.out(label))
    )
    links = __.out(label).limit(PARALLEL).fold()
    rows = some.limit(PARALLEL).local(links).project("a", "d")
    rows = rows.by(__.unfold().count()).by(__.unfold().dedup().count())
    total = distinct = 0
    for row in connection.submit(rows.bytecode, seconds=seconds):
        total, distinct = total + int(row["a"]), distinct + int(row["d"])
    return distinct / total if total else 1.0


def _properties(
    stored: StoredGraph, name: str, sample: Mapping[Literal, Cells]
) -> list[PropertyDrift]:
    """Compare the distributions of the properties of a type."""
    if not sample:
        return []
    found = []
    graph = stored.graph
    if name in graph.terms and stored.term_encodings.get(name):
        then, now = graph.terms[name].values, counted_rows(sample, stored.term_encodings[name])
        for terms in graph.terms[name].blocks:
            before, after = (
                np.asarray(each[:, terms.start : terms.stop].sum(axis=0)).ravel().astype(float)
                for each in (then, now)
            )
            # Vertices without any known value are a value of their own.
            empty = [
                float((np.diff(each[:, terms.start : terms.stop].indptr) == 0).sum())
                for each in (then, now)
            ]
            found.append(
                _compared(
                    name,
                    terms.property,
                    _binned(before, empty[0]),
                    _binned_as(before, after, empty[1]),
                    len(sample),
                )
            )
    seen = {each.property for each in found}
    if name not in graph.features:
        return found
    for encoding, block in zip(stored.encodings[name], graph.features[name].blocks, strict=False):
        if block.property in seen or block.property != encoding.name:
            continue
        columns = graph.features[name].values[:, block.start : block.stop].astype(float)
        try:
            encoded = encoded_rows(sample, [encoding]).astype(float)
        except (UnfitCell, ValueError):
            continue
        if columns.shape[1] == 1:
            edges = np.unique(np.quantile(columns, np.linspace(0, 1, BINS + 1)[1:-1]))
            counted = [
                np.bincount(
                    np.searchsorted(edges, each[:, 0], side="left"), minlength=len(edges) + 1
                )
                for each in (columns, encoded)
            ]
        elif ((columns == 0) | (columns == 1)).all():
            counted = [
                np.append(each.sum(axis=0), (each.sum(axis=1) == 0).sum())
                for each in (columns, encoded)
            ]
        else:  # mixtures of words, vectors of text: their numbers have no bins that say something
            continue
        found.append(_compared(name, block.property, counted[0], counted[1], len(sample)))
    return found


Counts = NDArray[Any]


def _binned(counts: Counts, empty: float) -> Counts:
    return _binned_as(counts, counts, empty)


def _binned_as(order: Counts, counts: Counts, empty: float) -> Counts:
    """Return the counts of the most frequent values by `order`, of all others, of no value."""
    places = np.argsort(-order, kind="stable")
    most = counts[places[:MOST_VALUES]]
    return np.concatenate([most, [counts[places[MOST_VALUES:]].sum(), empty]])


def _compared(
    type: str, property: str, before: Counts, after: Counts, sampled: int
) -> PropertyDrift:
    psi, noise = stability_index(np.asarray(before, float), np.asarray(after, float))
    word = "none" if psi < SLIGHT or psi <= noise else "slight" if psi < LARGE else "large"
    return PropertyDrift(type, property, round(psi, 4), round(noise, 4), sampled, word)


def stability_index(before: Counts, after: Counts) -> tuple[float, float]:
    """Return the population stability index of two histograms, and the largest by chance."""
    there = (before + after) > 0
    before, after = before[there], after[there]
    if len(before) < 2 or not before.sum() or not after.sum():
        return 0.0, 0.0
    # Half an element in each bin, so that an empty one has a logarithm.
    shares = [(each + 0.5) / (each.sum() + 0.5 * len(each)) for each in (before, after)]
    psi = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    if np.array_equal(before, after):
        psi = 0.0
    scale = 1 / before.sum() + 1 / after.sum()
    return psi, float(chdtri(len(before) - 1, CHANCE)) * scale


def _advised(
    stored: StoredGraph,
    vertices: Sequence[CountDrift],
    edges: Sequence[CountDrift],
    unknown: Mapping[str, float],
    properties: Sequence[PropertyDrift],
    notes: Sequence[str],
    age: float,
) -> GraphDrift:
    graph = stored.graph
    new = gone = 0.0
    for each in vertices:
        if each.then is None:
            continue
        arrived = max(each.now - each.then, unknown.get(each.name, 0.0) * each.now, 0.0)
        new += arrived
        gone += max(each.then - (each.now - arrived), 0.0)
    links = sum(abs(each.now - each.then) for each in edges if each.then is not None)
    total = max(graph.vertex_count + graph.edge_count, 1)
    share = (new + gone + links) / total
    featured = sum(graph.counts[name] for name in graph.features)
    limit = MOST_WITH_FEATURES if featured == graph.vertex_count else MOST_WITHOUT
    moved = [each for each in properties if each.word == "large"]
    days = max(age, 0.0) / 86400
    old = f"The model is {days:.0f} days old. " if days >= 2 else ""
    if share >= limit:
        advice = TRAIN
        why = (
            f"Train again: {share:.0%} of the graph is not as it was in training, and from"
            f" {limit:.0%} on a model should be trained anew."
        )
    elif moved:
        advice = TRAIN
        names = ", ".join(f"{each.property} of {each.type}" for each in moved[:3])
        why = f"Train again: the values of {names} are distributed otherwise than in training."
    elif new >= 0.5:
        advice = TRANSFORM
        why = (
            f"Transform: {new:,.0f} vertices came after the training, and the rest is much as it"
            f" was ({share:.1%} differs, the limit is {limit:.0%}). A transform gives them"
            " predictions without training; inductive queries know them at once."
        )
    else:
        advice = NOTHING
        why = (
            f"Nothing to do: {share:.1%} of the graph is not as it was in training, and the limit"
            f" is {limit:.0%}."
        )
    more = [each for each in (*vertices, *edges) if each.then is None]
    added = list(notes)
    if more:
        listed = ", ".join(each.name for each in more[:5])
        added.append(f"The training did not see these labels at all: {listed}.")
    now = sum(each.now for each in vertices if each.then is not None)
    return GraphDrift(
        advice,
        old + why,
        age,
        round(share, 4),
        limit,
        round(new / now, 4) if now else 0.0,
        vertices,
        edges,
        {name: round(each, 4) for name, each in unknown.items()},
        properties,
        tuple(added),
    )
