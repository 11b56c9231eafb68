"""The models that a query needs: checked before anything is read or written."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import cast

from gremlink.proxy.inference.analysis.options import CLASSIFICATION
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan
from gremlink.proxy.inference.commands import (
    Bearers,
    Command,
    PrepareInductive,
    PrepareLinks,
    PrepareProperty,
    Reply,
)
from gremlink.proxy.inference.live_graph import Scope

Model = PrepareLinks | PrepareProperty
"""A model, by what it is asked for."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The replies of the models of a query.

    `elements` are the kinds of elements, node or edge, whose properties they predict, `scopes` the
    parts of the live graph that they read, `bearers` the types that may have the label which is
    asked for. Two fields come from the database: `without` are the types that its `hasLabel` does
    not find, `in_part` the models with a type of which it finds a part.
    """

    elements: dict[Model, str] = field(default_factory=dict)
    scopes: dict[Model, Scope] = field(default_factory=dict)
    bearers: dict[Model, Bearers] = field(default_factory=dict)
    without: dict[Model, frozenset[str]] = field(default_factory=dict)
    in_part: set[Model] = field(default_factory=set)


def prepare(plans: Sequence[Plan]) -> Generator[Command, Reply, Prepared]:
    """Make sure of the models of all plans. Raises `InferenceError` for one that does not fit."""
    prepared = Prepared()
    for plan in plans:
        model = model_of(plan)
        if plan.inductive is not None:  # before the model: Neptune has a word for what fails here
            scope = yield PrepareInductive(model, plan.inductive.fresh)
            prepared.scopes[model] = cast(Scope, scope)
        reply = yield model
        if isinstance(model, PrepareProperty):
            prepared.elements[model] = cast(str, reply)
        elif isinstance(reply, Bearers):
            prepared.bearers[model] = reply
    return prepared


def model_of(plan: Plan) -> Model:
    """Return the model that a plan asks for."""
    if isinstance(plan, LinkPlan):
        return PrepareLinks(plan.endpoint, plan.edge_label, plan.direction, plan.target_label)
    task = "classification" if plan.task == CLASSIFICATION else "regression"
    return PrepareProperty(plan.endpoint, task, plan.key)
