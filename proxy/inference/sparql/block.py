"""The triples in a block, read: its parameters with their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from gremlink.grammar.places import error_at
from gremlink.grammar.sparql.structure import TRIPLES, Element, Prologue, Request
from gremlink.grammar.sparql.tokens import (
    BLANK,
    IRI,
    LANGUAGE,
    NAME,
    NUMBER,
    VARIABLE,
    WORD,
    Token,
    is_sign,
)
from gremlink.proxy.inference.errors import MalformedQuery
from gremlink.proxy.inference.sparql import vocabulary as names
from gremlink.proxy.inference.sparql.vocabulary import CONFIG, NAMESPACE, PARAMETERS, BlockError

LITERAL = "literal"


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a parameter, and its place in the query.

    `kind` is `"IRI"`, `"literal"`, `"variable"` or `"blank node"`; `text` the IRI, the text of the
    literal without its datatype, the name of the variable.
    """

    kind: str
    text: str
    at: int


Parameters = dict[str, list[Value]]


def read_block(request: Request, prologue: Prologue, element: Element) -> Parameters:
    """Return the values of each parameter of a block. Raises `BlockError` and `MalformedQuery`."""
    (group,) = element.groups
    if group.select is not None:
        raise BlockError(names.ONLY_TRIPLES, request.tokens[group.first].start)
    found: Parameters = {}
    for part in group.elements:
        if part.kind != TRIPLES:
            raise BlockError(names.ONLY_TRIPLES, request.tokens[part.first].start)
        for name, value in _Triples(request, prologue, part).pairs():
            found.setdefault(name, []).append(value)
    return found


class _Triples:
    """Reads triples of a block; `at` is the next token."""

    def __init__(self, request: Request, prologue: Prologue, element: Element) -> None:
        self.request = request
        self.prologue = prologue
        self.at = element.first
        self.last = element.last

    def pairs(self) -> Iterator[tuple[str, Value]]:
        while self.at < self.last:
            self.subject()
            while True:
                name = self.name()
                yield name, self.value()
                while self.take(","):
                    yield name, self.value()
                if not self.take(";"):
                    break
                while self.take(";"):
                    pass
                if self.at == self.last or self.peek(".") is not None:
                    break
            if self.at < self.last and not self.take("."):
                self.fail("expected ; or .")

    def peek(self, *kinds: str) -> Token | None:
        if self.at < self.last and self.request.tokens[self.at].kind in kinds:
            return self.request.tokens[self.at]
        return None

    def take(self, *kinds: str) -> Token | None:
        token = self.peek(*kinds)
        self.at += token is not None
        return token

    def fail(self, wanted: str, at: int | None = None) -> NoReturn:
        tokens = self.request.tokens
        at = self.at if at is None else at
        error = error_at(
            self.request.text, tokens[at].start, f"{tokens[at].text} is not expected here: {wanted}"
        )
        raise MalformedQuery(str(error)) from error

    def subject(self) -> None:
        at = self.at
        value = self.value()
        if (value.kind, value.text) != (IRI, CONFIG):
            found = _described(value) if value.kind == IRI else value.kind
            raise BlockError(names.OTHER_SUBJECT.format(found), self.request.tokens[at].start)

    def name(self) -> str:
        """Return the local name of the next predicate."""
        at = self.request.tokens[min(self.at, self.last)].start
        if variable := self.take(VARIABLE):
            raise BlockError(names.VARIABLE_PREDICATE.format(f"variable {variable.text}"), at)
        if self.peek("^", "!", "("):
            raise BlockError(names.ONLY_TRIPLES, at)
        token = self.take(IRI, NAME)
        if token is not None:
            iri = self.iri(token)
        elif (word := self.take(WORD)) and word.text == "a":
            iri = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
        else:
            self.fail("expected a predicate", self.at - bool(word))
        if self.peek("/", "|", "*", "+", "?") and not is_sign(self.request.tokens, self.at):
            raise BlockError(names.ONLY_TRIPLES, at)
        if not iri.startswith(NAMESPACE):
            cut = max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1
            raise BlockError(names.FOREIGN.format(iri[:cut]), at)
        name = iri.removeprefix(NAMESPACE)
        if name not in PARAMETERS:
            raise BlockError(names.UNKNOWN.format(name), at)
        return name

    def value(self) -> Value:
        if self.at == self.last:
            self.fail("expected a value")
        tokens = self.request.tokens
        token = tokens[self.at]
        if token.kind in ("(", "["):
            empty = self.at + 1 < self.last and tokens[self.at + 1].kind in (")", "]")
            if not empty:
                raise BlockError(names.ONLY_TRIPLES, token.start)
            self.at += 2
            return Value(BLANK, "[]", token.start)
        self.at += 1
        found: Value | None = None
        match token.kind:
            case "IRI" | "name":
                found = Value(IRI, self.iri(token), token.start)
            case "variable":
                found = Value(VARIABLE, token.text[1:], token.start)
            case "blank node":
                found = Value(BLANK, token.text, token.start)
            case "string":
                if not self.take(LANGUAGE) and self.take("^^"):
                    datatype = self.take(IRI, NAME)
                    if datatype is None:
                        self.fail("expected a datatype")
                    self.iri(datatype)
                found = Value(LITERAL, text_of(token), token.start)
            case "number":
                found = Value(LITERAL, token.text, token.start)
            case "+" | "-" if number := self.take(NUMBER):
                found = Value(LITERAL, token.text + number.text, token.start)
            case "word" if token.text.lower() in ("true", "false"):
                found = Value(LITERAL, token.text.lower(), token.start)
        if found is None:
            self.fail("expected a value", self.at - 1)
        if self.peek("{|", "~"):
            raise BlockError(names.ONLY_TRIPLES, tokens[self.at].start)
        return found

    def iri(self, token: Token) -> str:
        iri = self.prologue.iri(token)
        if iri is None:
            prefix = token.text.partition(":")[0]
            error = error_at(
                self.request.text, token.start, f"the prefix {prefix}: is not declared"
            )
            raise MalformedQuery(str(error)) from error
        return iri


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def text_of(token: Token) -> str:
    """Return the text that a string means."""
    quote = 3 if token.text[:3] in ("'''", '"""') and len(token.text) >= 6 else 1
    text = token.text[quote:-quote]
    return _ESCAPE.sub(lambda match: _SHORT.get(match[1], match[1]), text)


def _described(value: Value) -> str:
    return f"<{value.text}>" if value.kind == IRI else value.text
