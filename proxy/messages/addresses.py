"""Addresses in messages, without names, passwords and keys."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

HIDDEN = "…"

_CREDENTIALS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*:(?:/{1,3}|\\/\\/))[^\s]*@")
_PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*://(\[[0-9A-Za-z:.%]+\]|[^\s@:/?#\[\]]+)(:\d+)?(/[^\s@?#]*)?",
    re.ASCII,
)


def without_credentials(url: str) -> str:
    """Return the address without user name and password.

    An address that is still unusual after that is not shown at all: a password that is not
    percent-encoded may be anywhere in it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare if is_plain(bare) else HIDDEN


def is_plain(url: str) -> bool:
    """Return True if no part of an address could be a password: `scheme://host:1/path`."""
    return _PLAIN.fullmatch(url) is not None


def without_passwords(text: str) -> str:
    """Return the text with everything before the `@` removed from the addresses in it."""
    return _CREDENTIALS.sub(rf"\1{HIDDEN}@", text) if "@" in text else text
