"""Triples → their subjects, verbs and objects, by places of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gremlink.grammar.sparql.tokens import IRI, NAME, VARIABLE, WORD, Token, is_sign

Span = tuple[int, int]
"""Tokens from the first to before the last."""


@dataclass(frozen=True, slots=True)
class Triple:
    """A subject, a verb (a predicate or a path) and one object, which may hold further triples.

    `verb` and `object` are empty where a subject such as `[ :p :o ]` is all. `splits` tells that
    the triple means the same without the others of its sentence.
    """

    subject: Span
    verb: Span
    object: Span
    splits: bool


def read_triples(tokens: Sequence[Token], first: int, last: int) -> Iterator[list[Triple]]:
    """Return the triples of each sentence among some tokens, which hold nothing but triples.

    What is no triple is left out of them.
    """
    at = first
    while at < last:
        if tokens[at].kind == ".":
            at += 1
            continue
        found, at = _sentence(tokens, at, last)
        yield found


def _sentence(tokens: Sequence[Token], at: int, last: int) -> tuple[list[Triple], int]:
    begin = at
    at = _term_end(tokens, at, last)
    subject = begin, at
    splits = at - begin == 1
    found: list[Triple] = []
    while at < last and tokens[at].kind != ".":
        if tokens[at].kind == ";":
            at += 1
            continue
        verb = at, _path_end(tokens, at, last)
        at = verb[1]
        while at < last:
            begin = at
            at = _object_end(tokens, at, last)
            found.append(Triple(subject, verb, (begin, at), splits))
            if at < last and tokens[at].kind == ",":
                at += 1
            else:
                break
        if verb[0] == at:  # no verb at all: nothing to go on with
            at += 1
    return found or [Triple(subject, (at, at), (at, at), splits)], at


_OPENING, _CLOSING = frozenset(("(", "[", "{|")), frozenset((")", "]", "|}"))


def _term_end(tokens: Sequence[Token], at: int, last: int) -> int:
    """Return the place behind a term, or behind all brackets that open there."""
    depth = 0
    while at < last:
        kind = tokens[at].kind
        depth += (kind in _OPENING) - (kind in _CLOSING)
        at += 1
        if depth <= 0:
            break
    return at


def _object_end(tokens: Sequence[Token], at: int, last: int) -> int:
    """Return the place of the comma, semicolon or full stop behind an object."""
    depth = 0
    while at < last:
        kind = tokens[at].kind
        if depth == 0 and kind in (",", ";", "."):
            break
        depth += (kind in _OPENING) - (kind in _CLOSING)
        at += 1
    return at


def _path_end(tokens: Sequence[Token], at: int, last: int) -> int:
    while at < last:
        while at < last and tokens[at].kind in ("^", "!"):
            at += 1
        if at == last or tokens[at].kind not in (IRI, NAME, WORD, VARIABLE, "("):
            break
        at = _term_end(tokens, at, last)
        while at < last and tokens[at].kind in ("*", "+", "?") and not is_sign(tokens, at):
            at += 1
        if at < last and tokens[at].kind in ("/", "|"):
            at += 1
        else:
            break
    return at
