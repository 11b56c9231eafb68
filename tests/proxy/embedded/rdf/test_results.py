"""Formats of results by what a request accepts."""

from __future__ import annotations

import pytest

from gremlink.proxy.embedded.rdf.results import (
    BOOLEANS,
    SOLUTIONS,
    TRIPLES,
    NotAcceptable,
    chosen,
)

JSON, XML, CSV = "application/sparql-results+json", "application/sparql-results+xml", "text/csv"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*;q=0.2, text/csv", CSV),
        (f"{JSON};q=0.1, {XML};q=0.9, */*;q=0.01", XML),
        ("text/*", "text/xml"),
        (f"TEXT/CSV; charset=utf-8;q=0.5, {XML};q=0", CSV),
        ("image/png, application/json;q=x, text/csv", CSV),
    ],
)
def test_the_format_is_that_of_the_largest_weight(accept: str | None, media: str) -> None:
    assert chosen(accept, SOLUTIONS)[0] == media


def test_what_none_gives_is_refused() -> None:
    with pytest.raises(NotAcceptable, match="none of "):
        chosen("text/csv", BOOLEANS)
    with pytest.raises(NotAcceptable, match="none of "):
        chosen(JSON, TRIPLES)
