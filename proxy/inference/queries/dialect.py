"""The language and the format in which a query is written, and what that allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.wire.mime import Encoding, Format

BYTECODE = "bytecode"
GROOVY = "gremlin-groovy"
GREMLIN_LANG = "gremlin-lang"
"""Languages of queries, as the tables of forms name them."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The language and format of a query: `language` is that of a script, `None` for bytecode.

    `room` is true if the query may have more bindings than it needs.
    """

    format: Format
    language: str | None
    room: bool = True

    @property
    def written_in(self) -> str:
        """The language by its name in the tables: scripts are Groovy, or taken for gremlin-lang."""
        if self.language is None:
            return BYTECODE
        return GROOVY if self.is_groovy else GREMLIN_LANG

    @property
    def is_groovy(self) -> bool:
        """True if the server compiles the query."""
        return self.language == GROOVY

    @property
    def binds_properties(self) -> bool:
        """True if properties can only come in bindings: no text of gremlin-lang makes one."""
        return self.written_in == GREMLIN_LANG

    def keeps(self, literals: Iterable[Literal]) -> bool:
        """Return whether literals are the same for the server when they come in a binding."""
        if self.format.encoding is Encoding.GRAPHBINARY:
            return True
        if self.format.typed and self.format.version == 3:
            return True
        return all(each.kind in _ALIKE_EVERYWHERE for each in literals)

    def prefers_binding(self, literals: Collection[Literal], limit: int) -> bool:
        """Return whether a Groovy script should get literals in a binding: because there are more
        than `limit`, or so that its text stays the same."""
        if not self.is_groovy:
            return False
        return len(literals) > limit or (self.room and self.keeps(literals))


_ALIKE_EVERYWHERE = (Kind.STRING, Kind.BOOLEAN, Kind.INT, Kind.DOUBLE)
