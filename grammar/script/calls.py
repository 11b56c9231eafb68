"""Arguments that are names and calls: constants, predicates, strategies, nested traversals."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gremlink.grammar.script import strings
from gremlink.grammar.script.chain import Link
from gremlink.grammar.script.shapes import (
    CONSTANTS,
    Span,
    colon,
    connected,
    dotted,
    is_string,
    negated,
    predicate,
    predicate_at,
)
from gremlink.grammar.script.tree import Group, Operand, Part
from gremlink.grammar.script.vocabulary import (
    ENUM_ALIASES,
    ENUMS,
    OPTION_CONSTANTS,
    STEPS,
)
from gremlink.grammar.traversal import (
    Argument,
    EnumConstant,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Strategy,
    Traversal,
)

if TYPE_CHECKING:
    from gremlink.grammar.script.arguments import Arguments
    from gremlink.grammar.script.read import Reader


class Calls:
    """Reads chains that begin with a name."""

    def __init__(self, reader: Reader, values: Arguments) -> None:
        self.reader = reader
        self.values = values

    def chain(self, operand: Operand, chain: list[Link], span: Span) -> Argument:
        """Read a chain of names and calls as an argument."""
        name = dotted(chain)
        if name is not None:
            return self._constant(name, span)
        first = predicate_at(chain)
        if first is not None and not (chain[first].name == "not" and first == 0):
            return self._predicate(chain, first, span)
        if chain[0].name == "not" and chain[0].call is not None:
            return self._bare_not(operand, chain, span)
        special = self._special(chain, span)
        if special is not None:
            return special
        found = self.reader.traversal(operand, chain, bare=True)
        if found is None:
            self.reader.search_links(operand, chain, 0)
            return Opaque("script", span.piece, "expression", origin=span)
        traversal, used = found
        if used == len(chain) and traversal.steps:
            return traversal
        self.reader.fragments.append(traversal)
        self.reader.search_links(operand, chain, used)
        return Opaque("script", span.piece, "expression", origin=span)

    def _constant(self, dotted: str, span: Span) -> Argument:
        constant = CONSTANTS.get(dotted)
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
        arguments = tuple(self.values.arguments(link.call))
        return self._combined(predicate(link.name, arguments), chain[first + 1 :], span)

    def _combined(self, predicate: Predicate, rest: list[Link], span: Span) -> Argument:
        """Combine a predicate with the `.and(…)`, `.or(…)` and `.negate()` behind it."""
        joined, connective = [predicate], ""
        for number, link in enumerate(rest):
            arguments = self.values.arguments(link.call) if link.call is not None else []
            match link.name, arguments:
                case ("and" | "or") as name, [Predicate() as other]:
                    if connective not in ("", name):
                        joined = [connected(joined, connective)]
                    connective = name
                    joined.append(other)
                case "negate", []:
                    joined, connective = [negated(connected(joined, connective))], ""
                case _:
                    self.reader.search_groups(link.closures)
                    for unread in rest[number + 1 :]:
                        self.reader.search_groups(unread.groups)
                    return self.values.opaque_behind(span, "predicate", [*joined, *arguments])
        return replace(connected(joined, connective), origin=span)

    def _bare_not(self, operand: Operand, chain: list[Link], span: Span) -> Argument:
        """Read `not(…)`: negate a predicate, or make a step, by the type of its argument."""
        assert chain[0].call is not None
        self.reader.inside += 1
        arguments = tuple(self.values.arguments(chain[0].call))
        self.reader.inside -= 1
        if len(arguments) == 1 and isinstance(arguments[0], Predicate):
            return self._combined(predicate("not", arguments), chain[1:], span)
        link = chain[0]
        step = Instruction(
            "not", arguments, origin=Span(self.reader.text, link.gap, link.end, link.at)
        )
        rest, used = self.reader.steps(chain, 1, STEPS)
        end = chain[used - 1].end
        traversal = Traversal(
            (), (step, *rest), root="", origin=Span(self.reader.text, operand.start, end)
        )
        if used == len(chain):
            return traversal
        self.reader.fragments.append(traversal)
        self.reader.search_links(operand, chain, used)
        return Opaque("script", span.piece, "expression", origin=span)

    # -- other values with a call in them

    def _special(self, chain: list[Link], span: Span) -> Argument | None:
        """Read UUIDs and strategies; nothing is read twice, so the names decide before the
        arguments."""
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
        arguments = self.values.arguments(link.call) if link.call is not None else []
        match arguments:
            case [Literal(Kind.STRING, text)]:
                try:
                    return Literal(Kind.UUID, uuid.UUID(text), origin=span)
                except ValueError:
                    pass
        return self.values.opaque_behind(span, "UUID", arguments)

    def new(self, operand: Operand, parts: Sequence[Part]) -> Argument:
        """Read `new X(…)`: strategies and big numbers; other objects are opaque."""
        chain = self.reader.links(operand)
        span = self.values.span(parts)
        name, call = chain[-1].name, chain[-1].call
        if name is not None and name.endswith("Strategy") and call is not None:
            return self._configured(name, call, span)
        if name in ("BigDecimal", "BigInteger") and len(chain) == 1 and call is not None:
            arguments = self.values.arguments(call)
            match arguments:
                case [Literal(Kind.STRING, text)]:
                    number = strings.big(name, text)
                    if number is not None:
                        return replace(number, origin=span)
            return self.values.opaque_behind(span, f"new {name}", arguments)
        return self.values.opaque(parts, f"new {name}" if name else "expression")

    def _configured(self, name: str, call: Group, span: Span) -> Argument:
        """Read `new SubgraphStrategy(vertices: hasLabel("person"))`."""
        pieces = self.values.split(call)
        if not all(colon(piece) for piece in pieces):
            return self.values.opaque_behind(
                span, "strategy", [self.values.argument(p) for p in pieces]
            )
        pairs = [(self.values.key(p[: colon(p)]), self.values.mapped(p, colon(p))) for p in pieces]
        configuration = [(key.value, value) for key, value in pairs if is_string(key)]
        if len(configuration) < len(pairs):
            return self.values.opaque_behind(
                span, "strategy", [part for pair in pairs for part in pair]
            )
        return Strategy(name, tuple(configuration), origin=span)

    def _built(self, name: str, methods: list[Link], span: Span) -> Argument:
        """Read `SubgraphStrategy.build().vertices(hasLabel("person")).create()`."""
        called = [
            (str(link.name), self.values.arguments(link.call) if link.call is not None else [])
            for link in methods
        ]
        configuration: list[tuple[str, Argument]] = []
        for method, arguments in called:
            match method, arguments:
                case "with", [Literal(Kind.STRING, key), value]:
                    configuration.append((key, value))
                case "with", [Literal(Kind.STRING, key)]:
                    configuration.append((key, Literal(Kind.BOOLEAN, True)))
                case "with", _:
                    return self.values.opaque_behind(
                        span, "strategy", [a for _, m in called for a in m]
                    )
                case _, [value]:
                    configuration.append((method, value))
                case _:
                    configuration.append((method, Items("list", tuple(arguments))))
        return Strategy(name, tuple(configuration), origin=span)
