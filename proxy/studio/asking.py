"""Questions of the page Ask: read from its address, put to the proxy, answered with names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import P, T, TextP
from gremlin_python.statics import long

from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.endpoints import Described, Relation
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.vertices import Named, chosen, display_names, read_id, spell_id
from gremlink.proxy.studio.visit import Visit

MOST_LINKS = 25
"""Existing links that are shown beside the predicted ones."""

MOST_RESULTS = 100
"""Largest `Neptune#ml.limit`."""

DIRECTIONS = ("out", "in")

COMPARISONS = {
    "is": P.eq,
    "is not": P.neq,
    "is at least": P.gte,
    "is at most": P.lte,
    "contains": TextP.containing,
}
"""Comparisons of a filter, and the predicates that they are."""

MOST_LINKED = 200
"""Linked vertices whose stored values are counted."""


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
    key: str = ""
    comparison: str = "is"
    value: str = ""

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
            key=visit.query("key"),
            comparison=visit.query("comparison") or "is",
            value=visit.query("value"),
        )

    @property
    def address(self) -> dict[str, str]:
        """The fields that are not empty, for addresses of other questions."""
        fields = {
            "endpoint": self.endpoint,
            "vertex": self.vertex,
            "relation": self.relation,
            "direction": self.direction,
            "limit": self.limit,
            "threshold": self.threshold,
            "inductive": "yes" if self.inductive else "",
            "key": self.key,
            "comparison": self.comparison if self.key else "",
            "value": self.value,
        }
        return {name: value for name, value in fields.items() if value}

    @property
    def condition(self) -> tuple[str, P] | None:
        """The filter: a property, and the predicate of its value. Raises `WrongInput`."""
        if not self.key:
            if self.value:
                raise WrongInput("The filter has a value and no property: name one.", "key")
            return None
        if self.comparison not in COMPARISONS:
            raise WrongInput(
                f"{self.comparison[:100]!r} is no comparison: choose {', '.join(COMPARISONS)}.",
                "value",
            )
        value = read_value(self.value)
        if self.comparison == "contains":
            if not self.value:
                raise WrongInput("The filter looks for a text: write one.", "value")
            value = value if isinstance(value, str) else self.value
        return self.key, COMPARISONS[self.comparison](value)

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
            return str(owner if isinstance(owner, str) else owner[0])
        relation = self.relation_of(model)
        return relation.source if self.direction == "out" else relation.target


def read_value(text: str) -> str | int | float | bool:
    """Return the value that a filter compares with.

    Numbers, `true` and `false` are read, anything else is text; in double quotes everything is.
    Raises `WrongInput`.
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d{1,18}", text):
        number = int(text)
        return number if -(2**31) <= number < 2**31 else long(number)
    if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text):
        return float(text)
    return text


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


async def resolved(visit: Visit, question: Question, model: Described) -> Question:
    """Return the question with the address of its vertex, found by a name where that is given.

    Raises `WrongInput`.
    """
    found = await chosen(visit, question.vertex, question.source_label(model) or None)
    if found.vertex is not None:
        return replace(question, vertex=found.vertex.address)
    if found.others:
        named = ", ".join(f"{each.shown} ({each.id})" for each in found.others[:5])
        raise WrongInput(f"There are several: {named}. Write the id of one.", "vertex")
    missing = found.missing or question.vertex
    raise WrongInput(
        f"The graph has no vertex {missing[:100]!r} (any more): choose another one.", "vertex"
    )


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
    label = relation.target if question.direction == "out" else relation.source
    condition = question.condition
    if condition is None:
        return step.has_label(label)
    key, predicate = condition
    return step.with_("Neptune#ml.filterFirst").has_label(label).has(key, predicate)


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
    """Predicted values of a property of a vertex or of an edge, and the query.

    `stored` are the values in the graph; `linked` are those of linked vertices with their
    numbers, most frequent first; `methods` are the model's methods with their weights.
    """

    source: Named
    target: Named | None
    key: str
    task: str
    values: list[tuple[Any, float | None]]
    stored: list[Any]
    linked: list[tuple[str, int]]
    methods: list[tuple[str, float]]
    query: GraphTraversal


@dataclass(frozen=True, slots=True)
class EdgeChoice:
    """The edges of a vertex whose property may be asked: the vertices at their other ends."""

    source: Named
    relation: Relation
    targets: list[Named]
    more: bool


