"""A request with inferences, read and found possible before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grammar.traversal import Traversal
from proxy.inference import once
from proxy.inference.errors import UnsupportedOperation
from proxy.inference.find import describe
from proxy.inference.place import leading_steps
from proxy.inference.plan import Plan, plan_all
from proxy.inference.predicates import Settings
from proxy.inference.query import Query, read_query
from proxy.inference.timeouts import timeout_of_query
from proxy.wire.request import RequestMessage


@dataclass(frozen=True, slots=True)
class Understood:
    """What a request asks for. `planned` are the inferences of its traversals, by their number;
    `timeout` is what it says of its time, in milliseconds."""

    query: Query
    planned: Mapping[int, Sequence[Plan]]
    timeout: int | None


def understand(request: RequestMessage, settings: Settings) -> Understood | None:
    """Read a request; `None` if it asks for no inference.

    Raises `InferenceError` for what cannot be answered.
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
    return Understood(query, planned, timeout)


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
