"""The way of one request, as a generator of what it needs from outside.

yield Admit(...)                      the client may ask this database
yield PrepareLinks(...)               the model can answer
for each inference of the query:
    reply = yield Ask(...)            its inputs, and what they are linked to
    reply = yield Ask(...)            what is around them, if it is inductive
    reply = yield PredictLinks(...)   what they may be linked to
return RequestMessage                 what goes to the database in the client's name
"""

from __future__ import annotations

from collections.abc import Generator
from uuid import uuid4

from grammar.traversal import Argument, Traversal
from proxy.inference import once
from proxy.inference.commands import Admit, Command, Reply
from proxy.inference.errors import UnsupportedOperation
from proxy.inference.find import describe
from proxy.inference.link_rewriting import replace_links
from proxy.inference.place import leading_steps
from proxy.inference.plan import LinkPlan, Plan, plan_all, plan_next
from proxy.inference.predicates import Settings
from proxy.inference.prepare import prepare
from proxy.inference.property_rewriting import replace_property
from proxy.inference.query import read_query
from proxy.inference.rewriting import Rewriting, Step
from proxy.inference.roles import authorise
from proxy.inference.timeouts import timeout_of_query
from proxy.wire.request import RequestMessage

Answering = Generator[Command, Reply, RequestMessage | None]


def answer(request: RequestMessage, settings: Settings) -> Answering:
    """Answer a request; returns `None` if it asks for no inference and goes on as it came.

    Raises `InferenceError`, before anything is asked wherever that is possible.
    """
    query = read_query(request)
    if query is None:
        return None
    planned = {number: plan_all(query.traversals[number], settings) for number in query.concerned}
    planned = {number: plans for number, plans in planned.items() if plans}
    if not planned:
        return None
    for number, plans in planned.items():
        for plan in plans:
            _refuse_impossible(query.traversals[number], plan)
    timeout = timeout_of_query(request, query.traversals, is_script=query.script is not None)
    yield Admit(lambda: query.admission(uuid4()), timeout)
    plans = [plan for plans in planned.values() for plan in plans]
    for plan in plans:
        authorise(plan.role, plan.endpoint, settings)
    prepared = yield from prepare(plans)
    bindings: dict[str, Argument] = {}
    changed = {}
    for number in planned:
        rewriting = Rewriting(query, query.traversals[number], prepared, bindings)
        changed[number] = yield from _without_inferences(rewriting, planned[number][0], settings)
    return query.rewritten(changed, bindings)


def _refuse_impossible(traversal: Traversal, plan: Plan) -> None:
    """Raise `UnsupportedOperation` for an inference whose inputs cannot be had."""
    leading_steps(traversal, plan.inference)
    cut = once.once_until(traversal, plan.inference.path[0])
    if not cut:
        return
    unable = "run only once because they write or are random"
    if once.ids_query(traversal, cut) is None:
        raise UnsupportedOperation(
            f"The steps before {plan.inference} {unable}, and what they lead to cannot be told:"
            " ask in two queries."
        )
    looking_back = once.needs_path(traversal.steps[cut:])
    if looking_back is not None:
        raise UnsupportedOperation(
            f"{describe(looking_back)} may need the steps before {plan.inference}, which {unable}:"
            " ask in two queries."
        )


def _without_inferences(rewriting: Rewriting, first: Plan, settings: Settings) -> Step[Traversal]:
    """Replace all inferences; `first` is the plan of the first one."""
    following: Plan | None = first
    while following is not None:
        if not (yield from rewriting.settle(following)):
            if isinstance(following, LinkPlan):
                yield from replace_links(rewriting, following)
            else:
                yield from replace_property(rewriting, following)
        following = plan_next(rewriting.traversal, settings)
    return rewriting.traversal
