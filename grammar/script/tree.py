"""Script text → a tree of operands and brackets, by the grammar `gremlin.lark`; error messages.

`gremlin.json` holds the parse tables of the grammar.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any

from gremlink.grammar.errors import LimitExceeded, ScriptError
from gremlink.grammar.places import error_at, line_and_column
from gremlink.grammar.script.lalr import END, Parser, Token, Unexpected, token
from gremlink.grammar.script.strings import unquote

MAX_DEPTH = 50
"""Largest depth of brackets in each other."""


class Group:
    """A pair of brackets and the parts between them; `bracket` is the opening one.

    `literals` are the parts but for the commas, if all of them are plain literals.
    """

    __slots__ = ("_parts", "bracket", "depth", "end", "literals", "start")

    depth: int

    def __init__(self, opening: Token, parts: list[Part], closing: Token) -> None:
        self.bracket = str(opening)
        self.start = opening.start
        self.end = closing.end
        self._parts = parts
        self.literals: list[Token] | None = None
        depth = 0
        for part in parts:
            if isinstance(part, Operand) and part.depth > depth:
                depth = part.depth
        self.depth = depth + 1
        if self.depth > MAX_DEPTH:
            raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, self.depth)

    @classmethod
    def of_literals(cls, literals: list[Token], start: int, end: int) -> Group:
        """Make round brackets with nothing but literals and commas between them."""
        made = cls.__new__(cls)
        made.bracket, made.start, made.end, made.depth = "(", start, end, 1
        made.literals = literals
        return made

    @property
    def parts(self) -> list[Part]:
        """The parts between the brackets."""
        if self.literals is None:
            return self._parts
        parts: list[Part] = []
        for literal in self.literals:
            if parts:
                parts.append(token("OPERATOR", ",", literal.start, literal.start))
            parts.append(Operand(literal, []))
        return parts


class Member:
    """`.name`, the name beginning `at`; the name is missing where there is only a dot."""

    __slots__ = ("at", "dot", "end", "name")

    def __init__(self, dot: str, name: str | None, at: int, end: int) -> None:
        self.dot = dot
        self.name = name
        self.at = at
        self.end = end


class Operand:
    """A thing and the chain behind it."""

    __slots__ = ("depth", "end", "primary", "start", "suffixes")

    depth: int

    def __init__(self, primary: Token | Group, suffixes: list[Member | Group]) -> None:
        self.primary = primary
        self.suffixes = suffixes
        self.start = primary.start
        self.end = suffixes[-1].end if suffixes else primary.end
        depth = primary.depth if isinstance(primary, Group) else 0
        for suffix in suffixes:
            if isinstance(suffix, Group) and suffix.depth > depth:
                depth = suffix.depth
        self.depth = depth


Part = Operand | Token
"""An operand or an operator."""


# -- what the rules of the grammar become


def _start(children: list[Any]) -> list[Part]:
    return children[0] if children else []


def _row(children: list[Any]) -> list[Part]:
    """Grow a left-recursive row in place."""
    if len(children) == 1:
        return children
    row: list[Part] = children[0]
    row.append(children[1])
    return row


def _suffixes(children: list[Any]) -> list[Member | Group]:
    last = children[-1]
    if isinstance(last, tuple):  # a call
        row: list[Member | Group] = children[0] if len(children) == 2 else []
        row += last
        return row
    if isinstance(last, Token):
        children[-1] = Member(str(last), None, last.end, last.end)  # a dot alone
    return _row(children)  # type: ignore[return-value]


def _operand(children: list[Any]) -> Operand:
    return Operand(children[0], children[1] if len(children) == 2 else [])


def _member(children: list[Token]) -> Member:
    dot, name = children
    text = str(name) if name.type == "NAME" else unquote(name)
    return Member(str(dot), text, name.start, name.end)


def _group(children: list[Any]) -> Group:
    return Group(children[0], children[1] if len(children) == 3 else [], children[-1])


def _named(piece: str, start: int, end: int) -> Member:
    """Make the member of `.name`, which is one token."""
    return Member(".", piece[1:], start + 1, end)


_LITERAL = re.compile(r"""(")[^"]*"|(')[^']*'|\d\w*""")
_QUOTED = ("NUMBER", "DOUBLE_QUOTED", "SINGLE_QUOTED")


def _literals(piece: str, start: int, end: int) -> Group:
    """Split a pair of brackets with literals and commas, which are one token."""
    literals = [
        token(
            _QUOTED[found.lastindex or 0], found.group(), start + found.start(), start + found.end()
        )
        for found in _LITERAL.finditer(piece)
    ]
    return Group.of_literals(literals, start, end)


def _call(piece: str, start: int, end: int) -> tuple[Member, Group]:
    """Split `.name("literal")`, which is one token."""
    bracket = piece.index("(")
    member = Member(".", piece[1:bracket], start + 1, start + bracket)
    return member, _literals(piece[bracket:], start + bracket, end)


_TOKENS = {"MEMBER": _named, "LITERALS": _literals, "CALL": _call}
_RULES = {
    "start": _start,
    "_open": _row,
    "_closed": _row,
    "_suffixes": _suffixes,
    "operand": _operand,
    "slashy": _operand,
    "member": _member,
    "group": _group,
}


@cache
def _parser() -> Parser:
    tables = (resources.files("gremlink.grammar.script") / "gremlin.json").read_text("utf-8")
    return Parser(json.loads(tables), _TOKENS, _RULES)


def tree(text: str) -> list[Part]:
    """Return the parts of a script. Raises `ScriptError` and `LimitExceeded`."""
    try:
        parts: list[Part] = _parser().parse(text)
    except Unexpected as error:
        raise _explained(text, error) from None
    return parts


# -- errors

_SKIPPED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|'''.*?'''|\"\"\".*?\"\"\"|'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*\"""",
    re.DOTALL,
)
_BRACKET = re.compile(_SKIPPED.pattern + r"|(?P<bracket>[(\[{)\]}])", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def _explained(text: str, error: Unexpected) -> ScriptError:
    if error.token is None:
        return _explain_character(text, error.start)
    opened = _open_brackets(text, error.start)
    if error.token == END:
        if not opened:
            return error_at(text, error.start, "the script ends too early")
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
            error.start,
            f"{error.token} does not close the {bracket} of line {line}, column {column}: "
            f"expected {_CLOSING[bracket]}",
        )
    return error_at(text, error.start, f"{error.token} closes nothing: no bracket is open here")


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
    """Return the brackets that are open at `limit`, outermost first."""
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
