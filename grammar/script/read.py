"""The tree of a script → the traversals in it.

A chain is a traversal by its names: a source (`g`, `graph.traversal()`, anything) with a method
that begins traversals, or `__`, or a bare step as an argument. The first method that is no step of
Gremlin ends it. Whatever is not understood becomes `Opaque`, and is searched for more traversals.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lark import Token

from grammar.script import strings
from grammar.script.links import Link, links
from grammar.script.tree import Group, Operand, Part, error_at, position, tree
from grammar.script.vocabulary import (
    BARE_CONSTANTS,
    ENUM_ALIASES,
    ENUMS,
    NEGATIONS,
    OPTION_CONSTANTS,
    PREDICATES,
    SOURCE_METHODS,
    SPAWNING,
    SPAWNING_ON_NAMES,
    STEPS,
)
from grammar.traversal import (
    Argument,
    Entries,
    EnumConstant,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Strategy,
    Traversal,
    Variable,
)

STRINGS = frozenset(
    {"SINGLE_QUOTED", "DOUBLE_QUOTED", "TRIPLE_SINGLE", "TRIPLE_DOUBLE", "SLASHY", "DOLLAR_SLASHY"}
)

_FOLLOWING = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*(?:[)\]},;.]|\Z)", re.DOTALL)

PLAIN_DOTS = frozenset({"", ".", "?."})
"""What stands before a step; the first of a chain has nothing before it."""

ALL_DOTS = PLAIN_DOTS | {"*.", ".&", ".@", "??."}
"""What stands before the steps of a fragment: there, nothing is to be missed."""

_CONSTANTS = {
    "null": Literal(Kind.NULL, None),
    "true": Literal(Kind.BOOLEAN, True),
    "false": Literal(Kind.BOOLEAN, False),
    "NaN": Literal(Kind.DOUBLE, float("nan")),
    "Infinity": Literal(Kind.DOUBLE, float("inf")),
    "Double.NaN": Literal(Kind.DOUBLE, float("nan")),
    "Double.POSITIVE_INFINITY": Literal(Kind.DOUBLE, float("inf")),
    "Double.NEGATIVE_INFINITY": Literal(Kind.DOUBLE, float("-inf")),
}


@dataclass(frozen=True, slots=True)
class Span:
    """The origin of a node that was read from a script: `text[start:end]`.

    An instruction's span begins where the one before it ended; `name` is where its name begins.
    """

    text: str
    start: int
    end: int
    name: int = -1

    @property
    def piece(self) -> str:
        """The piece itself."""
        return self.text[self.start : self.end]

    def __repr__(self) -> str:
        return f"Span({self.start}:{self.end})"


class Reader:
    """Reads one script.

    `traversals` are the outermost ones on a source; `fragments` the chains of steps that walking
    those does not reach: on variables, behind other methods, inside opaque arguments.
    """

    def __init__(self, text: str, bindings: Mapping[str, Argument]) -> None:
        self.text = text
        self.bindings = bindings
        self.parts = tree(text)
        self.traversals: list[Traversal] = []
        self.fragments: list[Traversal] = []
        self._inside = 0
        self.search(self.parts)

    # -- searching what is not an argument

    def search(self, parts: Sequence[Part]) -> None:
        """Find the traversals in a row of operands and operators."""
        for part in parts:
            if isinstance(part, Operand):
                self._search_operand(part)

    def _search_operand(self, operand: Operand) -> None:
        chain = self._links(operand)
        found = self._traversal(operand, chain, bare=False)
        if found is None:
            self._search_primary(operand.primary)
            self._search_links(operand, chain, 0)
            return
        traversal, used = found
        spawned = traversal.root != "__" and bool(traversal.steps)
        if spawned and not self._inside:
            self.traversals.append(traversal)
        else:
            self.fragments.append(traversal)
        self._search_links(operand, chain, used)

    def _search_primary(self, primary: Token | Group) -> None:
        if isinstance(primary, Group):
            self.search(primary.parts)
        elif primary.type in STRINGS:
            self._search_string(primary)

    def _search_string(self, token: Token) -> None:
        """The code in a GString: found, but never rewritten."""
        if "${" not in token or strings.unquote(token) is not None:
            return
        for piece in strings.interpolated(token):
            if "(" not in piece or len(piece) >= len(self.text):
                continue
            inner = Reader(piece, self.bindings)
            self.fragments += inner.traversals
            self.fragments += inner.fragments

    def _search_links(self, operand: Operand, chain: list[Link], begin: int) -> None:
        """Runs of steps from a link on are fragments; the brackets of the others are searched."""
        index = begin
        while index < len(chain):
            link = chain[index]
            if link.is_call and link.name in STEPS and not _is_groovys(link, index):
                steps, index = self._steps(chain, index, STEPS, ALL_DOTS)
                root = operand.primary if isinstance(operand.primary, Token) else ""
                self.fragments.append(
                    Traversal(
                        (),
                        steps,
                        root="" if chain[0] is link else str(root),
                        origin=Span(self.text, link.gap, chain[index - 1].end),
                    )
                )
                continue
            for group in link.groups:
                self.search(group.parts)
            index += 1

    def _links(self, operand: Operand) -> list[Link]:
        chain = links(operand)
        if any(link.dot and link.name is None for link in chain):
            self._refuse_lone_dots(chain)
        return chain

    def _refuse_lone_dots(self, chain: list[Link]) -> None:
        """A dot needs a name behind it, or at least something that could yield one."""
        for link in chain:
            following = _FOLLOWING.match(self.text, link.end)
            if link.dot and link.name is None and following is not None:
                reason = f"expected the name of a step behind the {link.dot}"
                raise error_at(self.text, link.end - len(link.dot), reason)

    # -- traversals

    def _traversal(
        self, operand: Operand, chain: list[Link], *, bare: bool
    ) -> tuple[Traversal, int] | None:
        """The traversal with which a chain begins, and how many links it takes."""
        head = chain[0]
        if head.name == "__" and not head.is_call:
            return self._anonymous(operand, chain, 1, "__")
        if bare and head.is_call and head.name in STEPS:
            return self._anonymous(operand, chain, 0, "")
        if head.is_call and head.name in STEPS:
            return None
        begin = self._spawn(chain)
        if begin is None:
            return None
        self._search_root(operand, chain[:begin])
        root = self.text[operand.start : chain[begin].gap]
        source, index = self._steps(chain, begin, SOURCE_METHODS)
        steps: tuple[Instruction, ...] = ()
        if index < len(chain) and chain[index].is_call and chain[index].name in STEPS:
            if not _spawns(chain[index]):
                return None
            steps, index = self._steps(chain, index, STEPS)
        origin = Span(self.text, operand.start, chain[index - 1].end)
        return Traversal(source, steps, root=root, origin=origin), index

    def _search_root(self, operand: Operand, chain: list[Link]) -> None:
        """What a source is computed from belongs to its traversal, so it can only be looked at."""
        self._inside += 1
        self._search_primary(operand.primary)
        for link in chain:
            for group in link.groups:
                self.search(group.parts)
        self._inside -= 1

    def _anonymous(
        self, operand: Operand, chain: list[Link], begin: int, root: str
    ) -> tuple[Traversal, int] | None:
        steps, index = self._steps(chain, begin, STEPS)
        if not steps:
            return None
        origin = Span(self.text, operand.start, chain[index - 1].end)
        return Traversal((), steps, root=root, origin=origin), index

    def _spawn(self, chain: list[Link]) -> int | None:
        """The first link that configures a source or begins a traversal on it."""
        for index in range(1, len(chain)):
            link = chain[index]
            if not link.is_call or link.name is None:
                continue
            if link.name in SPAWNING or (link.name in SOURCE_METHODS and link.call is not None):
                return index
            if link.name in SPAWNING_ON_NAMES:
                before = chain[index - 1]
                named = index == 1 and before.name is not None and not before.is_call
                if (named or before.name == "traversal") and not link.closures:
                    return index
            if link.name in STEPS:
                return None
        return None

    def _steps(
        self,
        chain: list[Link],
        begin: int,
        names: frozenset[str],
        dots: frozenset[str] = PLAIN_DOTS,
    ) -> tuple[tuple[Instruction, ...], int]:
        instructions = []
        index = begin
        while index < len(chain):
            link = chain[index]
            if not link.is_call or link.name not in names or link.dot not in dots:
                break
            if link.name == "with" and link.call is None:
                break  # `with { … }` is Groovy's
            instructions.append(self._instruction(link))
            index += 1
        return tuple(instructions), index

    def _instruction(self, link: Link) -> Instruction:
        self._inside += 1
        arguments = self.arguments(link.call) if link.call is not None else []
        for closure in link.closures:
            arguments.append(self._opaque_group(closure, "closure"))
        self._inside -= 1
        origin = Span(self.text, link.gap, link.end, link.at)
        return Instruction(link.name or "", tuple(arguments), origin=origin)

    # -- arguments

    def arguments(self, group: Group) -> list[Argument]:
        """What stands between the brackets of a call."""
        return [self.argument(parts) for parts in self._split(group, "COMMA")]

    def _split(self, group: Group, separator: str) -> list[list[Part]]:
        if not group.parts:
            return []
        pieces: list[list[Part]] = [[]]
        for part in group.parts:
            if isinstance(part, Token) and part.type == separator:
                if not pieces[-1]:
                    raise error_at(self.text, position(part), "expected an argument before the ,")
                pieces.append([])
            else:
                pieces[-1].append(part)
        if not pieces[-1]:
            if group.bracket == "(":
                raise error_at(self.text, group.end - 1, "expected an argument behind the ,")
            pieces.pop()
        return pieces

    def argument(self, parts: Sequence[Part]) -> Argument:
        """One argument; whatever is no literal, constant, predicate or traversal is opaque."""
        match parts:
            case [Operand() as operand]:
                return self._operand(operand)
            case [Token("OPERATOR", "-" | "+") as sign, Operand() as operand]:
                return self._signed(sign, operand, parts)
            case [Token("KEYWORD", "new"), Operand() as operand]:
                return self._new(operand, parts)
            case [Operand(), Token("RANGE"), Operand()]:
                return self._opaque(parts, "range")
            case [Operand(primary=Group()) as group, *value] if _cast(group) and len(value) <= 2:
                return self._cast(_cast(group), value, parts)
            case [Operand() as value, Operand(primary="as", suffixes=[]), Operand() as type_]:
                return self._cast(_type_name(type_), [value], parts)
        self._refuse_neighbours(parts)
        return self._opaque(parts, "expression")

    def _cast(self, type_: str | None, value: Sequence[Part], parts: Sequence[Part]) -> Argument:
        """`(byte) 1`, `1 as Long`, `[1, 2] as Set`: a literal of that type, else opaque."""
        kind = CASTS.get(type_ or "")
        span = self._span(parts)
        if not value or (kind is None and type_ != "Set"):
            return self._opaque(parts, "expression")
        match self.argument(value):
            case Literal(_, int() as number) if kind is not None and not isinstance(number, bool):
                cast = strings.cast(number, kind)
                if cast is not None:
                    return replace(cast, origin=span)
            case Items("list", items) if type_ == "Set":
                return Items("set", items, origin=span)
        return Opaque("script", span.piece, "expression", origin=span)

    def _refuse_neighbours(self, parts: Sequence[Part]) -> None:
        """Two literals side by side are nobody's Gremlin: a comma is missing."""
        for left, right in pairwise(parts):
            if _is_literal(left) and _is_literal(right):
                assert isinstance(right, Operand)
                raise error_at(self.text, right.start, "expected , or ) before this")

    def _span(self, parts: Sequence[Part]) -> Span:
        first, last = parts[0], parts[-1]
        start = first.start if isinstance(first, Operand) else position(first)
        end = last.end if isinstance(last, Operand) else (last.end_pos or 0)
        return Span(self.text, start, end)

    def _opaque(self, parts: Sequence[Part], what: str) -> Opaque:
        self.search(parts)
        span = self._span(parts)
        return Opaque("script", span.piece, what, origin=span)

    def _opaque_group(self, group: Group, what: str) -> Opaque:
        self.search(group.parts)
        span = Span(self.text, group.start, group.end)
        return Opaque("script", span.piece, what, origin=span)

    def _signed(self, sign: Token, operand: Operand, parts: Sequence[Part]) -> Argument:
        primary = operand.primary
        if not operand.suffixes and isinstance(primary, Token):
            minus = sign == "-"
            if primary.type == "NUMBER":
                number = strings.number(primary, -1 if minus else 1)
                if number is not None:
                    return replace(number, origin=self._span(parts))
            if primary == "Infinity":
                value = float("-inf" if minus else "inf")
                return Literal(Kind.DOUBLE, value, origin=self._span(parts))
        return self._opaque(parts, "expression")

    def _operand(self, operand: Operand) -> Argument:
        primary = operand.primary
        if not operand.suffixes:
            if isinstance(primary, Group):
                return self._group(primary)
            return self._token(primary)
        chain = self._links(operand)
        span = Span(self.text, operand.start, operand.end)
        if isinstance(primary, Token) and primary.type == "NAME":
            return self._chain(operand, chain, span)
        return self._unknown(operand, span)

    def _unknown(self, operand: Operand, span: Span) -> Argument:
        self._search_operand(operand)
        return Opaque("script", span.piece, "expression", origin=span)

    def _token(self, token: Token) -> Argument:
        span = Span(self.text, position(token), token.end_pos or 0)
        if token.type in STRINGS:
            text = strings.unquote(token)
            if text is not None:
                return Literal(Kind.STRING, text, origin=span)
            self._search_string(token)
            return Opaque("script", str(token), "GString", origin=span)
        if token.type == "NUMBER":
            number = strings.number(token)
            if number is None:
                return Opaque("script", str(token), "number", origin=span)
            return replace(number, origin=span)
        return self._name(str(token), span)

    def _name(self, name: str, span: Span) -> Argument:
        constant = _CONSTANTS.get(name)
        if constant is not None:
            return replace(constant, origin=span)
        bound = self.bindings.get(name)
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
        span = Span(self.text, group.start, group.end)
        match group.bracket:
            case "(":
                pieces = self._split(group, "COMMA")
                if len(pieces) == 1:
                    return self._bracketed(pieces[0], span)
                return self._opaque_group(group, "expression")
            case "[":
                return self._list_or_map(group, span)
            case _:
                return self._set_or_closure(group, span)

    def _bracketed(self, parts: Sequence[Part], span: Span) -> Argument:
        """`(x)` is `x`; the brackets belong to what is copied, except for a traversal's."""
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
            case [Token("COLON")]:
                return Entries((), origin=span)
        pieces = self._split(group, "COMMA")
        keyed = [_colon(piece) for piece in pieces]
        if all(keyed):
            return Entries(
                tuple(
                    [
                        (self._key(piece[:at]), self._mapped(piece, at))
                        for piece, at in zip(pieces, keyed, strict=True)
                    ]
                ),
                origin=span,
            )
        if any(keyed):
            return self._opaque_group(group, "map")
        items = tuple([self.argument(piece) for piece in pieces])
        if any(isinstance(item, Opaque) and item.what == "range" for item in items):
            return Opaque("script", span.piece, "range", origin=span)
        return Items("list", items, origin=span)

    def _mapped(self, piece: list[Part], at: int) -> Argument:
        if at + 1 == len(piece):
            colon = piece[at]
            assert isinstance(colon, Token)
            raise error_at(self.text, position(colon), "expected a value behind the :")
        return self.argument(piece[at + 1 :])

    def _key(self, parts: Sequence[Part]) -> Argument:
        """A bare word is a string; `(T.id)` is what it says."""
        match parts:
            case [Operand(primary=Token("NAME") as name, suffixes=[])]:
                return Literal.string(str(name))
            case [Token("KEYWORD") as name]:
                return Literal.string(str(name))
        return self.argument(parts)

    def _set_or_closure(self, group: Group, span: Span) -> Argument:
        """Since 3.8 gremlin-lang writes sets as `{1, 2}`: constants only, else it is a closure."""
        parts = group.parts
        if not parts or not all(
            _is_constant(part) or (isinstance(part, Token) and part.type == "COMMA")
            for part in parts
        ):
            return self._opaque_group(group, "closure")
        items = tuple([self.argument(piece) for piece in self._split(group, "COMMA")])
        return Items("set", items, origin=span)

    # -- chains of names and calls

    def _chain(self, operand: Operand, chain: list[Link], span: Span) -> Argument:
        dotted = _dotted(chain)
        if dotted is not None:
            return self._constant(dotted, span)
        first = _predicate_at(chain)
        if first is not None and not (chain[first].name == "not" and first == 0):
            return self._predicate(chain, first, span)
        if chain[0].name == "not" and chain[0].call is not None:
            return self._bare_not(operand, chain, span)
        special = self._special(chain, span)
        if special is not None:
            return special
        found = self._traversal(operand, chain, bare=True)
        if found is None:
            self._search_links(operand, chain, 0)
            return Opaque("script", span.piece, "expression", origin=span)
        traversal, used = found
        if used == len(chain) and traversal.steps:
            return traversal
        self.fragments.append(traversal)
        self._search_links(operand, chain, used)
        return Opaque("script", span.piece, "expression", origin=span)

    def _constant(self, dotted: str, span: Span) -> Argument:
        constant = _CONSTANTS.get(dotted)
        if constant is not None:
            return replace(constant, origin=span)
        option = OPTION_CONSTANTS.get(dotted)
        if option is not None:
            return replace(Literal.of(option), origin=span)
        scope, _, name = dotted.rpartition(".")
        type_ = scope.rpartition(".")[2].rpartition("$")[2]
        if name in ENUMS.get(type_, ()):
            return EnumConstant(type_, ENUM_ALIASES.get(name, name), origin=span)
        if name.endswith("Strategy"):
            return Strategy(name, origin=span)
        return Opaque("script", span.piece, "constant", origin=span)

    def _predicate(self, chain: list[Link], first: int, span: Span) -> Argument:
        link = chain[first]
        assert link.name is not None
        assert link.call is not None
        arguments = tuple(self.arguments(link.call))
        found = self._combined(_predicate(link.name, arguments), chain[first + 1 :])
        if found is None:
            return Opaque("script", span.piece, "predicate", origin=span)
        return replace(found, origin=span)

    def _combined(self, predicate: Predicate, rest: list[Link]) -> Predicate | None:
        """`.and(…)`, `.or(…)` and `.negate()` behind a predicate."""
        joined, connective = [predicate], ""
        for link in rest:
            arguments = self.arguments(link.call) if link.call is not None else []
            match link.name, arguments:
                case ("and" | "or") as name, [Predicate() as other]:
                    if connective not in ("", name):
                        joined = [_connected(joined, connective)]
                    connective = name
                    joined.append(other)
                case "negate", []:
                    joined, connective = [_negated(_connected(joined, connective))], ""
                case _:
                    return None
        return _connected(joined, connective)

    def _bare_not(self, operand: Operand, chain: list[Link], span: Span) -> Argument:
        """`not(…)` negates a predicate or is a step; its argument tells."""
        assert chain[0].call is not None
        self._inside += 1
        arguments = tuple(self.arguments(chain[0].call))
        self._inside -= 1
        if len(arguments) == 1 and isinstance(arguments[0], Predicate):
            found = self._combined(_predicate("not", arguments), chain[1:])
            if found is not None:
                return replace(found, origin=span)
            return Opaque("script", span.piece, "predicate", origin=span)
        link = chain[0]
        step = Instruction("not", arguments, origin=Span(self.text, link.gap, link.end, link.at))
        rest, used = self._steps(chain, 1, STEPS)
        end = chain[used - 1].end
        traversal = Traversal(
            (), (step, *rest), root="", origin=Span(self.text, operand.start, end)
        )
        if used == len(chain):
            return traversal
        self.fragments.append(traversal)
        self._search_links(operand, chain, used)
        return Opaque("script", span.piece, "expression", origin=span)

    # -- other values with a call in them

    def _special(self, chain: list[Link], span: Span) -> Argument | None:
        """UUIDs and strategies; nothing is read twice, so the names decide before the arguments."""
        names = [link.name for link in chain]
        match names:
            case ["UUID"] | ["UUID", "fromString"] | ["java", "util", "UUID", "fromString"]:
                return self._uuid(chain[-1], span)
            case [str(name)] if name.endswith("Strategy") and chain[0].call is not None:
                return self._configured(name, chain[0].call, span)
            case [str(name), "build", *methods, "create"] if name.endswith("Strategy"):
                return self._built(name, chain[2 : 2 + len(methods)], span)
            case [str(name), "instance"] if name.endswith("Strategy"):
                return Strategy(name, origin=span)
        return None

    def _uuid(self, link: Link, span: Span) -> Argument:
        arguments = self.arguments(link.call) if link.call is not None else []
        match arguments:
            case [Literal(Kind.STRING, text)]:
                try:
                    return Literal(Kind.UUID, uuid.UUID(text), origin=span)
                except ValueError:
                    pass
        return Opaque("script", span.piece, "UUID", origin=span)

    def _new(self, operand: Operand, parts: Sequence[Part]) -> Argument:
        chain = self._links(operand)
        span = self._span(parts)
        name, call = chain[-1].name, chain[-1].call
        if name is not None and name.endswith("Strategy") and call is not None:
            return self._configured(name, call, span)
        if name in ("BigDecimal", "BigInteger") and len(chain) == 1 and call is not None:
            match self.arguments(call):
                case [Literal(Kind.STRING, text)]:
                    number = strings.big(name, text)
                    if number is not None:
                        return replace(number, origin=span)
            return Opaque("script", span.piece, f"new {name}", origin=span)
        return self._opaque(parts, f"new {name}" if name else "expression")

    def _configured(self, name: str, call: Group, span: Span) -> Argument:
        """`new SubgraphStrategy(vertices: hasLabel("person"))`."""
        configuration = []
        for piece in self._split(call, "COMMA"):
            at = _colon(piece)
            key = self._key(piece[:at]) if at else None
            if not isinstance(key, Literal) or not isinstance(key.value, str):
                return (
                    self._opaque(call.parts, "strategy")
                    if False
                    else Opaque("script", span.piece, "strategy", origin=span)
                )
            configuration.append((key.value, self._mapped(piece, at)))
        return Strategy(name, tuple(configuration), origin=span)

    def _built(self, name: str, methods: list[Link], span: Span) -> Argument:
        """`SubgraphStrategy.build().vertices(hasLabel("person")).create()`."""
        configuration = []
        for link in methods:
            arguments = self.arguments(link.call) if link.call is not None else []
            match link.name, arguments:
                case "with", [Literal(Kind.STRING, key), value]:
                    configuration.append((key, value))
                case "with", [Literal(Kind.STRING, key)]:
                    configuration.append((key, Literal(Kind.BOOLEAN, True)))
                case str(key), [value] if key != "with":
                    configuration.append((key, value))
                case str(key), many if key != "with":
                    configuration.append((key, Items("list", tuple(many))))
                case _:
                    return Opaque("script", span.piece, "strategy", origin=span)
        return Strategy(name, tuple(configuration), origin=span)


