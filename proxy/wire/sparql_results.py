"""Results of SPARQL 1.1: the solutions of a query, read from JSON and written in each format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from gremlink.grammar.sparql.terms import (
    RDF_LANG_STRING,
    XSD_STRING,
    BlankNode,
    Iri,
    RdfLiteral,
    Term,
    to_ntriples,
)
from gremlink.proxy.wire.errors import MessageError

JSON = "application/sparql-results+json"
XML = "application/sparql-results+xml"
CSV, TSV = "text/csv", "text/tab-separated-values"

Row = tuple[Term | None, ...]


def read_json(content: bytes) -> tuple[tuple[str, ...], list[Row]]:
    """Return variables and solutions. `true` is one solution without variables, `false` is none.

    Raises `MessageError`.
    """
    try:
        document = json.loads(content)
        if isinstance(document.get("boolean"), bool):
            return (), [()] if document["boolean"] else []
        variables = tuple(str(name) for name in document["head"]["vars"])
        rows = [
            tuple(_term(solution.get(name)) for name in variables)
            for solution in document["results"]["bindings"]
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MessageError(f"no results of SPARQL in JSON: {error}") from error
    return variables, rows


def _term(found: Mapping[str, Any] | None) -> Term | None:
    if found is None:
        return None
    match found["type"]:
        case "uri":
            return Iri(found["value"])
        case "literal" | "typed-literal":
            language = found.get("xml:lang", "")
            return RdfLiteral(found["value"], found.get("datatype", XSD_STRING), language)
        case "bnode":
            return BlankNode(found["value"])
    return None  # a quoted triple, which nothing here can be asked about


def format_accepted(accept: str) -> str:
    """Return the content type of results for a client that accepts these; JSON where any will
    do.
    """
    best, found = 0.0, ""
    for each in accept.split(",") if accept.strip() else ("*/*",):
        name, *parts = (part.strip().lower() for part in each.split(";"))
        quality = 1.0
        for part in parts:
            if part.startswith("q="):
                try:
                    quality = float(part[2:])
                except ValueError:
                    quality = 0.0
        known = _ACCEPTED.get(name)
        if known is not None and quality > best:
            best, found = quality, known
    return found or JSON


_ACCEPTED = {
    JSON: JSON,
    "application/json": JSON,
    "application/*": JSON,
    "*/*": JSON,
    XML: XML,
    "application/xml": XML,
    "text/xml": XML,
    CSV: CSV,
    "text/*": CSV,
    TSV: TSV,
}


def write_results(content_type: str, variables: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Return the solutions in a format."""
    return _WRITERS[content_type](variables, rows).encode()


def _json(variables: Sequence[str], rows: Sequence[Row]) -> str:
    bindings = [
        {name: _object(term) for name, term in zip(variables, row, strict=True) if term is not None}
        for row in rows
    ]
    document = {"head": {"vars": list(variables)}, "results": {"bindings": bindings}}
    return json.dumps(document, ensure_ascii=False)


def _object(term: Term) -> dict[str, str]:
    match term:
        case Iri(value):
            return {"type": "uri", "value": value}
        case BlankNode(label):
            return {"type": "bnode", "value": label}
        case RdfLiteral(lexical, datatype, language):
            found = {"type": "literal", "value": lexical}
            if language:
                return {**found, "xml:lang": language}
            return found if datatype == XSD_STRING else {**found, "datatype": datatype}


def _xml(variables: Sequence[str], rows: Sequence[Row]) -> str:
    head = "".join(f"<variable name={quoteattr(name)}/>" for name in variables)
    results = "".join(
        "<result>"
        + "".join(
            f"<binding name={quoteattr(name)}>{_element(term)}</binding>"
            for name, term in zip(variables, row, strict=True)
            if term is not None
        )
        + "</result>"
        for row in rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<sparql xmlns="http://www.w3.org/2005/sparql-results#">'
        f"<head>{head}</head><results>{results}</results></sparql>"
    )


def _element(term: Term) -> str:
    match term:
        case Iri(value):
            return f"<uri>{escape(value)}</uri>"
        case BlankNode(label):
            return f"<bnode>{escape(label)}</bnode>"
        case RdfLiteral(lexical, datatype, language):
            what = ""
            if language:
                what = f" xml:lang={quoteattr(language)}"
            elif datatype not in (XSD_STRING, RDF_LANG_STRING):
                what = f" datatype={quoteattr(datatype)}"
            return f"<literal{what}>{escape(lexical, {chr(13): '&#13;'})}</literal>"


def _csv(variables: Sequence[str], rows: Sequence[Row]) -> str:
    lines = [",".join(variables), *(",".join(map(_cell, row)) for row in rows)]
    return "\r\n".join([*lines, ""])


def _cell(term: Term | None) -> str:
    match term:
        case None:
            return ""
        case Iri(text) | RdfLiteral(text):
            pass
        case BlankNode(label):
            text = f"_:{label}"
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _tsv(variables: Sequence[str], rows: Sequence[Row]) -> str:
    lines = ["\t".join(f"?{name}" for name in variables)]
    lines += ["\t".join("" if term is None else to_ntriples(term) for term in row) for row in rows]
    return "\n".join([*lines, ""])


_WRITERS: dict[str, Callable[[Sequence[str], Sequence[Row]], str]] = {
    JSON: _json,
    XML: _xml,
    CSV: _csv,
    TSV: _tsv,
}
