"""JSON that survives being read and printed: numbers keep their text.

`1.50`, `1e2` and `-0` mean the same to a parser as `1.5`, `100.0` and `0`, not to a user whose
BigDecimal has a scale.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Any

from gremlink.grammar.errors import LimitExceeded, MalformedRequest

MAX_DEPTH = 200
"""Largest depth of objects and arrays in each other."""

MAX_NUMBER = 1000
"""Largest number of characters in a number."""


class Number(float):
    """A float that prints as it was written."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Number:
        """Read the text of a JSON number."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        return Number, (self.text,)


def _integer(text: str) -> int | Number:
    if len(text) > MAX_NUMBER:
        raise LimitExceeded("MAX_NUMBER", MAX_NUMBER, len(text))
    return Number(text) if text == "-0" else int(text)


def _float(text: str) -> Number:
    if len(text) > MAX_NUMBER:
        raise LimitExceeded("MAX_NUMBER", MAX_NUMBER, len(text))
    return Number(text)


def _constant(text: str) -> Any:
    raise MalformedRequest(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant)


def loads(text: str | bytes | bytearray | memoryview) -> Any:
    """Read JSON. Objects are dicts in their order, of equal keys the last one counts.

    Raises `MalformedRequest` and `LimitExceeded`.
    """
    if not isinstance(text, str):
        try:
            text = str(text, "utf-8")
        except UnicodeDecodeError as error:
            raise MalformedRequest(f"the JSON is not UTF-8: {error}") from error
    try:
        value, end = _DECODER.raw_decode(text, _blank(text, 0))
    except json.JSONDecodeError as error:
        raise MalformedRequest(
            f"the JSON is broken: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    except RecursionError:
        raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, MAX_DEPTH + 1) from None
    rest = _blank(text, end)
    if rest != len(text):
        raise MalformedRequest(f"the JSON ends at character {end}, but more follows")
    return value


def _blank(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def dumps(value: Any) -> str:
    """Print JSON without blanks, in ASCII."""
    out: list[str] = []
    _dump(value, out.append, 0)
    return "".join(out)


def _dump(value: Any, write: Callable[[str], None], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, depth)
    match value:
        case str():
            write(encode_basestring_ascii(value))
        case None:
            write("null")
        case True:
            write("true")
        case False:
            write("false")
        case Number():
            write(value.text)
        case int():
            write(int.__repr__(value))
        case float():
            if value != value or value in (float("inf"), float("-inf")):
                raise MalformedRequest(f"{value} is not JSON")
            write(float.__repr__(value))
        case dict():
            separator = "{"
            for key, item in value.items():
                write(separator)
                write(encode_basestring_ascii(key))
                write(":")
                _dump(item, write, depth + 1)
                separator = ","
            write("}" if value else "{}")
        case list() | tuple():
            separator = "["
            for item in value:
                write(separator)
                _dump(item, write, depth + 1)
                separator = ","
            write("]" if value else "[]")
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")
