"""Predicted values of a property: asked, beside what is stored nearby, and explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, __

from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.asking.question import MOST_RESULTS, Question, source_of
from gremlink.proxy.studio.endpoints import Described, Relation
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.vertices import Named, chosen, display_names, spell_id
from gremlink.proxy.studio.visit import Visit

MOST_EDGES = 25
"""Edges of a vertex that are listed, to choose one."""

LEAST = 0.0005
"""Part of a score that is shown: less is none with three digits."""

SECONDS = 60.0
"""Seconds for the reasons of a value: the model looks at the graph many times."""

MOST_LINKED = 200
"""Linked vertices whose stored values are counted."""


@dataclass(frozen=True, slots=True)
class PropertyAnswers:
    """Predicted values of a property of a vertex or of an edge, and the query.

    `stored` are the values in the graph; `linked` are those of linked vertices with their
    numbers, most frequent first.
    """

    source: Named
    target: Named | None
    key: str
    task: str
    values: list[tuple[Any, float | None]]
    stored: list[Any]
    linked: list[tuple[str, int]]
    query: GraphTraversal | str


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
    ids = await visit.ask(query.limit(MOST_EDGES + 1).id_(), most=MOST_EDGES + 1)
    names = await display_names(visit, ids[:MOST_EDGES])
    return EdgeChoice(source, relation, list(names.values()), len(ids) > MOST_EDGES)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The element that is asked about, and the way to its predicted values."""

    question: Question
    endpoint: str
    source: Named
    target: Named | None
    relation: Relation | None
    key: str
    task: str

    def subject(self, vertices: GraphTraversal) -> GraphTraversal:
        """Return the steps from the vertex to the element."""
        if self.relation is None or self.target is None:
            return vertices
        edges = vertices.out_e(self.relation.label)
        return edges.where(__.in_v().has_id(self.target.id)).limit(1)

    def predicting(self, beside: str | None) -> GraphTraversal:
        """Return the query for the predicted values, each with what is asked for `beside` it."""
        start = g.with_("Neptune#ml.endpoint", self.endpoint)
        if self.task == "classification":
            start = start.with_("Neptune#ml.limit", self.question.number)
            if self.question.least is not None:
                start = start.with_("Neptune#ml.threshold", self.question.least)
        step = self.subject(start.V(self.source.id))
        found = step.properties(self.key, *(() if beside is None else (beside,)))
        query = found.with_(f"Neptune#ml.{self.task}")
        if self.question.inductive:
            query = query.with_("Neptune#ml.inductiveInference")
        return query.value()


async def _asked(visit: Visit, question: Question, model: Described) -> _Asked:
    source = await source_of(visit, question)
    target = model.manifest.get("target") or {}
    key = str(target.get("key", ""))
    task = "regression" if model.task.endswith("regression") else "classification"
    relation, end = owner_of(model), None
    if relation is not None:
        end = (await chosen(visit, question.target, relation.target)).vertex
        if end is None:
            raise WrongInput(
                f"The graph has no vertex {question.target[:100]!r} at the end of an edge"
                f" {relation.label}: choose one of the edges.",
                "target",
            )
    return _Asked(question, model.name, source, end, relation, key, task)


async def ask_property(visit: Visit, question: Question, model: Described) -> PropertyAnswers:
    """Ask for the values of a property. Raises `StudioError`."""
    asked = await _asked(visit, question, model)
    scored = asked.task == "classification"
    query = asked.predicting("Neptune#ml.score" if scored else None)
    raw = await visit.ask(query, most=2 * MOST_RESULTS)
    pairs: list[tuple[Any, float | None]]
    if scored:
        pairs = [(raw[at], float(raw[at + 1])) for at in range(0, len(raw) - 1, 2)]
    else:
        pairs = [(each, None) for each in raw]
    kept = asked.subject(g.V(asked.source.id)).values(asked.key).limit(10)
    stored = await visit.ask(kept, most=10)
    linked = await _values_of_linked(visit, asked)
    return PropertyAnswers(
        asked.source, asked.target, asked.key, asked.task, pairs, stored, linked, query
    )


