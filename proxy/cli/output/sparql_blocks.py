"""The blocks of Neptune ML in a SPARQL request, and the proxy's way with each, as lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gremlink.grammar.sparql.structure import Element
    from gremlink.proxy.inference.sparql.answer import Step
    from gremlink.proxy.inference.sparql.plan import AnalysedSparql, Block

_BEGIN = re.compile(
    r"(?:\s|\#[^\n]*)*(?:(?:PREFIX|BASE|VERSION|SELECT|DESCRIBE|INSERT|DELETE|WITH|LOAD|CLEAR|DROP"
    r"|CREATE|ADD|MOVE|COPY)\s+[^\s=.(]|(?:ASK|CONSTRUCT)\s*(?:WHERE|FROM|\{)|\#|SELECT\s*[*(?$])",
    re.IGNORECASE,
)


def looks_like_sparql(text: str) -> bool:
    """Return whether a text begins as a request in SPARQL does, and no script in Gremlin."""
    return _BEGIN.match(text) is not None


def described_blocks(text: str) -> Iterator[str]:
    """Return what the proxy does with a request, in lines."""
    from gremlink.grammar.places import error_at, line_and_column
    from gremlink.proxy.inference.analysis.options import Settings
    from gremlink.proxy.inference.errors import InferenceError
    from gremlink.proxy.inference.sparql.answer import steps
    from gremlink.proxy.inference.sparql.plan import analyse_sparql
    from gremlink.proxy.inference.sparql.vocabulary import BlockError

    try:
        analysed = analyse_sparql(text, Settings(default_endpoint="the default endpoint"))
        if analysed is None:
            yield "No block of Neptune ML in it: the proxy forwards it as it is."
            return
        answered: dict[Element, str] = {}
        for step in steps(analysed, answered):
            block = step.block
            line, _ = line_and_column(text, analysed.place(block))
            if answered:
                yield ""
            yield f"{_title(analysed, block)} in line {line}"
            yield from _described(step)
            names = " ".join(f"?{name}" for name in block.variables)
            answered[block.element] = f"VALUES ({names}) {{ … }}"
            yield f"  3 replace  the block by {answered[block.element]}"
    except BlockError as error:
        yield "The proxy refuses it:"
        yield from str(error_at(text, error.at, str(error))).splitlines()
    except InferenceError as error:
        yield "The proxy refuses it:"
        yield from str(error).splitlines()


def _title(analysed: AnalysedSparql, block: Block) -> str:
    request = analysed.request
    text = " ".join(request.slice(block.element.first, block.element.last).split())
    return text if len(text) <= 100 else f"{text[:99]}…"


def _described(step: Step) -> Iterator[str]:
    from gremlink.proxy.inference.commands import PrepareLinks

    block = step.block
    if step.question is None:
        yield "  1 ask      nothing: the inputs are constants"
    else:
        for number, line in enumerate(step.question.splitlines()):
            yield f"  {'1 ask      ' if not number else ' ' * 11}{line}"
    most = f"at most {block.limit} for each input"
    score = "" if block.threshold is None else f", with a score of {block.threshold} or more"
    model = block.model
    if isinstance(model, PrepareLinks):
        way = "to" if model.direction == "out" else "from"
        yield (
            f"  2 predict  {model.endpoint}: the {model.target_label} resources that"
            f" {model.edge_label} should lead {way}, {most}{score}, without those that it already"
            " links"
        )
    else:
        yield f"  2 predict  {model.endpoint}: {model.task} of {model.key}, {most}{score}"
