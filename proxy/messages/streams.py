"""Standard output and standard error that escape what terminals would obey."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from gremlink.proxy.messages.addresses import without_passwords
from gremlink.proxy.messages.controls import LINES, escaped


class Escaping:
    """A text stream that escapes control characters, except line breaks and tabs, before another.

    With `hiding`, addresses lose their names and passwords. Code that draws on a terminal (rich
    does) asks for `rich_proxied_file`, and escapes by itself.
    """

    def __init__(self, stream: TextIO, *, hiding: bool = False) -> None:
        self.rich_proxied_file = stream
        self._hiding = hiding

    @property
    def encoding(self) -> str:
        """UTF-8; characters that the other stream lacks are escaped.

        Click would bypass a stream of ASCII.
        """
        return "utf-8"

    def write(self, text: str) -> int:
        """Write a text and return its length."""
        if not isinstance(text, str):
            raise TypeError("this is a stream of text")
        shown = without_passwords(text) if self._hiding else text
        self.rich_proxied_file.write(_writable(escaped(shown, LINES), self.rich_proxied_file))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write a list of texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def escaping() -> Iterator[None]:
    """Put `Escaping` before standard output and standard error while the context lasts."""
    output, errors = sys.stdout, sys.stderr
    sys.stdout = cast(TextIO, Escaping(output))
    sys.stderr = cast(TextIO, Escaping(errors, hiding=True))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = output, errors


def _writable(text: str, stream: TextIO) -> str:
    """Return the text with escapes for characters that the stream's encoding lacks."""
    encoding = stream.encoding or "utf-8"
    if text.isascii() or encoding.lower() in ("utf-8", "utf8"):
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)
