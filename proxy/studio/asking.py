"""Questions of the page Ask: read from its address, put to the proxy, answered with names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import T

from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.endpoints import Described, Relation
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.vertices import Named, display_names, read_id, spell_id
from gremlink.proxy.studio.visit import Visit

MOST_LINKS = 25
"""Existing links that are shown beside the predicted ones."""

MOST_RESULTS = 100
"""Largest `Neptune#ml.limit`."""

DIRECTIONS = ("out", "in")


@dataclass(frozen=True, slots=True)
class Question:
    """The fields of the form, as they were given; `vertex` is what `spell_id` writes."""

    endpoint: str
    vertex: str
    relation: str = ""
    direction: str = "out"
    limit: str = "10"
    threshold: str = ""
    inductive: bool = False
    target: str = ""

    @classmethod
    def of(cls, visit: Visit) -> Question:
        """Read the address."""
        return cls(
            endpoint=visit.query("endpoint"),
            vertex=visit.query("vertex"),
            relation=visit.query("relation"),
            direction=visit.query("direction") or "out",
            limit=visit.query("limit") or "10",
            threshold=visit.query("threshold"),
            inductive=bool(visit.query("inductive")),
            target=visit.query("target"),
        )

    @property
    def number(self) -> int:
        """The limit. Raises `WrongInput`."""
        number = int(self.limit) if self.limit.isdecimal() and len(self.limit) < 5 else 0
        if not 1 <= number <= MOST_RESULTS:
            raise WrongInput(
                f"{self.limit!r} is no number of results: write one from 1 to {MOST_RESULTS}.",
                "limit",
            )
        return number

    @property
    def least(self) -> float | None:
        """The threshold. Raises `WrongInput`."""
        if not self.threshold.strip():
            return None
        try:
            found = float(self.threshold)
        except ValueError:
            found = -1.0
        if not 0 <= found <= 1:
            raise WrongInput(
                f"{self.threshold!r} is no threshold: write a number from 0 to 1, or nothing.",
                "threshold",
            )
        return found

    def relation_of(self, model: Described) -> Relation:
        """Return the edges that are asked about. Raises `WrongInput`."""
        relations = model.relations
        for each in relations:
            if str(each) == self.relation:
                return each
        if self.relation:
            raise WrongInput(
                f"The model of {model.name} does not predict {self.relation[:100]}:"
                f" choose one of {', '.join(map(str, relations))}.",
                "relation",
            )
        if not relations:
            raise WrongInput(f"The model of {model.name} names no edges.", "endpoint")
        return relations[0]

    def source_label(self, model: Described) -> str:
        """Return the label of the vertices that the question may be about."""
        if not model.is_link_model:
            owner = (model.manifest.get("target") or {}).get("owner", "")
            return owner if isinstance(owner, str) else ""
        relation = self.relation_of(model)
        return relation.source if self.direction == "out" else relation.target


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
    query: GraphTraversal


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


async def source_of(visit: Visit, question: Question) -> Named:
    """Return the vertex of a question. Raises `WrongInput`."""
    id = read_id(question.vertex)
    found = await display_names(visit, [id])
    if not found:
        raise WrongInput(
            f"The graph has no vertex {str(id)[:100]!r} (any more): choose another one.", "vertex"
        )
    (named,) = found.values()
    return named


def links_query(question: Question, model: Described) -> GraphTraversal:
    """Return the query for predicted links, ending in the vertices. Raises `WrongInput`."""
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
    return step.has_label(relation.target if question.direction == "out" else relation.source)


async def ask_links(visit: Visit, question: Question, model: Described) -> LinkAnswers:
    """Ask for links. Raises `StudioError`."""
    base = links_query(question, model)
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
    query = links_query(question, model).project("id", "why").by(T.id)
    rows = await visit.ask(query.by(__.values("Neptune#ml.explain")), most=MOST_RESULTS)
    found = next((row["why"] for row in rows if spell_id(row["id"]) == question.target), None)
    if found is None:
        raise WrongInput("This link is not among the predicted ones (any more).", "target")
    paths = [(list(each["path"]), float(each["strength"])) for each in found.get("paths") or []]
    ids = [step for path, _ in paths for step in path[::2]]
    names = await display_names(visit, [source.id, target, *ids])
    return Reasons(
        source,
        names.get(question.target, Named(target, "", "")),
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


@dataclass(frozen=True, slots=True)
class PropertyAnswers:
    """Predicted values of a property of a vertex, the stored ones, and the query."""

    source: Named
    key: str
    task: str
    values: list[tuple[Any, float | None]]
    stored: list[Any]
    query: GraphTraversal


async def ask_property(visit: Visit, question: Question, model: Described) -> PropertyAnswers:
    """Ask for the values of a property. Raises `StudioError`."""
    source = await source_of(visit, question)
    target = model.manifest.get("target") or {}
    key = str(target.get("key", ""))
    task = "regression" if model.task.endswith("regression") else "classification"
    start = g.with_("Neptune#ml.endpoint", model.name)
    if task == "classification":
        start = start.with_("Neptune#ml.limit", question.number)
        if question.least is not None:
            start = start.with_("Neptune#ml.threshold", question.least)
    step = start.V(source.id)
    scored = task == "classification"
    found = step.properties(key, "Neptune#ml.score") if scored else step.properties(key)
    query = found.with_(f"Neptune#ml.{task}")
    if question.inductive:
        query = query.with_("Neptune#ml.inductiveInference")
    query = query.value()
    raw = await visit.ask(query, most=2 * MOST_RESULTS)
    pairs: list[tuple[Any, float | None]]
    if scored:
        pairs = [(raw[at], float(raw[at + 1])) for at in range(0, len(raw) - 1, 2)]
    else:
        pairs = [(each, None) for each in raw]
    stored = await visit.ask(g.V(source.id).values(key).limit(10), most=10)
    return PropertyAnswers(source, key, task, pairs, stored, query)


def calibration_of(model: Described) -> str:
    """Return a sentence about what a score of the model means."""
    points = model.report.get("reliability") or []
    if not model.is_link_model:
        return "A score is the model's estimate of the probability of this value."
    if not points:
        return "A score is the model's estimate of the probability that the link is there."
    best = max(points, key=lambda each: each.get("score", 0))
    return (
        "A score is an estimate of the probability that the link is there. On held-out links, of"
        f" pairs with a score of about {best['score']:.2f} there were {best['share']:.0%}."
    )
