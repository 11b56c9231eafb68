"""Script text → a tree of operands and brackets, by `gremlin.lark`; errors in the user's words."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from grammar.errors import LimitExceeded, ScriptError
from grammar.script.strings import unquote

MAX_DEPTH = 50
"""How deep brackets may be nested in each other."""


class Group:
    """A pair of brackets and the parts between them."""

    __slots__ = ("closing", "depth", "opening", "parts")

    def __init__(self, opening: Token, parts: list[Part], closing: Token) -> None:
        self.opening = opening
        self.parts = parts
        self.closing = closing
        self.depth = 1 + max([_depth(part) for part in parts], default=0)
        if self.depth > MAX_DEPTH:
            raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, self.depth)

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return self.opening.start_pos or 0

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.closing.end_pos or 0

    @property
    def bracket(self) -> str:
        """The opening bracket."""
        return str(self.opening)


class Member:
    """`.name`, the name beginning `at`; it is missing where a dot stands alone."""

    __slots__ = ("at", "dot", "end", "name")

    def __init__(self, dot: str, name: str | None, at: int, end: int) -> None:
        self.dot = dot
        self.name = name
        self.at = at
        self.end = end


class Operand:
    """A thing and the chain behind it."""

    __slots__ = ("depth", "primary", "suffixes")

    def __init__(self, primary: Token | Group, suffixes: list[Member | Group]) -> None:
        self.primary = primary
        self.suffixes = suffixes
        self.depth = max(
            [part.depth for part in (primary, *suffixes) if isinstance(part, Group)], default=0
        )

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return self.primary.start if isinstance(self.primary, Group) else position(self.primary)

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        last = self.suffixes[-1] if self.suffixes else self.primary
        return (last.end_pos or 0) if isinstance(last, Token) else last.end


Part = Operand | Token
"""An operand or an operator."""


def position(token: Token) -> int:
    """Where a token begins."""
    return token.start_pos or 0


def _depth(part: Part) -> int:
    return part.depth if isinstance(part, Operand) else 0


class _Row:
    """Children of an inlined rule, on their way into the rule around it."""

    __slots__ = ("children",)

    def __init__(self, children: list[Any]) -> None:
        self.children = children


def _suffix(token: Token) -> Member:
    """`.name` in one token, or a dot alone."""
    end = token.end_pos or 0
    if token.type == "DOT":
        return Member(str(token), None, end, end)
    return Member(".", token[1:], position(token) + 1, end)


class _Build(Transformer[Token, Any]):
    """Called by the parser as it reduces, so that no second tree is built."""

    def start(self, children: list[Any]) -> list[Part]:
        return children

    def _open(self, children: list[Any]) -> _Row:
        return _Row(children)

    _closed = _suffixes = _open

    def operand(self, children: list[Any]) -> Operand:
        suffixes = [_suffix(child) if isinstance(child, Token) else child for child in children[1:]]
        return Operand(children[0], suffixes)

    slashy = operand

    def member(self, children: list[Token]) -> Member:
        dot, name = children
        text = str(name) if name.type == "NAME" else unquote(name)
        return Member(str(dot), text, position(name), name.end_pos or 0)

    def group(self, children: list[Any]) -> Group:
        return Group(children[0], children[1:-1], children[-1])


@cache
def _parser() -> Lark:
    text = (resources.files("grammar") / "gremlin.lark").read_text("utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer="contextual",
        transformer=_Build(),
        maybe_placeholders=False,
        propagate_positions=False,
    )


def tree(text: str) -> list[Part]:
    """The parts of a script. Raises `ScriptError` and `LimitExceeded`."""
    try:
        return _parser().parse(text)  # type: ignore[return-value]
    except UnexpectedInput as error:
        raise _explain(text, error) from None


# -- errors

_SKIPPED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|'''.*?'''|\"\"\".*?\"\"\"|'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*\"""",
    re.DOTALL,
)
_BRACKET = re.compile(_SKIPPED.pattern + r"|(?P<bracket>[(\[{)\]}])", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def _explain(text: str, error: UnexpectedInput) -> ScriptError:
    if isinstance(error, UnexpectedCharacters):
        return _explain_character(text, error.pos_in_stream or 0)
    token = error.token if isinstance(error, UnexpectedToken) else None
    at_end = token is None or token.type == "$END"
    limit = len(text) if at_end or token is None else position(token)
    opened = _open_brackets(text, limit)
    if at_end:
        if not opened:
            return error_at(text, limit, "the script ends too early")
        where, bracket = opened[-1]
        return error_at(
            text,
            where,
            f"this {bracket} is never closed: expected {_CLOSING[bracket]} before the end",
        )
    if opened:
        where, bracket = opened[-1]
        line, column = line_and_column(text, where)
        return error_at(
            text,
            limit,
            f"{token} does not close the {bracket} of line {line}, column {column}: "
            f"expected {_CLOSING[bracket]}",
        )
    return error_at(text, limit, f"{token} closes nothing: no bracket is open here")


def _explain_character(text: str, at: int) -> ScriptError:
    character = text[at : at + 1]
    if character in ("'", '"'):
        reason = f"this string is never closed: expected {character} at its end"
        if character == '"' and "${" in text[at:]:
            reason += ", and } at the end of every ${"
        return error_at(text, at, reason)
    if text.startswith("$/", at):
        return error_at(text, at, "this string is never closed: expected /$ at its end")
    if text.startswith("/*", at):
        return error_at(text, at, "this comment is never closed: expected */ at its end")
    return error_at(text, at, f"{character!r} is not expected here")


def _open_brackets(text: str, limit: int) -> list[tuple[int, str]]:
    """The brackets that are open at `limit`, outermost first."""
    opened: list[tuple[int, str]] = []
    for match in _BRACKET.finditer(text, 0, limit):
        bracket = match.group("bracket")
        if bracket is None:
            continue
        if bracket in _CLOSING:
            opened.append((match.start(), bracket))
        elif opened and _CLOSING[opened[-1][1]] == bracket:
            opened.pop()
    return opened


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Line and column of a position, both from 1."""
    line = text.count("\n", 0, at) + 1
    return line, at - (text.rfind("\n", 0, at) + 1) + 1


_WIDTH = 100


def error_at(text: str, at: int, reason: str) -> ScriptError:
    """The error, with the line that holds the place underlined; long lines are cut around it."""
    line, column = line_and_column(text, at)
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    shown = text[begin : len(text) if end < 0 else end].rstrip("\r")
    left = max(0, column - 1 - _WIDTH // 2)
    prefix = "…" if left else ""
    suffix = "…" if len(shown) > left + _WIDTH else ""
    shown = shown[left : left + _WIDTH].replace("\t", " ")
    excerpt = f"  {prefix}{shown}{suffix}\n  {' ' * (len(prefix) + column - 1 - left)}^"
    return ScriptError(reason, line=line, column=column, excerpt=excerpt)
