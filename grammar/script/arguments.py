"""Arguments in a script: literals, constants, collections, traversals; the rest is opaque."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from gremlink.grammar.places import error_at
from gremlink.grammar.script import strings
from gremlink.grammar.script.calls import Calls
from gremlink.grammar.script.lalr import Token
from gremlink.grammar.script.shapes import (
    CASTS,
    CONSTANTS,
    STRINGS,
    Span,
    cast_type,
    colon,
    is_constant,
    is_literal,
    type_name,
)
from gremlink.grammar.script.tree import Group, Operand, Part
from gremlink.grammar.script.vocabulary import BARE_CONSTANTS, ENUM_ALIASES
from gremlink.grammar.traversal import (
    Argument,
    Entries,
    EnumConstant,
    Items,
    Kind,
    Literal,
    Opaque,
    Strategy,
    Traversal,
    Variable,
    children,
)

if TYPE_CHECKING:
    from gremlink.grammar.script.read import Reader


class Arguments:
    """Reads the arguments of one script."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.calls = Calls(reader, self)

    def arguments(self, group: Group) -> list[Argument]:
        """Read the arguments between the brackets of a call."""
        if group.literals is not None:
            return [self._token(literal) for literal in group.literals]
        return [self.argument(parts) for parts in self.split(group)]

    def split(self, group: Group) -> list[list[Part]]:
        """Return the pieces between commas. Raises `ScriptError` for an empty one."""
        if not group.parts:
            return []
        pieces: list[list[Part]] = [[]]
        for part in group.parts:
            if isinstance(part, Token) and part == ",":
                if not pieces[-1]:
                    raise error_at(
                        self.reader.text, part.start, "expected an argument before the ,"
                    )
                pieces.append([])
            else:
                pieces[-1].append(part)
        if not pieces[-1]:
            if group.bracket == "(":
                raise error_at(self.reader.text, group.end - 1, "expected an argument behind the ,")
            pieces.pop()
        return pieces

    def argument(self, parts: Sequence[Part]) -> Argument:
        """Read one argument; it is opaque if it is no literal, constant, predicate or traversal."""
        match parts:
            case [Operand() as operand]:
                return self._operand(operand)
            case [Token() as sign, Operand() as operand] if sign in ("-", "+"):
                return self._signed(sign, operand, parts)
            case [Token() as word, Operand() as operand] if word == "new":
                return self.calls.new(operand, parts)
            case [Operand(), Token("RANGE"), Operand()]:
                return self.opaque(parts, "range")
            case [Operand(primary=Group()) as group, *value] if (
                cast_type(group) and len(value) <= 2
            ):
                return self._cast(cast_type(group), value, parts)
            case [Operand() as value, Operand(primary="as", suffixes=[]), Operand() as type_]:
                return self._cast(type_name(type_), [value], parts)
        self._refuse_neighbours(parts)
        return self.opaque(parts, "expression")

    def _cast(self, type_: str | None, value: Sequence[Part], parts: Sequence[Part]) -> Argument:
        """Read `(byte) 1`, `1 as Long`, `[1, 2] as Set`: a literal of that type, else opaque."""
        kind = CASTS.get(type_ or "")
        span = self.span(parts)
        if not value or (kind is None and type_ != "Set"):
            return self.opaque(parts, "expression")
        read = self.argument(value)
        match read:
            case Literal(_, int() as number) if kind is not None and not isinstance(number, bool):
                cast = strings.cast(number, kind)
                if cast is not None:
                    return replace(cast, origin=span)
            case Items("list", items) if type_ == "Set":
                return Items("set", items, origin=span)
        return self.opaque_behind(span, "expression", [read])

    def _refuse_neighbours(self, parts: Sequence[Part]) -> None:
        """Refuse two literals side by side: a comma is missing."""
        for left, right in pairwise(parts):
            if is_literal(left) and is_literal(right):
                assert isinstance(right, Operand)
                raise error_at(self.reader.text, right.start, "expected , or ) before this")

    def opaque_behind(self, span: Span, what: str, read: Sequence[Argument]) -> Opaque:
        """Make an opaque piece whose parts were read already: the traversals in them are kept."""
        for argument in read:
            self.reader.fragments += children(argument)
        return Opaque("script", span.piece, what, origin=span)

    def span(self, parts: Sequence[Part]) -> Span:
        """Return the span of the parts."""
        return Span(self.reader.text, parts[0].start, parts[-1].end)

    def opaque(self, parts: Sequence[Part], what: str) -> Opaque:
        """Make an opaque piece; the traversals in it become fragments."""
        self.reader.search(parts)
        span = self.span(parts)
        return Opaque("script", span.piece, what, origin=span)

    def opaque_group(self, group: Group, what: str) -> Opaque:
        """Make an opaque pair of brackets."""
        self.reader.search(group.parts)
        span = Span(self.reader.text, group.start, group.end)
        return Opaque("script", span.piece, what, origin=span)

    def _signed(self, sign: Token, operand: Operand, parts: Sequence[Part]) -> Argument:
        primary = operand.primary
        if not operand.suffixes and isinstance(primary, Token):
            minus = sign == "-"
            if primary.type == "NUMBER":
                number = strings.number(primary, -1 if minus else 1)
                if number is not None:
                    return replace(number, origin=self.span(parts))
            if primary == "Infinity":
                value = float("-inf" if minus else "inf")
                return Literal(Kind.DOUBLE, value, origin=self.span(parts))
        return self.opaque(parts, "expression")

    def _operand(self, operand: Operand) -> Argument:
        primary = operand.primary
        if not operand.suffixes:
            if isinstance(primary, Group):
                return self._group(primary)
            return self._token(primary)
        chain = self.reader.links(operand)
        span = Span(self.reader.text, operand.start, operand.end)
        if isinstance(primary, Token) and primary.type == "NAME":
            return self.calls.chain(operand, chain, span)
        return self._unknown(operand, span)

    def _unknown(self, operand: Operand, span: Span) -> Argument:
        self.reader.search_operand(operand)
        return Opaque("script", span.piece, "expression", origin=span)

    def _token(self, token: Token) -> Argument:
        span = Span(self.reader.text, token.start, token.end)
        if token.type in STRINGS:
            text = strings.unquote(token)
            if text is not None:
                return Literal(Kind.STRING, text, origin=span)
            self.reader.search_string(token)
            return Opaque("script", str(token), "GString", origin=span)
        if token.type == "NUMBER":
            number = strings.number(token)
            if number is None:
                return Opaque("script", str(token), "number", origin=span)
            return replace(number, origin=span)
        return self._name(str(token), span)

    def _name(self, name: str, span: Span) -> Argument:
        constant = CONSTANTS.get(name)
        if constant is not None:
            return replace(constant, origin=span)
        bound = self.reader.bindings.get(name)
        if bound is not None and not isinstance(bound, Traversal):
            return replace(bound, origin=span)
        enum = BARE_CONSTANTS.get(name)
        if enum is not None:
            return EnumConstant(enum, ENUM_ALIASES.get(name, name), origin=span)
        if name.endswith("Strategy"):
            return Strategy(name, origin=span)
        return Variable(name, origin=span)

    # -- brackets

    def _group(self, group: Group) -> Argument:
        span = Span(self.reader.text, group.start, group.end)
        match group.bracket:
            case "(":
                pieces = self.split(group)
                if len(pieces) == 1:
                    return self._bracketed(pieces[0], span)
                return self.opaque_group(group, "expression")
            case "[":
                return self._list_or_map(group, span)
            case _:
                return self._set_or_closure(group, span)

    def _bracketed(self, parts: Sequence[Part], span: Span) -> Argument:
        """Read `(x)` as `x`; the brackets belong to what is copied, except for a traversal's."""
        inner = self.argument(parts)
        match inner:
            case Traversal():
                return inner
            case Opaque(_, _, what):
                return Opaque("script", span.piece, what, origin=span)
        return replace(inner, origin=span)

    def _list_or_map(self, group: Group, span: Span) -> Argument:
        match group.parts:
            case []:
                return Items("list", (), origin=span)
            case [":"]:
                return Entries((), origin=span)
        pieces = self.split(group)
        keyed = [colon(piece) for piece in pieces]
        if all(keyed):
            return Entries(
                tuple(
                    [
                        (self.key(piece[:at]), self.mapped(piece, at))
                        for piece, at in zip(pieces, keyed, strict=True)
                    ]
                ),
                origin=span,
            )
        if any(keyed):
            return self.opaque_group(group, "map")
        items = tuple([self.argument(piece) for piece in pieces])
        if any(isinstance(item, Opaque) and item.what == "range" for item in items):
            return self.opaque_behind(span, "range", items)
        return Items("list", items, origin=span)

    def mapped(self, piece: list[Part], at: int) -> Argument:
        """Read the value behind the colon at `at`."""
        if at + 1 == len(piece):
            found = piece[at]
            assert isinstance(found, Token)
            raise error_at(self.reader.text, found.start, "expected a value behind the :")
        return self.argument(piece[at + 1 :])

    def key(self, parts: Sequence[Part]) -> Argument:
        """Read a map's key: a bare word is a string, `(T.id)` is the constant."""
        match parts:
            case [Operand(primary=Token("NAME") as name, suffixes=[])]:
                return Literal.string(str(name))
            case [Token("KEYWORD") as name]:
                return Literal.string(str(name))
        return self.argument(parts)

    def _set_or_closure(self, group: Group, span: Span) -> Argument:
        """Read a set or a closure. Since 3.8 gremlin-lang writes sets as `{1, 2}`, with constants
        only."""
        parts = group.parts
        if not parts or not all(
            is_constant(part) or (isinstance(part, Token) and part == ",") for part in parts
        ):
            return self.opaque_group(group, "closure")
        items = tuple([self.argument(piece) for piece in self.split(group)])
        return Items("set", items, origin=span)
