"""The way of one SPARQL request, as a generator of what it needs from outside.

yield AskSparql(...)                  the inputs of a block, or nothing: may the client ask at all?
yield PrepareLinks(...)               the model can answer
reply = yield AskSparql(...)          what the inputs are linked to
reply = yield PredictLinks(...)       what they may be linked to
return str                            the text with the answers in the place of the block
"""

from __future__ import annotations

from collections.abc import Generator

from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.sparql.commands import SparqlCommand, SparqlReply, SparqlRequest

SparqlAnswering = Generator[SparqlCommand, SparqlReply, str | None]


def answer_sparql(request: SparqlRequest, settings: Settings) -> SparqlAnswering:
    """Answer a request; returns `None` if it asks for no inference and goes on as it came.

    Raises `InferenceError`, before anything is asked wherever that is possible.
    """
    yield from ()
    return None