# -- what names tell

CASTS = {
    "byte": Kind.BYTE,
    "Byte": Kind.BYTE,
    "short": Kind.SHORT,
    "Short": Kind.SHORT,
    "int": Kind.INT,
    "Integer": Kind.INT,
    "long": Kind.LONG,
    "Long": Kind.LONG,
    "BigInteger": Kind.BIG_INTEGER,
}
"""The types that a whole number can be cast to without a computation."""


def _type_name(operand: Operand) -> str | None:
    primary = operand.primary
    if operand.suffixes or not isinstance(primary, Token) or primary.type != "NAME":
        return None
    return str(primary)


def _cast(operand: Operand) -> str | None:
    """The type in `(byte)`, if the operand is a cast."""
    group = operand.primary
    if operand.suffixes or not isinstance(group, Group) or group.bracket != "(":
        return None
    match group.parts:
        case [Operand() as inner]:
            name = _type_name(inner)
            return name if name in CASTS or name == "Set" else None
    return None


def _spawns(link: Link) -> bool:
    return link.name in SPAWNING or link.name in SPAWNING_ON_NAMES


def _is_groovys(link: Link, index: int) -> bool:
    """`call { … }` and the like as bare words, and `with { … }` anywhere, are Groovy's."""
    return link.call is None and (not index or link.name == "with")


