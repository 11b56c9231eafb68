"""The tree of a script → the traversals in it.

A chain is a traversal by its names: a source (`g`, `graph.traversal()`, anything) with a method
that begins traversals, or `__`, or a bare step as an argument. The first method that is no step of
Gremlin ends it. Everything else becomes `Opaque`, and is searched for more traversals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gremlink.grammar.places import error_at
from gremlink.grammar.script import strings
from gremlink.grammar.script.arguments import Arguments
from gremlink.grammar.script.chain import Link, links
from gremlink.grammar.script.lalr import Token
from gremlink.grammar.script.shapes import (
    STRINGS,
    Span,
    is_groovys,
    is_source,
    spawns,
)
from gremlink.grammar.script.tree import Group, Operand, Part, tree
from gremlink.grammar.script.vocabulary import (
    SOURCE_METHODS,
    SPAWNING,
    SPAWNING_ON_NAMES,
    STEPS,
)
from gremlink.grammar.traversal import (
    Argument,
    Instruction,
    Traversal,
)

_FOLLOWING = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*(?:[)\]},;.]|\Z)", re.DOTALL)

PLAIN_DOTS = frozenset({"", ".", "?."})
"""Tokens before a step; the first of a chain has none."""

ALL_DOTS = PLAIN_DOTS | {"*.", ".&", ".@", "??."}
"""Tokens before the steps of a fragment, in which nothing may be missed."""


class Reader:
    """Reads one script, which `search` is given as a tree.

    `traversals` are the outermost ones on a source; `fragments` the chains of steps that walking
    those does not reach: on variables, behind other methods, inside opaque arguments.
    """

    def __init__(self, text: str, bindings: Mapping[str, Argument]) -> None:
        self.text = text
        self.bindings = bindings
        self.traversals: list[Traversal] = []
        self.fragments: list[Traversal] = []
        self.inside = 0
        self.values = Arguments(self)

    # -- searching what is not an argument

    def search(self, parts: Sequence[Part]) -> None:
        """Find the traversals in a row of operands and operators."""
        for part in parts:
            if isinstance(part, Operand):
                self.search_operand(part)

    def search_groups(self, groups: Sequence[Group]) -> None:
        """Find the traversals between brackets."""
        for group in groups:
            self.search(group.parts)

    def search_operand(self, operand: Operand) -> None:
        """Find the traversals in an operand and its chain."""
        chain = self.links(operand)
        found = self.traversal(operand, chain, bare=False)
        if found is None:
            self._search_primary(operand.primary)
            self.search_links(operand, chain, 0)
            return
        traversal, used = found
        spawned = traversal.root != "__" and bool(traversal.steps)
        if spawned and not self.inside:
            self.traversals.append(traversal)
        else:
            self.fragments.append(traversal)
        self.search_links(operand, chain, used)

    def _search_primary(self, primary: Token | Group) -> None:
        if isinstance(primary, Group):
            self.search(primary.parts)
        elif primary.type in STRINGS:
            self.search_string(primary)

    def search_string(self, token: Token) -> None:
        """Read the code in a GString, which is never rewritten."""
        if "${" not in token or strings.unquote(token) is not None:
            return
        for piece in strings.interpolated(token):
            if "(" not in piece or len(piece) >= len(self.text):
                continue
            inner = Reader(piece, self.bindings)
            inner.search(tree(piece))
            self.fragments += inner.traversals
            self.fragments += inner.fragments

    def search_links(self, operand: Operand, chain: list[Link], begin: int) -> None:
        """Find runs of steps from a link on, which are fragments; search the brackets of the
        others."""
        index = begin
        while index < len(chain):
            link = chain[index]
            if link.is_call and link.name in STEPS and not is_groovys(link, index):
                steps, index = self.steps(chain, index, STEPS, ALL_DOTS)
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
            self.search_groups(link.groups)
            index += 1

    def links(self, operand: Operand) -> list[Link]:
        """Return the chain of an operand. Raises `ScriptError` for a dot without a name."""
        chain = links(operand)
        if any(link.dot and link.name is None for link in chain):
            self._refuse_lone_dots(chain)
        return chain

    def _refuse_lone_dots(self, chain: list[Link]) -> None:
        """Refuse a dot with nothing behind it that could be, or yield, a name."""
        for link in chain:
            following = _FOLLOWING.match(self.text, link.end)
            if link.dot and link.name is None and following is not None:
                reason = f"expected the name of a step behind the {link.dot}"
                raise error_at(self.text, link.end - len(link.dot), reason)

    # -- traversals

    def traversal(
        self, operand: Operand, chain: list[Link], *, bare: bool
    ) -> tuple[Traversal, int] | None:
        """Return the traversal at the beginning of a chain, and the number of its links."""
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
        source, index = self.steps(chain, begin, SOURCE_METHODS)
        steps: tuple[Instruction, ...] = ()
        if index < len(chain) and spawns(chain[index]):
            steps, index = self.steps(chain, index, STEPS)
        origin = Span(self.text, operand.start, chain[index - 1].end)
        return Traversal(source, steps, root=root, origin=origin), index

    def _search_root(self, operand: Operand, chain: list[Link]) -> None:
        """Read the code that computes a source: it belongs to the traversal, and cannot be
        replaced."""
        self.inside += 1
        self._search_primary(operand.primary)
        for link in chain:
            self.search_groups(link.groups)
        self.inside -= 1

    def _anonymous(
        self, operand: Operand, chain: list[Link], begin: int, root: str
    ) -> tuple[Traversal, int] | None:
        steps, index = self.steps(chain, begin, STEPS)
        if not steps:
            return None
        origin = Span(self.text, operand.start, chain[index - 1].end)
        return Traversal((), steps, root=root, origin=origin), index

    def _spawn(self, chain: list[Link]) -> int | None:
        """Return the first link that configures a source or begins a traversal on it."""
        for index in range(1, len(chain)):
            link = chain[index]
            if not link.is_call or link.name is None:
                continue
            if link.name in SPAWNING:
                return index
            if link.name in SOURCE_METHODS and link.call is not None:
                return index if is_source(chain, index) else None
            if link.name in SPAWNING_ON_NAMES:
                before = chain[index - 1]
                named = index == 1 and before.name is not None and not before.is_call
                if (named or before.name == "traversal") and not link.closures:
                    return index
            if link.name in STEPS:
                return None
        return None

    def steps(
        self,
        chain: list[Link],
        begin: int,
        names: frozenset[str],
        dots: frozenset[str] = PLAIN_DOTS,
    ) -> tuple[tuple[Instruction, ...], int]:
        """Return the run of calls with these names from a link on, and the link behind it."""
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
        self.inside += 1
        arguments = self.values.arguments(link.call) if link.call is not None else []
        for closure in link.closures:
            arguments.append(self.values.opaque_group(closure, "closure"))
        self.inside -= 1
        origin = Span(self.text, link.gap, link.end, link.at)
        return Instruction(link.name or "", tuple(arguments), origin=origin)
