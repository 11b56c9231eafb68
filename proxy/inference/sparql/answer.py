"""The way of one SPARQL request, as a generator of what it needs from outside.

for each block, first those whose input no other block gives:
    yield AskSparql(...)              its inputs, and what they are linked to
    yield PrepareLinks(...)           the model can answer
    reply = yield PredictLinks(...)   what they may be linked to
return str                            the text with the answers in the place of the blocks

A question comes before any model is named: a client without access to the store learns nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from gremlink.grammar.sparql.structure import Element
from gremlink.grammar.sparql.terms import Iri, Term
from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.analysis.iam import authorise
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import (
    Inspect,
    Inspected,
    Links,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    Work,
)
from gremlink.proxy.inference.errors import (
    CancelledByUser,
    InferenceError,
    TimeLimitExceeded,
    UnsupportedOperation,
)
from gremlink.proxy.inference.queries.inputs import INPUT_LIMIT
from gremlink.proxy.inference.sparql import vocabulary as names
from gremlink.proxy.inference.sparql.commands import (
    FOR_ACCESS,
    FOR_LINKS,
    AskSparql,
    Solutions,
    SparqlCommand,
    SparqlReply,
    SparqlRequest,
    Within,
)
from gremlink.proxy.inference.sparql.plan import AnalysedSparql, Block, analyse_sparql
from gremlink.proxy.inference.sparql.question import (
    ACCESS_QUESTION,
    depends_on_earlier,
    pattern_of_inputs,
    question,
    question_of_constants,
)
from gremlink.proxy.inference.sparql.values import (
    Spelling,
    inline_data,
    nothing_known,
    other_input,
    rows_of,
)
from gremlink.proxy.inference.sparql.vocabulary import BlockError

SparqlAnswering = Generator[SparqlCommand, SparqlReply, str | None]
_Answered = dict[Element, str]
_Inputs = dict[str, set[Literal]]
"""Inputs, and the known links of each."""


def answer_sparql(request: SparqlRequest, settings: Settings) -> SparqlAnswering:
    """Answer a request; returns `None` if it asks for no inference and goes on as it came.

    Raises `InferenceError`, before anything is asked wherever that is possible.
    """
    analysed = analyse_sparql(request.text, settings)
    return None if analysed is None else (yield from answer_analysed(analysed, settings))


def answer_analysed(analysed: AnalysedSparql, settings: Settings) -> SparqlAnswering:
    """Answer a request that has been read. Raises `InferenceError`."""
    answered: _Answered = {}
    for step in steps(analysed, answered):
        block, asked = step.block, step.question
        if asked is not None and depends_on_earlier(analysed, block, asked):
            raise BlockError(names.DEPENDENT, analysed.place(block))
        inputs = yield from _ask(block, asked, allowed=bool(answered))
        lines = _text(analysed, block).count("\n")
        try:
            authorise(block.role, block.model.endpoint, settings)
            rows = yield from _predict(block, inputs)
        except (TimeLimitExceeded, CancelledByUser):
            raise
        except InferenceError:
            if not block.silent:
                raise
            answered[block.element] = nothing_known(block.variables, lines)
        else:
            if step.late and not rows:
                rows = other_input(block.variables)
            answered[block.element] = inline_data(block.variables, rows, lines)
    return rewritten(analysed, answered)


@dataclass(frozen=True, slots=True)
class Step:
    """A block whose turn it is, and the question for its inputs, if there is one.

    `late` tells that its inputs come from outside of an `OPTIONAL` that holds it.
    """

    block: Block
    question: str | None
    late: bool = False


def steps(analysed: AnalysedSparql, answered: _Answered) -> Iterator[Step]:
    """Return the blocks, each when all that it depends on has answers.

    Raises `BlockError` for an input that nothing binds.
    """
    waiting = list(analysed.blocks)
    while waiting:
        step = next(filter(None, (_step(analysed, block, answered) for block in waiting)), None)
        if step is None:
            block = waiting[0]
            raise BlockError(names.UNBOUND.format(block.input), analysed.place(block))
        waiting.remove(step.block)
        yield step


def _step(analysed: AnalysedSparql, block: Block, answered: _Answered) -> Step | None:
    if block.input is None:
        return Step(block, question_of_constants(analysed, block))
    pattern = pattern_of_inputs(analysed, block, answered)
    if pattern is None:
        return None
    return Step(block, question(analysed, block, pattern), pattern.late)


def rewritten(analysed: AnalysedSparql, answered: _Answered) -> str:
    """Return the request with the answers in the place of its blocks; all else as it came."""
    request = analysed.request
    parts: list[str] = []
    end = 0
    for block in sorted(analysed.blocks, key=lambda block: block.element.first):
        element = block.element
        parts += request.text[end : analysed.place(block)], answered[element]
        end = request.tokens[element.last - 1].end
    return "".join([*parts, request.text[end:]])


def _text(analysed: AnalysedSparql, block: Block) -> str:
    return analysed.request.slice(block.element.first, block.element.last)


# -- inputs


def _ask(
    block: Block, asked: str | None, *, allowed: bool
) -> Generator[SparqlCommand, SparqlReply, _Inputs]:
    if block.input is None:
        found: _Inputs = {each: set() for each in block.constants}
        if asked is not None:
            _read(block, cast(Solutions, (yield AskSparql(asked, FOR_LINKS))), found)
        elif not allowed:
            yield AskSparql(ACCESS_QUESTION, FOR_ACCESS)
        return found
    assert asked is not None
    found = {}
    if _read(block, cast(Solutions, (yield AskSparql(asked))), found) > INPUT_LIMIT:
        raise UnsupportedOperation(
            f"The inference has more than {INPUT_LIMIT} inputs: narrow the patterns that bind"
            f" ?{block.input}, or ask in portions with a sub-select that has LIMIT and OFFSET."
        )
    return found


def _read(block: Block, solutions: Solutions, found: _Inputs) -> int:
    """Read inputs and their known links; what is no IRI is no input. Count all terms that might
    have been inputs."""
    others: set[Term] = set()
    last: str | None = None
    known: set[Literal] = set()
    for row in solutions.rows:
        term: Term | None = row[0]
        if term is None:
            raise BlockError(names.SOMETIMES_UNBOUND.format(block.input), 0)
        if not isinstance(term, Iri):
            others.add(term)
            continue
        if term.value != last:
            last = term.value
            known = found.setdefault(last, set())
        if len(row) > 1 and isinstance(row[1], Iri):
            known.add(Literal.string(row[1].value))
    return len(found) + len(others)


# -- models


def _predict(block: Block, inputs: _Inputs) -> Generator[SparqlCommand, SparqlReply, Sequence[str]]:
    """Ask the model, and return a row of values for each answer.

    A resource of several classes is of each of them, so nothing that bears the class is left out.
    """
    model = block.model
    yield _in_time(block, model)
    spelled = Spelling(rdf=True, datatype=None, resources=True)
    if not isinstance(model, PrepareLinks):
        inspected = cast(Inspected, (yield Inspect(model.endpoint, ())))
        spelled = Spelling(rdf=inspected.rdf, datatype=inspected.datatype, resources=False)
    rows: list[str] = []
    everything = list(inputs.items())
    size = block.batch_size or max(1, len(everything))
    for begin in range(0, len(everything), size):
        batch = everything[begin : begin + size]
        ids = [Literal.string(iri) for iri, _ in batch]
        if isinstance(model, PrepareLinks):
            known = [frozenset(links) for _, links in batch]
            work: Work = PredictLinks(model, ids, known, block.limit, block.threshold)
        else:
            work = PredictProperty(model, ids, block.limit, block.threshold)
        reply = yield _in_time(block, work)
        for (iri, _), answers in zip(batch, cast(Links, reply), strict=True):
            rows += rows_of(
                None if block.input is None else iri,
                answers,
                spelled,
                scored=block.score is not None,
            )
    return rows


def _in_time(block: Block, work: Work) -> Work | Within:
    return work if block.timeout is None else Within(work, block.timeout, block.model.endpoint)
