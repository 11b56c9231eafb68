"""A question of the page Ask, read from its address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from urllib.parse import urlencode

from gremlink.proxy.studio.asking.filters import Filter
from gremlink.proxy.studio.endpoints import Described, Relation
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.vertices import Named, chosen, display_names, read_id
from gremlink.proxy.studio.visit import Visit

MOST_RESULTS = 100
"""Largest `Neptune#ml.limit`."""

DIRECTIONS = ("out", "in")


@dataclass(frozen=True, slots=True)
class Question:
    """The fields of the form, as they were given; `vertex` is what `spell_id` writes.

    `target` is the other end of a link or of an edge, `answer` the value that is explained.
    """

    endpoint: str
    vertex: str
    relation: str = ""
    direction: str = "out"
    limit: str = "10"
    threshold: str = ""
    inductive: bool = False
    target: str = ""
    answer: str = ""
    filters: tuple[Filter, ...] = ()

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
            answer=visit.query("answer"),
            filters=_filters(visit),
        )

    def query(self, **others: str) -> str:
        """Return the query part of an address: the fields that are not empty, and `others`."""
        fields = {
            "endpoint": self.endpoint,
            "vertex": self.vertex,
            "relation": self.relation,
            "direction": self.direction,
            "limit": self.limit,
            "threshold": self.threshold,
            "inductive": "yes" if self.inductive else "",
            **others,
        }
        pairs = [(name, value) for name, value in fields.items() if value]
        for each in self.filters:
            pairs += [("key", each.key), ("comparison", each.comparison), ("value", each.value)]
        return urlencode(pairs)

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

    def answer_label(self, model: Described) -> str:
        """Return the label of predicted vertices. Raises `WrongInput`."""
        relation = self.relation_of(model)
        return relation.target if self.direction == "out" else relation.source

    def source_label(self, model: Described) -> str:
        """Return the label of the vertices that the question may be about."""
        if not model.is_link_model:
            owner = (model.manifest.get("target") or {}).get("owner", "")
            return str(owner if isinstance(owner, str) else owner[0])
        relation = self.relation_of(model)
        return relation.source if self.direction == "out" else relation.target


def _filters(visit: Visit) -> tuple[Filter, ...]:
    """Read the rows of filters, without the empty ones."""
    query = visit.request.query
    rows = zip_longest(
        query.getall("key", []), query.getall("comparison", []), query.getall("value", [])
    )
    every = (Filter(key or "", how or "is", value or "") for key, how, value in rows)
    return tuple(each for each in every if not each.is_empty)


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