async def _values_of_linked(visit: Visit, asked: _Asked) -> list[tuple[str, int]]:
    """Count the values of linked vertices, or of the vertex's other edges of this label."""
    start = g.V(asked.source.id)
    near = start.both() if asked.relation is None else start.out_e(asked.relation.label)
    values = await visit.ask(near.limit(MOST_LINKED).values(asked.key), most=MOST_LINKED)
    return Counter(str(each) for each in values).most_common(8)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a score or a number, and what adds it: a property, or links, which have an `arrow`
    for a name; a single one leads to a `vertex`."""

    name: str
    of: str
    part: float
    arrow: bool = False
    count: int = 0
    vertex: Named | None = None
    values: str = ""


@dataclass(frozen=True, slots=True)
class Alike:
    """A known element that is like the asked one: its name, or those of its ends."""

    ends: tuple[Named, ...]
    values: str
    similarity: float


@dataclass(frozen=True, slots=True)
class ValueReasons:
    """The reasons of a predicted value; see `PropertyExplanation` for the meaning of parts.

    `methods` have a name, a weight and what the method says; `score` is `None` for a number.
    """

    source: Named
    target: Named | None
    key: str
    value: Any
    score: float | None
    methods: list[tuple[str, float, float]]
    features: list[Part]
    links: list[Part]
    neighbours: list[Part]
    examples: list[Alike]
    alike: str
    notes: list[str]
    query: GraphTraversal | None = None

    @property
    def largest(self) -> float:
        """The largest part, of any sign."""
        every = [*self.features, *self.links, *self.neighbours]
        return max((abs(each.part) for each in every), default=1.0) or 1.0


async def explain_value(visit: Visit, question: Question, model: Described) -> ValueReasons:
    """Ask why a value is predicted, by default the likeliest. Raises `StudioError`."""
    asked = await _asked(visit, question, model)
    query = asked.predicting("Neptune#ml.explain")
    raw = await visit.ask(query, seconds=SECONDS, most=2 * MOST_RESULTS)
    pairs = [(raw[at], raw[at + 1]) for at in range(0, len(raw) - 1, 2)]
    same = [pair for pair in pairs if question.answer in ("", str(pair[0]))]
    if not same and asked.task == "regression":
        same = pairs  # the graph has changed since, and the number with it
    if not same:
        raise WrongInput(
            f"{question.answer[:100]!r} is not among the predicted values (any more).", "vertex"
        )
    value, found = same[0]
    names = await display_names(visit, ids_of_reasons(found))
    reasons = value_reasons(found, asked.source, asked.target, asked.key, value, names)
    return replace(reasons, query=query)


def ids_of_reasons(found: Mapping[str, Any]) -> list[Any]:
    """Return the ids of the vertices in the reasons of a value."""
    ends = [id for each in found["examples"] for id in _ends_of(each)]
    return [*(each["vertex"] for each in found["neighbours"]), *ends]


def value_reasons(
    found: Mapping[str, Any],
    source: Named,
    target: Named | None,
    key: str,
    value: Any,
    names: Mapping[str, Named],
) -> ValueReasons:
    """Read the reasons of a value; `names` are those of their vertices, by `spell_id`."""

    def named(id: Any) -> Named:
        return names.get(spell_id(id), Named(id, "", ""))

    score = found.get("score")
    least = 0.0 if score is None else LEAST
    parts = {
        kind: [each for each in found[kind] if abs(each["part"]) >= least]
        for kind in ("features", "links", "neighbours")
    }
    return ValueReasons(
        source,
        target,
        key,
        value,
        None if score is None else float(score),
        [
            (str(name), float(each["weight"]), float(each["says"]))
            for name, each in found["methods"].items()
        ],
        [Part(each["property"], each.get("of", ""), each["part"]) for each in parts["features"]],
        [
            Part(str(each["link"]), each.get("of", ""), each["part"], True, int(each["count"]))
            for each in parts["links"]
        ],
        [
            Part(
                str(each["link"]),
                each.get("of", ""),
                each["part"],
                True,
                0,
                named(each["vertex"]),
                ", ".join(map(str, each.get("values") or [])),
            )
            for each in parts["neighbours"]
        ],
        [
            Alike(
                tuple(map(named, _ends_of(each))),
                ", ".join(map(str, each["values"])),
                each["similarity"],
            )
            for each in found["examples"]
        ],
        str(found["alike"]),
        [str(each) for each in found["notes"]],
    )


def _ends_of(example: Mapping[str, Any]) -> list[Any]:
    return [example["id"]] if "id" in example else [example["source"], example["target"]]
