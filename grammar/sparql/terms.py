"""Terms of RDF and their one spelling as text, that of N-Triples, which SPARQL reads as well."""

from __future__ import annotations

import re
from dataclasses import dataclass

XSD = "http://www.w3.org/2001/XMLSchema#"
XSD_STRING = XSD + "string"
RDF_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


@dataclass(frozen=True, slots=True)
class Iri:
    """An absolute IRI."""

    value: str


@dataclass(frozen=True, slots=True)
class RdfLiteral:
    """A literal as it is written, which is not its value: `"01"` and `"1"` are two integers.

    One with a language has the datatype `rdf:langString`, however it was made.
    """

    lexical: str
    datatype: str = XSD_STRING
    language: str = ""

    def __post_init__(self) -> None:
        if self.language:
            object.__setattr__(self, "datatype", RDF_LANG_STRING)


@dataclass(frozen=True, slots=True)
class BlankNode:
    """A blank node; its label means something within one document or one result only."""

    label: str


Term = Iri | RdfLiteral | BlankNode


def to_ntriples(term: Term) -> str:
    """Return a term as N-Triples have it; a plain string without its datatype."""
    match term:
        case Iri(value):
            return f"<{_escaped(_NOT_IN_IRI, value)}>"
        case BlankNode(label):
            return f"_:{label}"
        case RdfLiteral(lexical, datatype, language):
            text = f'"{_escaped(_NOT_IN_STRING, lexical)}"'
            if language:
                return f"{text}@{language}"
            return text if datatype == XSD_STRING else f"{text}^^{to_ntriples(Iri(datatype))}"


def from_ntriples(text: str) -> Term:
    """Return the term that a text is, without anything around it. Raises `ValueError`."""
    if match := _IRI.fullmatch(text):
        return Iri(_unescaped(match[1]))
    if match := _LITERAL.fullmatch(text):
        lexical, language, datatype = match.groups()
        datatype = XSD_STRING if datatype is None else _unescaped(datatype)
        return RdfLiteral(_unescaped(lexical), datatype, language or "")
    if match := _BLANK_NODE.fullmatch(text):
        return BlankNode(match[1])
    raise ValueError(f'{text!r} is no term of N-Triples, such as <http://a/b>, "text" or _:b0')


_IRI = re.compile(r"<((?:[^\x00-\x20<>\"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*)>")
_STRING = r'"((?:[^"\\\n\r]|\\[tbnrf"\'\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*)"'
_LITERAL = re.compile(
    rf"{_STRING}(?:@([a-zA-Z]+(?:-[a-zA-Z0-9]+)*(?:--[a-z]+)?)|\^\^{_IRI.pattern})?"
)
_BLANK_NODE = re.compile(r"_:(\w(?:[\w.:·‿⁀-]*[\w:·‿⁀-])?)")
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\\ud800-\udfff]')
_NOT_IN_STRING = re.compile(r'[\x00-\x1f"\\\x7f]')
_ESCAPE = re.compile(r"\\(?:u(....)|U(........)|(.))", re.DOTALL)
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_LONG = {character: f"\\{short}" for short, character in _SHORT.items() if short != "'"}


def _escaped(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.search(text):
        return text
    short = _LONG if pattern is _NOT_IN_STRING else {}
    return pattern.sub(lambda match: short.get(match[0]) or f"\\u{ord(match[0]):04X}", text)


def _unescaped(text: str) -> str:
    return text if "\\" not in text else _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    if not digits:
        return _SHORT[match[3]]
    number = int(digits, 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise ValueError(f"\\u{digits} is no character")
    return chr(number)
