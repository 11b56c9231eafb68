"""Explanations of predicted properties: each method's part, what features and links add, examples.

What a feature or a link adds is measured on the served model: its methods look at the graph once
more without it (leave one covariate out: Lei et al., "Distribution-free predictive inference for
regression", JASA 2018; occlusion), weights and decision thresholds included. So parts that only
together say something share nothing, and parts that say the same count little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import cast

import numpy as np
from scipy import sparse

from gremlink.grammar.traversal import Argument, Entries, Items, Kind, Literal
from gremlink.proxy.learning.features.encoding import Encoding, UnfitCell
from gremlink.proxy.learning.features.scaling import unit_blocks
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Features,
    Floats,
    Indexes,
    Mask,
    Relation,
    TermBlock,
    Terms,
    TypedGraph,
)
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.context import Known
from gremlink.proxy.learning.properties.methods.method import BaseModel, StoredModel
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.properties.mixture import blended
from gremlink.proxy.learning.properties.prediction.model import PropertyModel
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects
from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings

EXAMPLES = 5
"""Known elements that are most like the asked one."""

SHOWN = 10
"""Features and neighbours that are listed, of one result."""

NEIGHBOURS = 20
"""Most neighbours that are left out one by one."""

TRIALS = 40
"""Most looks at the graph for one element."""

LEAST_TRIALS = 6
"""Looks that every graph gets."""

MOST_CELLS = 50_000_000
"""Numbers of the graph that all looks for one element may go through. A look of the dearest
methods, `hops` and `collective`, took 0.09 µs for each, on 15,000 vertices with 183 columns."""

_LEAST = 1e-9
"""A part of less says nothing: the same sum in another order differs so."""


@dataclass(frozen=True, slots=True)
class FeaturePart:
    """A part of a score, or of a number, that the value of a property adds.

    `of` is the element that has it: `"vertex"`; for edges `"edge"`, `"source"` or `"target"`.
    """

    property: str
    of: str
    part: float


@dataclass(frozen=True, slots=True)
class LinkPart:
    """A part that a link adds, or all links of a kind: then there is no `vertex`.

    `of` is as for features; `link` is an arrow as in paths; `count` is the number of links, and
    `values` are the vertex's own of the property, if it has any that are known.
    """

    link: str
    of: str
    vertex: Literal | None
    count: int
    part: float
    values: tuple[Literal, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """An element with a known value: a vertex, or the ends of an edge; `similarity` is a cosine."""

    ends: tuple[Literal, ...]
    values: tuple[Literal, ...]
    similarity: float


@dataclass(frozen=True, slots=True)
class PropertyExplanation:
    """One predicted value explained.

    `methods` are those of the blend with their weight and what each says: a confidence before
    decision thresholds, or a number. Features, links and neighbours are those that add or take
    most, largest first. `alike` tells by what examples are alike: `"embeddings"`, `"features"` or
    `"links"`. `notes` say what was not tried.
    """

    methods: Mapping[str, tuple[float, float]]
    features: Sequence[FeaturePart]
    links: Sequence[LinkPart]
    neighbours: Sequence[LinkPart]
    examples: Sequence[Example]
    alike: str
    notes: Sequence[str]

    def as_map(self, score: float | None) -> Entries:
        """Return the map that a query gets; `score` is that of a class."""
        found: dict[str, Argument] = {} if score is None else {"score": _number(score)}
        found["methods"] = _map(
            {
                name: _map({"weight": _number(weight), "says": _number(said)})
                for name, (weight, said) in self.methods.items()
            }
        )
        found["features"] = _list(
            _map(
                {
                    "property": Literal.string(each.property),
                    **_of(each.of),
                    "part": _number(each.part),
                }
            )
            for each in self.features
        )
        found["links"] = _list(
            _map(
                {
                    "link": Literal.string(each.link),
                    **_of(each.of),
                    "count": Literal.of(each.count),
                    "part": _number(each.part),
                }
            )
            for each in self.links
        )
        found["neighbours"] = _list(map(_neighbour, self.neighbours))
        found["examples"] = _list(map(_example, self.examples))
        found["alike"] = Literal.string(self.alike)
        found["notes"] = _list(map(Literal.string, self.notes))
        return _map(found)


def _neighbour(each: LinkPart) -> Entries:
    assert each.vertex is not None
    known: dict[str, Argument] = {"values": _list(each.values)} if each.values else {}
    return _map(
        {
            "link": Literal.string(each.link),
            **_of(each.of),
            "vertex": each.vertex,
            "part": _number(each.part),
            **known,
        }
    )


def _example(each: Example) -> Entries:
    names = ("id",) if len(each.ends) == 1 else ("source", "target")
    return _map(
        {
            **dict(zip(names, each.ends, strict=True)),
            "values": _list(each.values),
            "similarity": _number(each.similarity),
        }
    )


def _of(of: str) -> dict[str, Argument]:
    return {} if of == VERTEX else {"of": Literal.string(of)}


VERTEX, EDGE, ENDS = "vertex", "edge", ("source", "target")


_Part = FeaturePart | LinkPart


@dataclass(frozen=True, slots=True)
class _Seen:
    """A view of a model: a graph, the known values in it, and the element that is asked about."""

    graph: TypedGraph
    known: Known
    subject: Subjects


_Look = tuple[_Part, Callable[[], _Seen]]
"""What is left out, and what the model sees without it: made in its turn, because each is a copy
of a table."""


class PropertyEvidence:
    """Evidence of a model about elements; `embeddings` are those of its network, if it has one."""

    def __init__(self, model: PropertyModel, embeddings: VertexEmbeddings | None) -> None:
        self._model = model
        self._embeddings = embeddings
        self._counted: dict[str, Indexes] = {}

    def explain(self, subject: Subjects, classes: Sequence[int]) -> list[PropertyExplanation]:
        """Explain outputs for one element: the columns `classes`, or the one number."""
        model = self._model
        whole = _Seen(model.stored.graph, model.known, subject)
        base = self._looking(whole)
        weights = np.array([weight for weight, _ in model.members])
        said = [member.outputs(subject) for _, member in base.members]
        output = model.decision.applied(model.target.form, blended(weights, said))[0]
        looks, notes = self._looks(subject)
        parts: list[tuple[_Part, Outputs]] = []
        for what, make in looks:
            seen = make()
            parts.append((what, output - self._looking(seen).outputs(seen.subject)[0]))
        examples, alike = self._examples(subject)
        names = _names([member for _, member in model.members], model.target.form)
        found = []
        for column in classes:
            mine = [replace(what, part=float(part[column])) for what, part in parts]
            told = sorted(
                (each for each in mine if abs(each.part) > _LEAST), key=lambda each: -abs(each.part)
            )
            links = [each for each in told if isinstance(each, LinkPart)]
            spoken = {
                name: (float(weight), float(each[0, column]) + model.target.origin)
                for name, weight, each in zip(names, weights, said, strict=True)
            }
            found.append(
                PropertyExplanation(
                    dict(sorted(spoken.items(), key=lambda each: -each[1][0])),
                    [each for each in told if isinstance(each, FeaturePart)][:SHOWN],
                    [each for each in links if each.vertex is None][:SHOWN],
                    [each for each in links if each.vertex is not None][:SHOWN],
                    examples,
                    alike,
                    notes,
                )
            )
        return found

    def _looking(self, seen: _Seen) -> PropertyModel:
        """Return the model looking at what is to be seen."""
        rows: dict[str, Indexes] = {}
        for name, places in zip(self._model.target.ends, seen.subject.ends, strict=True):
            rows[name] = np.union1d(rows.get(name, np.zeros(0, np.int64)), places)
        stored = replace(self._model.stored, graph=seen.graph)
        return self._model.looking_at(stored, seen.known, rows)

    def _looks(self, subject: Subjects) -> tuple[list[_Look], list[str]]:
        """Return what is left out in turn, and sentences about what is not."""
        room = self._room()
        ends = [(name, int(places[0])) for name, places in
                zip(self._model.target.ends, subject.ends, strict=True)]  # fmt: skip
        names = (VERTEX,) if len(ends) == 1 else ENDS
        features = self._own_features(subject)
        for of, (name, row) in zip(names, ends, strict=True):
            features += self._features(subject, of, name, row)
        kinds = [look for of, end in zip(names, ends, strict=True)
                 for look in self._links(subject, of, end)]  # fmt: skip
        neighbours = [look for of, end in zip(names, ends, strict=True)
                      for look in self._neighbours(subject, of, end)]  # fmt: skip
        # Features first, then kinds of links; neighbours get a third of the room at least.
        kept = features[: max(room - len(kinds) - min(len(neighbours), room // 3), room // 3)]
        links = kinds[: max(room - len(kept) - min(len(neighbours), room // 3), 1)]
        near = neighbours[: max(room - len(kept) - len(links), 0)]
        notes = []
        for tried, every, what in (
            (kept, features, "properties"),
            (links, kinds, "kinds of links"),
            (near, neighbours, "neighbours"),
        ):
            if len(tried) < len(every):
                notes.append(f"{len(tried)} of {len(every)} {what} were left out one by one")
        return [*kept, *links, *near], notes

    def _room(self) -> int:
        """Return the number of looks that the graph's size leaves."""
        graph = self._model.stored.graph
        cells = sum(
            graph.counts[name] * features.values.shape[1]
            for name, features in graph.features.items()
        )
        cells += sum(terms.values.nnz for terms in graph.terms.values())
        cells += (graph.vertex_count + 2 * graph.edge_count) * (self._model.target.width + 8)
        return int(min(max(MOST_CELLS // max(cells, 1), LEAST_TRIALS), TRIALS))

    def _own_features(self, subject: Subjects) -> list[_Look]:
        """Return the element without each feature of an edge's own."""
        stored, graph, known = self._model.edges, self._model.stored.graph, self._model.known
        found: list[_Look] = []
        start = 0
        unknown = _unknown(stored.encodings, stored.values)
        for encoding in stored.encodings:
            columns = slice(start, start + len(encoding.columns))
            start = columns.stop
            if np.array_equal(subject.features[0, columns], unknown[columns]):
                continue
            values = subject.features.copy()
            values[0, columns] = unknown[columns]
            seen = _Seen(graph, known, Subjects(subject.ends, values))
            found.append((FeaturePart(encoding.name, EDGE, 0.0), partial(_same, seen)))
        return found

    def _features(self, subject: Subjects, of: str, name: str, row: int) -> list[_Look]:
        """Return the graph without each property that a vertex has."""
        stored = self._model.stored
        features, terms = stored.graph.features.get(name), stored.graph.terms.get(name)
        unknown = np.zeros(0, np.float32)
        if features is not None:
            unknown = _unknown(stored.encodings[name], features.values)
        had = dict.fromkeys(
            [
                *(() if features is None else _had(features, unknown, row)),
                *(() if terms is None else _had_terms(terms, row)),
            ]
        )

        def without(key: str) -> _Seen:
            graph = stored.graph
            changed, fewer = dict(graph.features), dict(graph.terms)
            if features is not None:
                changed[name] = _without(features, unknown, row, key)
            if terms is not None:
                fewer[name] = _without_terms(terms, row, key)
            return _Seen(graph.describing(changed, fewer), self._model.known, subject)

        return [(FeaturePart(key, of, 0.0), partial(without, key)) for key in had]

    def _links(self, subject: Subjects, of: str, end: tuple[str, int]) -> list[_Look]:
        """Return the graph without all links of each kind that a vertex has."""
        return [
            (
                LinkPart(arrow, of, None, int(mine.sum()), 0.0),
                partial(self._without_links, subject, relation, np.flatnonzero(mine)),
            )
            for relation, _, mine, arrow in self._at(subject, end)
        ]

    def _neighbours(self, subject: Subjects, of: str, end: tuple[str, int]) -> list[_Look]:
        """Return the graph without the link to each neighbour: first to those with a known value,
        then to those with few links of their own."""
        stored = self._model.stored
        tried: list[tuple[tuple[bool, int, int], int, int, Relation, str, str]] = []
        for number, (relation, direction, mine, arrow) in enumerate(self._at(subject, end)):
            there = relation.target_type(direction)
            degrees, known = self._degrees(there), self._known_of(there)
            _, others = stored.graph.edges[relation].ends(direction)
            for place in np.flatnonzero(mine).tolist():
                other = int(others[place])
                rank = (other not in known, int(degrees[other]), number)
                tried.append((rank, place, other, relation, arrow, there))
        found: list[_Look] = []
        for _, place, other, relation, arrow, there in sorted(tried)[:NEIGHBOURS]:
            row = self._known_of(there).get(other)
            values = () if row is None else self._values(row)
            part = LinkPart(arrow, of, stored.ids[there][other], 1, 0.0, values)
            only = np.array([place], np.int64)
            found.append((part, partial(self._without_links, subject, relation, only)))
        return found

    def _at(
        self, subject: Subjects, end: tuple[str, int]
    ) -> list[tuple[Relation, Direction, Mask, str]]:
        """Return the kinds of links that a vertex has: the mask of its edges, and an arrow.

        An edge that is asked about is none of them.
        """
        name, row = end
        found: list[tuple[Relation, Direction, Mask, str]] = []
        for relation, edges in self._model.stored.graph.edges.items():
            for direction in DIRECTIONS:
                if relation.source_type(direction) != name:
                    continue
                own, _ = edges.ends(direction)
                mine: Mask = own == row
                if relation == self._model.target.owner:
                    heads, tails = subject.ends
                    mine &= ~((edges.heads == heads[0]) & (edges.tails == tails[0]))
                if mine.any():
                    arrow = f"-{relation.label}->" if direction == "out" else f"<-{relation.label}-"
                    found.append((relation, direction, mine, arrow))
        return found

    def _without_links(self, subject: Subjects, relation: Relation, gone: Indexes) -> _Seen:
        """Return the graph without some edges, and without what is known of them."""
        model = self._model
        graph, known = model.stored.graph, model.known
        edges = graph.edges[relation]
        kept = np.ones(len(edges), np.bool_)
        kept[gone] = False
        changed = graph.replacing({relation: edges.select(kept)})
        if relation == model.target.owner:
            width = graph.counts[relation.tail]
            codes = known.ends[0] * width + known.ends[1]
            left = ~np.isin(codes, edges.heads[gone] * width + edges.tails[gone])
            if left.any():
                known = Known(tuple(end[left] for end in known.ends), known.truth[left])
        return _Seen(changed, known, subject)

    def _degrees(self, name: str) -> Indexes:
        if name not in self._counted:
            self._counted[name] = self._model.stored.graph.degrees(name)
        return self._counted[name]

    def _known_of(self, name: str) -> Mapping[int, int]:
        """Return the rows of `known` by the vertices of a type whose property it is."""
        return self._known_rows if self._model.target.owner == name else {}

    @cached_property
    def _known_rows(self) -> dict[int, int]:
        return {vertex: row for row, vertex in enumerate(self._model.known.ends[0].tolist())}

    def _values(self, row: int) -> tuple[Literal, ...]:
        """Return the known values of a row of `known`."""
        target, truth = self._model.target, self._model.known.truth[row]
        if target.form is Form.NUMBER:
            return (Literal(Kind.DOUBLE, float(truth[0]) + target.origin),)
        return tuple(target.classes[place] for place in np.flatnonzero(truth > 0).tolist())

    def _examples(self, subject: Subjects) -> tuple[list[Example], str]:
        """Return the known elements that are most like one, by the first that there is of the
        network's embeddings, features and links."""
        model = self._model
        stored, known = model.stored, model.known
        alike = "links"
        if self._embeddings is not None:
            alike = "embeddings"
        elif self._reads_features and any(
            name in stored.graph.features for name in model.target.ends
        ):
            alike = "features"
        products, lengths = np.zeros(len(known.truth)), np.zeros(len(known.truth))
        own = 0.0
        same = np.ones(len(known.truth), np.bool_)
        for name, places, rows in zip(model.target.ends, subject.ends, known.ends, strict=True):
            table = self._table(name, alike)
            mine = table[places[:1]]
            squares = _squares(table)
            found_there = table @ mine.T
            if sparse.issparse(found_there):
                found_there = found_there.toarray()
            products += np.asarray(found_there).ravel()[rows]
            lengths += squares[rows]
            own += float(squares[places[0]])
            same &= rows == places[0]
        cosines = products / np.maximum(np.sqrt(lengths * own), 1e-12)
        cosines[same] = -np.inf
        found = []
        for row in np.argsort(-cosines, kind="stable")[:EXAMPLES].tolist():
            if not np.isfinite(cosines[row]) or cosines[row] <= 0.0:
                break
            ends = tuple(
                stored.ids[name][int(places[row])]
                for name, places in zip(model.target.ends, known.ends, strict=True)
            )
            found.append(Example(ends, self._values(row), float(cosines[row])))
        return found, alike

    @property
    def _reads_features(self) -> bool:
        """`True` if a method of the model reads what elements have, not only what is around."""
        return any(
            isinstance(member, Networks) or cast(StoredModel, member).kind not in WITHOUT_FEATURES
            for _, member in self._model.members
        )

    def _table(self, name: str, alike: str) -> Floats | sparse.csr_array:
        """Return a row for each vertex of a type, to be compared: `[vertices, width]`."""
        graph = self._model.stored.graph
        if alike == "embeddings" and self._embeddings is not None:
            return self._embeddings.tables[name]
        if alike == "links":
            first = graph.offsets[name]
            return sparse.csr_array(graph.whole[first : first + graph.counts[name]])
        features = graph.features.get(name)
        if features is None or not any(block.kind != "other" for block in features.blocks):
            return np.zeros((graph.counts[name], 0), np.float32)
        return unit_blocks(features)


def _squares(table: Floats | sparse.csr_array) -> Floats:
    """Return the squared length of each row."""
    if isinstance(table, np.ndarray):
        return np.asarray(np.einsum("ij,ij->i", table, table), np.float32)
    return np.asarray(table.multiply(table).sum(axis=1), np.float32).ravel()


def _unknown(encodings: Sequence[Encoding], values: Floats) -> Floats:
    """Return the row of an element of which nothing is known: float32 `[width]`.

    Where an encoding has no form for a missing value, it is the mean.
    """
    parts: list[Floats] = []
    start = 0
    for encoding in encodings:
        stop = start + len(encoding.columns)
        try:
            parts.append(np.asarray(encoding.encode([""])[0], np.float32))
        except UnfitCell:
            parts.append(values[:, start:stop].mean(axis=0, dtype=np.float64).astype(np.float32))
        start = stop
    return np.concatenate([np.zeros(0, np.float32), *parts])


def _had(features: Features, unknown: Floats, row: int) -> list[str]:
    """Return the properties that a vertex has, by their columns."""
    own = features.values[row]
    return [
        block.property
        for block in features.blocks
        if not np.array_equal(own[block.start : block.stop], unknown[block.start : block.stop])
    ]


def _had_terms(terms: Terms, row: int) -> list[str]:
    """Return the properties of which a vertex has terms."""
    columns = terms.values.indices[terms.values.indptr[row] : terms.values.indptr[row + 1]]
    return [block.property for block in terms.blocks if _in_block(columns, block).any()]


def _in_block(columns: Indexes, block: TermBlock) -> Mask:
    found: Mask = (columns >= block.start) & (columns < block.stop)
    return found


def _without(features: Features, unknown: Floats, row: int, key: str) -> Features:
    """Return features in which a vertex's property is unknown."""
    values = features.values.copy()
    for block in features.blocks:
        if block.property == key:
            values[row, block.start : block.stop] = unknown[block.start : block.stop]
    return Features(values, features.blocks)


def _without_terms(terms: Terms, row: int, key: str) -> Terms:
    """Return terms without those of a vertex's property."""
    values = terms.values.copy()
    here = slice(int(values.indptr[row]), int(values.indptr[row + 1]))
    columns = values.indices[here]
    for block in terms.blocks:
        if block.property == key:
            values.data[here][_in_block(columns, block)] = 0.0
    values.eliminate_zeros()
    return Terms(values, terms.blocks)


def _same(seen: _Seen) -> _Seen:
    return seen


METHOD_NAMES = {
    "linear-terms": "linear",
    "around": "neighbours",
    "ends": "neighbours",
    "boosting-around": "boosting+neighbours",
}
"""Names of methods as reports have them, where artifacts have others."""


WITHOUT_FEATURES = ("constant", "around", "ends")
"""Kinds of methods that read no features."""


def name_of(kind: str, form: Form) -> str:
    """Return the name of a method by its kind in artifacts."""
    if kind == "constant":
        return "mean" if form is Form.NUMBER else "majority"
    return METHOD_NAMES.get(kind, kind)


def _names(members: Iterable[BaseModel], form: Form) -> list[str]:
    """Return a name for each method; two of one kind are numbered."""
    found: list[str] = []
    for member in members:
        is_network = isinstance(member, Networks)
        name = NETWORK if is_network else name_of(cast(StoredModel, member).kind, form)
        same = sum(each.partition(" ")[0] == name for each in found)
        found.append(name if not same else f"{name} {same + 1}")
    return found


def _number(value: float) -> Literal:
    return Literal(Kind.DOUBLE, float(value) + 0.0)  # what adds nothing is no -0.0


def _map(entries: Mapping[str, Argument]) -> Entries:
    return Entries(tuple((Literal.string(name), value) for name, value in entries.items()))


def _list(items: Iterable[Argument]) -> Items:
    return Items("list", tuple(items))
