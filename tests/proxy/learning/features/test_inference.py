from __future__ import annotations

import pytest

from proxy.learning.features.inference import Undecided, infer

NAMES = [f"n{number}" for number in range(200)]


def test_numbers_become_numerical() -> None:
    assert infer("x", [str(number / 7) for number in range(200)]).kind == "numerical"


def test_few_different_numbers_become_categories() -> None:
    encoding = infer("x", [str(number % 5) for number in range(200)])
    assert encoding.kind == "category"
    assert len(encoding.columns) == 5


def test_dates_become_datetime() -> None:
    encoding = infer("x", [f"2020-{1 + number % 12:02}-03" for number in range(200)])
    assert encoding.kind == "datetime"


@pytest.mark.parametrize("pair", [("true", "false"), ("True", "False"), ("1", "0")])
def test_booleans_become_categories(pair: tuple[str, str]) -> None:
    assert infer("x", [pair[number % 2] for number in range(200)]).kind == "category"


def test_joined_values_become_several_categories() -> None:
    encoding = infer("x", ["a;b", "b;c", "a", "a;c", "b"])
    assert set(encoding.columns) == {"a", "b", "c"}


def test_sentences_with_semicolons_are_text() -> None:
    cells = [f"this is sentence {name}; and it goes on for {name} words" for name in NAMES]
    with pytest.raises(Undecided, match="free text"):
        infer("x", cells)


def test_a_given_separator_is_used() -> None:
    assert set(infer("x", ["a|b", "b", "a"], "|").columns) == {"a", "b"}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (NAMES, "identifies"),
        (["same"] * 20, "all its values are the same"),
        (["7"] * 20, "all its values are the same"),
        ([""] * 20, "no values"),
        (["2020-01-01"] * 20, "the same year"),
    ],
)
def test_what_describes_nothing_is_left_out(cells: list[str], reason: str) -> None:
    with pytest.raises(Undecided, match=reason):
        infer("x", cells)


def test_categories_that_hardly_any_vertex_shares_are_left_out() -> None:
    cells = [f"n{number}" for number in range(2000)] + ["n0"]
    with pytest.raises(Undecided, match="identifies"):
        infer("x", cells)
