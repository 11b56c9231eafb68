"""Replacing the prediction of a property by the steps to its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from grammar.traversal import Instruction, Literal, step
from proxy.inference import once, sack
from proxy.inference.commands import Edge, PredictProperty, PrepareProperty, Values
from proxy.inference.errors import InvalidParameter
from proxy.inference.inputs import has_own_ids, input_query, read_edges, read_vertices
from proxy.inference.place import leading_steps
from proxy.inference.plan import PropertyPlan, steps_behind
from proxy.inference.predicates import SCORE
from proxy.inference.prepare import model_of
from proxy.inference.property_answers import Properties
from proxy.inference.rewriting import Rewriting, Step
from proxy.inference.tree import ITS_ID, ITS_WRITTEN_ID

TOGETHER: tuple[Instruction, ...] = (step("barrier"),)
"""Makes one result of equal values, as a database does with stored ones of bytecode: to bring each
to the client takes longer than all the rest."""


def replace_property(rewriting: Rewriting, plan: PropertyPlan) -> Step[None]:
    """Ask for the inputs, let a model predict their values, put these in the place."""
    model = cast(PrepareProperty, model_of(plan))
    leading = leading_steps(rewriting.traversal, plan.inference)
    element = rewriting.prepared.elements[model]
    if once.leads_to(leading) == ("E" if element == "node" else "V"):
        raise InvalidParameter(
            f"Endpoint {plan.endpoint} predicts {plan.key!r} of"
            f" {'vertices' if element == 'node' else 'edges'}, the query asks for it of"
            f" {'edges' if element == 'node' else 'vertices'}."
        )
    keys = () if plan.inductive is None else rewriting.prepared.scopes[model].edge_keys
    by = ITS_ID
    results = yield from rewriting.ask(
        input_query(rewriting.traversal, leading, plan, element, keys)
    )
    if element == "edge" and has_own_ids(results):
        by = ITS_WRITTEN_ID
        asking = input_query(rewriting.traversal, leading, plan, element, keys, by)
        results = yield from rewriting.ask(asking)
    edges = read_edges(results) if element == "edge" else None
    ids = [edge.id for edge in edges] if edges is not None else read_vertices(results)[0]
    found: Values = ()
    if ids:
        inputs: Sequence[Literal | Edge] = ids if edges is None else edges
        ends = [end for edge in edges or () for end in (edge.source, edge.target)]
        read = yield from rewriting.neighbourhood(plan, ends or ids)
        prediction = PredictProperty(model, inputs, plan.limit, plan.threshold, read)
        found = cast(Values, (yield prediction))
    writing = Properties(element, rewriting.dialect, rewriting.binding(), by)
    apart = _kept_apart(rewriting, plan, element)
    if not rewriting.may_start_anew(plan, leading):
        if _gives_values(rewriting, plan) and writing.can_look_up(ids, _values(plan, found)):
            told = {id: [value for value, _ in v] for id, v in zip(ids, found, strict=True)}
            rewriting.replace(plan, rewriting.bound(writing.values_of_each(told)), behind=1)
            return
        each = {id: _flattened(plan, values) for id, values in zip(ids, found, strict=True)}
        rewriting.replace(plan, [*rewriting.bound(writing.of_each(each)), *apart])
        return
    rest = rewriting.behind(plan)
    if rest[:1] == (step("value"),):
        written, rest = writing.values_from_start(_values(plan, found)), rest[1:]
        if not rest and not apart and rewriting.query.dialect.language is None:
            rest = TOGETHER
    else:
        every = [pair for values in found for pair in _flattened(plan, values)]
        written = writing.from_start(every)
    rewriting.traversal = rewriting.traversal.with_steps([*rewriting.bound(written), *apart, *rest])


def _kept_apart(rewriting: Rewriting, plan: PropertyPlan, element: str) -> Sequence[Instruction]:
    """The steps that keep properties in their order where some may be equal: scores, and the
    properties of edges, which nothing tells apart but key and value."""
    merges = rewriting.query.dialect.language is None
    equal = plan.scored or element == "edge"
    return sack.KEEPING_APART if merges and equal and sack.is_free(rewriting.traversal) else ()


def _gives_values(rewriting: Rewriting, plan: PropertyPlan) -> bool:
    """Whether nobody sees the properties of an inference, only their values."""
    inside = plan.inference.inside
    behind = steps_behind(rewriting.traversal, plan.inference)
    return (
        inside[-1:] == ("by",)  # the path in it is seen nowhere else
        and behind[:1] == (step("value"),)
        and once.needs_path(behind[1:]) is None
        and not plan.scored
    )


def _values(plan: PropertyPlan, found: Values) -> list[Literal]:
    """The values of all that `_flattened` makes of these."""
    if not plan.scored:
        return [value for values in found for value, _ in values]
    return [value for values in found for _, value in _flattened(plan, values)]


def _flattened(
    plan: PropertyPlan, values: Sequence[tuple[Literal, float]]
) -> list[tuple[str, Literal]]:
    """Values as properties, each followed by its score if the query asks for it."""
    pairs: list[tuple[str, Literal]] = []
    for value, score in values:
        pairs.append((plan.key, value))
        if plan.scored:
            pairs.append((SCORE, Literal.of(score)))
    return pairs
