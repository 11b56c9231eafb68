r"""Halves of surrogate pairs: Java's strings may hold one alone, no encoding of files may.

They are carried as JSON and Java write them, `\ud83d`.
"""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")


def is_whole(text: str) -> bool:
    """Return `True` if the text can be encoded."""
    return text.isascii() or _HALF.search(text) is None


def escaped(text: str) -> str:
    r"""Return the text with each half of a pair as six characters.

    >>> escaped("a\ud83d")
    'a\\ud83d'
    """
    if text.isascii():
        return text
    return _HALF.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
