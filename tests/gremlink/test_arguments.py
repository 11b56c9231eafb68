"""Arguments that cannot be used end in a sentence that says what to write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gremlink
from gremlink import Kind, Literal, WrongArgument
from gremlink.api.arguments import each_of, literal_of, seconds_of


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, None), (90, 90.0), (1.5, 1.5), ("90s", 90.0), ("1.5h", 5400.0)]
)
def test_durations(value: Any, seconds: float | None) -> None:
    assert seconds_of(value, "budget") == seconds


WRONG: list[tuple[Callable[[Path], Any], str]] = [
    (lambda here: gremlink.load(here / "none"), r"artifact .*none does not exist"),
    (lambda here: gremlink.load(""), "artifact is '': write the path of a directory"),
    (lambda here: gremlink.train(here / "none", here / "a"), r"export .*none does not exist"),
    (lambda here: gremlink.train(here, here / "a", budget="soon"), "budget is 'soon': write sec"),
    (lambda here: gremlink.train(here, here / "a", budget=0), "budget is 0: write seconds"),
    (lambda here: gremlink.train(here, here / "a", deadline="5x"), "deadline is '5x': write sec"),
    (lambda here: gremlink.train(here, here / "a", hpo="none.json"), "hpo none.json is no file"),
    (
        lambda here: gremlink.train(here, here / "a", warm_start=here / "none"),
        r"warm_start .*none does not exist",
    ),
    (
        lambda here: gremlink.process(here, here / "p", model_type="big"),
        "model_type is 'big': choose one of heterogeneous, kge",
    ),
    (lambda here: gremlink.export("localhost:8182", here / "e"), "url: "),
    (lambda here: gremlink.export(None, here / "e"), "url is no database: write its address"),  # type: ignore[arg-type]
    (
        lambda here: gremlink.export(
            "ws://localhost:1/gremlin", here / "e", targets=[{}], params={}
        ),
        "params is a whole request: put targets and features into it",
    ),
    (
        lambda here: gremlink.load_csv("ws://localhost:1/gremlin", here / "none"),
        r"directory .*none does not exist",
    ),
    (lambda here: gremlink.serve("localhost").start(), "upstream: "),
    (
        lambda here: gremlink.serve("ws://localhost:1/gremlin", {"a": here / "none"}).start(),
        r"endpoint 'a': the artifact .*none does not exist",
    ),
    (
        lambda here: gremlink.serve(
            "ws://localhost:1/gremlin", settings={"listen.port": 1}
        ).start(),
        "settings name listen.port, which is an argument of its own",
    ),
]


@pytest.mark.parametrize(("call", "sentence"), WRONG)
def test_wrong_arguments(call: Callable[[Path], Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(WrongArgument, match=sentence):
        call(tmp_path)


def test_unusable_settings_of_training(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="epochs is 0: it must be at least 1"):
        gremlink.train(tmp_path, tmp_path / "a", epochs=0)


def knows(*vertices: Literal) -> Callable[[Literal], object]:
    return {vertex: vertex for vertex in vertices}.get


@pytest.mark.parametrize(
    ("id", "known", "literal"),
    [
        ("1", [], Literal.string("1")),
        (np.str_("1"), [], Literal.string("1")),
        (1, [], Literal(Kind.INT, 1)),
        (1, [Literal(Kind.LONG, 1)], Literal(Kind.LONG, 1)),
        (np.int64(1), [Literal(Kind.INT, 1)], Literal(Kind.INT, 1)),
        (Literal(Kind.LONG, 1), [Literal(Kind.INT, 1)], Literal(Kind.LONG, 1)),
        (SimpleNamespace(id="u1", label="User"), [], Literal.string("u1")),
    ],
)
def test_ids_are_those_that_the_model_knows(
    id: Any, known: list[Literal], literal: Literal
) -> None:
    assert literal_of(id, knows(*known)) == literal


def test_an_id_of_several_vertices_has_to_name_its_type() -> None:
    both = knows(Literal(Kind.INT, 1), Literal(Kind.LONG, 1))
    with pytest.raises(WrongArgument, match=r"as Integer and Long: write gremlink\.Literal\("):
        literal_of(1, both)


def test_what_is_no_id() -> None:
    with pytest.raises(WrongArgument, match="cannot be the id of a vertex: write a str"):
        literal_of(object(), knows())


def test_one_id_or_several() -> None:
    assert list(each_of("ab")) == ["ab"]
    assert list(each_of(1)) == [1]
    assert list(each_of(np.array([1, 2]))) == [1, 2]
    assert list(each_of(iter(["a", "b"]))) == ["a", "b"]
