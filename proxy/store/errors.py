"""What can go wrong with the records of endpoints. Artifacts have errors of their own.

StoreError
├── InvalidName           an endpoint cannot be called that
├── EndpointExists        the name is taken
├── NoSuchEndpoint        nothing has that name
├── NotAnArtifact         the directory is not what training writes
└── StoreNotUsable        the store cannot be opened, or a later version has written it
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class StoreError(Exception):
    """Root of the errors of this package."""


class InvalidName(StoreError):
    """An endpoint cannot be called `name`."""

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
    """Nothing is called `name`; `names` are those that exist."""

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
