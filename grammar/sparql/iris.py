"""References to IRIs, resolved against a base (RFC 3986, section 5.2)."""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL
)
"""Scheme, authority, path, query and fragment."""


def resolve(base: str, reference: str) -> str:
    """Return the IRI that a reference means. Nothing of it is normalised but dots in its path."""
    scheme, authority, path, query, fragment = _split(reference)
    if scheme is not None:
        return reference
    own_scheme, own_authority, own_path, own_query, _ = _split(base)
    if authority is None:
        authority = own_authority
        if not path:
            path, query = own_path or "", own_query if query is None else query
        elif not path.startswith("/"):
            merged = f"/{path}" if own_authority is not None and not own_path else None
            path = _without_dots(merged or f"{(own_path or '').rpartition('/')[0]}/{path}")
            if not (own_path or "").count("/") and own_authority is None:
                path = path.removeprefix("/")
        else:
            path = _without_dots(path)
    else:
        path = _without_dots(path or "")
    start = "" if own_scheme is None else f"{own_scheme}:"
    host = "" if authority is None else f"//{authority}"
    return f"{start}{host}{path}{query or ''}{fragment or ''}"


def _split(reference: str) -> tuple[str | None, ...]:
    match = _PARTS.fullmatch(reference)
    assert match is not None, reference
    return match.groups()


def _without_dots(path: str) -> str:
    if "/." not in path and not path.startswith("."):
        return path
    kept: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            if len(kept) > 1:
                kept.pop()
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)
