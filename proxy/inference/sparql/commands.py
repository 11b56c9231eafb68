"""Commands of SPARQL requests: the questions that they need answered by the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gremlink.grammar.sparql.terms import Term
from gremlink.proxy.inference.commands import Reply, Work
from gremlink.proxy.inference.errors import InternalFailure

FOR_INPUTS = "inputs"
"""The purpose of a question for the resources that a block is asked about."""

FOR_LINKS = "links"
"""The purpose of a question for what they are linked to already, which is no answer."""

FOR_ACCESS = "access"
"""The purpose of a question whose answer is not needed: may this client ask the store at all?"""


@dataclass(frozen=True, slots=True)
class SparqlRequest:
    """The text of a query or, with `is_update`, of an update."""

    text: str
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class AskSparql:
    """Send a query to the store's query address in the client's name; the reply is `Solutions`.

    It has the request's own dataset, where parameters name one: `using-graph-uri` of an update
    becomes `default-graph-uri`, `using-named-graph-uri` becomes `named-graph-uri`. `purpose` is for
    people who ask what was done.
    """

    query: str
    purpose: str = FOR_INPUTS


@dataclass(frozen=True, slots=True)
class Solutions:
    """The solutions of a query: a row each, with `None` where a variable is unbound."""

    variables: tuple[str, ...]
    rows: Sequence[tuple[Term | None, ...]]


@dataclass(frozen=True, slots=True)
class Within:
    """Let a model work for so many milliseconds at most; the reply is that of the `work`.

    A driver that does not get it in time throws `too_late` in.
    """

    work: Work
    milliseconds: int
    endpoint: str

    @property
    def too_late(self) -> InternalFailure:
        """The error of a model that took longer."""
        return InternalFailure(
            f"Endpoint {self.endpoint} did not answer within {self.milliseconds} ms, the timeout of"
            " the inference: allow more, or ask for fewer inputs at once."
        )


Piece = AskSparql | Work
"""A command that a store or a model carries out."""

SparqlCommand = Piece | Within
SparqlReply = Solutions | Reply
