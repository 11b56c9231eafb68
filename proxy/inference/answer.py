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

from collections.abc import Generator
from uuid import uuid4

from gremlink.grammar.traversal import Argument, Traversal
from gremlink.proxy.inference.analysed_request import AnalysedRequest, analyse
from gremlink.proxy.inference.analysis.iam import authorise
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import Ask, CheckAccess, Command, Reply
from gremlink.proxy.inference.queries.label_matching import ask_for_labels
from gremlink.proxy.inference.queries.models import prepare
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step
from gremlink.proxy.inference.rewrite.rules import rewrite
from gremlink.proxy.inference.rewrite.speculative import speculate
from gremlink.proxy.wire.request import RequestMessage

STATEMENT = "statement"
"""The purpose of a query that is a statement of the client's."""

Answering = Generator[Command, Reply, RequestMessage | None]


def answer(request: RequestMessage, settings: Settings) -> Answering:
    """Answer a request; returns `None` if it asks for no inference and goes on as it came.

    Raises `InferenceError`, before anything is asked wherever that is possible.
    """
    analysed = analyse(request, settings)
    return None if analysed is None else (yield from answer_analysed(analysed, settings))


def answer_analysed(
    analysed: AnalysedRequest, settings: Settings, *, speculative: bool = False
) -> Answering:
    """Answer a request that has been read. With `speculative` it may ask for a `RunSpeculatively`.

    Raises `InferenceError`.
    """
    query, planned = analysed.query, analysed.planned
    yield CheckAccess(lambda: query.admission(uuid4()), analysed.timeout)
    plans = [plan for plans in planned.values() for plan in plans]
    for plan in plans:
        authorise(plan.role, plan.endpoint, settings)
    if speculative:
        yield from speculate(query, planned)
    prepared = yield from prepare(plans)
    for number, found in planned.items():
        yield from ask_for_labels(query, number, found, prepared)
    bindings: dict[str, Argument] = {}
    changed = {}

    def rewritten(number: int) -> Step[Traversal]:
        plans = planned[number]
        return rewrite(
            Rewriting(query, query.analyses[number], plans, prepared, bindings), settings
        )

    for statement in query.statements[:-1]:
        if statement.runs:
            held = statement.traversal
            alone = {}
            if held is not None and held in planned:
                alone[held] = yield from rewritten(held)
            yield Ask(query.alone(statement, alone, bindings), STATEMENT)
    last = query.statements[-1].traversal if query.statements else None
    for number in planned:
        if last is None or number == last:
            changed[number] = yield from rewritten(number)
    return query.rewritten(changed, bindings)
