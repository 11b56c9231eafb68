"""Replacing the prediction of a property by the steps to its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import cast

from gremlink.grammar.traversal import Argument, Entries, Instruction, Literal, Traversal, step
from gremlink.proxy.inference.analysis import sack, side_effects
from gremlink.proxy.inference.analysis.options import EXPLAIN, SCORE
from gremlink.proxy.inference.analysis.output_types import OutputType
from gremlink.proxy.inference.analysis.plan import Plan, PropertyPlan
from gremlink.proxy.inference.commands import (
    EXPLAINED_ELEMENTS,
    Counts,
    CountValues,
    Edge,
    ExplainProperties,
    Explanations,
    PredictProperty,
    PrepareProperty,
    Values,
)
from gremlink.proxy.inference.errors import InvalidParameter, UnsupportedOperation
from gremlink.proxy.inference.queries.dialect import BYTECODE
from gremlink.proxy.inference.queries.inputs import (
    ITS_ID,
    ITS_WRITTEN_ID,
    has_own_ids,
    input_query,
    read_edges,
    read_vertices,
)
from gremlink.proxy.inference.queries.models import model_of
from gremlink.proxy.inference.rewrite.bulk_values import inject_counts
from gremlink.proxy.inference.rewrite.forms import Row, choose
from gremlink.proxy.inference.rewrite.property_values import NOTHING_AT_ALL, Pairs, Properties
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step


def replace_property(rewriting: Rewriting, plan: Plan) -> Step[None]:
    """Ask for the inputs, let a model predict their values, put these in the place."""
    assert isinstance(plan, PropertyPlan)
    model = cast(PrepareProperty, model_of(plan))
    around = rewriting.analysis.around(plan.inference)
    element = rewriting.prepared.elements[model]
    refuse_other_elements(plan, element, around.input_type)
    ids, edges, by = yield from _inputs(rewriting, plan, element)
    answers = PropertyAnswers(rewriting, plan, element, ids, by)
    prediction = (yield from _prediction(rewriting, plan, ids, edges)) if ids else None
    if BULKED.fits(answers):
        answers.counts = cast(Counts, (yield CountValues(prediction))) if prediction else ()
        BULKED.write(answers)
        return
    if prediction is not None:
        answers.found = cast(Values, (yield prediction))
        if EXPLAIN in plan.beside:
            answers.reasons = yield from _explained(prediction, answers.found)
    choose(PROPERTIES, answers).write(answers)


def _explained(prediction: PredictProperty, values: Values) -> Step[Explanations]:
    """Ask why each of the values is predicted."""
    count = sum(map(bool, values))
    if count > EXPLAINED_ELEMENTS:
        raise UnsupportedOperation(
            f'properties(key, "{EXPLAIN}") is asked for {count} elements, more than the'
            f" {EXPLAINED_ELEMENTS} that one query can have explained: narrow the steps before the"
            " inference."
        )
    return cast(Explanations, (yield ExplainProperties(prediction, values))) if count else ()


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
    """Ask for the inputs: their ids, the edges if they are some, and the way from one to its id."""
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
    """Return the command for the model, on the graph as it is now if the inference is inductive."""
    ends = [end for edge in edges or () for end in (edge.source, edge.target)]
    read = yield from rewriting.neighbourhood(plan, ends or ids)
    inputs: Sequence[Literal | Edge] = ids if edges is None else edges
    model = cast(PrepareProperty, model_of(plan))
    return PredictProperty(model, inputs, plan.limit, plan.threshold, read)


def _flattened(
    plan: PropertyPlan, values: Sequence[tuple[Literal, float]], reasons: Sequence[Entries]
) -> list[tuple[str, Argument]]:
    """Return values as properties, each followed by what the query asks for beside it."""
    pairs: list[tuple[str, Argument]] = []
    for place, (value, score) in enumerate(values):
        pairs.append((plan.key, value))
        for key in plan.beside:
            pairs.append((key, Literal.of(score) if key == SCORE else reasons[place]))
    return pairs


_VALUE = step("value")


class PropertyAnswers:
    """The values of the inputs: all of them, in `found`, or each once, in `counts`; `reasons` are
    those of `found`, if the query asks for them.

    `by` leads from an element to its id. Its properties are the columns of `PROPERTIES`, its other
    methods write the forms.
    """

    def __init__(
        self,
        rewriting: Rewriting,
        plan: PropertyPlan,
        element: str,
        ids: Sequence[Literal],
        by: Traversal,
    ) -> None:
        self._rewriting = rewriting
        self._plan = plan
        self._around = rewriting.analysis.around(plan.inference)
        self._ids = ids
        self._element = element
        self._by = by
        self.found: Values = ()
        self.counts: Counts = ()
        self.reasons: Explanations = ()

    @cached_property
    def _writing(self) -> Properties:
        rewriting = self._rewriting
        return Properties(self._element, rewriting.dialect, rewriting.binding(), self._by)

    @property
    def may_start(self) -> bool:
        """True if the query may begin with the answers: nothing behind looks back."""
        return self._around.may_start

    @property
    def language(self) -> str:
        """The language of the query."""
        return self._rewriting.query.dialect.written_in

    @property
    def value_follows(self) -> bool:
        """True if `value()` follows."""
        return self._around.following[:1] == (_VALUE,)

    @property
    def alone(self) -> bool:
        """True if no more than one step follows."""
        return len(self._around.following) == 1

    @property
    def scored(self) -> bool:
        """True if the query asks for a score, or for reasons, behind each value."""
        return bool(self._plan.beside)

    @property
    def kept_apart(self) -> bool:
        """True if the sack keeps the server from merging equal results, whose order matters.

        Equal may be scores, and properties of edges, which nothing tells apart but key and value.
        """
        merges = self.language == BYTECODE
        equal = self.scored or self._element == "edge"
        return merges and equal and self._rewriting.analysis.sack_is_free

    @property
    def values_alone(self) -> bool:
        """True if only the values of the properties are seen, as in `by(properties(…).value())`."""
        inside = self._plan.inference.inside
        return inside[-1:] == ("by",) and not self._around.looks_back and not self.scored

    @property
    def many_for_maps(self) -> bool:
        """True for so many ids that maps pay, all of which survive in a map, as do the values."""
        return self._writing.can_look_up(self._ids, self._values())

    def bulk(self) -> None:
        """Begin the query with each value once, and how often it comes."""
        self._start(inject_counts(self.counts) if self.counts else NOTHING_AT_ALL, 1)

    def start_with_values(self) -> None:
        """Begin the query with the values."""
        written = self._writing.values_from_start(self._values())
        self._start([*self._rewriting.bound(written), *self._apart()], 1)

    def start(self) -> None:
        """Begin the query with the properties."""
        every = [pair for _, pairs in self._each() for pair in pairs]
        written = self._writing.from_start(every)
        self._start([*self._rewriting.bound(written), *self._apart()], 0)

    def value_maps(self) -> None:
        """Write look-ups of the values in maps."""
        values_of = {
            id: [value for value, _ in values]
            for id, values in zip(self._ids, self.found, strict=True)
        }
        steps = self._rewriting.bound(self._writing.values_of_each(values_of))
        self._rewriting.replace(self._plan, steps, behind=1)

    def each(self) -> None:
        """Write the properties of each element, in one of the forms of `PER_ELEMENT`."""
        steps = self._rewriting.bound(self._writing.of_each(dict(self._each())))
        self._rewriting.replace(self._plan, [*steps, *self._apart()])

    def _start(self, steps: Sequence[Instruction], taken: int) -> None:
        """Begin the query with steps in the place of the inference and of `taken` behind it."""
        rest = self._around.following[taken:]
        self._rewriting.traversal = self._rewriting.traversal.with_steps([*steps, *rest])

    def _apart(self) -> Sequence[Instruction]:
        return sack.KEEPING_APART if self.kept_apart else ()

    def _each(self) -> Iterator[tuple[Literal, Pairs]]:
        """Yield each element with its values, and what is asked for beside them."""
        reasons: Explanations = self.reasons or [()] * len(self.found)
        for id, values, why in zip(self._ids, self.found, reasons, strict=True):
            yield id, _flattened(self._plan, values, why)

    def _values(self) -> Sequence[Argument]:
        if not self.scored:
            return [value for values in self.found for value, _ in values]
        return [value for _, pairs in self._each() for _, value in pairs]


BULKED = Row(
    "the query begins with each value once, and its number",
    PropertyAnswers.bulk,
    {
        "may_start": True,
        "language": BYTECODE,
        "value_follows": True,
        "alone": True,
        "scored": False,
        "kept_apart": False,
    },
)
PROPERTIES: tuple[Row[PropertyAnswers, None], ...] = (
    BULKED,
    Row(
        "the query begins with the values",
        PropertyAnswers.start_with_values,
        {"may_start": True, "value_follows": True},
    ),
    Row("the query begins with the properties", PropertyAnswers.start, {"may_start": True}),
    Row(
        "look-up of the values in maps",
        PropertyAnswers.value_maps,
        {"value_follows": True, "values_alone": True, "many_for_maps": True},
    ),
    Row("properties of each element, as below", PropertyAnswers.each, {}),
)
"""The forms of predicted properties; the first one is chosen before the model is asked."""
