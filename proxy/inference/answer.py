"""The way of one request, as a generator of what it needs from outside.

yield Admit(...)                  the client may ask this database
yield Prepare(...)                the model can answer
reply = yield Ask(...)            the inputs, and what they are linked to
reply = yield PredictLinks(...)   what they may be linked to
return RequestMessage             what goes to the database in the client's name
"""

from __future__ import annotations

from collections.abc import Generator
from typing import cast
from uuid import uuid4

from grammar.traversal import step
from proxy.inference import groovy, links
from proxy.inference.commands import (
    Admit,
    Ask,
    Command,
    Links,
    PredictLinks,
    Prepare,
    Reply,
    Results,
)
from proxy.inference.once import runs_once
from proxy.inference.plan import plan
from proxy.inference.predicates import Settings
from proxy.inference.query import read_query
from proxy.wire.request import RequestMessage

Answering = Generator[Command, Reply, RequestMessage | None]


def answer(request: RequestMessage, settings: Settings) -> Answering:
    """Answer a request; returns `None` if it asks for no inference and goes on as it came.

    Raises `InferenceError`, before anything is asked wherever that is possible.
    """
    query = read_query(request)
    planned = plan(query.traversal, settings) if query is not None else None
    if query is None or planned is None:
        return None
    once = runs_once(planned.prefix)
    if once:
        links.refuse_looking_back(planned)
    nothing = query.traversal.with_steps([step("inject", 0), step("limit", 0)])
    yield Admit(query.asking(nothing, uuid4()))
    model = Prepare(planned.endpoint, planned.edge_label, planned.direction, planned.target_label)
    yield model
    asking = query.asking(links.input_query(planned), uuid4())
    inputs, known = links.read_inputs(cast(Results, (yield Ask(asking))))
    found: Links = ()
    if inputs:
        prediction = PredictLinks(model, inputs, known, planned.limit, planned.threshold)
        found = cast(Links, (yield prediction))
    targets = links.targets_of(inputs, found)
    if once:
        return query.rewritten(links.from_targets(planned, inputs, targets))
    if query.is_groovy and groovy.too_many(targets):
        steps, bindings = groovy.bound_tree(targets)
        return query.rewritten(links.with_answers(planned, steps), bindings)
    return query.rewritten(links.with_answers(planned, links.choose_tree(targets)))
