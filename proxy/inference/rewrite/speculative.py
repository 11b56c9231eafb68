"""The speculative query: one query in the place of two, where the inputs need not be asked for.

Ordinarily the inputs of a link prediction and their links are asked for, then their answers are. A
query that names its one input by its id can do with the second query: the answers are those for the
links that the model knows from its training, and go out under the condition that these are right::

    g.V("user_19")
     .filter(__.id().is("user_19"))
     .not(__.out("FRIEND").hasId("user_01"))
     .V("user_01").hasLabel("User").values("name")

Links that the model ranks above its answers have to be there still::

     .filter(__.out("FRIEND").id().is(P.within("user_07")).dedup().count().is(1))

Where it gives something, the condition held, and this is what the two queries would have given.
Where it gives nothing (the vertex has other links by now, or is none, or the answers lead nowhere),
it has changed nothing either, and the two queries are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import cast
from uuid import uuid4

from gremlink.grammar.traversal import (
    Argument,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Variable,
    anonymous,
    step,
)
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan
from gremlink.proxy.inference.commands import Guess, GuessLinks, PrepareLinks, RunSpeculatively
from gremlink.proxy.inference.queries.models import Prepared, model_of
from gremlink.proxy.inference.queries.query import Query
from gremlink.proxy.inference.rewrite import vertices
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step
from gremlink.proxy.inference.rewrite.vertices import LITERAL_LIMIT

_NEEDS_SOMETHING = frozenset(
    """hasLabel values properties valueMap propertyMap elementMap id label key value out in both
    outE inE bothE outV inV otherV order by project dedup identity local map flatMap limit range
    with""".split()
)
"""Steps that give nothing where nothing comes, unlike `count` and `fold`, and that write nothing.
Filters are not among them: where they let no answer through, a query would be asked for nothing."""

_TAILS = ("", ".toList()", ".next()")
"""Ends of scripts with which a traversal without results gives no result, or an error."""


def speculate(query: Query, planned: Mapping[int, Sequence[Plan]]) -> Step[None]:
    """Try to answer a query at once; returns if that was not possible."""
    ((number, plans), *others) = planned.items()
    (plan, *more) = plans
    analysis = query.analyses[number]
    traversal = analysis.traversal
    if others or more or not isinstance(plan, LinkPlan):
        return
    if not (_is_simple(query) and _names_its_input(analysis, plan)):
        return
    (source,) = traversal.steps[0].arguments
    model = cast(PrepareLinks, model_of(plan))
    assert isinstance(source, Literal)
    asked = Literal(source.kind, source.value)
    hides = plan.hide is not None
    guess = yield GuessLinks(model, asked, plan.limit, plan.threshold, hides)
    if not isinstance(guess, Guess) or not can_be_looked_for(guess.linked):
        return
    rewriting = Rewriting(query, analysis, plans, Prepared(), {})
    steps = [
        traversal.steps[0],
        step("filter", anonymous(step("id"), Instruction("is", (source,)))),
        *_answers(rewriting, plan, guess),
        *analysis.around(plan.inference).following,
    ]
    changed = {number: traversal.with_steps(steps)}
    yield RunSpeculatively(query.rewritten(changed, rewriting.bindings, uuid4()))


def _is_simple(query: Query) -> bool:
    """Return whether the answer to the client is that of the query, in a form that we can read."""
    request, script = query.request, query.script
    if request.processor == "session" or request.format.readable != request.format:
        return False
    return script is None or (script.single is not None and script.tail.strip(" \t\r\n;") in _TAILS)


def _names_its_input(analysis: Analysis, plan: LinkPlan) -> bool:
    """Return whether an inference follows `V(id)`, and each result behind it needs an answer."""
    if plan.inference.path != (1,) or not has_defaults(plan):
        return False
    match analysis.traversal.step(0):
        case Instruction("V", (Literal(),)):
            pass
        case _:
            return False
    around = analysis.around(plan.inference)
    return (
        plan.hide in (None, plan.direction)
        # The first step behind is for the label.
        and all(each.name in _NEEDS_SOMETHING for each in around.following[1:])
        and not around.looks_back
        and all(read.path[0] <= plan.inference.width for read in analysis.score_reads)
    )


_TAKEN_OVER = frozenset(
    "inference endpoint role edge_label direction target_label limit threshold hide".split()
)
"""Fields of a plan that the speculative prediction and its query go by."""


def has_defaults(plan: LinkPlan) -> bool:
    """Return whether a plan asks for nothing that a speculative prediction would leave out: all its
    other fields, also those that are added some day, have their defaults."""
    others = [each for each in fields(plan) if each.name not in _TAKEN_OVER]
    return all(getattr(plan, each.name) == each.default for each in others)


def can_be_looked_for(linked: Iterable[Literal]) -> bool:
    """Return whether a server distinguishes these ids from all others: `1` and `1L` are equal to
    it."""
    return all(id.kind in (Kind.STRING, Kind.UUID) for id in linked)


def _answers(rewriting: Rewriting, plan: LinkPlan, guess: Guess) -> Sequence[Instruction]:
    """Return the steps from the input to the answers, if it is linked as the guess says."""
    start = rewriting.bound(
        vertices.from_start(guess.targets, rewriting.dialect, rewriting.binding())
    )
    if plan.hide is None:
        return start
    linked = step(plan.hide, plan.edge_label)
    ids = start[0].arguments
    steps = [step("not", anonymous(linked, Instruction("hasId", ids)))]
    if guess.linked:
        within, count = _within(rewriting, guess.linked)
        those = anonymous(
            linked, step("id"), step("is", within), step("dedup"), step("count"), count
        )
        steps.append(step("filter", those))
    return [*steps, *start]


def _within(rewriting: Rewriting, ids: Sequence[Literal]) -> tuple[Predicate, Instruction]:
    """Return the predicate for some ids, and the step for their number."""
    every: Sequence[Argument] = ids
    count: Argument = Literal.of(len(ids))
    if rewriting.dialect.prefers_binding(ids, LITERAL_LIMIT):
        name = rewriting.binding()
        rewriting.bindings[name] = Items("list", tuple(ids))
        every, count = [Variable(name)], Opaque("script", f"{name}.size()", "answers")
    return Predicate("P", "within", tuple(every)), step("is", count)
