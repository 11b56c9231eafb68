"""Findings of a link training in plain sentences: what its results say about the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gremlink.proxy.learning.graph import DIRECTIONS, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.heuristics.signed.reciprocity import Reciprocity
from gremlink.proxy.learning.links.training.blend import Blend
from gremlink.proxy.learning.methods import AUTO, SEGMENT_POPULARITY
from gremlink.proxy.learning.reports.report import MethodRow

CLEAR = 1.0
"""Log-odds, weight included, from which opposite links are a finding: a factor of e."""

MOST = 5
"""Relations with a sentence of their own."""

ALIKE = 0.005
"""Share by which figures differ that are called equal."""

FEW_EDGES = 1000
"""Edges to predict below which more of them are asked for."""


def about_opposites(graph: TypedGraph, blend: Blend) -> Iterator[str]:
    """Say where it matters that a link has its opposite, the strongest first."""
    found: list[tuple[float, str]] = []
    for relation in dict.fromkeys(relation for relation, _ in blend.weights):
        said = _opposite(graph, blend, relation)
        if said is not None:
            found.append(said)
    found.sort(key=lambda each: -each[0])
    for _, sentence in found[:MOST]:
        yield sentence
    if len(found) > MOST:
        yield f"The same holds, more or less, for {len(found) - MOST} more relations."


def _opposite(graph: TypedGraph, blend: Blend, relation: Relation) -> tuple[float, str] | None:
    """Return the size of what an opposite link says, and a sentence, where it says something."""
    if Reciprocity.name not in blend.members or not Reciprocity.applies(graph, relation):
        return None
    place = blend.members.index(Reciprocity.name)
    reciprocity = Reciprocity.fit(graph, relation)
    effect = sum(
        float(blend.weights[relation, direction][..., place].mean())
        * reciprocity.log_odds(direction)
        for direction in DIRECTIONS
    ) / len(DIRECTIONS)
    if abs(effect) < CLEAR:
        return None
    share, count = graph.reciprocated(relation), len(graph.edges[relation])
    if effect > 0:
        said = (
            f"{100 * share:.0f} % of the links are mutual, so a vertex that is linked the other "
            "way comes early."
        )
    elif share:
        said = (
            f"only {100 * share:.1f} % of the links are mutual, so a vertex that is linked the "
            "other way comes late."
        )
    else:
        said = (
            f"links are never mutual here (none of {count:,}), so nobody who is linked already is "
            "proposed."
        )
    return abs(effect), f"{relation}: {said}"


def about_methods(
    rows: Sequence[MethodRow], model: str, used: Sequence[str], metric: str = "mrr"
) -> Iterator[str]:
    """Say which method ranks best alone, and what the blend of several adds to it."""
    figures = {row.method: row.metrics[metric] for row in rows}
    alone = {name: figure for name, figure in figures.items() if name != model}
    if model != AUTO or len(used) < 2 or not alone:
        return
    best = max(alone, key=alone.__getitem__)
    if not alone[best] > 0:
        return
    lead = figures[model] / alone[best] - 1.0
    if abs(lead) < ALIKE:
        added = "the blend ranks as well"
    elif lead > 0:
        added = f"the blend adds {100 * lead:.0f} %" if lead >= 0.01 else "the blend adds a little"
    else:
        added = f"the blend, chosen on other links, has {-100 * lead:.0f} % less"
    yield f"{best} ranks best alone, {added}."


def about_segments(rows: Sequence[MethodRow], model: str, metric: str = "mrr") -> Iterator[str]:
    """Say so where what is popular in a segment ranks better than the model."""
    figures = {row.method: row.metrics[metric] for row in rows}
    found = figures.get(SEGMENT_POPULARITY, 0.0)
    if found > figures[model] * (1.0 + ALIKE):
        yield (
            f"The links of a vertex's own segment, counted ({SEGMENT_POPULARITY}), rank better "
            f"than {model}: the groups of this graph tell more than what was learned."
        )


def about_chance(
    lows: Mapping[str, float], chance: float, graph: TypedGraph, relations: Sequence[Relation]
) -> Iterator[str]:
    """Say what to do where nothing beats a random order; `lows` are the lower ends of the figures'
    intervals by method."""
    if any(low > chance for low in lows.values()):
        return
    edges = sum(len(graph.edges[relation]) for relation in relations)
    ends = {name for relation in relations for name in (relation.head, relation.tail)}
    advice = []
    if edges < FEW_EDGES:
        advice.append(f"more edges (there are {edges:,})")
    if not any(name in graph.features for name in ends):
        advice.append(f"properties of the vertices ({' and '.join(sorted(ends))} have none)")
    if len(graph.edges) == len(relations):
        advice.append("another relation of these vertices")
    yield (
        "Nothing beats a random order: no method found a rule in these links. "
        f"What may help: {', '.join(advice) or 'another relation to predict'}."
    )
