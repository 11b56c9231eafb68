"""Records of endpoints, and their artifacts.

Records are in SQLite, artifacts in directories beside it. Several processes may share a store: the
proxy reads while a command creates, replaces or deletes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.artifacts import MANIFEST, ArtifactError, DamagedArtifact, read_artifact
from gremlink.proxy.store.database import Database
from gremlink.proxy.store.errors import (
    EndpointExists,
    InvalidName,
    NoSuchEndpoint,
    StoreNotUsable,
)

GRACE = 600.0
"""Seconds to keep a replaced artifact for processes that are about to read it."""

SCHEMA_VERSION = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SCHEMA = """
CREATE TABLE endpoint (
    name TEXT PRIMARY KEY,
    directory TEXT NOT NULL UNIQUE,
    task TEXT NOT NULL,
    created TEXT NOT NULL,
    checksum TEXT NOT NULL
)
"""
_ONE = "SELECT name, directory, task, created, checksum FROM endpoint WHERE name = ?"
_ALL = "SELECT name, directory, task, created, checksum FROM endpoint ORDER BY name"
_INSERT = "INSERT INTO endpoint (name, directory, task, created, checksum) VALUES (?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM endpoint WHERE name = ?"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A trained model under the name that queries use.

    `created` is ISO 8601 in UTC with seconds. `checksum` is the SHA-256 of the artifact's manifest,
    in hexadecimal: equal checksums mean equal models.
    """

    name: str
    artifact: Path
    task: str
    created: str
    checksum: str


def check_name(name: str) -> None:
    """Check the name of an endpoint. Raises `InvalidName`."""
    if not _NAME.fullmatch(name):
        raise InvalidName(name)


class Store:
    """The store in the directory `root`, created by the first write.

    Methods may be called from any thread. They may wait up to LOCK_TIMEOUT for locks, and for
    files.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._records = Database(root / "records.sqlite3", (_SCHEMA,), SCHEMA_VERSION)
        self._artifacts = root / "artifacts"

    def create_endpoint(
        self, name: str, artifact: Path, *, replace: bool = False, must_exist: bool = False
    ) -> Endpoint:
        """Copy the artifact into the store and give it a name.

        Later changes to `artifact` have no effect on the copy. With `replace`, an endpoint of that
        name is replaced in one step: readers see the old one or the new one. With `must_exist`
        there has to be one. Raises InvalidName, EndpointExists, NoSuchEndpoint, StoreNotUsable,
        ArtifactError.
        """
        check_name(name)
        if not replace and self.endpoint(name) is not None:
            raise EndpointExists(name)
        directory, task = self._copy(artifact)
        endpoint = Endpoint(
            name=name,
            artifact=directory,
            task=task,
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            checksum=hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest(),
        )
        values = (name, directory.name, task, endpoint.created, endpoint.checksum)
        try:
            with self._records.writing() as records:
                if must_exist and not records.execute(_ONE, (name,)).fetchall():
                    raise NoSuchEndpoint(name, [row[0] for row in records.execute(_ALL)])
                if replace:
                    self._retire(records, name)
                records.execute(_INSERT, values)
        except sqlite3.IntegrityError:
            shutil.rmtree(directory)
            raise EndpointExists(name) from None
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        self._sweep()
        return endpoint

    @property
    def records_file(self) -> Path:
        """The SQLite file, which exists after the first write."""
        return self._records.path

    def endpoint(self, name: str) -> Endpoint | None:
        """Return the endpoint of that name. Raises StoreNotUsable."""
        return next(self._select(_ONE, name), None)

    def endpoints(self) -> list[Endpoint]:
        """Return all endpoints, by name. Raises StoreNotUsable."""
        return list(self._select(_ALL))

    def delete_endpoint(self, name: str) -> None:
        """Delete an endpoint and its artifact. Raises NoSuchEndpoint, StoreNotUsable."""
        if self.endpoint(name) is not None:
            with self._records.writing() as records:
                deleted = records.execute(_ONE, (name,)).fetchall()
                records.execute(_DELETE, (name,))
            if deleted:
                shutil.rmtree(self._artifacts / deleted[0][1], ignore_errors=True)
                self._sweep()
                return
        raise NoSuchEndpoint(name, [other.name for other in self.endpoints()])

    def _select(self, query: str, *values: str) -> Iterator[Endpoint]:
        if not self._records.path.exists():
            return
        with self._records.connection() as records:
            rows = records.execute(query, values).fetchall()
        for name, directory, task, created, checksum in rows:
            yield Endpoint(name, self._artifacts / directory, task, created, checksum)

    def _retire(self, records: sqlite3.Connection, name: str) -> None:
        """Remove the record of an endpoint, if there is one; its artifact is kept for GRACE."""
        for endpoint in records.execute(_ONE, (name,)).fetchall():
            with suppress(FileNotFoundError):
                os.utime(self._artifacts / endpoint[1])
        records.execute(_DELETE, (name,))

    def _copy(self, artifact: Path) -> tuple[Path, str]:
        """Make a verified copy that appears complete or not at all; return its path and task."""
        if not (artifact / MANIFEST).is_file():
            raise DamagedArtifact(artifact, f"is no artifact: there is no {MANIFEST} in it")
        directory = self._artifacts / uuid.uuid4().hex
        partial = directory.with_suffix(".partial")
        try:
            self._artifacts.mkdir(parents=True, exist_ok=True)
            shutil.copytree(artifact, partial, copy_function=shutil.copyfile)
            # A read-only directory could not be removed.
            partial.chmod(partial.stat().st_mode | stat.S_IRWXU)
            task = read_artifact(partial).manifest.get("task")
            partial.rename(directory)
        except ArtifactError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise type(error)(artifact, error.reason) from error
        except (OSError, shutil.Error) as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise StoreNotUsable(
                self.root, f"cannot copy {artifact}: {reason_of(error)}"
            ) from error
        return directory, str(task)

    def _sweep(self) -> None:
        """Remove artifacts that no endpoint names: replaced ones and interrupted copies.

        Their age counts from the last change of status (`ctime`), which copying and retiring set.
        """
        with self._records.connection() as records:
            named = {row[1] for row in records.execute(_ALL)}
        for directory in self._artifacts.iterdir():
            with suppress(FileNotFoundError):
                age = time.time() - directory.stat().st_ctime
                if directory.name not in named and age > GRACE:
                    shutil.rmtree(directory, ignore_errors=True)
