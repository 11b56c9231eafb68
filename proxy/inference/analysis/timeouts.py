"""The time that a client allows its query: `evaluationTimeout` of requests, scripts and sources.

A Gremlin Server takes the sum of what the statements of a script say; else the argument of the
request; else a setting of its own. Zero and less is no limit. `scriptEvaluationTimeout` is the name
that the option had before TinkerPop 3.3.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gremlink.grammar.traversal import (
    OPTIONS_STRATEGY,
    Argument,
    Instruction,
    Kind,
    Literal,
    Strategy,
    Traversal,
)
from gremlink.proxy.inference.errors import TimeLimitExceeded
from gremlink.proxy.wire.request import RequestMessage

EVALUATION_TIMEOUT = "evaluationTimeout"
SHOWN = 1000
"""Characters of a query that its error tells."""

_NAMES = (EVALUATION_TIMEOUT, "scriptEvaluationTimeout")


def timeout_of_request(request: RequestMessage) -> int | None:
    """Return the timeout in the arguments of a request, in milliseconds; `None` without one."""
    return next((found for name in _NAMES for found in _milliseconds(request.args.get(name))), None)


def timeout_of_query(
    request: RequestMessage, traversals: Sequence[Traversal], *, is_script: bool
) -> int | None:
    """Return the timeout of a request with these traversals, in milliseconds; `None` without
    one."""
    said = [found for traversal in traversals for found in _of_source(traversal)]
    in_query = sum(said) if said else None
    in_request = timeout_of_request(request)
    first, second = (in_query, in_request) if is_script else (in_request, in_query)
    return second if first is None else first


def _of_source(traversal: Traversal) -> Iterator[int]:
    for instruction in traversal.source:
        match instruction:
            case Instruction("with", (Literal(Kind.STRING, key), value)) if key in _NAMES:
                yield from _milliseconds(value)
            case Instruction("withStrategies", arguments):
                for argument in arguments:
                    if isinstance(argument, Strategy) and argument.name == OPTIONS_STRATEGY:
                        for key, value in argument.configuration:
                            if key in _NAMES:
                                yield from _milliseconds(value)


def _milliseconds(value: Argument | None) -> Iterator[int]:
    match value:
        case Literal(Kind.BYTE | Kind.SHORT | Kind.INT | Kind.LONG, int(number)):
            yield number


def with_time_left(request: RequestMessage, milliseconds: float) -> RequestMessage:
    """Return the request with no more time than is left, if it names a timeout at all."""
    changed: dict[str, Argument | None] = {}
    for name in _NAMES:
        match request.args.get(name):
            case Literal(Kind.INT | Kind.LONG as kind, int(number)) if number > milliseconds:
                changed[name] = Literal(kind, max(1, int(milliseconds)))
    return request.derive(request_id=request.request_id, args=changed) if changed else request


def with_deadline(request: RequestMessage, milliseconds: float) -> RequestMessage:
    """Return a query of our own that ends when its result is no longer waited for."""
    left = Literal(Kind.LONG, max(1, int(milliseconds)))
    args: dict[str, Argument | None] = {_NAMES[1]: None, EVALUATION_TIMEOUT: left}
    return request.derive(request_id=request.request_id, args=args)


def exceeded(request: RequestMessage, milliseconds: int) -> TimeLimitExceeded:
    """Return the error for a client whose query has taken longer than that."""
    match request.args.get("gremlin"):
        case Literal(Kind.STRING, str(text)):
            query = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
        case _:
            query = f"bytecode {request.request_id}"
    return TimeLimitExceeded(milliseconds, query)
