"""Types of settings: validation, and conversion from the text of environment variables."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic.fields import FieldInfo

from gremlink.proxy.messages.addresses import is_plain, without_credentials, without_passwords
from gremlink.proxy.messages.controls import cut

LONGEST_QUOTE = 200
"""Characters of a value that an error quotes."""


PASSAGES = ("auto", "on", "off")
"""Values that say whether requests in languages other than Gremlin are forwarded."""


class Address:
    """Marker of a setting that is an address, and so may hold a password."""


SHORTEST_TOKEN = 16
"""Minimum length of a token, in characters."""

_NAME = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?"
_HOST = re.compile(rf"(?:\*\.)?{_NAME}|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?")
_ORIGIN = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://(?:{_NAME}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?")


def _path(value: str) -> str:
    if not value.startswith("/") or "?" in value or "#" in value:
        raise ValueError("must begin with / and hold neither ? nor #")
    return value


def websocket_url(value: str) -> str:
    """Return the value if it is the address of a WebSocket endpoint; else raise ValueError.

    The reason never quotes the value, which may hold a password.
    """
    parts = _split(value, ("ws", "wss"), "ws://host:port/gremlin or wss://host:port/gremlin")
    if bool(parts.username) is not (parts.password is not None):
        raise ValueError(
            "a user and a password go together, and one is missing: write ws://user:password@host"
        )
    return value


def _service(value: str) -> str:
    """Return the value if it is the address of a service without credentials."""
    parts = _split(value, ("http", "https"), "http://host:port or https://host:port")
    if parts.username is not None:
        raise ValueError(
            "a key in the address is not used: give it by AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    return value


def _passage(value: str) -> str:
    """Return the value if it is one of the words or the address of a service."""
    if value in PASSAGES:
        return value
    try:
        return _service(value)
    except ValueError:
        raise ValueError(
            f"must be {', '.join(PASSAGES)} or an address, as in http://host:port/path"
        ) from None


def _switch(value: str) -> str:
    """Return the value if it is one of the words, for an address that has a section of its own."""
    if value not in PASSAGES:
        raise ValueError(
            f"must be {', '.join(PASSAGES)}; the address of an RDF store is written as url below "
            "[sparql]"
        )
    return value


def _http(value: str) -> str:
    """Return the value if it is an address of HTTP, with or without credentials."""
    parts = _split(value, ("http", "https"), "http://host:port/path or https://host:port/path")
    if bool(parts.username) is not (parts.password is not None):
        raise ValueError(
            "a user and a password go together, and one is missing: write http://user:password@host"
        )
    return value


def _split(value: str, schemes: tuple[str, ...], form: str) -> SplitResult:
    """Return the parts of an address of that form. Raises ValueError."""
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is None or parts.scheme not in schemes or not host:
        raise ValueError(f"must look like {form}")
    if "@" in parts.path or parts.query or parts.fragment:
        raise ValueError(
            f"must look like {form}, with nothing behind the path; / ? # and @ in a user or "
            "password are written %2F %3F %23 and %40"
        )
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port must be a number from 0 to 65535") from None
    if not is_plain(without_credentials(value)):
        raise ValueError(f"must look like {form}")
    return parts


def _header_value(value: SecretStr) -> SecretStr:
    """Return a secret that survives being sent in a header."""
    text = value.get_secret_value()
    if len(text) < SHORTEST_TOKEN:
        raise ValueError(f"must be {SHORTEST_TOKEN} characters or more")
    if text != text.strip() or not text.isprintable():
        raise ValueError("must neither begin nor end with a blank, nor hold control characters")
    return value


def _not_empty(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise ValueError("must not be empty")
    return value


def _key(value: str) -> str:
    """Return the id of a key, as a signature names it."""
    if not re.fullmatch(r"[!-~]+", value) or set(value) & set("/,"):
        raise ValueError("must be letters and digits, without blanks, / or ,")
    return value


def _user(value: str) -> str:
    if not value or ":" in value or not value.isprintable():
        raise ValueError("must not be empty, nor hold a colon or control characters")
    return value


def _region(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", value):
        raise ValueError("must be the name of a region, as in eu-west-1")
    return value


def _heap(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*[mMgG]", value):
        raise ValueError("must be a number followed by m or g, as in 512m or 2g")
    return value


def _table(value: object) -> object:
    """Decode a table that comes from the environment as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be JSON, as in {"key": ["value"]}') from None


def _words(value: object) -> object:
    """Split a list of names that comes from the environment."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _folders(value: object) -> object:
    """Split a list of paths that comes from the environment, separated as in PATH."""
    return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    for host in value:
        if host != "*" and not _HOST.fullmatch(host):
            raise ValueError(
                f"{_quoted(host)} is no name of a host: write proxy.example.org, *.example.org or "
                "an address, without a port"
            )
    return tuple(host.lower().strip("[]").removesuffix(".") for host in value)


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{_quoted(origin)} is no origin of web pages: write https://app.example.org or"
                " http://localhost:3000, without a path; each has to be named"
            )
    return tuple(origin.lower() for origin in value)


Port = Annotated[int, Field(ge=1, le=65535)]
Token = Annotated[SecretStr, AfterValidator(_header_value)]
Secret = Annotated[SecretStr, AfterValidator(_not_empty)]
KeyId = Annotated[str, AfterValidator(_key)]
UserName = Annotated[str, AfterValidator(_user)]
Region = Annotated[str, AfterValidator(_region)]
Passage = Annotated[str, AfterValidator(_passage), Address()]
Switch = Annotated[str, AfterValidator(_switch), Address()]
UrlPath = Annotated[str, AfterValidator(_path)]
WebSocketUrl = Annotated[str, AfterValidator(websocket_url), Address()]
HttpUrl = Annotated[str, AfterValidator(_http), Address()]
ServiceUrl = Annotated[str, AfterValidator(_service), Address()]
Lists = Annotated[dict[str, list[str]], BeforeValidator(_table)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Hosts = Annotated[Words, AfterValidator(_hosts), Address()]
Origins = Annotated[Words, AfterValidator(_origins), Address()]
Folders = Annotated[tuple[Path, ...], BeforeValidator(_folders)]
Heap = Annotated[str, AfterValidator(_heap)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def shown(field: FieldInfo, value: object) -> str:
    """Return an unusable value as its error quotes it: without secrets and passwords."""
    parts = _parts(field.annotation).union(*map(_parts, field.metadata))
    if SecretStr in parts:
        return "the value"
    if Address in parts:
        return _quoted(value)
    return cut(without_passwords(repr(value)), LONGEST_QUOTE)


def _quoted(value: object) -> str:
    """Return what is meant to be an address, if it cannot hold a password."""
    several = isinstance(value, list | tuple)
    each = [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
    if any(":" in item and not is_plain(item) for item in each):
        return "one of them" if several else "the address"
    return cut(without_passwords(repr(value)), LONGEST_QUOTE)


def _parts(annotation: Any) -> set[Any]:
    """Return the types in an annotation, and `Address` if it is marked so."""
    if isinstance(annotation, Address):
        return {Address}
    found = {annotation} if isinstance(annotation, type) else set()
    return found.union(*map(_parts, get_args(annotation)))
