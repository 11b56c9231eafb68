"""The result of a comparison with the live graph, and its advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.inductive.neighbourhood import Cells
from gremlink.proxy.learning.processing.drift import MOST_WITH_FEATURES, MOST_WITHOUT
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.workflows.drift.distributions import PropertyDrift, property_drifts
from gremlink.proxy.learning.workflows.drift.trained import Trained

NOTHING, TRANSFORM, TRAIN = "nothing", "transform", "train"
"""What to do."""


@dataclass(frozen=True, slots=True)
class CountDrift:
    """The number of elements of a label then and now; `then` is `None` for one that is new."""

    name: str
    then: int | None
    now: int


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


def unknown_shares(
    stored: StoredGraph, samples: Mapping[str, Mapping[Literal, Cells]]
) -> dict[str, float]:
    """Return the share of the vertices of each type that the model does not know."""
    found = {}
    for name, sample in samples.items():
        if sample:
            known = set(stored.ids[name])
            found[name] = sum(each not in known for each in sample) / len(sample)
    return found


def properties_of(
    trained: Trained,
    samples: Mapping[str, Mapping[Literal, Cells]],
    of_edges: Sequence[PropertyDrift],
    notes: list[str],
) -> list[PropertyDrift]:
    """Return the drift of all properties, the largest first; notes name what has none."""
    found = list(of_edges)
    left = []
    for name, sample in samples.items():
        known = trained.known(name)
        own = property_drifts(name, known, sample, notes)
        told = {each.property.rpartition(" (")[0] or each.property for each in own}
        told |= {each.property for each in own}
        left += [f"{key} of {name}" for key in known.keys if sample and key not in told]
        found += own
    if left:
        notes.append(f"No distribution is compared of {', '.join(left[:5])}.")
    return sorted(found, key=lambda each: (each.word == "none", -each.psi))


def advised(
    stored: StoredGraph,
    vertices: Sequence[CountDrift],
    edges: Sequence[CountDrift],
    unknown: Mapping[str, float],
    properties: Sequence[PropertyDrift],
    notes: Sequence[str],
    age: float,
) -> GraphDrift:
    """Return the result with an advice; `notes` are for people."""
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
            " predictions without training"
            + ("." if stored.rdf else "; inductive queries know them at once.")
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
