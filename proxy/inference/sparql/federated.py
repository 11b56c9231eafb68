"""A block alone, as a store sends it to a federated endpoint: triples without their service.

The store knows the graph, the endpoint only models. So inputs come with the query, as constants or
in VALUES, or are all that the model knows; the links that are no answers are those of its training.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import cast

from gremlink.grammar.errors import LimitExceeded, ScriptError
from gremlink.grammar.sparql.structure import (
    TRIPLES,
    Element,
    Group,
    Operation,
    Request,
    groups_below,
    read_request,
)
from gremlink.grammar.sparql.terms import Iri, to_ntriples
from gremlink.grammar.sparql.tokens import IRI, NAME, VARIABLE, Token
from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.analysis.iam import authorise
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import Known, KnownLinks, ListVertices, PredictLinks
from gremlink.proxy.inference.errors import (
    BadRequest,
    InferenceError,
    MalformedQuery,
    UnsupportedOperation,
)
from gremlink.proxy.inference.queries.inputs import INPUT_LIMIT
from gremlink.proxy.inference.sparql import vocabulary as names
from gremlink.proxy.inference.sparql.answer import SparqlAnswering, answer_analysed
from gremlink.proxy.inference.sparql.commands import SparqlCommand, SparqlReply, Within
from gremlink.proxy.inference.sparql.plan import AnalysedSparql, analyse_sparql
from gremlink.proxy.inference.sparql.question import pattern_of_inputs

OWN = "gremlink_bound_"
"""The beginning of variables for outputs that the store has bound; not for its eyes."""

NO_BLOCK = (
    f"A federated query describes an inference with {names.CONFIG}, as inside of"
    f" SERVICE <{names.INFERENCE}>, and this one does not."
)


def answer_federated(text: str, settings: Settings) -> SparqlAnswering:
    """Answer a block alone; returns a query that needs no graph. Raises `InferenceError`."""
    analysed = _analysed(enclosed(text), settings)
    (block, *_) = analysed.blocks
    if block.input is not None and pattern_of_inputs(analysed, block, {}) is None:
        authorise(block.role, block.model.endpoint, settings)
        yield block.model
        found = cast("tuple[Literal, ...]", (yield ListVertices(block.model, INPUT_LIMIT + 1)))
        if len(found) > INPUT_LIMIT:
            raise UnsupportedOperation(
                f"The model knows more than {INPUT_LIMIT} inputs, and the store has bound none of"
                f" them: bind ?{block.input} before the service, or put the store behind the proxy."
            )
        iris = " ".join(to_ntriples(Iri(str(each.value))) for each in found)
        inputs = f"VALUES ?{block.input} {{ {iris} }} "
        analysed = _analysed(enclosed(text, inputs), settings)
    return (yield from _with_trained_links(answer_analysed(analysed, settings)))


def _analysed(text: str, settings: Settings) -> AnalysedSparql:
    found = analyse_sparql(text, settings)
    if found is None:
        raise BadRequest(NO_BLOCK)
    return found


def _with_trained_links(answering: SparqlAnswering) -> SparqlAnswering:
    """Answer with the links of the training as the known ones."""
    reply: SparqlReply | InferenceError = None
    while True:
        try:
            if isinstance(reply, InferenceError):
                command = answering.throw(reply)
            else:
                command = answering.send(reply)
        except StopIteration as stop:
            return cast("str | None", stop.value)
        try:
            match command:
                case PredictLinks():
                    command = yield from _knowing(command)
                case Within(PredictLinks() as work):
                    command = replace(command, work=(yield from _knowing(work)))
            reply = yield command
        except InferenceError as error:
            reply = error


def _knowing(
    command: PredictLinks,
) -> Generator[SparqlCommand, SparqlReply, PredictLinks]:
    known = cast(Known, (yield KnownLinks(command.model, command.inputs)))
    return replace(command, known=known)


def enclosed(text: str, inputs: str = "") -> str:
    """Return a query with its block inside of Neptune ML's service; `inputs` come before that.

    Raises `InferenceError`.
    """
    try:
        request = read_request(text)
    except (ScriptError, LimitExceeded) as error:
        raise MalformedQuery(str(error)) from error
    operation = request.operations[0] if request.operations else None
    if operation is None or operation.form != "SELECT" or operation.select is None:
        raise BadRequest(NO_BLOCK)
    for group in groups_below(operation.select):
        block = [part for part in group.elements if part.kind == TRIPLES]
        if any(_is_ours(operation, token) for part in block for token in _tokens(request, part)):
            return _replaced(request, operation, group, block, inputs)
    raise BadRequest(NO_BLOCK)


def _tokens(request: Request, part: Element) -> list[Token]:
    return list(request.tokens[part.first : part.last])


def _is_ours(operation: Operation, token: Token, name: str = names.CONFIG) -> bool:
    return token.kind in (IRI, NAME) and operation.prologue.iri(token) == name


def _replaced(
    request: Request, operation: Operation, group: Group, block: list[Element], inputs: str
) -> str:
    bound: list[str] = []
    triples = " . ".join(
        "".join(_free(request, operation, part, bound)).rstrip(" .\n") for part in block
    )
    first = request.tokens[block[0].first].start
    parts = [
        request.text[:first],
        *bound,
        inputs,
        f"SERVICE <{names.INFERENCE}> {{ {triples} }} ",
    ]
    for part, following in zip(block, [*block[1:], None], strict=True):
        start = request.tokens[part.last - 1].end
        end = None if following is None else request.tokens[following.first].start
        parts.append(request.text[start:end])
    return "".join(parts)


def _free(request: Request, operation: Operation, part: Element, bound: list[str]) -> Iterator[str]:
    """Return the text of triples in which what is predicted is a variable again, and add its
    values to those `bound`."""
    tokens = request.tokens
    at = part.first
    while at < part.last:
        yield f"{tokens[at].text} "
        name = next(
            (
                name
                for name in (names.OUTPUT, names.SCORE)
                if _is_ours(operation, tokens[at], names.NAMESPACE + name)
            ),
            None,
        )
        at += 1
        if name is None or at == part.last or tokens[at].kind == VARIABLE:
            continue
        end = at
        while end < part.last and tokens[end].text not in (";", ".", ","):
            end += 1
        variable = f"?{OWN}{name}"
        bound.append(f"VALUES {variable} {{ {request.slice(at, end)} }} ")
        yield f"{variable} "
        at = end
