"""Pages of text for people: explained and profiled queries.

They begin as Neptune's do, so that notebooks show them.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from aiohttp import web

_WIDTH = 96
LONGEST = 20_000
"""Characters of a final query that are shown: there may be thousands of answers in it."""


def page(title: str, parts: Sequence[str], accept: str = "") -> web.Response:
    """Return the page, in HTML for clients that accept that, as notebooks do for SPARQL."""
    stars = "*" * 55
    text = "\n\n".join([f"{stars}\n{title:^55}\n{stars}", *parts]) + "\n"
    if "text/html" in accept:
        return web.Response(text=f"<pre>{escape(text)}</pre>\n", content_type="text/html")
    return web.Response(text=text)


def section(title: str, lines: Sequence[str]) -> str:
    """Return a section with its heading."""
    return "\n".join([title, "=" * min(len(title), _WIDTH), *lines])


def shortened(text: str) -> str:
    """Return a final query, cut off if it is long."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def milliseconds(seconds: float) -> str:
    """Return a time for people."""
    return f"{seconds * 1000:.1f} ms"
