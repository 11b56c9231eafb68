"""Query text → tokens with their places in the text.

The tokens are those of SPARQL 1.1 and 1.2. Codepoint escapes (`\\u0041`) are undone before anything
is read, as SPARQL 1.1 has it; one that means a quote, a bracket or the like is refused, because
engines differ on it. Reading takes time linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gremlink.grammar.places import error_at

VARIABLE, IRI, NAME, WORD = "variable", "IRI", "name", "word"
BLANK, STRING, LANGUAGE, NUMBER = "blank node", "string", "language", "number"


class Token(NamedTuple):
    """A token: `text` is without codepoint escapes, `start` and `end` are its place in the query.

    `kind` is one of the constants above, or the punctuation itself. A `name` has a prefix, a `word`
    is a keyword, `a`, `true` or the name of a function.
    """

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, word: str) -> bool:
        """Return whether this is a keyword, which may be written in any case."""
        return self.kind == WORD and self.text.upper() == word


def is_sign(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a plus or a minus belongs to the number behind it."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    return (
        tokens[at].kind in ("+", "-")
        and following is not None
        and following.kind == NUMBER
        and following.start == tokens[at].end
    )


def scan(text: str) -> list[Token]:
    """Return the tokens of a query, without comments. Raises `ScriptError`."""
    plain, places = (text, None) if "\\" not in text else _without_escapes(text)
    tokens: list[Token] = []
    add = tokens.append
    end = 0
    for match in iter(_TOKEN.scanner(plain, _begin(plain)).match, None):  # type: ignore[attr-defined]
        kind = match.lastgroup
        end = match.end()
        if kind is None:  # a comment, or the end
            if end == len(plain):
                break
            continue
        start = match.start(kind)
        found = match[kind]
        if kind == "punctuation":
            add(Token(found, found, start, end))
        elif kind != NAME or ":" in found:
            add(Token(_KINDS[kind], found, start, end))
        elif "." not in found:
            add(Token(WORD, found, start, end))
        else:
            tokens += _words(found, start)
    if end < len(plain):
        end = len(plain) - len(plain[end:].lstrip(" \t\r\n"))
        raise error_at(text, end if places is None else places[end], _reason(plain, end))
    if places is not None:
        tokens = [Token(kind, it, places[start], places[end]) for kind, it, start, end in tokens]
    return tokens


_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_MORE = "0-9\u00b7\u0300-\u036f\u203f\u2040"
_CHARS = rf"{_BASE}_{_MORE}\-"
_ESCAPED = r"(?:%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%])"
_LOCAL = (
    rf"(?:[{_BASE}_0-9:]|{_ESCAPED})[{_CHARS}.:]*(?:{_ESCAPED}[{_CHARS}.:]*)*"
    r"(?:(?<!\.)|(?<=\\\.))"
)
_TOKEN = re.compile(
    rf"""[ \t\r\n]*(?:
    (?P<variable>[?$][{_BASE}_0-9][{_BASE}_{_MORE}]*)
    |(?P<name>[{_BASE}][{_CHARS}.]*(?<!\.)(?::(?:{_LOCAL})?)?|:(?:{_LOCAL})?)
    |(?P<iri><[^<>"{{}}|^`\\\x00-\x20]*>)
    |(?P<punctuation>\^\^|&&|\|\||!=|<=|>=|\{{\||\|\}}|[{{}}()\[\];,=<>+\-/*^|!?~]|\.(?![0-9]))
    |(?P<string>
        '''[^'\\]*(?:(?:\\.|'{{1,2}}(?!'))[^'\\]*)*'''
        |\"""[^"\\]*(?:(?:\\.|"{{1,2}}(?!"))[^"\\]*)*\"""
        |'(?!'')[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*'
        |"(?!"")[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"
    )
    |(?P<number>[0-9]+\.[0-9]*[eE][+-]?[0-9]+|\.?[0-9]+[eE][+-]?[0-9]+|[0-9]*\.[0-9]+|[0-9]+)
    |(?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?)
    |(?P<blank>_:[{_BASE}_0-9][{_CHARS}.]*(?<!\.))
    |\#[^\r\n]*
    |\Z)""",
    re.VERBOSE | re.DOTALL,
)
_KINDS = {
    "variable": VARIABLE,
    "name": NAME,
    "iri": IRI,
    "string": STRING,
    "number": NUMBER,
    "language": LANGUAGE,
    "blank": BLANK,
}


def _begin(text: str) -> int:
    """Return the place behind a mark of the order of bytes."""
    return 1 if text.startswith("\ufeff") else 0


def _words(found: str, start: int) -> list[Token]:
    """Return words with full stops between them: without a prefix these belong to no name."""
    tokens = []
    for part in re.finditer(r"[^.]+|\.", found):
        kind = "." if part[0] == "." else WORD
        tokens.append(Token(kind, part[0], start + part.start(), start + part.end()))
    return tokens


def _reason(text: str, at: int) -> str:
    character = text[at]
    if character in "'\"":
        return "this string is never closed"
    return f"{character!r} is not expected here"


_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|.)", re.DOTALL)
_STRUCTURAL = frozenset("\"'\\\n\r<>{}")


def _without_escapes(text: str) -> tuple[str, Sequence[int] | None]:
    """Return a text without its codepoint escapes, and the place of each character before it."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for match in _ESCAPE.finditer(text):
        digits = match[1] or match[2]
        if not digits:  # an escape of strings or of names, which covers the character behind it
            continue
        number = int(digits, 16)
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise error_at(text, match.start(), f"{match[0]} is no character")
        if chr(number) in _STRUCTURAL:
            raise error_at(
                text,
                match.start(),
                f"{match[0]} stands for {chr(number)!r}, which stores read in different ways:"
                " write the character, or its short escape",
            )
        parts += (text[done : match.start()], chr(number))
        places += range(done, match.start() + 1)
        done = match.end()
    if not parts:
        return text, None
    parts.append(text[done:])
    places += range(done, len(text) + 1)
    return "".join(parts), places
