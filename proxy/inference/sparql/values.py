"""Answers of a model as inline data: `VALUES (?movie ?genre) { (<m1> "Drama") }`."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache

from gremlink.grammar.sparql.terms import (
    XSD,
    Iri,
    RdfLiteral,
    from_ntriples,
    to_ntriples,
)
from gremlink.grammar.traversal import Kind, Literal

Answers = Sequence[tuple[Literal, float]]
"""Values or vertices with their scores."""

_DOUBLE = XSD + "double"


FEW = 256
"""Rows that a store may take one after the other for each solution of what is beside them."""


def inline_data(variables: Sequence[str], rows: Sequence[str], lines: int = 0) -> str:
    """Return a block of values, with as many lines as what it replaces.

    Many rows become a sub-select of their own: Oxigraph looks these up by their variables, and
    goes through the rows of a block of values again and again.
    """
    names = " ".join(f"?{name}" for name in variables)
    values = f"VALUES ({names}) {{ {' '.join(rows)}{chr(10) * lines} }}"
    return values if len(rows) <= FEW else f"{{ SELECT * WHERE {{ {values} }} }}"


def nothing_known(variables: Sequence[str], lines: int = 0) -> str:
    """Return a block of values with one solution that binds no variable."""
    return inline_data(variables, [f"({' '.join(['UNDEF'] * len(variables))})"], lines)


def other_input(variables: Sequence[str]) -> list[str]:
    """Return rows of an input that no query has: for where "no row" would mean "no answer".

    One has an output, for filters that look at it; one has none, for patterns that bind it.
    """
    other = "<urn:gremlink:other>"
    outputs = len(variables) - 1
    return [f"({' '.join([other, *[each] * outputs])})" for each in (other, "UNDEF")]


def rows_of(
    input: str | None, answers: Answers, spelled: Spelling, *, scored: bool
) -> Iterable[str]:
    """Return a row for each answer to an input; `None` is one that has no column."""
    begin = "(" if input is None else f"({to_ntriples(Iri(input))} "
    for value, score in answers:
        term = spelled.of(value)
        if term is not None:
            yield f"{begin}{term} {number(score)})" if scored else f"{begin}{term})"


class Spelling:
    """Writes what a model predicts as terms.

    With `rdf` the model was trained on an RDF graph: its values are terms as they were there, and
    `datatype` is that of all numbers. Otherwise values get the datatype that goes with their kind.
    `resources` are vertices, which are IRIs.
    """

    def __init__(self, *, rdf: bool, datatype: str | None, resources: bool) -> None:
        self.rdf = rdf
        self.datatype = datatype
        self.resources = resources
        self.known: dict[Literal, str | None] = {}

    def of(self, value: Literal) -> str | None:
        """Return a term's text; `None` for what cannot be written in a query, a blank node."""
        try:
            return self.known[value]
        except KeyError:
            text = self.known[value] = self._written(value)
            return text

    def _written(self, value: Literal) -> str | None:
        if self.resources:
            iri = value.value
            is_iri = isinstance(iri, str) and _ABSOLUTE.fullmatch(iri)
            return to_ntriples(Iri(iri)) if is_iri else None
        if self.rdf and value.kind is Kind.STRING:
            try:
                term = from_ntriples(value.value)
            except ValueError:
                term = RdfLiteral(value.value)
            return to_ntriples(term) if isinstance(term, RdfLiteral | Iri) else None
        return to_ntriples(literal(value, self.datatype))


_ABSOLUTE = re.compile(r'(?!_:)[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\]*')


def literal(value: Literal, datatype: str | None = None) -> RdfLiteral:
    """Return a value as a literal: a number with the datatype if that can hold it, else with the
    one that goes with its kind."""
    found = value.value
    match found:
        case bool():
            return RdfLiteral(str(found).lower(), XSD + "boolean")
        case int() | float() | Decimal():
            if datatype is not None and (lexical := _lexical(found, datatype)) is not None:
                return RdfLiteral(lexical, datatype)
            if isinstance(found, int):
                return RdfLiteral(str(found), XSD + "integer")
            if isinstance(found, Decimal) and found.is_finite():
                return RdfLiteral(f"{found:f}", XSD + "decimal")
            return RdfLiteral(_as_double(float(found)), _DOUBLE)
    return RdfLiteral(str(found))


_BITS = {"byte": 8, "short": 16, "int": 32, "long": 64}
_UNSIGNED = {f"unsigned{name.capitalize()}": bits for name, bits in _BITS.items()}
_SIGNS: dict[str, Callable[[int], bool]] = {
    "integer": lambda number: True,
    "nonNegativeInteger": lambda number: number >= 0,
    "positiveInteger": lambda number: number > 0,
    "nonPositiveInteger": lambda number: number <= 0,
    "negativeInteger": lambda number: number < 0,
}


def _lexical(number: int | float | Decimal, datatype: str) -> str | None:
    """Return a number as a datatype writes it; `None` if it cannot hold it."""
    name = datatype.removeprefix(XSD)
    if not math.isfinite(number):
        return _as_double(float(number)) if name in ("double", "float") else None
    match name:
        case "double":
            return _as_double(float(number))
        case "float":
            try:
                (single,) = struct.unpack("f", struct.pack("f", number))
            except OverflowError:
                return None
            return _as_double(float(number)) if single == number else None
        case "decimal":
            text = f"{Decimal(str(number)):f}"
            return text if "." in text else f"{text}.0"
    if number != int(number):
        return None
    whole = int(number)
    bits, unsigned = _BITS.get(name), _UNSIGNED.get(name)
    if bits is not None:
        return str(whole) if -(1 << (bits - 1)) <= whole < 1 << (bits - 1) else None
    if unsigned is not None:
        return str(whole) if 0 <= whole < 1 << unsigned else None
    holds = _SIGNS.get(name)
    return str(whole) if holds is not None and holds(whole) else None


def _as_double(number: float) -> str:
    if math.isfinite(number):
        return repr(float(number))
    return "NaN" if math.isnan(number) else ("INF" if number > 0 else "-INF")


@cache
def _double_type() -> str:
    return to_ntriples(Iri(_DOUBLE))


def number(score: float) -> str:
    """Return a score as a double."""
    return f'"{_as_double(score)}"^^{_double_type()}'
