"""Replacing the prediction of a property by the steps to its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from gremlink.grammar.traversal import Instruction, Literal, Traversal, step
from gremlink.proxy.inference.analysis import sack, side_effects
from gremlink.proxy.inference.analysis.analysis import Surroundings
from gremlink.proxy.inference.analysis.options import SCORE
from gremlink.proxy.inference.analysis.output_types import OutputType
from gremlink.proxy.inference.analysis.plan import PropertyPlan
from gremlink.proxy.inference.commands import (
    Counts,
    CountValues,
    Edge,
    PredictProperty,
    PrepareProperty,
    Values,
)
from gremlink.proxy.inference.errors import InvalidParameter
from gremlink.proxy.inference.queries.inputs import (
    ITS_ID,
    ITS_WRITTEN_ID,
    has_own_ids,
    input_query,
    read_edges,
    read_vertices,
)
from gremlink.proxy.inference.queries.models import model_of
from gremlink.proxy.inference.rewrite.bulk_values import counted
from gremlink.proxy.inference.rewrite.property_values import NOTHING_AT_ALL, Properties
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step


def replace_property(rewriting: Rewriting, plan: PropertyPlan) -> Step[None]:
    """Ask for the inputs, let a model predict their values, put these in the place."""
    model = cast(PrepareProperty, model_of(plan))
    around = rewriting.analysis.around(plan.inference)
    element = rewriting.prepared.elements[model]
    refuse_other_elements(plan, element, around.input_type)
    ids, edges, by = yield from _inputs(rewriting, plan, element)
    prediction = (yield from _prediction(rewriting, plan, ids, edges)) if ids else None
    apart = _kept_apart(rewriting, plan, element)
    if _are_counted(rewriting, plan, around) and not apart:
        counts = cast(Counts, (yield CountValues(prediction))) if prediction is not None else ()
        steps = counted(counts) if counts else NOTHING_AT_ALL
        rewriting.traversal = rewriting.traversal.with_steps(steps)
        return
    found = cast(Values, (yield prediction)) if prediction is not None else ()
    writing = Properties(element, rewriting.dialect, rewriting.binding(), by)
    if not around.may_start:
        if _gives_values(plan, around) and writing.can_look_up(ids, _values(plan, found)):
            told = {id: [value for value, _ in v] for id, v in zip(ids, found, strict=True)}
            rewriting.replace(plan, rewriting.bound(writing.values_of_each(told)), behind=1)
            return
        each = {id: _flattened(plan, values) for id, values in zip(ids, found, strict=True)}
        rewriting.replace(plan, [*rewriting.bound(writing.of_each(each)), *apart])
        return
    rest = around.following
    if rest[:1] == (step("value"),):
        written, rest = writing.values_from_start(_values(plan, found)), rest[1:]
    else:
        every = [pair for values in found for pair in _flattened(plan, values)]
        written = writing.from_start(every)
    rewriting.traversal = rewriting.traversal.with_steps([*rewriting.bound(written), *apart, *rest])


def refuse_other_elements(plan: PropertyPlan, element: str, inputs: OutputType) -> None:
    """Raise `InvalidParameter` if the inputs are vertices and a model predicts what edges have, or
    the other way round."""
    if side_effects.element_of(inputs) == ("E" if element == "node" else "V"):
        raise InvalidParameter(
            f"Endpoint {plan.endpoint} predicts {plan.key!r} of"
            f" {'vertices' if element == 'node' else 'edges'}, the query asks for it of"
            f" {'edges' if element == 'node' else 'vertices'}."
        )


def _inputs(
    rewriting: Rewriting, plan: PropertyPlan, element: str
) -> Step[tuple[Sequence[Literal], Sequence[Edge] | None, Traversal]]:
    """The ids of the inputs, these as edges if they are some, and what leads from one to its id."""
    model = cast(PrepareProperty, model_of(plan))
    keys = () if plan.inductive is None else rewriting.prepared.scopes[model].edge_keys
    by = ITS_ID
    results = yield from rewriting.ask(input_query(rewriting.analysis, plan, element, keys))
    if element == "node":
        return read_vertices(results)[0], None, by
    if has_own_ids(results):
        by = ITS_WRITTEN_ID
        asking = input_query(rewriting.analysis, plan, element, keys, by)
        results = yield from rewriting.ask(asking)
    edges = read_edges(results)
    return [edge.id for edge in edges], edges, by


def _prediction(
    rewriting: Rewriting,
    plan: PropertyPlan,
    ids: Sequence[Literal],
    edges: Sequence[Edge] | None,
) -> Step[PredictProperty]:
    """What the model is asked for, on the graph as it is now if the inference is inductive."""
    ends = [end for edge in edges or () for end in (edge.source, edge.target)]
    read = yield from rewriting.neighbourhood(plan, ends or ids)
    inputs: Sequence[Literal | Edge] = ids if edges is None else edges
    model = cast(PrepareProperty, model_of(plan))
    return PredictProperty(model, inputs, plan.limit, plan.threshold, read)


def _are_counted(rewriting: Rewriting, plan: PropertyPlan, around: Surroundings) -> bool:
    """Whether a query gives nothing but values, of which a database makes one result of equal ones,
    as it does with stored values for bytecode."""
    return (
        rewriting.query.dialect.language is None
        and not plan.scored
        and around.may_start
        and around.following == (step("value"),)
    )


def _kept_apart(rewriting: Rewriting, plan: PropertyPlan, element: str) -> Sequence[Instruction]:
    """The steps that keep properties in their order where some may be equal: scores, and the
    properties of edges, which nothing tells apart but key and value."""
    merges = rewriting.query.dialect.language is None
    equal = plan.scored or element == "edge"
    return sack.KEEPING_APART if merges and equal and rewriting.analysis.sack_is_free else ()


def _gives_values(plan: PropertyPlan, around: Surroundings) -> bool:
    """Whether nobody sees the properties of an inference, only their values."""
    inside = plan.inference.inside
    return (
        inside[-1:] == ("by",)  # the path in it is seen nowhere else
        and around.following[:1] == (step("value"),)
        and not around.looks_back
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