def owner_of(model: Described) -> Relation | None:
    """Return the edges whose property a model predicts, `None` for one of vertices."""
    owner = (model.manifest.get("target") or {}).get("owner")
    return Relation(*map(str, owner)) if isinstance(owner, list) and len(owner) == 3 else None


async def choose_edge(visit: Visit, question: Question, relation: Relation) -> EdgeChoice:
    """Read the edges that a vertex has. Raises `StudioError`."""
    source = await source_of(visit, question)
    query = g.V(source.id).out(relation.label).has_label(relation.target).dedup()
    ids = await visit.ask(query.limit(MOST_LINKS + 1).id_(), most=MOST_LINKS + 1)
    names = await display_names(visit, ids[:MOST_LINKS])
    return EdgeChoice(source, relation, list(names.values()), len(ids) > MOST_LINKS)


async def ask_property(visit: Visit, question: Question, model: Described) -> PropertyAnswers:
    """Ask for the values of a property. Raises `StudioError`."""
    source = await source_of(visit, question)
    key = str((model.manifest.get("target") or {}).get("key", ""))
    task = "regression" if model.task.endswith("regression") else "classification"
    relation, target = owner_of(model), None
    if relation is not None:
        end = await chosen(visit, question.target, relation.target)
        target = end.vertex
        if target is None:
            raise WrongInput(
                f"The graph has no vertex {question.target[:100]!r} at the end of an edge"
                f" {relation.label}: choose one of the edges.",
                "target",
            )
    start = g.with_("Neptune#ml.endpoint", model.name)
    if task == "classification":
        start = start.with_("Neptune#ml.limit", question.number)
        if question.least is not None:
            start = start.with_("Neptune#ml.threshold", question.least)

    def subject(vertices: GraphTraversal) -> GraphTraversal:
        if relation is None or target is None:
            return vertices
        return vertices.out_e(relation.label).where(__.in_v().has_id(target.id)).limit(1)

    step = subject(start.V(source.id))
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
    stored = await visit.ask(subject(g.V(source.id)).values(key).limit(10), most=10)
    linked = await _values_of_linked(visit, source, key, relation)
    return PropertyAnswers(
        source, target, key, task, pairs, stored, linked, weights_of(model), query
    )


async def _values_of_linked(
    visit: Visit, source: Named, key: str, relation: Relation | None
) -> list[tuple[str, int]]:
    """Count the values of linked vertices, or of the vertex's other edges of this label."""
    near = g.V(source.id).both() if relation is None else g.V(source.id).out_e(relation.label)
    values = await visit.ask(near.limit(MOST_LINKED).values(key), most=MOST_LINKED)
    return Counter(str(each) for each in values).most_common(8)


def weights_of(model: Described) -> list[tuple[str, float]]:
    """Return the methods of a property model with their weights, largest first."""
    weights = model.report.get("weights")
    if not isinstance(weights, Mapping):
        return []
    found = [(str(name), float(each)) for name, each in weights.items() if each]
    return sorted(found, key=lambda each: -abs(each[1]))


def calibration_of(model: Described) -> str:
    """Return a sentence about what a score of the model means."""
    points = model.report.get("reliability") or []
    if model.task.endswith("regression"):
        return "A number has no score; the model's report says how far such numbers are off."
    if not model.is_link_model:
        return "A score is the model's estimate of the probability of this value."
    if not points:
        return "A score is the model's estimate of the probability that the link is there."
    weights = [float(each.get("mass", 1.0)) for each in points]
    error = sum(
        weight * abs(float(each["score"]) - float(each["share"]))
        for weight, each in zip(weights, points, strict=True)
    ) / max(sum(weights), 1e-9)
    return (
        "A score is an estimate of the probability that the link is there. On held-out links scores"
        f" were off by {100 * error:.0f} of 100 on average."
    )


def measured_of(model: Described) -> list[tuple[float, float]]:
    """Return scores, and the share of pairs with about this score that were links, by score."""
    points = (model.report.get("reliability") or []) if model.is_link_model else []
    found = [(each.get("score"), each.get("share")) for each in points]
    return sorted((float(a), float(b)) for a, b in found if a is not None and b is not None)
