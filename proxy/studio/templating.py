"""Templates of the pages: texts of the data stay texts."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from gremlink.proxy.studio.sparql import local, short_iris

STATIC = files(__package__) / "static"


def environment(base: str, navigation: list[tuple[str, str]]) -> Environment:
    """Return the templates, with what all pages know.

    `base` is the path of the static files; `navigation` has address and title of each page.
    """
    found = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(static=_addresses(base), navigation=navigation)
    found.filters.update(local=local, short_iris=short_iris)
    found.filters.update(label=label, count=count, ago=ago, seconds=seconds, size=size)
    return found


def _addresses(base: str) -> Callable[[str], str]:
    """Return a function from a static file's name to its address, which changes with the file."""
    known: dict[str, str] = {}

    def address(name: str) -> str:
        if name not in known:
            known[name] = sha256(STATIC.joinpath(name).read_bytes()).hexdigest()[:12]
        return f"{base}/{name}?{known[name]}"

    return address


def label(text: str) -> str:
    """Return a label so that a reader sees it: a blank one in quotes."""
    return text if text.strip() else f'"{text}"'


def count(number: float) -> str:
    """Return a number with its thousands apart: `3,748`."""
    return f"{number:,}"


def size(number: float) -> str:
    """Return bytes for people: `1.2 MiB`."""
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"


def seconds(duration: float) -> str:
    """Return a time span for people: `42 s`, `3 min 5 s`, `2 h 7 min`, `3 d 4 h`."""
    whole = max(0, round(duration))
    for small, large, name, other in (
        (1, 60, "min", "s"),
        (60, 3600, "h", "min"),
        (3600, 86400, "d", "h"),
    ):
        if whole < large:
            break
        if whole < large * (60 if large < 3600 else 24 if large < 86400 else 10**9):
            rest = whole % large // small
            return f"{whole // large} {name}" + (f" {rest} {other}" if rest else "")
    return f"{whole} s"


def ago(moment: float, now: float | None = None) -> str:
    """Return the time since a moment (seconds since 1970): `3 min 5 s ago`."""
    since = (time.time() if now is None else now) - moment
    return "now" if since < 1 else f"{seconds(since)} ago"
