"""The walk over Lark's tables accepts and refuses what Lark does, and reads the same tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark, Token
from lark.exceptions import UnexpectedInput

from gremlink.grammar.script.lalr import Tables

GRAMMAR = r"""
start: | _row
_row: item | _row item
item: WORD | ratio | pattern | LPAR _row? RPAR
ratio: WORD "/" WORD
pattern: PATTERN
LPAR: "("
RPAR: ")"
WORD: /\w+/
PATTERN: /\/[^\/]*\//
BLANK: /\s+/
%ignore BLANK
"""
"""Behind a word `/` divides, elsewhere it begins a pattern: only the state can tell."""

LARK = Lark(GRAMMAR, parser="lalr", lexer="contextual", keep_all_tokens=True)


def flat(children: list[object]) -> list[object]:
    pieces: list[object] = []
    for child in children:
        pieces += child if isinstance(child, list) else [child]
    return pieces


TABLES = Tables(
    LARK,
    {"WORD": lambda piece, start, end: ("WORD", piece, start, end)},
    dict.fromkeys(["start", "_row", "item", "ratio", "pattern"], flat),
)


def walked(text: str) -> list[tuple[str, str, int, int]] | None:
    tokens = TABLES.walk(text)
    if tokens is None:
        return None
    return [
        each if isinstance(each, tuple) else (each.type, str(each), each.start, each.end)
        for each in tokens
    ]


def larks(text: str) -> list[tuple[str, str, int | None, int | None]] | None:
    try:
        tree = LARK.parse(text)
    except UnexpectedInput:
        return None
    tokens = tree.scan_values(lambda value: isinstance(value, Token))
    return [(each.type, str(each), each.start_pos, each.end_pos) for each in tokens]


@pytest.mark.parametrize(
    "text",
    ["", " ", "a", "a/b", "/a/", "a /b", " ( a b/c /d e/ ) ", "(()", "a)", "a//b", "(a", "!"],
)
def test_as_lark_does(text: str) -> None:
    assert walked(text) == larks(text)


@given(st.text("ab/() !", max_size=12))
def test_as_lark_does_whatever_the_text(text: str) -> None:
    assert walked(text) == larks(text)


def test_a_token_is_its_piece_of_the_text() -> None:
    (opening, *_) = TABLES.walk("  (a)")
    assert opening == "("
    assert (opening.type, opening.start, opening.end) == ("LPAR", 2, 3)


def test_the_state_tells_a_pattern_from_a_division() -> None:
    assert [kind for kind, *_ in walked("/a/") or []] == ["PATTERN"]
    assert [kind for kind, *_ in walked("a/b") or []] == ["WORD", "SLASH", "WORD"]
