from __future__ import annotations

import pytest

from gremlink.proxy.learning.features import text_models
from gremlink.proxy.learning.features.encoding import Encoding, Undecided, fit
from gremlink.proxy.learning.features.inference import AutoFitter
from gremlink.proxy.learning.features.tfidf import Vocabulary

NAMES = [f"n{number}" for number in range(200)]
SENTENCES = [f"this is the sentence {name}; and it goes on for {name} words" for name in NAMES]


def infer(cells: list[str], separator: str | None = None) -> Encoding:
    return fit(AutoFitter("x", Vocabulary(), [], separator), cells)


def test_numbers_become_numerical() -> None:
    assert infer([str(number / 7) for number in range(200)]).kind == "numerical"


def test_few_different_numbers_become_categories() -> None:
    encoding = infer([str(number % 5) for number in range(200)])
    assert encoding.kind == "category"
    assert len(encoding.columns) == 5


def test_digits_with_low_lines_are_no_numbers() -> None:
    assert infer([f"{number % 5}_{number % 2}" for number in range(200)]).kind == "category"


def test_dates_become_datetime() -> None:
    encoding = infer([f"2020-{1 + number % 12:02}-03" for number in range(200)])
    assert encoding.kind == "datetime"


@pytest.mark.parametrize("pair", [("true", "false"), ("True", "False"), ("1", "0")])
def test_booleans_become_categories(pair: tuple[str, str]) -> None:
    assert infer([pair[number % 2] for number in range(200)]).kind == "category"


def test_two_elements_may_have_a_boolean_each() -> None:
    assert infer(["true", "false"]).kind == "category"


def test_joined_values_become_several_categories() -> None:
    assert set(infer(["a;b", "b;c", "a", "a;c", "b"]).columns) == {"a", "b", "c"}


def test_few_elements_may_have_sets_of_many_values() -> None:
    sets = [";".join(f"w{(7 * row + 3 * word) % 300}" for word in range(40)) for row in range(60)]
    assert infer(sets).kind == "category"
    names = ["Doe; Jane", "Poe; Edgar", "Roe; Richard"] * 20
    assert "Doe; Jane" in infer(names).columns, "whole cells recur as much as their parts"


def test_joined_numbers_become_a_number() -> None:
    cells = ["1;2", "2;3", "1", "1;3", "2"]
    assert infer(cells, ";").kind == "numerical"
    assert infer(cells).kind == "numerical"


def test_a_given_separator_is_used() -> None:
    assert set(infer(["a|b", "b", "a"], "|").columns) == {"a", "b"}


def test_sentences_become_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert infer(SENTENCES).kind == "text"
    notes: list[str] = []
    monkeypatch.setattr(text_models, "is_installed", lambda _: False)
    fallback = fit(AutoFitter("x", Vocabulary(), notes), SENTENCES)
    assert fallback.kind == "text_tfidf"
    assert "gremlink[text]" in notes[0]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (NAMES, "identifies"),
        (["same"] * 20, "all its values are the same"),
        (["7"] * 20, "all its values are the same"),
        ([""] * 20, "no values"),
        (["2020-01-01"] * 20, "the same year"),
        (["a;b", "c;d", "e"], "identifies"),
    ],
)
def test_what_describes_nothing_is_left_out(cells: list[str], reason: str) -> None:
    with pytest.raises(Undecided, match=reason):
        infer(cells)


def test_values_that_no_two_elements_share_are_left_out() -> None:
    with pytest.raises(Undecided, match="no two elements share"):
        infer(["a|b", "c|d", "e"], "|")


def test_categories_that_hardly_any_element_shares_are_left_out() -> None:
    with pytest.raises(Undecided, match="identifies"):
        infer([*(f"n{number}" for number in range(2000)), "n0"])


@pytest.mark.parametrize(
    "cells",
    [
        [*map(str, range(50)), *(f"c{number % 4}" for number in range(150))],
        [*("a;b" if number % 2 else "b;c;a" for number in range(50)), "1", "2", "1"],
        SENTENCES,
        [f"2020-{1 + number % 12:02}-03" for number in range(50)],
        [*map(str, range(50)), "", "", "7.5"],
    ],
)
def test_pieces_and_their_order_make_no_difference(cells: list[str]) -> None:
    def judged(pieces: list[list[str]]) -> Encoding | str:
        fitter = AutoFitter("x", Vocabulary(), [])
        for piece in pieces:
            fitter.see(piece)
        return fit(fitter.fitted(), cells)

    halves = [cells[: len(cells) // 2], cells[len(cells) // 2 :]]
    assert judged([cells]) == judged(halves) == judged(halves[::-1])
