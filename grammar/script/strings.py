"""String and number literals of scripts: what they mean, and how to print them safely."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from gremlink.grammar.traversal import Kind, Literal

_ESCAPE = re.compile(r"\\(u+[0-9a-fA-F]{4}|[0-3]?[0-7]{1,2}|\r?\n|.)", re.DOTALL)
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "s": " "}
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_INTERPOLATION = re.compile(r"(?:\\.)|(\$(?:\{|[^\W\d]))", re.DOTALL)


def unquote(token: str) -> str | None:
    """Return the text of a string literal; `None` where it must be evaluated (GString)."""
    if token[0] == "$":
        inner = token[2:-2]
        if _interpolates(inner.replace("$$", "")):
            return None
        return inner.replace("$/", "/").replace("$$", "$")
    width = 3 if token[:3] in ("'''", '"""') and len(token) >= 6 else 1
    inner = token[width:-width]
    if token[0] == "/":
        if _interpolates(inner):
            return None
        return inner.replace("\\/", "/")
    if "\\" not in inner and "$" not in inner:
        return inner
    if token[0] == '"' and _interpolates(inner):
        return None
    text = _ESCAPE.sub(_unescape, inner)
    if _SURROGATES.search(text):
        return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
    return text


def _interpolates(inner: str) -> bool:
    return any(match.group(1) for match in _INTERPOLATION.finditer(inner))


def _unescape(match: re.Match[str]) -> str:
    body = match.group(1)
    if body[0] == "u" and len(body) > 4:
        return chr(int(body[-4:], 16))
    if body[0] in "01234567":
        return chr(int(body, 8))
    if body in ("\n", "\r\n"):
        return ""
    if body in _SIMPLE:
        return _SIMPLE[body]
    return body


_QUOTED_OR_BRACE = re.compile(
    r"""'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|[{}]""", re.DOTALL
)


def interpolated(token: str) -> list[str]:
    """Return the code pieces of a GString: the content of each `${…}`."""
    pieces = []
    begin = token.find("${")
    while begin >= 0:
        depth, end = 0, len(token)
        for match in _QUOTED_OR_BRACE.finditer(token, begin + 1):
            depth += {"{": 1, "}": -1}.get(match.group(), 0)
            if not depth:
                end = match.start()
                break
        pieces.append(token[begin + 2 : end])
        begin = token.find("${", end)
    return pieces


_UNSAFE = re.compile(r"[\\'\x00-\x1f\x7f]|[^\x00-\x7f]")
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text: str) -> str:
    """Quote a text so that Groovy and gremlin-lang both read it: single quotes, pure ASCII."""
    return f"'{_UNSAFE.sub(_escape, text)}'"


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _ESCAPES:
        return _ESCAPES[character]
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


MAX_DIGITS = 1000
"""Numbers with more characters are not read."""

_SUFFIXES = {
    "b": Kind.BYTE,
    "s": Kind.SHORT,
    "i": Kind.INT,
    "l": Kind.LONG,
    "n": Kind.BIG_INTEGER,
    "f": Kind.FLOAT,
    "d": Kind.DOUBLE,
    "m": Kind.BIG_DECIMAL,
}
_RANGES = {Kind.BYTE: 8, Kind.SHORT: 16, Kind.INT: 32, Kind.LONG: 64}


def number(token: str, sign: int = 1) -> Literal | None:
    """Return the literal of a number; `None` if it is out of the range of its type.

    Without a suffix Groovy's types: Integer or what fits, BigDecimal with a point or exponent.
    """
    if len(token) > MAX_DIGITS:
        return None
    text = token.replace("_", "").lower()
    if text.startswith("0x"):
        digits, kind = (text[:-1], _hex_kind(text[-1])) if text[-1] in "lgin" else (text, None)
        return _whole(sign * int(digits, 16), kind)
    kind = None
    if text[-1] in _SUFFIXES:
        kind, text = _SUFFIXES[text[-1]], text[:-1]
    elif text[-1] == "g":
        text = text[:-1]
        kind = Kind.BIG_DECIMAL if _is_real(text) else Kind.BIG_INTEGER
    if kind in (Kind.FLOAT, Kind.DOUBLE):
        return Literal(kind, sign * float(text))
    if kind is Kind.BIG_DECIMAL or _is_real(text):
        try:
            return Literal(Kind.BIG_DECIMAL, Decimal(text if sign > 0 else f"-{text}"))
        except InvalidOperation:
            return None
    octal = len(text) > 1 and text[0] == "0" and set(text) <= set("01234567")
    return _whole(sign * int(text, 8 if octal else 10), kind)


def _hex_kind(suffix: str) -> Kind:
    return {"l": Kind.LONG, "i": Kind.INT}.get(suffix, Kind.BIG_INTEGER)


def _is_real(text: str) -> bool:
    return "." in text or "e" in text


def cast(value: int, kind: Kind) -> Literal | None:
    """Convert a whole number to another kind; `None` if it does not fit."""
    return _whole(value, kind)


def big(class_name: str, text: str) -> Literal | None:
    """Return the value of `new BigDecimal("…")` and `new BigInteger("…")`."""
    if len(text) > MAX_DIGITS:
        return None
    try:
        if class_name == "BigInteger":
            return Literal(Kind.BIG_INTEGER, int(text))
        value = Decimal(text)
    except (ValueError, InvalidOperation):
        return None
    return Literal(Kind.BIG_DECIMAL, value) if value.is_finite() else None


def _whole(value: int, kind: Kind | None) -> Literal | None:
    if kind is None:
        return Literal.of(value)
    bits = _RANGES.get(kind)
    if bits is not None and not -(1 << bits - 1) <= value < 1 << bits - 1:
        return None
    return Literal(kind, value)
