"""`explain` of SPARQL: the stages of an inference and the query that the store gets.

A request without an inference is the store's to explain.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from gremlink.proxy.inference.commands import (
    Describe,
    Inspect,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
)
from gremlink.proxy.inference.errors import InvalidParameter
from gremlink.proxy.inference.sparql.commands import (
    AskSparql,
    Piece,
    Solutions,
    SparqlReply,
)
from gremlink.proxy.relay.http.pages import milliseconds, page, section, shortened
from gremlink.proxy.relay.sparql.inferences import Perform

MODES = ("static", "dynamic", "details")
"""Values of the parameter, as Neptune has them."""


async def explain(
    run: Callable[[Perform], Awaitable[str | None]],
    text: str,
    mode: str,
    perform: Perform,
    accept: str,
) -> web.Response | None:
    """Return the page about a request with an inference, `None` for one without.

    `run` runs the inferences; the rewritten request is not sent. Raises `InferenceError`.
    """
    if mode.lower() not in MODES:
        raise InvalidParameter(f"explain is {mode[:50]!r}: it must be {', '.join(MODES)}.")
    stages: list[str] = []
    models: dict[PrepareLinks | PrepareProperty, str] = {}

    async def watched(command: Piece) -> SparqlReply:
        started = time.perf_counter()
        reply = await perform(command)
        stages.append(f"{_told(command, reply)}, {milliseconds(time.perf_counter() - started)}")
        if isinstance(command, PrepareLinks | PrepareProperty) and mode.lower() != "static":
            models[command] = str(await perform(Describe(command)))
        return reply

    started = time.perf_counter()
    final = await run(watched)
    if final is None:
        return None
    parts = [section("Query String", [text])]
    if models:
        parts.append(section("Models", list(models.values())))
    parts += [
        section("Inference", stages),
        section("Final Query", [final if mode.lower() == "details" else shortened(final)]),
        section("Runtime (ms)", [f"Inference: {(time.perf_counter() - started) * 1000:.3f}"]),
    ]
    return page("Neptune SPARQL Explain", parts, accept)


def _told(command: Piece, reply: SparqlReply) -> str:
    """Say what was done, in a line or, for a question, with its text."""
    match command:
        case AskSparql(query, purpose):
            rows = len(reply.rows) if isinstance(reply, Solutions) else 0
            return f"{purpose}: {' '.join(query.split())}: {rows} solutions"
        case PrepareLinks(endpoint) | PrepareProperty(endpoint):
            return f"endpoint {endpoint} ready"
        case Inspect(endpoint):
            return f"endpoint {endpoint} inspected"
        case PredictLinks(model, inputs) | PredictProperty(model, inputs):
            found = reply if isinstance(reply, Sequence) else ()
            answers = sum(len(each) for each in found if isinstance(each, Sequence))
            return (
                f"model {model.endpoint}: {len(inputs)} inputs, {answers} predictions,"
                f" limit {command.limit}, threshold {command.threshold}"
            )
    return type(command).__name__
