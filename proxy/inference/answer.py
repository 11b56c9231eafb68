"""The way of one request, as a generator of what it needs from outside.

yield CheckAccess(...)                the client may ask this database
yield GuessLinks(...), RunSpeculatively(...)
                                      perhaps one query is enough
yield PrepareLinks(...)               the model can answer
yield Ask(...)                        what has a label, where vertices have several
for each inference of the query:
    yield Ask(...), Ask(...)          the steps before it, if they must run only once
    reply = yield Ask(...)            its inputs, and what they are linked to
    reply = yield Ask(...)            what is around them, if it is inductive
    reply = yield PredictLinks(...)   what they may be linked to
return RequestMessage                 what goes to the database in the client's name
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from uuid import uuid4

from gremlink.grammar.traversal import Argument, Traversal
from gremlink.proxy.inference.analysed_request import Understood, understand
from gremlink.proxy.inference.analysis.iam import authorise
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan, plan_next
from gremlink.proxy.inference.commands import Ask, CheckAccess, Command, Reply
from gremlink.proxy.inference.queries.label_matching import ask_for_labels
from gremlink.proxy.inference.queries.models import prepare
from gremlink.proxy.inference.rewrite.dry_run import rehearse
from gremlink.proxy.inference.rewrite.links import replace_links
from gremlink.proxy.inference.rewrite.properties import replace_property
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step
from gremlink.proxy.inference.rewrite.speculative import try_one_query
from gremlink.proxy.wire.request import RequestMessage

STATEMENT = "statement"
"""What a query is for that is a statement of the client's, to people who ask."""

Answering = Generator[Command, Reply, RequestMessage | None]


def answer(request: RequestMessage, settings: Settings) -> Answering:
    """Answer a request; returns `None` if it asks for no inference and goes on as it came.

    Raises `InferenceError`, before anything is asked wherever that is possible.
    """
    understood = understand(request, settings)
    return None if understood is None else (yield from answer_understood(understood, settings))


def answer_understood(
    understood: Understood, settings: Settings, *, trying: bool = False
) -> Answering:
    """Answer a request that has been read. With `trying` it may ask for a `RunSpeculatively`.

    Raises `InferenceError`.
    """
    query, planned = understood.query, understood.planned
    yield CheckAccess(lambda: query.admission(uuid4()), understood.timeout)
    plans = [plan for plans in planned.values() for plan in plans]
    for plan in plans:
        authorise(plan.role, plan.endpoint, settings)
    if trying:
        yield from try_one_query(query, planned)
    prepared = yield from prepare(plans)
    for number, found in planned.items():
        yield from ask_for_labels(query, number, found, prepared)
    bindings: dict[str, Argument] = {}
    changed = {}

    def rewrite(number: int) -> Step[Traversal]:
        rewriting = Rewriting(query, query.analyses[number], prepared, bindings)
        return _without_inferences(rewriting, planned[number], settings)

    for statement in query.statements[:-1]:
        if statement.runs:
            held = statement.traversal
            alone = {}
            if held is not None and held in planned:
                alone[held] = yield from rewrite(held)
            yield Ask(query.alone(statement, alone, bindings), STATEMENT)
    last = query.statements[-1].traversal if query.statements else None
    for number in planned:
        if last is None or number == last:
            changed[number] = yield from rewrite(number)
    return query.rewritten(changed, bindings)


def _without_inferences(
    rewriting: Rewriting, plans: Sequence[Plan], settings: Settings
) -> Step[Traversal]:
    """Replace all inferences, whose `plans` are those of the traversal as it came."""
    following: Plan | None = plans[0]
    rehearsed = False
    while following is not None:
        cut = rewriting.analysis.around(following.inference).cut
        if cut and not rehearsed:
            yield from rehearse(rewriting, plans, cut)
            rehearsed = True
        if cut:
            yield from rewriting.run_once(cut)
        elif isinstance(following, LinkPlan):
            yield from replace_links(rewriting, following)
        else:
            yield from replace_property(rewriting, following)
        following = plan_next(rewriting.analysis, settings)
    return rewriting.traversal
