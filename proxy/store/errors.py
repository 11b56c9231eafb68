"""Errors of records and locations. Artifacts have errors of their own.

StoreError
├── InvalidName           an endpoint cannot have that name
├── EndpointExists        the name is taken
├── NoSuchEndpoint        no endpoint has that name
├── JobExists             the id is taken
├── StoreNotUsable        the store cannot be opened, or a later version has written it
├── BadLocation           an address that cannot be understood
├── LocationRefused       a path that jobs may not use
└── LocationUnreachable   nothing is there, or it cannot be read or written
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gremlink.errors import Error


class StoreError(Error):
    """Root of the errors of this package."""


class InvalidName(StoreError):
    """An endpoint cannot have the name `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} cannot be the name of an endpoint: use up to 63 letters, digits, "
            "hyphens, dots and underscores, and begin with a letter or a digit"
        )
        self.name = name


class EndpointExists(StoreError):
    """The name is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is an endpoint {name} already: delete it first, or replace it")
        self.name = name


class NoSuchEndpoint(StoreError):
    """No endpoint is called `name`; `names` are those that exist."""

    def __init__(self, name: str, names: Sequence[str]) -> None:
        existing = f"there are {', '.join(names)}" if names else "there are none"
        super().__init__(f"there is no endpoint {name}: {existing}")
        self.name = name
        self.names = tuple(names)


class StoreNotUsable(StoreError):
    """The store at `path` cannot be opened."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"the store {path} cannot be used: {reason}")
        self.path = path
        self.reason = reason


class JobExists(StoreError):
    """There is a job of this kind and id."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"there is a {kind} job {id} already: choose another id")
        self.kind = kind
        self.id = id


class BadLocation(StoreError):
    """An `address` that cannot be understood."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address!r} is no location: {reason}")
        self.address = address


class LocationRefused(StoreError):
    """Jobs may not use this path."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} is outside of the folders that jobs may use: name its folder in "
            "storage.roots, or choose another location"
        )
        self.address = address


class LocationUnreachable(StoreError):
    """The content of `address` cannot be read or written."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")
        self.address = address
        self.reason = reason
