"""A dry run: the database reads a query before it is allowed to write.

Steps before an inference that write run in a query of their own, and what comes then may fail: a
step that the database does not know, a strategy, a value that its language cannot say. So the rest
of the query, with something in the place of each inference, is asked first where nothing reaches
it. A database reads it all, and does nothing::

    g.V("a").property("asked", true).out("FRIEND")<inference>.hasLabel("User").values("name")
    g.inject(0).limit(0).flatMap(__.V("gremlink").hasLabel("User").values("name"))
"""

from __future__ import annotations

from typing import cast

from gremlink.grammar.traversal import Argument, Literal, anonymous, step
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan, PropertyPlan
from gremlink.proxy.inference.commands import PrepareProperty
from gremlink.proxy.inference.queries.models import model_of
from gremlink.proxy.inference.rewrite import vertices
from gremlink.proxy.inference.rewrite.properties import refuse_other_elements
from gremlink.proxy.inference.rewrite.property_values import Properties
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step
from gremlink.proxy.inference.rewrite.vertices import Written
from gremlink.proxy.inference.splice import splice

_DUMMY = Literal.string("gremlink")
_AT_THE_END = ("none", "discard")
"""Steps that mean something at the end of a query only."""


def dry_run(rewriting: Rewriting, cut: int) -> Step[None]:
    """Ask the database for the steps from `cut` on, with nothing to reach them.

    Raises `InferenceError` for what is known to fail later.
    """
    every = rewriting.analysis.inferences
    still = rewriting.plans[len(rewriting.plans) - len(every) :]
    for inference, plan in zip(every, still, strict=True):
        if isinstance(plan, PropertyPlan):
            inputs = rewriting.analysis.around(inference).input_type
            refuse_other_elements(plan, _element(rewriting, plan), inputs)
    steps = list(rewriting.traversal.steps[cut:])
    while steps and steps[-1].name in _AT_THE_END:
        steps.pop()
    rest = anonymous(*steps)
    bindings: dict[str, Argument] = {}
    for inference, plan in reversed(list(zip(every, still, strict=True))):
        value_alone = rewriting.analysis.around(inference).following[:1] == (step("value"),)
        written = _instead(rewriting, plan, value_alone=value_alone)
        bindings |= written.bindings
        width = inference.width + (value_alone and not isinstance(plan, LinkPlan))
        first, *deeper = inference.path
        rest = splice(rest, (first - cut, *deeper), width, written.steps)
    nothing = [step("inject", 0), step("limit", 0), step("flatMap", rest)]
    yield from rewriting.ask(rewriting.traversal.with_steps(nothing), bindings)


def _instead(rewriting: Rewriting, plan: Plan, *, value_alone: bool) -> Written:
    """Return steps of the same form as those to the answers, or to their values."""
    name = rewriting.binding()
    if isinstance(plan, LinkPlan):
        return vertices.vertices({_DUMMY: [_DUMMY]}, rewriting.dialect, name)
    if value_alone:  # mostly there are no properties then, which not every server would take
        return Written([step("constant", _DUMMY)], {})
    writing = Properties(_element(rewriting, plan), rewriting.dialect, name)
    return writing.of_each({_DUMMY: [(plan.key, _DUMMY)]})


def _element(rewriting: Rewriting, plan: PropertyPlan) -> str:
    return rewriting.prepared.elements[cast(PrepareProperty, model_of(plan))]
