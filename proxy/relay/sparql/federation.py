"""The block as a federated endpoint, for a store that cannot be behind the proxy.

`SERVICE <http://host:8182/sparql/inference> { … }` makes the store send the triples of the block.
An empty store of the proxy's own joins what comes with them with the answers. The management API
checks access and speaks HTTP; it gets `Federate`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from gremlink.grammar.sparql.terms import Term
from gremlink.proxy.graph.rdf.client import term_of
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import Predictor
from gremlink.proxy.inference.errors import MalformedQuery
from gremlink.proxy.inference.sparql.commands import (
    AskSparql,
    Piece,
    Solutions,
    SparqlReply,
)
from gremlink.proxy.inference.sparql.federated import OWN, answer_federated
from gremlink.proxy.relay.offload import Offload
from gremlink.proxy.relay.sparql.inferences import run_answering
from gremlink.proxy.wire.sparql_results import format_accepted, write_results

Federate = Callable[[str, str], Awaitable[tuple[str, str]]]
"""Answers a query in a format that is accepted: returns content type and content. Awaiting raises
`InferenceError`."""


@dataclass(frozen=True, slots=True)
class Federation:
    """Answers blocks alone; `timeout` is the seconds that one may take."""

    predict: Predictor
    settings: Settings
    offload: Offload
    timeout: float

    async def __call__(self, query: str, accept: str) -> tuple[str, str]:
        """Return content type and content of the results. Raises `InferenceError`."""

        async def perform(command: Piece) -> SparqlReply:
            if isinstance(command, AskSparql):
                return Solutions(*await self.offload(_solutions, command.query))
            return await self.predict(command)

        answering = answer_federated(query, self.settings)
        text = await run_answering(answering, query, perform, self.offload, self.timeout)
        assert text is not None
        kind = format_accepted(accept)
        return kind, await self.offload(_results, text, kind)


def _solutions(query: str) -> tuple[tuple[str, ...], Sequence[tuple[Term | None, ...]]]:
    """Return the solutions of a query that needs no graph. Raises `MalformedQuery`."""
    try:
        found = ox.Store().query(query)
    except SyntaxError as error:
        raise MalformedQuery(f"The query cannot be read: {error.msg}.") from None
    assert isinstance(found, ox.QuerySolutions)
    names = tuple(variable.value for variable in found.variables)
    numbers = range(len(names))
    return names, [tuple([term_of(row[number]) for number in numbers]) for row in found]


def _results(query: str, kind: str) -> str:
    variables, rows = _solutions(query)
    kept = [at for at, name in enumerate(variables) if not name.startswith(OWN)]
    shown = [tuple([row[at] for at in kept]) for row in rows]
    return write_results(kind, [variables[at] for at in kept], shown).decode()
