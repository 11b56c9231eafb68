"""Reasons and scores beside predicted values, in the languages of queries."""

from __future__ import annotations

import pytest
from answering import as_bytecode, as_script, drive

from gremlink.grammar.traversal import Argument, Literal
from gremlink.proxy.inference.commands import ExplainProperties
from gremlink.proxy.inference.errors import InferenceError, UnsupportedOperation

ENDPOINT = 'g.with("Neptune#ml.endpoint", "e")'
CLASSES = '.with("Neptune#ml.classification")'


def genre(_: object) -> list[tuple[Literal, float]]:
    return [(Literal.string("war"), 0.75), (Literal.string("love"), 0.25)]


def asking(keys: str, task: str = CLASSES, before: str = ".V('m1')") -> str:
    return f'{ENDPOINT}.with("Neptune#ml.limit", 2){before}.properties({keys}){task}.value()'


def ids(*found: str) -> list[Argument]:
    return list(map(Literal.string, found))


def test_each_value_is_followed_by_its_reasons() -> None:
    text = asking('"genre", "Neptune#ml.explain"')
    answered = drive(as_bytecode(text), [ids("m1")], values=genre)
    (asked,) = [each for each in answered.commands if isinstance(each, ExplainProperties)]
    assert [value.value for value, _ in asked.values[0]] == ["war", "love"]
    assert "inject('war', ['score': 0.75D, 'why': 'war'], 'love', ['score'" in answered.text


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        ('"genre", "Neptune#ml.explain", "Neptune#ml.score"', ["explain", "score"]),
        ('"Neptune#ml.score", "genre", "Neptune#ml.explain"', ["score", "explain"]),
    ],
)
def test_both_may_be_asked_for_in_any_order(keys: str, order: list[str]) -> None:
    text = f"{ENDPOINT}.V('m1').properties({keys}){CLASSES}.key()"
    answered = drive(as_script(text), [ids("m1")], values=genre)
    assert answered.final is not None
    bound = str(answered.final.args["bindings"])
    places = [bound.index(f"Neptune#ml.{each}") for each in order]
    assert places == sorted(places)


def test_a_number_has_reasons_and_no_score() -> None:
    numbers = '.with("Neptune#ml.regression")'
    asked = as_bytecode(asking('"age", "Neptune#ml.explain"', numbers))
    answered = drive(asked, [ids("m1")], values=lambda _: [(Literal.of(4.5), 1.0)])
    assert "why" in answered.text
    with pytest.raises(InferenceError, match="regression has no"):
        drive(as_bytecode(asking('"age", "Neptune#ml.score"', numbers)), [])


def test_too_many_are_refused_before_the_model_explains_any() -> None:
    text = asking('"genre", "Neptune#ml.explain"', before=".V()")
    many = ids(*(f"m{number}" for number in range(21)))
    with pytest.raises(UnsupportedOperation, match="21 elements, more than the 20"):
        drive(as_bytecode(text), [many], values=genre)
    drive(as_bytecode(text), [many[:20]], values=genre)


def test_nothing_predicted_has_no_reasons() -> None:
    text = asking('"genre", "Neptune#ml.explain"')
    for rows in ([], ids("m1")):
        answered = drive(as_bytecode(text), [rows], values=lambda _: [])
        assert not any(isinstance(each, ExplainProperties) for each in answered.commands)


def test_reasons_alone_or_behind_something_else_are_refused() -> None:
    for text, said in (
        (asking('"Neptune#ml.explain"'), "needs to be specified"),
        (asking('"a", "b", "Neptune#ml.explain"'), "one property key"),
        (f"{ENDPOINT}.V().properties('a', 'Neptune#ml.explain')", "belong into properties"),
        (f"{ENDPOINT}.V().properties('a'){CLASSES}.with('Neptune#ml.explain')", "properties(key, "),
    ):
        with pytest.raises(InferenceError) as refused:
            drive(as_bytecode(text), [])
        assert said in str(refused.value)
