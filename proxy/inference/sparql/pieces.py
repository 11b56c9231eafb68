"""The parts of a query's groups, each with what it does to the solutions.

Inputs are asked by a part of the query, which has to give every input that the query itself would
come to. Leaving out a part that binds variables can only give more; but a filter, a `MINUS`, an
`OPTIONAL` or a `BIND` may be kept only where its variables are bound as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gremlink.grammar.sparql.structure import (
    BIND,
    GRAPH,
    GROUP,
    SERVICE,
    TRIPLES,
    VALUES,
    Element,
    Group,
    Request,
    Select,
)
from gremlink.grammar.sparql.tokens import BLANK, VARIABLE, Token
from gremlink.grammar.sparql.triples import Span, read_triples

BINDING, ASSIGNING, OPTIONALLY, REMOVING = "binding", "assigning", "optionally", "removing"

_NOTHING: frozenset[str] = frozenset()
_TRIPLE_TERMS = frozenset(("<", ">", "~", "{|"))
"""Punctuation of triples about triples, which are not taken apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A part of a group: `certain` are the variables that each of its solutions binds, if those of
    `follows` are bound.

    `role` is one of the constants above. `variables` are all that it mentions; labels of blank
    nodes are among them. `assigned` is that of a `BIND`. `is_open` tells that it cannot be asked
    yet: it holds a block without answers.
    """

    role: str
    text: str
    element: Element
    variables: frozenset[str]
    certain: frozenset[str] = _NOTHING
    follows: frozenset[str] = _NOTHING
    assigned: frozenset[str] = _NOTHING
    is_open: bool = False

    @property
    def needed(self) -> frozenset[str]:
        """The variables that it looks at, and does not only bind."""
        return self.variables - self.assigned if self.role == ASSIGNING else self.variables


class Pieces:
    """Makes pieces of elements; `answered` has the text in the place of each block with answers,
    `blocks` the variables of all blocks."""

    def __init__(
        self,
        request: Request,
        blocks: Mapping[Element, Sequence[str]],
        answered: Mapping[Element, str],
    ) -> None:
        self.request = request
        self.blocks = blocks
        self.answered = answered
        self.order = sorted(blocks, key=lambda element: element.first)
        self.open = [block for block in self.order if block not in answered]

    def of(self, element: Element) -> Iterator[Piece]:
        """Return the pieces of an element, one but for triples."""
        if element.kind == TRIPLES:
            yield from self._of_triples(element)
            return
        text = self.text(element.first, element.last)
        if element in self.blocks:
            names = frozenset(self.blocks[element])
            is_open = element not in self.answered
            certain = _NOTHING if is_open or "UNDEF" in text else names
            yield Piece(BINDING, text, element, names, certain, is_open=is_open)
            return
        is_open = any(element.first < block.first < element.last for block in self.open)
        mentioned = self._mentioned(element.first, element.last)
        match element.kind:
            case "FILTER" | "MINUS":
                yield Piece(REMOVING, text, element, mentioned, is_open=is_open)
            case "OPTIONAL" | "LATERAL":
                yield Piece(OPTIONALLY, text, element, mentioned, is_open=is_open)
            case "BIND":
                certain, follows = self._assigned(element)
                target = self.visible(element)
                yield Piece(ASSIGNING, text, element, mentioned, certain, follows, target, is_open)
            case _:
                visible, certain = self.visible(element), self.certain(element)
                yield Piece(BINDING, text, element, visible, certain, is_open=is_open)

    def text(self, first: int, last: int) -> str:
        """Return the text of tokens, with the answers of the blocks among them."""
        if first >= last:
            return ""
        tokens, text = self.request.tokens, self.request.text
        parts: list[str] = []
        at = tokens[first].start
        for block in self.order:
            if first <= block.first < last and block in self.answered:
                parts += text[at : tokens[block.first].start], self.answered[block]
                at = tokens[block.last - 1].end
        return "".join([*parts, text[at : tokens[last - 1].end]])

    def _of_triples(self, element: Element) -> Iterator[Piece]:
        tokens = self.request.tokens
        if any(token.kind in _TRIPLE_TERMS for token in tokens[element.first : element.last]):
            names = self._mentioned(element.first, element.last)
            yield Piece(BINDING, self.text(element.first, element.last), element, names, names)
            return
        for sentence in read_triples(tokens, element.first, element.last):
            spans: list[Sequence[Span]] = [
                (triple.subject, triple.verb, triple.object) for triple in sentence
            ]
            if not sentence[0].splits:
                spans = [((sentence[0].subject[0], max(each.object[1] for each in sentence)),)]
            for parts in spans:
                text = " ".join(self.request.slice(*span) for span in parts if span[0] < span[1])
                names = frozenset().union(*(self._mentioned(*span) for span in parts))
                yield Piece(BINDING, f"{text} .", element, names, names)

    def _mentioned(self, first: int, last: int) -> frozenset[str]:
        return frozenset(
            _name(token)
            for token in self.request.tokens[first:last]
            if token.kind in (VARIABLE, BLANK)
        )

    def visible(self, part: Element | Group | Select) -> frozenset[str]:
        """Return the variables that a part may bind for those beside it."""
        match part:
            case Select():
                found = self.visible(part.where)
                if part.values is not None:
                    found |= self.visible(part.values)
                return found if part.projected is None else frozenset(part.projected)
            case Group():
                if part.select is not None:
                    return self.visible(part.select)
                return _NOTHING.union(*(self.visible(each) for each in part.elements))
        if part in self.blocks:
            return frozenset(self.blocks[part])
        match part.kind:
            case "FILTER" | "MINUS":
                return _NOTHING
            case "triples" | "VALUES":
                return self._mentioned(part.first, part.last)
            case "BIND":
                return frozenset((_name(self.request.tokens[part.last - 2]),))
        found = _NOTHING.union(*(self.visible(group) for group in part.groups))
        return found | self._named(part)

    def certain(self, part: Element | Group | Select) -> frozenset[str]:
        """Return the variables that every solution of a part binds."""
        match part:
            case Select():
                found = self.certain(part.where)
                if part.values is not None:
                    found |= self.certain(part.values)
                if part.projected is None:
                    return found
                return (found & frozenset(part.projected)) - part.computed
            case Group():
                if part.select is not None:
                    return self.certain(part.select)
                return _NOTHING.union(*(self.certain(each) for each in part.elements))
        tokens = self.request.tokens
        if part in self.blocks:
            text = self.answered.get(part)
            return _NOTHING if text is None or "UNDEF" in text else frozenset(self.blocks[part])
        if part.kind == TRIPLES:
            return self._mentioned(part.first, part.last)
        if part.kind == VALUES:
            some = any(token.is_word("UNDEF") for token in tokens[part.first : part.last])
            return _NOTHING if some else self._mentioned(part.first, part.last)
        if part.kind == BIND:
            certain, follows = self._assigned(part)
            return _NOTHING if follows else certain
        if part.kind == GROUP:
            first, *others = (self.certain(group) for group in part.groups)
            return first.intersection(*others)
        if part.kind == GRAPH or (part.kind == SERVICE and not part.silent):
            return self.certain(part.groups[0]) | self._named(part)
        return _NOTHING

    def _named(self, element: Element) -> frozenset[str]:
        name = element.name
        return frozenset((_name(name),)) if name and name.kind == VARIABLE else _NOTHING

    def _assigned(self, element: Element) -> tuple[frozenset[str], frozenset[str]]:
        """Return the variable of `BIND` if it is sure to have a value where some others have one,
        and these."""
        first, last = element.first + 2, element.last - 3
        mentioned = self._mentioned(first, last)
        if not mentioned or last - first == 1:
            return self.visible(element), mentioned
        return _NOTHING, _NOTHING


def _name(token: Token) -> str:
    return token.text[1:] if token.kind == VARIABLE else token.text
