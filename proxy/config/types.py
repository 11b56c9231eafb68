"""Types of settings, with what they refuse, and how a text of the environment becomes one."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

_NAME = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?"
_HOST = re.compile(rf"(?:\*\.)?{_NAME}|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?")
_ORIGIN = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://(?:{_NAME}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?")


def _path(value: str) -> str:
    if not value.startswith("/") or "?" in value or "#" in value:
        raise ValueError("must begin with / and hold neither ? nor #")
    return value


def websocket_url(value: str) -> str:
    """The value, if it is the address of a WebSocket endpoint; else raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError("must look like ws://host:port/gremlin or wss://host:port/gremlin")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port must be a number from 0 to 65535") from None
    return value


def _heap(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*[mMgG]", value):
        raise ValueError("must be a number followed by m or g, as in 512m or 2g")
    return value


def _table(value: object) -> object:
    """Tables come from the environment as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be JSON, as in {"key": ["value"]}') from None


def _words(value: object) -> object:
    """Lists of names come from the environment as words."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _folders(value: object) -> object:
    """A list of paths; in the environment they are separated as in PATH."""
    return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    for host in value:
        if host != "*" and not _HOST.fullmatch(host):
            raise ValueError(
                f"{host!r} is no name of a host: write proxy.example.org, *.example.org or an"
                " address, without a port"
            )
    return tuple(host.lower().strip("[]").removesuffix(".") for host in value)


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{origin!r} is no origin of web pages: write https://app.example.org or"
                " http://localhost:3000, without a path; each has to be named"
            )
    return tuple(origin.lower() for origin in value)


Port = Annotated[int, Field(ge=1, le=65535)]
UrlPath = Annotated[str, AfterValidator(_path)]
WebSocketUrl = Annotated[str, AfterValidator(websocket_url)]
Lists = Annotated[dict[str, list[str]], BeforeValidator(_table)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Hosts = Annotated[Words, AfterValidator(_hosts)]
Origins = Annotated[Words, AfterValidator(_origins)]
Folders = Annotated[tuple[Path, ...], BeforeValidator(_folders)]
Heap = Annotated[str, AfterValidator(_heap)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
