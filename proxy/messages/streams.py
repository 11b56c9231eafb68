"""Standard output and standard error of a program whose text comes from elsewhere, too."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from gremlink.proxy.messages.addresses import without_passwords
from gremlink.proxy.messages.controls import LINES, escaped


class Escaping:
    """A text stream in front of another: what is obeyed arrives there escaped, line breaks and
    tabs as they are. With `hiding`, addresses lose their names and passwords.

    Whoever draws on a terminal (rich does) asks for `rich_proxied_file`, and escapes by itself.
    """

    def __init__(self, stream: TextIO, *, hiding: bool = False) -> None:
        self.rich_proxied_file = stream
        self._hiding = hiding

    @property
    def encoding(self) -> str:
        """Any character is taken: what the other stream has none for is escaped.

        Click would go past a stream of ASCII.
        """
        return "utf-8"

    def write(self, text: str) -> int:
        """Write a text; its length."""
        if not isinstance(text, str):
            raise TypeError("this is a stream of text")
        told = without_passwords(text) if self._hiding else text
        self.rich_proxied_file.write(_writable(escaped(told, LINES), self.rich_proxied_file))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write some texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def escaping() -> Iterator[None]:
    """Put `Escaping` before standard output and standard error, as long as the context lasts."""
    output, errors = sys.stdout, sys.stderr
    sys.stdout = cast(TextIO, Escaping(output))
    sys.stderr = cast(TextIO, Escaping(errors, hiding=True))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = output, errors


def _writable(text: str, stream: TextIO) -> str:
    """A text that the stream's encoding has characters for; others are escaped."""
    encoding = stream.encoding or "utf-8"
    if text.isascii() or encoding.lower() in ("utf-8", "utf8"):
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)
