"""Explanations of predicted links: each method's part of the score, connecting paths, shared
properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.grammar.traversal import Argument, Entries, Items, Kind, Literal
from gremlink.proxy.learning.graph import Direction, Indexes, Relation
from gremlink.proxy.learning.links.mixture import Mixture
from gremlink.proxy.learning.links.prediction.connections import Connections, Vertex
from gremlink.proxy.learning.links.prediction.model import RelationModel
from gremlink.proxy.learning.links.prediction.property_overlap import (
    PropertyOverlap,
    property_overlaps,
)
from gremlink.proxy.learning.links.prediction.sentences import sentence
from gremlink.proxy.learning.trained.stored_graph import StoredGraph

PATHS = 5
"""Connecting paths of one result."""

PROPERTIES = 5
"""Properties in which the vertices are alike, of one result."""


@dataclass(frozen=True, slots=True)
class ConnectingPath:
    """Ids of vertices and between them arrows; `strength` is that of `connections.Connection`."""

    steps: tuple[Literal, ...]
    strength: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """One predicted link explained.

    `contributions` are the blend's methods, each with its weight times its normalised score, the
    largest first: they add up to the score before calibration. `notes` say what log-odds among them
    mean.
    """

    contributions: Mapping[str, float]
    notes: Sequence[str]
    paths: Sequence[ConnectingPath]
    features: Sequence[PropertyOverlap]

    def as_map(self, score: float) -> Entries:
        """Return the map that a query gets; `score` is what the link was predicted with."""
        return _map(
            {
                "score": _number(score),
                "contributions": _map(
                    {name: _number(part) for name, part in self.contributions.items()}
                ),
                "notes": _list(map(Literal.string, self.notes)),
                "paths": _list(
                    _map({"path": _list(path.steps), "strength": _number(path.strength)})
                    for path in self.paths
                ),
                "features": _map({alike.property: _alike(alike) for alike in self.features}),
            }
        )


class Evidence:
    """Evidence of models and their stored graph about pairs of vertices."""

    def __init__(self, stored: StoredGraph) -> None:
        self._stored = stored
        self._connections = Connections(stored.graph)

    def explain(
        self,
        target: RelationModel,
        scorer: Mixture,
        direction: Direction,
        source: int,
        targets: Indexes,
    ) -> list[Explanation]:
        """Explain the links from one vertex to `targets`, int64 `[targets]`."""
        if not len(targets):
            return []
        parts = {
            target.members[index]: part[0, targets]
            for index, part in scorer.parts(np.array([source], np.int64), direction)
        }
        begin = target.relation.source_type(direction)
        end = target.relation.target_type(direction)
        found = []
        for row, place in enumerate(map(int, targets)):
            own = _largest_first({name: float(part[row]) for name, part in parts.items()})
            said = (
                sentence(
                    self._stored.graph, target.relation, direction, (source, place), name, part
                )
                for name, part in own.items()
            )
            found.append(
                Explanation(
                    own,
                    tuple(each for each in said if each is not None),
                    self._paths((begin, source), (end, place)),
                    self._features(target.relation, direction, source, place),
                )
            )
        return found

    def _paths(self, source: Vertex, target: Vertex) -> list[ConnectingPath]:
        """Return the strongest connecting paths, from source to target."""
        found = []
        for path in self._connections.strongest(source, target, PATHS):
            steps: list[Literal] = []
            for (name, place), arrow in zip(path.vertices, (*path.arrows, None), strict=True):
                steps.append(self._stored.ids[name][place])
                if arrow is not None:
                    steps.append(Literal.string(arrow))
            found.append(ConnectingPath(tuple(steps), path.strength))
        return found

    def _features(
        self, relation: Relation, direction: Direction, source: int, target: int
    ) -> list[PropertyOverlap]:
        """Return the properties that the target shares with the source or, between two types, with
        the vertices that the source is linked to."""
        name = relation.target_type(direction)
        features = self._stored.graph.features.get(name)
        if features is None:
            return []
        others = np.array([source], np.int64)
        if name != relation.source_type(direction):
            sources, targets = self._stored.graph.edges[relation].ends(direction)
            others = targets[(sources == source) & (targets != target)]
        columns = [
            column for encoding in self._stored.encodings[name] for column in encoding.columns
        ]
        return property_overlaps(features, columns, target, others)[:PROPERTIES]


def _largest_first(parts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(parts.items(), key=lambda part: -abs(part[1])))


def _number(value: float) -> Literal:
    return Literal(Kind.DOUBLE, float(value) + 0.0)  # what speaks against nothing is no -0.0


def _map(entries: Mapping[str, Argument]) -> Entries:
    return Entries(tuple((Literal.string(name), value) for name, value in entries.items()))


def _list(items: Iterable[Argument]) -> Items:
    return Items("list", tuple(items))


def _alike(alike: PropertyOverlap) -> Entries:
    found: dict[str, Argument] = {"similarity": _number(alike.similarity)}
    if alike.shared:
        found["shared"] = _list(map(Literal.string, alike.shared))
    return _map(found)
