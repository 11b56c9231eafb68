"""Places in a text, for people: line and column, and the line with the place underlined."""

from __future__ import annotations

from gremlink.grammar.errors import ScriptError


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Return line and column of a position, both from 1."""
    line = text.count("\n", 0, at) + 1
    return line, at - (text.rfind("\n", 0, at) + 1) + 1


_WIDTH = 100
"""Characters of a line that are shown."""


def error_at(text: str, at: int, reason: str) -> ScriptError:
    """Make an error with the line underlined at the place; long lines are cut around it."""
    line, column = line_and_column(text, at)
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    shown = text[begin : len(text) if end < 0 else end].rstrip("\r")
    left = max(0, column - 1 - _WIDTH // 2)
    prefix = "…" if left else ""
    suffix = "…" if len(shown) > left + _WIDTH else ""
    shown = shown[left : left + _WIDTH].replace("\t", " ")
    excerpt = f"  {prefix}{shown}{suffix}\n  {' ' * (len(prefix) + column - 1 - left)}^"
    return ScriptError(reason, line=line, column=column, excerpt=excerpt)
