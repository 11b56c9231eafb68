"""Characters that are not shown but obeyed: escaped, wherever text from elsewhere meets a person.

A label, an id, a file name or a server's message may hold the sequences that move a terminal's
cursor, rename its window or turn the direction of writing, and line breaks with which it could
pretend to be a line of ours.
"""

from __future__ import annotations

import json
from typing import Any

LONGEST = 2000
"""Characters of a message that are shown; what quotes a value quotes no more of it."""

LINES = "\n\t"
"""What text in several lines, or with columns, keeps."""


def escaped(text: str, keep: str = "") -> str:
    r"""The text in one line: controls, marks of direction and halves of characters as `\x1b`.

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
    """The beginning of a text, and how much of it is not shown."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text) - longest:,} more characters)"


def json_text(document: Any, **options: Any) -> str:
    r"""JSON that is shown as it is: letters stay letters, what is obeyed becomes `\u001b`."""
    text = json.dumps(document, ensure_ascii=False, **options)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in text
    )


def text_lines(text: str) -> list[str]:
    """The lines of a text that has some of its own, as a server's message; blank ones left out."""
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]


def lines_of(error: BaseException) -> list[str]:
    """An error's message, each line escaped; several only where its class has `lines` to tell.

    A line break in what an error quotes is part of a value, and no line break of ours.
    """
    told = getattr(error, "lines", None)
    lines = list(told) if told else [str(error) or type(error).__name__]
    return [cut(escaped(line)) for line in lines]
