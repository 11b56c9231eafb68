"""Predicted links: asked, beside the links that exist, and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import T

from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.asking.filters import Condition, conditions
from gremlink.proxy.studio.asking.question import DIRECTIONS, MOST_RESULTS, Question, source_of
from gremlink.proxy.studio.endpoints import Described, Relation
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.vertices import Named, display_names, read_id, spell_id
from gremlink.proxy.studio.visit import Visit

MOST_LINKS = 25
"""Existing links that are shown beside the predicted ones."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One predicted link: the vertex, and its score from 0 to 1."""

    vertex: Named
    score: float


@dataclass(frozen=True, slots=True)
class LinkAnswers:
    """Predicted links of a vertex, the links that it has, and the query that was asked."""

    source: Named
    relation: Relation
    direction: str
    answers: list[Answer]
    existing: list[Named]
    more: bool
    query: GraphTraversal | str


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons of a predicted link, with names for its vertices by `spell_id`."""

    source: Named
    target: Named
    score: float
    contributions: Mapping[str, float]
    notes: list[str]
    paths: list[tuple[list[str], float]]
    features: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, Named]

    @property
    def largest(self) -> float:
        """The largest contribution, of any sign."""
        return max((abs(each) for each in self.contributions.values()), default=1.0) or 1.0


def links_query(
    question: Question, model: Described, kept: Sequence[Condition] = ()
) -> GraphTraversal:
    """Return the query for predicted links, ending in the vertices that pass what is `kept`.

    Raises `WrongInput`.
    """
    relation = question.relation_of(model)
    source = g.with_("Neptune#ml.endpoint", model.name)
    source = source.with_("Neptune#ml.limit", question.number)
    if question.least is not None:
        source = source.with_("Neptune#ml.threshold", question.least)
    start = source.V(read_id(question.vertex))
    if question.direction not in DIRECTIONS:
        raise WrongInput("The direction is out or in.", "direction")
    step = start.out(relation.label) if question.direction == "out" else start.in_(relation.label)
    step = step.with_("Neptune#ml.prediction")
    if question.inductive:
        step = step.with_("Neptune#ml.inductiveInference")
    label = question.answer_label(model)
    found = (step.with_("Neptune#ml.filterFirst") if kept else step).has_label(label)
    for condition in kept:
        found = condition(found)
    return found


async def _kept(visit: Visit, question: Question, model: Described) -> list[Condition]:
    return await conditions(visit, question.filters, question.answer_label(model))


async def ask_links(visit: Visit, question: Question, model: Described) -> LinkAnswers:
    """Ask for links. Raises `StudioError`."""
    base = links_query(question, model, await _kept(visit, question, model))
    source = await source_of(visit, question)
    query = base.clone().project("id", "score").by(T.id).by(__.values("Neptune#ml.score"))
    rows = await visit.ask(query, most=MOST_RESULTS)
    relation = question.relation_of(model)
    start = g.V(source.id)
    known = start.out(relation.label) if question.direction == "out" else start.in_(relation.label)
    existing = await visit.ask(known.dedup().id_().limit(MOST_LINKS + 1), most=MOST_LINKS + 1)
    names = await display_names(visit, [*(row["id"] for row in rows), *existing[:MOST_LINKS]])
    answers = [
        Answer(names[spell_id(row["id"])], float(row["score"]))
        for row in rows
        if spell_id(row["id"]) in names
    ]
    linked = [names[spell_id(each)] for each in existing[:MOST_LINKS] if spell_id(each) in names]
    return LinkAnswers(
        source, relation, question.direction, answers, linked, len(existing) > MOST_LINKS, query
    )


async def explain_link(visit: Visit, question: Question, model: Described) -> Reasons:
    """Ask why a link is predicted. Raises `StudioError`."""
    target = read_id(question.target)
    source = await source_of(visit, question)
    base = links_query(question, model, await _kept(visit, question, model))
    query = base.project("id", "why").by(T.id)
    rows = await visit.ask(query.by(__.values("Neptune#ml.explain")), most=MOST_RESULTS)
    found = next((row["why"] for row in rows if spell_id(row["id"]) == question.target), None)
    if found is None:
        raise WrongInput("This link is not among the predicted ones (any more).", "target")
    names = await display_names(visit, [source.id, target, *ids_of_paths(found)])
    named = names.get(question.target, Named(target, "", ""))
    return link_reasons(found, source, named, names)


def ids_of_paths(found: Mapping[str, Any]) -> list[Any]:
    """Return the ids of the vertices in the reasons of a link."""
    return [step for each in found.get("paths") or [] for step in list(each["path"])[::2]]


def link_reasons(
    found: Mapping[str, Any], source: Named, target: Named, names: Mapping[str, Named]
) -> Reasons:
    """Read the reasons of a link; `names` are those of their vertices, by `spell_id`."""
    paths = [(list(each["path"]), float(each["strength"])) for each in found.get("paths") or []]
    return Reasons(
        source,
        target,
        float(found["score"]),
        {str(name): float(value) for name, value in (found.get("contributions") or {}).items()},
        [str(each) for each in found.get("notes") or []],
        [
            ([spell_id(step) if at % 2 == 0 else str(step) for at, step in enumerate(path)], weight)
            for path, weight in paths
        ],
        found.get("features") or {},
        names,
    )
