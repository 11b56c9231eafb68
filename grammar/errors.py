"""Errors of reading and printing Gremlin.

GremlinError
├── MalformedRequest      the bytes, JSON or text are not what they claim to be
│   └── ScriptError       ... in a script: has line, column and the underlined place
├── LimitExceeded         well-formed as far as read, but larger or deeper than we allow
└── NotConvertible        the value exists only in the encoding it came in
"""

from __future__ import annotations

from gremlink.errors import Error


class GremlinError(Error):
    """Root of all errors of this package."""


class MalformedRequest(GremlinError):
    """The input is not what it claims to be."""


class ScriptError(MalformedRequest):
    """A script, or a query in SPARQL, cannot be read. `line` and `column` count from 1; `excerpt`
    underlines the place."""

    def __init__(self, reason: str, *, line: int, column: int, excerpt: str) -> None:
        super().__init__(f"{reason} (line {line}, column {column})\n{excerpt}")
        self.reason = reason
        self.line = line
        self.column = column
        self.excerpt = excerpt

    @property
    def lines(self) -> list[str]:
        """The message for a terminal: reason and place, the excerpt below."""
        place = f"{self.reason} (line {self.line}, column {self.column})"
        return [place, *(line.removeprefix("  ") for line in self.excerpt.split("\n"))]


class LimitExceeded(GremlinError):
    """A size or depth limit refused the input; `limit` names the constant."""

    def __init__(self, limit: str, allowed: int, found: int) -> None:
        super().__init__(f"{limit} is {allowed}, found {found}")
        self.limit = limit
        self.allowed = allowed
        self.found = found


class NotConvertible(GremlinError):
    """An opaque value cannot be printed in another encoding than its own."""
