"""The neighbourhood of a vertex: its edges and properties, and the edges that models predict.

Every query has a limit: a hub shows some of its edges, and that there are more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import T

from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.asking.links import links_query
from gremlink.proxy.studio.asking.question import Question
from gremlink.proxy.studio.endpoints import Described, Relation
from gremlink.proxy.studio.errors import QueryRefused, WrongInput
from gremlink.proxy.studio.vertices import Named, display_names, read_id, spell_id
from gremlink.proxy.studio.visit import Visit

MOST_EDGES = 200
"""Edges of one vertex that are shown at most."""

MOST_CENTRES = 20
"""Vertices whose edges are shown at once."""

MOST_PREDICTED = 5
"""Predicted edges of one vertex and one relation."""

MOST_EDGE_PROPERTIES = 8
MOST_PROPERTIES = 100
SECONDS = 5.0
DIRECTIONS = ("both", "out", "in")


@dataclass(frozen=True, slots=True)
class View:
    """An address of the page: the first of `centres` is the vertex, others are expanded."""

    centres: tuple[str, ...]
    direction: str = "both"
    edge: str = ""
    limit: str = "25"
    endpoint: str = ""

    @classmethod
    def of(cls, visit: Visit, vertex: str) -> View:
        """Read the address; `vertex` is what `spell_id` writes."""
        more = visit.request.query.getall("expand", [])
        return cls(
            tuple(dict.fromkeys((vertex, *more)))[:MOST_CENTRES],
            visit.query("direction") or "both",
            visit.query("edge"),
            visit.query("limit") or "25",
            visit.query("endpoint"),
        )

    @property
    def number(self) -> int:
        """The limit. Raises `WrongInput`."""
        number = int(self.limit) if self.limit.isdecimal() and len(self.limit) < 5 else 0
        if not 1 <= number <= MOST_EDGES:
            raise WrongInput(
                f"{self.limit[:20]!r} is no number of edges: write one from 1 to {MOST_EDGES}.",
                "limit",
            )
        return number

    @property
    def may_grow(self) -> bool:
        """True if another vertex may be expanded."""
        return len(self.centres) < MOST_CENTRES

    def address(self, **changes: Any) -> str:
        """Return the page's address for this view, with changes."""
        from urllib.parse import urlencode

        centres = changes.pop("centres", self.centres)
        given = {
            "direction": self.direction if self.direction != "both" else "",
            "edge": self.edge,
            "limit": self.limit if self.limit != "25" else "",
            "endpoint": self.endpoint,
            **changes,
        }
        pairs = [("vertex", centres[0])] if centres else []
        pairs += [(name, value) for name, value in given.items() if value]
        pairs += [("expand", each) for each in centres[1:]]
        return f"/studio/graph?{urlencode(pairs)}"

    def expanded(self, address: str) -> str:
        """Return the page's address with the edges of one vertex more."""
        return self.address(centres=(*self.centres, address))


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge by the addresses of its ends, and its properties; a predicted one has a score."""

    source: str
    label: str
    target: str
    score: float | None = None
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def predicted(self) -> bool:
        """True if a model predicts it."""
        return self.score is not None


@dataclass(slots=True)
class Neighbourhood:
    """Vertices by address, and edges between them; `more` are centres that have further edges.

    `notes` are what went wrong on the way, for people.
    """

    vertices: dict[str, Named] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    more: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def picture(self, centre: str) -> dict[str, Any]:
        """Return vertices and edges for the script that draws them; the centre is marked."""
        return {
            "vertices": [
                {
                    "id": address,
                    "name": each.shown,
                    "label": each.label,
                    "role": "source" if address == centre else "",
                }
                for address, each in self.vertices.items()
            ],
            "edges": [
                {
                    "source": edge.source,
                    "target": edge.target,
                    "label": edge.label,
                    "predicted": edge.predicted,
                }
                for edge in self.edges
            ],
        }


async def neighbourhood(
    visit: Visit, view: View, model: Described | None, named: Named
) -> Neighbourhood:
    """Return the edges of the view's centres, of which `named` is the first.

    Raises `StudioError`.
    """
    if view.direction not in DIRECTIONS:
        raise WrongInput("The direction is both, out or in.", "direction")
    found, number = Neighbourhood(), view.number
    ids = {address: read_id(address) for address in view.centres}
    edges: dict[Edge, None] = {}
    for address, id in ids.items():
        rows = await visit.ask(_edges_of(id, view, number + 1), seconds=SECONDS, most=number + 1)
        if len(rows) > number:
            found.more.add(address)
        for row in rows[:number]:
            ends = spell_id(row["source"]), str(row["label"]), spell_id(row["target"])
            pairs = [(str(each["key"]), text_of(each["value"])) for each in row["properties"]]
            edges[Edge(*ends, properties=tuple(pairs))] = None
            ids_of_row = {ends[0]: row["source"], ends[2]: row["target"]}
            found.vertices.update({each: Named(end, "", "") for each, end in ids_of_row.items()})
    expanded = [id for address, id in ids.items() if address != named.address]
    centres = {named.address: named} | await display_names(visit, expanded)
    if model is not None and not model.problem:
        for named in centres.values():
            for edge, id in await _predicted(visit, named, model, found.notes):
                edges[edge] = None
                found.vertices[spell_id(id)] = Named(id, "", "")
    others = [each.id for address, each in found.vertices.items() if address not in centres]
    names = centres | await display_names(visit, others, most=MOST_CENTRES * MOST_EDGES)
    found.vertices = {
        **centres,
        **{each: names.get(each, named) for each, named in found.vertices.items()},
    }
    found.edges = list(edges)
    return found


def _edges_of(id: Any, view: View, most: int) -> GraphTraversal:
    labels = [view.edge] if view.edge else []
    start = g.V(id)
    step = {"out": start.out_e, "in": start.in_e, "both": start.both_e}[view.direction](*labels)
    ends = step.limit(most).project("source", "label", "target", "properties")
    ends = ends.by(__.out_v().id_()).by(T.label).by(__.in_v().id_())
    properties = __.properties().limit(MOST_EDGE_PROPERTIES).project("key", "value")
    return ends.by(properties.by(__.key()).by(__.value()).fold())


async def _predicted(
    visit: Visit, named: Named, model: Described, notes: list[str]
) -> list[tuple[Edge, Any]]:
    """Return predicted edges of a vertex, each with the id of its other end."""
    found: list[tuple[Edge, Any]] = []
    for relation, direction in fitting(model, named.label):
        question = Question(
            model.name, named.address, str(relation), direction, str(MOST_PREDICTED)
        )
        query = links_query(question, model).project("id", "score")
        query = query.by(T.id).by(__.values("Neptune#ml.score"))
        try:
            rows = await visit.ask(query, seconds=2 * SECONDS, most=MOST_PREDICTED)
        except QueryRefused as error:
            notes.append(f"{model.name} predicts nothing for {named.shown}: {error}")
            continue
        for row in rows:
            ends = (named.address, spell_id(row["id"]))
            source, target = ends if direction == "out" else ends[::-1]
            found.append((Edge(source, relation.label, target, float(row["score"])), row["id"]))
    return found


def fitting(model: Described, label: str) -> list[tuple[Relation, str]]:
    """Return the relations, with directions, of which a link model predicts edges of a vertex."""
    if not model.is_link_model:
        return []
    labels = {label, *label.split("::")}
    outgoing = [(each, "out") for each in model.relations if each.source in labels]
    incoming = [
        (each, "in")
        for each in model.relations
        if each.target in labels and each.source not in labels
    ]
    return outgoing + incoming


@dataclass(frozen=True, slots=True)
class Properties:
    """A vertex with its properties, each as key and texts, and whether there are more."""

    vertex: Named
    values: Sequence[tuple[str, list[str]]]
    more: bool


async def properties_of(
    visit: Visit, address: str, vertex: Named | None = None
) -> Properties | None:
    """Return the properties of a vertex, `None` if it is not there. Raises `StudioError`."""
    id = read_id(address)
    query = __.properties().limit(MOST_PROPERTIES + 1).project("key", "value")
    rows = await visit.ask(
        g.V(id).limit(1).map(query.by(__.key()).by(__.value()).fold()), seconds=SECONDS
    )
    if vertex is None:
        vertex = next(iter((await display_names(visit, [id])).values()), None)
    if vertex is None:
        return None
    pairs: list[Mapping[str, Any]] = rows[0] if rows and isinstance(rows[0], list) else rows
    values: dict[str, list[str]] = {}
    for pair in pairs[:MOST_PROPERTIES]:
        values.setdefault(str(pair["key"]), []).append(text_of(pair["value"]))
    return Properties(vertex, sorted(values.items()), len(pairs) > MOST_PROPERTIES)


def text_of(value: Any) -> str:
    """Return a value for people, as the database has it; times are objects with a type."""
    if isinstance(value, Mapping) and "@value" in value:
        return str(value["@value"])
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return ", ".join(text_of(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
