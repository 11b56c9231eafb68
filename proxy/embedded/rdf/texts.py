"""Texts of queries and updates as tokens, as far as datasets need: the engine does the parsing.

The engine's Python interface takes no dataset for an update, and a union default graph overrules
the FROM of a query; so what a text says about graphs is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<skip>\s+|\#[^\n\r]*)
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3}|'{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
        |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
    | (?P<variable>[?$]\w+)
    | (?P<word>@?[^\W\d][\w.\-]*(?::(?:[\w.:\-]|%[0-9A-Fa-f]{2}|\\.)*)?
        |:(?:[\w.:\-]|%[0-9A-Fa-f]{2}|\\.)*)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_MODIFIES = ("WITH", "DELETE", "INSERT")


class NotUnderstood(ValueError):
    """A text whose graphs are not clear here; the engine says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its kind and its place in the text."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The keyword that it may be, in capitals."""
        return self.text.upper() if self.kind == "word" else ""


@dataclass(frozen=True, slots=True)
class Block:
    """Triples of a template, and their graph as it is written: an IRI or a variable."""

    triples: str
    graph: str | None = None

    @property
    def variable(self) -> str | None:
        """The name of the variable that is the graph."""
        return self.graph[1:] if self.graph is not None and self.graph[0] in "?$" else None


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of an update with the prologue before it.

    `delete`, `insert` and `where` are those of a change of what a pattern finds, or of `DELETE
    DATA`, which has no pattern; None where the operation is another one.
    """

    prologue: str
    text: str
    names_graphs: bool = False
    """True if it has WITH or USING."""
    delete: tuple[Block, ...] | None = None
    insert: tuple[Block, ...] | None = None
    where: str = ""


def names_graphs(query: str) -> bool:
    """Return True if a query has a FROM clause."""
    depth = 0
    for token in _tokens(query):
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
        elif depth == 0 and token.word == "FROM":
            return True
    return False


def operations(update: str) -> Iterator[Operation]:
    """Yield the operations of an update. Raises `NotUnderstood`."""
    tokens = list(_tokens(update))
    prologue = ""
    while tokens:
        tokens, head = _prologue(update, tokens)
        prologue += head
        if not tokens:
            return
        end = _end(tokens)
        yield _operation(prologue, update, tokens[:end])
        tokens = tokens[end + 1 :]


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        if kind != "skip":
            yield Token(kind, match[0], match.start(), match.end())


def _prologue(text: str, tokens: list[Token]) -> tuple[list[Token], str]:
    """Take the declarations at the beginning."""
    taken = 0
    while taken < len(tokens) and tokens[taken].word in ("PREFIX", "BASE"):
        taken += 3 if tokens[taken].word == "PREFIX" else 2
    if taken > len(tokens):
        raise NotUnderstood("a declaration ends early")
    if not taken:
        return tokens, ""
    return tokens[taken:], text[tokens[0].start : tokens[taken - 1].end] + "\n"


def _end(tokens: list[Token]) -> int:
    """Return the place of the `;` behind an operation, or the number of tokens."""
    depth = 0
    for number, token in enumerate(tokens):
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
        elif token.text == ";" and depth == 0:
            return number
    return len(tokens)


def _operation(prologue: str, update: str, tokens: list[Token]) -> Operation:
    text = update[tokens[0].start : tokens[-1].end] if tokens else ""
    if not tokens or tokens[0].word not in _MODIFIES:
        return Operation(prologue, text)
    words = [token.word for token in tokens[:2]]
    if words == ["INSERT", "DATA"]:
        return Operation(prologue, text)
    if words in (["DELETE", "DATA"], ["DELETE", "WHERE"]):
        group, end = _group(tokens, 2)
        if end != len(tokens):
            raise NotUnderstood("something follows the group")
        where = "" if words[1] == "DATA" else update[group[0].start : group[-1].end]
        return Operation(prologue, text, False, tuple(_blocks(update, group[1:-1])), (), where)
    at = 0
    names = False
    if tokens[0].word == "WITH":
        names, at = True, 2
    parts: dict[str, tuple[Block, ...]] = {"DELETE": (), "INSERT": ()}
    while at < len(tokens) and tokens[at].word in parts:
        group, end = _group(tokens, at + 1)
        parts[tokens[at].word] = tuple(_blocks(update, group[1:-1]))
        at = end
    while at < len(tokens) and tokens[at].word == "USING":
        names = True
        at += 2 + (at + 1 < len(tokens) and tokens[at + 1].word == "NAMED")
    if at >= len(tokens) or tokens[at].word != "WHERE":
        raise NotUnderstood("there is no WHERE")
    group, end = _group(tokens, at + 1)
    if end != len(tokens):
        raise NotUnderstood("something follows the pattern")
    where = update[group[0].start : group[-1].end]
    return Operation(prologue, text, names, parts["DELETE"], parts["INSERT"], where)


def _group(tokens: list[Token], start: int) -> tuple[list[Token], int]:
    """Return the tokens of the group at `start`, braces included, and the place behind it."""
    if start >= len(tokens) or tokens[start].text != "{":
        raise NotUnderstood("there is no group")
    depth = 0
    for number in range(start, len(tokens)):
        depth += (tokens[number].text == "{") - (tokens[number].text == "}")
        if depth == 0:
            return tokens[start : number + 1], number + 1
    raise NotUnderstood("a group does not end")


def _blocks(update: str, tokens: list[Token]) -> Iterator[Block]:
    """Yield the blocks of a template, those in a graph and those outside."""
    at = begin = 0
    while at < len(tokens):
        if tokens[at].word != "GRAPH":
            at += 1
            continue
        if at > begin:
            yield Block(update[tokens[begin].start : tokens[at - 1].end])
        if at + 1 >= len(tokens):
            raise NotUnderstood("a graph has no name")
        group, end = _group(tokens, at + 2)
        inside = update[group[1].start : group[-2].end] if len(group) > 2 else ""
        yield Block(inside, tokens[at + 1].text)
        at = end
        if at < len(tokens) and tokens[at].text == ".":
            at += 1
        begin = at
    if at > begin:
        yield Block(update[tokens[begin].start : tokens[at - 1].end])
