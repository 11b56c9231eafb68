"""The labels by which a database finds vertices that have several.

A vertex with the labels `Admin` and `Person` has one label `Admin::Person` in TinkerGraph, and
`hasLabel` finds it by that alone; in Neptune it is found by each of the two, and not by that. So
the database is asked about some vertices that the model knows, before anything else is done::

    g.V("m0", "m1").project("v", "l", "n").by(__.id()).by(__.label())
     .by(__.coalesce(__.hasLabel("Person").constant(true), __.constant(false)))

Types that it does not find are no candidates, so that the limit counts what it lets through.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import cast
from uuid import uuid4

from gremlink.grammar.traversal import (
    Argument,
    Instruction,
    Items,
    Kind,
    Literal,
    Traversal,
    Variable,
    anonymous,
    step,
)
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan
from gremlink.proxy.inference.commands import Ask, Bearers, Command, Reply, Results
from gremlink.proxy.inference.errors import InvalidParameter
from gremlink.proxy.inference.queries.inputs import fields_of, id_of
from gremlink.proxy.inference.queries.models import Model, Prepared, model_of
from gremlink.proxy.inference.queries.query import Query

PURPOSE = "labels"
"""The purpose of this query."""

_IDS = "gremlink_samples"
_ID, _LABEL, _FOUND = "v", "l", "n"


def ask_for_labels(
    query: Query, number: int, plans: Sequence[Plan], prepared: Prepared
) -> Generator[Command, Reply, None]:
    """Find out which types of vertices have the labels that the plans of a traversal name.

    Raises `InvalidParameter` where a label finds none of what is predicted.
    """
    for plan in plans:
        model = model_of(plan)
        bearers = prepared.bearers.get(model)
        if isinstance(plan, LinkPlan) and bearers is not None and model not in prepared.without:
            asking, bound = _asking(query, query.analyses[number].traversal, plan, bearers)
            reply = yield Ask(query.asking(asking, uuid4(), bound), PURPOSE)
            _take(plan, model, bearers, cast(Results, reply), prepared)


def _asking(
    query: Query, traversal: Traversal, plan: LinkPlan, bearers: Bearers
) -> tuple[Traversal, dict[str, Argument]]:
    ids = tuple(id for samples in bearers.samples.values() for id in samples)
    bound: dict[str, Argument] = {}
    start = Instruction("V", ids)
    if query.script is not None:
        bound, start = {_IDS: Items("list", ids)}, Instruction("V", (Variable(_IDS),))
    found = anonymous(step("hasLabel", plan.target_label), step("constant", True))
    fields = {
        _ID: anonymous(step("id")),
        _LABEL: anonymous(step("label")),
        _FOUND: anonymous(step("coalesce", found, anonymous(step("constant", False)))),
    }
    steps = [start, step("project", *fields), *(step("by", way) for way in fields.values())]
    return traversal.with_steps(steps), bound


def _take(
    plan: LinkPlan, model: Model, bearers: Bearers, results: Results, prepared: Prepared
) -> None:
    rows = {id_of(row.get(_ID)): row for row in fields_of(results)}
    without: set[str] = set()
    labels: set[str] = set()
    for name, samples in bearers.samples.items():
        seen = [rows[id] for id in samples if id in rows]
        found = [row.get(_FOUND) == Literal(Kind.BOOLEAN, True) for row in seen]
        if seen and not any(found):
            without.add(name)
            labels.update(id_of(row.get(_LABEL)).value for row in seen)
        elif any(found) and not all(found):
            prepared.in_part.add(model)
    if not bearers.sure and without == set(bearers.samples):
        raise InvalidParameter(
            f"hasLabel({plan.target_label!r}) finds none of the vertices that endpoint"
            f" {plan.endpoint} predicts: this database has them labelled"
            f" {' or '.join(map(repr, sorted(labels)))}."
        )
    prepared.without[model] = frozenset(without)
