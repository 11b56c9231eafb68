"""Escapes for control characters, used wherever text from elsewhere is shown to people.

A label, an id, a file name or a server's message may hold sequences that move a terminal's cursor,
rename its window or turn the direction of writing, and line breaks with which it could pretend to
be a line of ours.
"""

from __future__ import annotations

import json
from typing import Any

from gremlink.proxy.messages.addresses import without_passwords

LONGEST = 2000
"""Most characters of a message or a quoted value that are shown."""

LINES = "\n\t"
"""Control characters kept in text of several lines or columns."""


def escaped(text: str, keep: str = "") -> str:
    r"""Return the text in one line, with controls, direction marks and surrogates as `\x1b`.

    `keep` are characters that stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else _code(character)
        for character in text
    )


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def cut(text: str, longest: int = LONGEST) -> str:
    """Return the beginning of a text, and the number of characters left out."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text) - longest:,} more characters)"


def safe_line(text: str) -> str:
    """Return text from elsewhere as one line to show: escaped, cut, and without passwords."""
    return cut(escaped(without_passwords(text)))


def json_text(document: Any, **options: Any) -> str:
    r"""Return JSON with letters as they are and control characters as `\u001b`."""
    text = json.dumps(document, ensure_ascii=False, **options)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in text
    )


def text_lines(text: str) -> list[str]:
    """Return the lines of a multi-line text, such as a server's message, without blank ones."""
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]


def lines_of(error: BaseException) -> list[str]:
    """Return an error's message, escaped line by line; several lines only if its class has `lines`.

    A line break in a quoted value is escaped: it belongs to the value.
    """
    lines = getattr(error, "lines", None) or [str(error) or type(error).__name__]
    return [cut(escaped(line)) for line in lines]
