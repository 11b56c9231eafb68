"""A traversal is analysed once: on the way of a request no question about it is asked twice."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from answering import as_bytecode, as_script, drive, row

from gremlink.grammar import script
from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.analysis import sack, side_effects
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.input_steps import input_steps
from gremlink.proxy.inference.analysis.locate import Inference, find_inferences
from gremlink.proxy.inference.analysis.misplaced import misplaced_options, misplaced_steps
from gremlink.proxy.inference.analysis.output_types import output_type
from gremlink.proxy.inference.analysis.score_reads import score_reads

QUESTIONS: tuple[Callable[..., Any], ...] = (
    find_inferences,
    input_steps,
    misplaced_options,
    misplaced_steps,
    output_type,
    sack.is_free,
    score_reads,
    side_effects.cut_behind,
    side_effects.is_unique,
    side_effects.needs_path,
    side_effects.runs_once,
    side_effects.writes_inside,
)
"""Functions that walk over the steps of a traversal."""

LINKS = 'out("FRIEND").with("Neptune#ml.prediction").hasLabel("User")'
CLASSES = 'properties("genre").with("Neptune#ml.classification")'
START = 'g.with("Neptune#ml.endpoint", "e")'

QUERIES = {
    "a link": f'{START}.V("a").{LINKS}.values("name")',
    "looks back": f'{START}.V("a").as("x").{LINKS}.select("x")',
    "two links": f'{START}.V("a").{LINKS}.{LINKS}.values("name")',
    "scores": f'{START}.V("a").{LINKS}.project("s").by("Neptune#ml.score")',
    "filters first": f'{START}.with("Neptune#ml.filterFirst").V("a").{LINKS}.has("age", 3)',
    "nested": f'{START}.V("a").project("x").by({LINKS}.fold())',
    "values": f'{START}.V("a").{CLASSES}.value()',
    "properties": f'{START}.V("a").project("x").by({CLASSES}.value().fold())',
    "writes": f'{START}.V("a").property("x", 1).{LINKS}.values("name")',
    "writes, then two": f'{START}.V("a").property("x", 1).{LINKS}.{CLASSES}.value()',
}


def described(argument: Any) -> str:
    return str(argument.path) if isinstance(argument, Inference) else repr(argument)


@contextmanager
def asked() -> Iterator[Counter[tuple[str, ...]]]:
    """The questions that other modules ask, with their arguments, and how often."""
    codes = {each.__code__: each.__name__ for each in QUESTIONS}
    found: Counter[tuple[str, ...]] = Counter()
    begun: list[FrameType] = []  # a generator goes on in its frame, which is a call again

    def profile(frame: FrameType, event: str, _: Any) -> None:
        caller = frame.f_back
        if event != "call" or frame.f_code not in codes or frame in begun or caller is None:
            return
        if caller.f_code.co_filename != frame.f_code.co_filename:
            begun.append(frame)
            values = inspect.getargvalues(frame)
            arguments = [described(values.locals[name]) for name in values.args]
            if frame.f_code is side_effects.runs_once.__code__:  # of a step in this traversal
                arguments.append(f"{id(caller.f_locals.get('self'))}")
            found[(codes[frame.f_code], *arguments)] += 1

    sys.setprofile(profile)
    try:
        yield found
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("text", QUERIES.values(), ids=QUERIES.keys())
@pytest.mark.parametrize("written", [as_bytecode, as_script])
def test_each_question_is_asked_once(text: str, written: Any) -> None:
    request = written(text)
    rows = [[row(v="a")]] * 4
    if "property(" in text:
        rows = [[], [Literal.string("a")], *rows]
    if "filterFirst" in text:
        rows = [rows[0], [Literal.string("b")]]
    with asked() as questions:
        answered = drive(
            request,
            rows,
            links={"a": {"b": 0.5}},
            values=lambda _: [(Literal.string("Drama"), 0.5)],
        )
    assert answered.final is not None
    assert {name for name, *_ in questions} >= {"find_inferences", "input_steps", "runs_once"}
    assert {question: times for question, times in questions.items() if times > 1} == {}


def test_all_but_the_steps_to_the_inputs_is_known_of_another_start() -> None:
    text = f'{START}.V("a").{LINKS}.values("name")'
    first, second = (script.parse(each).single for each in (text, text.replace('"a"', '"b"')))
    assert first is not None
    assert second is not None
    of_inference = ("input_steps", "input_type", "following", "looks_back", "may_start", "cut")
    known, fresh = Analysis(first), Analysis(second)
    for name in of_inference:
        getattr(known.around(known.inferences[0]), name)
    with asked() as questions:
        found = known.of_another_start(second)
        there = found.around(found.inferences[0])
        answers = [getattr(there, name) for name in of_inference]
    assert {name for name, *_ in questions} == {"input_steps"}
    assert answers == [getattr(fresh.around(fresh.inferences[0]), name) for name in of_inference]
    assert found.score_reads == fresh.score_reads
