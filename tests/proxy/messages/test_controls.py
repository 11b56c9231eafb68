"""What a terminal would obey is shown instead."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.proxy.messages.controls import cut, escaped, json_text, lines_of

OBEYED = [
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\x85",
    "\r",
    "\n",
    "\x00",
    "\x7f",
    "\u202e",
    "\u2066",
    "\u200f",
    "\u061c",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ud800",
    "\U000e0041",
]


@pytest.mark.parametrize("obeyed", OBEYED)
def test_what_is_obeyed_is_escaped(obeyed: str) -> None:
    shown = escaped(f"Ann{obeyed}Ben")
    assert shown.isprintable()
    assert shown.startswith("Ann\\")
    assert shown.endswith("Ben")


@pytest.mark.parametrize("text", ["Jörg", "日本語", "Δ ≤ 1", "g.V('a')", "🙂", ""])
def test_what_is_shown_stays(text: str) -> None:
    assert escaped(text) == text


def test_text_in_lines_keeps_them() -> None:
    assert escaped("a\tb\nc\rd\x1b", "\n\t") == "a\tb\nc\\rd\\x1b"


@given(st.text())
def test_nothing_of_a_control_category_is_left(text: str) -> None:
    left = {unicodedata.category(character) for character in escaped(text)}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_json_is_shown_and_means_the_same(document: dict[str, object]) -> None:
    text = json_text(document)
    assert text.isprintable()
    assert json.loads(text) == document


def test_an_error_has_the_lines_that_its_class_has() -> None:
    assert lines_of(ValueError("a\nb")) == ["a\\nb"]
    assert lines_of(ValueError()) == ["ValueError"]
    error = ValueError("x")
    error.lines = ["a", "b\x1b"]  # type: ignore[attr-defined]
    assert lines_of(error) == ["a", "b\\x1b"]


def test_what_is_long_is_cut_and_it_is_said() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcdef", 3) == "abc… (3 more characters)"
