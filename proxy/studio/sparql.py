"""Questions to the RDF store, and resources as people name them."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from gremlink.grammar.sparql.terms import RdfLiteral, to_ntriples
from gremlink.proxy.studio.errors import QueryRefused
from gremlink.proxy.studio.vertices import Named
from gremlink.proxy.studio.visit import Visit

SECONDS = 15.0
"""Seconds that the store may take."""

MOST_FOUND = 10
"""Resources that are listed for a text."""

_NAMES = "(label|prefLabel|name|title)$"
"""The end of predicates whose literals read like a name."""


def iri(text: str) -> str:
    """Return an IRI for a query, with what may not be in one written in percent.

    What cannot be seen is written as SPARQL escapes it.
    """
    return "".join(map(_in_iri, text))


def _in_iri(each: str) -> str:
    if each in '<>"{}|^`\\' or each <= " ":
        return f"%{ord(each):02X}"
    if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp"):
        return f"\\u{ord(each):04X}" if ord(each) < 0x10000 else f"\\U{ord(each):08X}"
    return each


def text(value: str) -> str:
    """Return a text as a literal for a query."""
    return to_ntriples(RdfLiteral(value))


def local(value: str) -> str:
    """Return the end of an IRI, which reads like a name; the whole where there is none."""
    end = value.rstrip("/#")
    for sign in ("#", "/", ":"):
        _, found, last = end.rpartition(sign)
        if found and last:
            return last
    return value


_AN_IRI = re.compile(r"\b[a-z][a-z0-9+.-]*:(?:(?!->)[^\s()])+", re.IGNORECASE)


def short_iris(found: str) -> str:
    """Return a text, as of a relation or an arrow, with the ends of the IRIs in it."""
    return _AN_IRI.sub(lambda match: local(match[0]), found)


async def select(visit: Visit, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query to the store. Raises `QueryRefused`, `ApiRefused`."""
    asking = visit.fetch(
        "POST",
        "/sparql",
        urlencode({"query": query}).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/sparql-results+json",
        },
    )
    try:
        status, content, _ = await asyncio.wait_for(asking, SECONDS)
    except asyncio.TimeoutError:
        raise QueryRefused(504, f"The RDF store did not answer within {SECONDS:g} s.") from None
    try:
        document = json.loads(content)
        if status < 400:
            return list(document["results"]["bindings"])
        said = str(document["detailedMessage"])
    except (ValueError, LookupError, TypeError):
        said = f"The RDF store answered {status}."
    raise QueryRefused(status, said)


async def names_of(visit: Visit, iris: Iterable[str]) -> dict[str, Named]:
    """Return resources with their names; one without a label goes by the end of its IRI.

    Raises `QueryRefused`, `ApiRefused`.
    """
    every = list(dict.fromkeys(iris))
    if not every:
        return {}
    values = " ".join(f"<{iri(each)}>" for each in every)
    rows = await select(
        visit,
        f"SELECT ?s ?label WHERE {{ VALUES ?s {{ {values} }} ?s ?p ?label"
        f" FILTER(isLiteral(?label) && REGEX(STR(?p), {text(_NAMES)}, 'i')) }}",
    )
    labels = _labels(rows)
    return {each: Named(each, "", labels.get(each) or local(each)) for each in every}


def _labels(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the label of each resource: without a language, else in English, else any."""
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        language = str(row["label"].get("xml:lang", "")).lower()
        rank = 0 if not language else 1 if language.startswith("en") else 2
        best = rank, str(row["label"]["value"])
        subject = str(row["s"]["value"])
        found[subject] = min(found.get(subject, best), best)
    return {subject: label for subject, (_, label) in found.items()}


async def resources(visit: Visit, classes: Sequence[str], searched: str) -> list[Named]:
    """Return resources of all these classes, by IRI, by the end of it or by a label.

    Without a text any of them. Raises `QueryRefused`, `ApiRefused`.
    """
    kinds = "".join(f"?s a <{iri(each)}> . " for each in classes)
    if not searched:
        query = f"SELECT DISTINCT ?s WHERE {{ {kinds} FILTER(isIRI(?s)) }} LIMIT {MOST_FOUND}"
    elif ":" in searched:
        known = f"VALUES ?s {{ <{iri(searched.strip('<>'))}> }} "
        query = f"SELECT DISTINCT ?s WHERE {{ {known}{kinds or '?s ?p ?o'} }} LIMIT 1"
    else:
        folded = text(searched.lower())
        end = " || ".join(
            f"STRENDS(LCASE(STR(?s)), {text(sign + searched.lower())})" for sign in "/#:"
        )
        query = (
            f"SELECT DISTINCT ?s WHERE {{ {kinds}?s ?p ?label FILTER(isIRI(?s) && ({end} ||"
            f" (isLiteral(?label) && REGEX(STR(?p), {text(_NAMES)}, 'i') &&"
            f" CONTAINS(LCASE(STR(?label)), {folded})))) }} LIMIT {MOST_FOUND}"
        )
    rows = await select(visit, query)
    named = await names_of(visit, [str(row["s"]["value"]) for row in rows])
    return sorted(named.values(), key=lambda each: (each.name.casefold() != searched.casefold(),
                                                    len(each.name), each.name))  # fmt: skip
