"""A request with inferences, read and found possible before anything is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gremlink.proxy.inference.analysis import side_effects
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.locate import describe
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.plan import Plan, plan_all
from gremlink.proxy.inference.analysis.timeouts import timeout_of_query
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.queries.query import Query, read_query
from gremlink.proxy.wire.request import RequestMessage


@dataclass(frozen=True, slots=True)
class AnalysedRequest:
    """A request with inferences: its query, and the plans of each traversal that has some, by its
    number.

    `timeout` is the time that the request allows, in milliseconds.
    """

    query: Query
    planned: Mapping[int, Sequence[Plan]]
    timeout: int | None


def analyse(request: RequestMessage, settings: Settings) -> AnalysedRequest | None:
    """Read a request; `None` if it asks for no inference.

    Raises `InferenceError` for what cannot be answered.
    """
    query = read_query(request)
    if query is None:
        return None
    planned = {number: plan_all(query.analyses[number], settings) for number in query.concerned}
    planned = {number: plans for number, plans in planned.items() if plans}
    if not planned:
        return None
    for number, plans in planned.items():
        for plan in plans:
            if _refuse_impossible(query.analyses[number], plan):
                _refuse_unknown_ending(query)
    timeout = timeout_of_query(request, query.traversals, is_script=query.script is not None)
    return AnalysedRequest(query, planned, timeout)


def _refuse_impossible(analysis: Analysis, plan: Plan) -> bool:
    """Raise `UnsupportedOperation` for an inference whose inputs cannot be had; whether there are
    steps before it that run once."""
    inference = plan.inference
    traversal, around = analysis.traversal, analysis.around(inference)
    inputs = around.input_type
    unable = "run only once because they write or are random"
    host = side_effects.writes_inside(traversal, inference.path)
    if host is not None:
        raise UnsupportedOperation(
            f"Inside {describe(host)} the steps before {inference}, which are to {unable}, would"
            " run twice: write them before that step, or ask in two queries."
        )
    cut = around.cut
    if not cut:
        return False
    anew = side_effects.begins_anew(traversal, cut)
    starts = None if anew else analysis.type_before(cut)
    if side_effects.is_no_element(starts) or side_effects.is_no_element(inputs):
        raise UnsupportedOperation(
            f"The steps before {inference} {unable}, and what they lead to is no vertex and no"
            " edge: ask in two queries."
        )
    looking_back = analysis.looking_back_from(cut)
    if looking_back is not None:
        raise UnsupportedOperation(
            f"{describe(looking_back)} may need the steps before {inference}, which {unable}:"
            " ask in two queries."
        )
    return True


_ENDING = re.compile(r"\s*\??\.\s*(\w+)")
_ENDINGS = frozenset(
    """next hasNext tryNext toList toSet toBulkSet iterate explain fill toStream forEachRemaining
    promise profile none discard""".split()
)
_GROOVYS = frozenset(
    """getSideEffects sideEffects getBytecode bytecode clone close toString hashCode equals each
    eachWithIndex collect collectMany collectEntries find findAll findResult findResults any every
    inject size first last iterator sort toSorted unique toUnique join max min sum count groupBy
    countBy with tap asType as is dump inspect println use remove notifyAll class getClass
    metaClass""".split()
)
"""Methods that Groovy finds in the iterator that a traversal is to it."""


def _refuse_unknown_ending(query: Query) -> None:
    """Raise `UnsupportedOperation` for a script that calls what no traversal has: a database tells
    so only when it gets to it, and then the steps before an inference have run."""
    ending = _ENDING.match(query.script.tail) if query.script is not None else None
    if ending is None:
        return
    known = _ENDINGS | _GROOVYS if query.dialect.is_groovy else _ENDINGS
    if ending[1] not in known:
        raise UnsupportedOperation(
            f"{ending[1]}(...) is no step of Gremlin that is known here: nothing of the query,"
            " which writes before an inference, has run."
        )