def _is_literal(part: Part) -> bool:
    return (
        isinstance(part, Operand)
        and isinstance(part.primary, Token)
        and part.primary.type in (*STRINGS, "NUMBER")
    )


def _is_constant(part: Part) -> bool:
    if not isinstance(part, Operand):
        return isinstance(part, Token) and part.type == "OPERATOR" and part in ("-", "+")
    return _is_literal(part) and not part.suffixes


def _colon(parts: Sequence[Part]) -> int:
    """Where the colon behind a map's key stands; 0 if there is none."""
    for index, part in enumerate(parts[:3]):
        if isinstance(part, Token) and part.type == "COLON":
            return index
    return 0


def _dotted(chain: list[Link]) -> str | None:
    """`a.b.C` if the chain has nothing but names."""
    if any(link.name is None or link.groups for link in chain):
        return None
    return ".".join(str(link.name) for link in chain)


def _predicate_at(chain: list[Link]) -> int | None:
    """The link that is a predicate: `P.gt(1)`, `TextP.containing("a")`, `gt(1)`."""
    for index, link in enumerate(chain):
        if link.groups:
            if link.call is None or link.closures or link.name not in PREDICATES:
                return None
            before = chain[index - 1].name if index else None
            return index if before in (None, "P", "TextP") else None
    return None


def _predicate(name: str, arguments: tuple[Argument, ...]) -> Predicate:
    match name, arguments:
        case "within" | "without", (Items(_, items),):
            arguments = items
    return Predicate(PREDICATES[name], name, arguments)


def _connected(joined: list[Predicate], connective: str) -> Predicate:
    return Predicate("P", connective, tuple(joined)) if connective else joined[0]


def _negated(predicate: Predicate) -> Predicate:
    opposite = NEGATIONS.get(predicate.name)
    if opposite is not None:
        return Predicate(predicate.type, opposite, predicate.arguments)
    return Predicate("P", "not", (predicate,))
