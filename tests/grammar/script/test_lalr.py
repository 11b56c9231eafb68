"""The parser accepts and refuses what Lark does, and reads the same tokens.

Lark makes the tables, and is needed for nothing else.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from gremlink.grammar.script.lalr import END, Parser, Unexpected
from tests.support.parse_tables import TABLES, gremlin, parse_tables, written

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


PARSER = Parser(
    parse_tables(LARK),
    {"WORD": lambda piece, start, end: ("WORD", piece, start, end)},
    dict.fromkeys(["start", "_row", "item", "ratio", "pattern"], flat),
)


def parsed(text: str) -> list[tuple[str, str, int, int]] | Unexpected:
    try:
        tokens = PARSER.parse(text)
    except Unexpected as error:
        return error
    return [
        each if isinstance(each, tuple) else (each.type, str(each), each.start, each.end)
        for each in tokens
    ]


def larks(text: str) -> list[tuple[str, str, int | None, int | None]] | Unexpected:
    try:
        tree = LARK.parse(text)
    except UnexpectedToken as error:
        at_end = error.token.type == END
        place = len(text) if at_end else error.token.start_pos
        return Unexpected(place or 0, END if at_end else str(error.token))
    except UnexpectedCharacters as error:
        return Unexpected(error.pos_in_stream or 0, None)
    tokens = tree.scan_values(lambda value: isinstance(value, Token))
    return [(each.type, str(each), each.start_pos, each.end_pos) for each in tokens]


def same(text: str) -> None:
    ours, theirs = parsed(text), larks(text)
    if isinstance(ours, Unexpected) and isinstance(theirs, Unexpected):
        assert ours.args == theirs.args
    else:
        assert ours == theirs


def test_the_tables_are_those_of_the_grammar() -> None:
    """If they are not: `make tables`."""
    assert TABLES.read_text("utf-8") == written(parse_tables(gremlin()))


def test_the_program_does_without_lark() -> None:
    program = "import sys, gremlink.grammar as g; g.parse('g.V()'); print('lark' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("False\n", "")


@pytest.mark.parametrize(
    "text",
    ["", " ", "a", "a/b", "/a/", "a /b", " ( a b/c /d e/ ) ", "(()", "a)", "a//b", "(a", "!"],
)
def test_as_lark_does(text: str) -> None:
    same(text)


@given(st.text("ab/() !", max_size=12))
def test_as_lark_does_whatever_the_text(text: str) -> None:
    same(text)


def test_a_token_is_its_piece_of_the_text() -> None:
    (opening, *_) = PARSER.parse("  (a)")
    assert opening == "("
    assert (opening.type, opening.start, opening.end) == ("LPAR", 2, 3)


@pytest.mark.parametrize(
    ("text", "kinds"), [("/a/", ["PATTERN"]), ("a/b", ["WORD", "SLASH", "WORD"])]
)
def test_the_state_tells_a_pattern_from_a_division(text: str, kinds: list[str]) -> None:
    tokens = parsed(text)
    assert isinstance(tokens, list)
    assert [kind for kind, *_ in tokens] == kinds
