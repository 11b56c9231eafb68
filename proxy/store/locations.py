"""Locations that jobs read and write: plain paths, `file://`, and `s3://`.

Local files must be below the configured folders after following all links. An `s3://` address is an
object store reached through fsspec or, with `s3_folder`, the file `<folder>/<bucket>/<key>`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gremlink.proxy.messages.addresses import without_passwords
from gremlink.proxy.messages.controls import cut
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.errors import BadLocation, LocationRefused, LocationUnreachable
from gremlink.proxy.store.outputs import OutputUnwritable, try_directory

_S3 = "s3://"
PART = 16 * 1024 * 1024
"""Bytes of one part of an upload; larger files are uploaded in parts."""

PROBE = ".gremlink"
"""Name of an empty object that is written to test for write access."""

LONGEST_NAME = 255
"""Longest file name, in bytes, that file systems accept."""

LONGEST_PATH = 4000
"""Longest path, in bytes: a little less than systems accept, to leave room for names below it."""

_PATIENCE = {"connect_timeout": 5, "read_timeout": 60, "retries": {"max_attempts": 3}}
"""Timeouts of the object store in seconds, and the number of attempts."""


@dataclass(frozen=True, slots=True)
class Location:
    """A folder or file by its `address`; `path` is None in an object store."""

    address: str
    path: Path | None

    @property
    def key(self) -> str:
        """Bucket and key of an address in an object store."""
        return self.address.removeprefix(_S3)


@dataclass(frozen=True, slots=True)
class Locations:
    """The locations that jobs may use.

    `roots` are local folders. `s3_folder`, if set, replaces all buckets; otherwise `s3_endpoint` is
    the address of the object store, None for AWS or the address in AWS's own environment variables.
    """

    roots: tuple[Path, ...]
    s3_folder: Path | None = None
    s3_endpoint: str | None = None

    def at(self, address: str) -> Location:
        """Return the location of an address. Raises BadLocation, LocationRefused."""
        if "\0" in address:
            raise BadLocation(address, "there is a null character in it")
        if not address.startswith(_S3):
            path = _local_path(address)
            self._check(address, path)
            return Location(address, path)
        bucket, *rest = address.removeprefix(_S3).split("/")
        parts = [part for part in rest if part]
        if not bucket or {".", ".."} & {bucket, *parts}:
            raise BadLocation(address, "it must look like s3://bucket/prefix")
        address = _S3 + "/".join([bucket, *parts])
        if self.s3_folder is None:
            return Location(address, None)
        path = self.s3_folder.joinpath(bucket, *parts)
        self._check(address, path)
        return Location(address, path)

    def below(self, location: Location, *names: str) -> Location:
        """Return a location inside another."""
        return self.at("/".join([location.address.rstrip("/"), *names]))

    def is_allowed(self, path: Path) -> bool:
        """Return True if a local path, after following links, is below one of the folders."""
        folders = self.roots if self.s3_folder is None else (*self.roots, self.s3_folder)
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(os.path.realpath(folder)) for folder in folders)

    def fetch(self, location: Location, directory: Path) -> Path:
        """Return a local path of the files: their own, or of a copy in `directory`, which is
        created.

        Raises LocationUnreachable, and LocationRefused for a link that leads outside.
        """
        if location.path is not None:
            for file in files(location.path):
                self._check(str(file), file)
            return location.path
        system = self._object_store(location)
        try:
            names = [location.key] if system.isfile(location.key) else system.find(location.key)
            if not names:
                raise LocationUnreachable(location.address, "there is nothing at this address")
            base = location.key if names != [location.key] else location.key.rpartition("/")[0]
            for name in names:
                target = directory / name.removeprefix(base).lstrip("/")
                if not Path(os.path.realpath(target)).is_relative_to(os.path.realpath(directory)):
                    raise LocationUnreachable(location.address, f"the key {name!r} is no file name")
                target.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(name, str(target))
        except LocationUnreachable:
            raise
        except Exception as error:
            raise _unreachable(location, error) from error
        return directory if names != [location.key] else directory / Path(location.key).name

    def exists(self, location: Location) -> bool:
        """Return True if the location exists. Raises LocationUnreachable."""
        if location.path is not None:
            return location.path.exists()
        try:
            return bool(self._object_store(location).exists(location.key))
        except Exception as error:
            raise _unreachable(location, error) from error

    def publish(self, directory: Path, location: Location) -> None:
        """Move a directory of files to a location, which must be new.

        A local directory appears complete or not at all. In an object store files appear one by
        one: readers have to wait for the job's end. Raises LocationUnreachable.
        """
        try:
            if location.path is None:
                system = self._object_store(location)
                for file in sorted(path for path in directory.rglob("*") if path.is_file()):
                    name = file.relative_to(directory).as_posix()
                    system.put_file(str(file), f"{location.key}/{name}", chunksize=PART)
                shutil.rmtree(directory)
                return
            location.path.parent.mkdir(parents=True, exist_ok=True)
            partial = _partial(location.path)
            shutil.move(directory, partial)
            partial.rename(location.path)
        except LocationUnreachable:
            raise
        except Exception as error:
            raise _unreachable(location, error) from error

    def try_out(self, location: Location) -> None:
        """Write and remove a test file at a location, to fail before long work rather than after
        it.

        Raises LocationUnreachable, with the reason why nothing can be written.
        """
        if location.path is not None:
            try:
                try_directory(location.path)
            except OutputUnwritable as error:
                raise LocationUnreachable(location.address, error.reason) from None
            return
        probe = f"{location.key}/{PROBE}"
        try:
            system = self._object_store(location)
            system.pipe_file(probe, b"")
        except LocationUnreachable:
            raise
        except Exception as error:
            raise _unreachable(location, error) from error
        # A user may have the permission to write and not to delete.
        with suppress(OSError):
            system.rm_file(probe)

    def remove(self, location: Location) -> None:
        """Delete a location and the remains of an interrupted publication."""
        if location.path is not None:
            for path in (location.path, _partial(location.path)):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
            return
        try:
            system = self._object_store(location)
            names = system.find(location.key)
            if names:
                system.rm(names)
            _abandon_parts(system, location.key)
        except Exception as error:
            raise _unreachable(location, error) from error

    def _check(self, address: str, path: Path) -> None:
        longest = max(len(os.fsencode(part)) for part in path.parts)
        if longest > LONGEST_NAME or len(os.fsencode(path)) > LONGEST_PATH:
            shown = f"{address[:100]}…"
            raise BadLocation(shown, "no file system has a path or a name of this length")
        if not self.is_allowed(path):
            raise LocationRefused(address)

    def _object_store(self, location: Location) -> Any:
        try:
            from s3fs import S3FileSystem
        except ImportError:
            raise LocationUnreachable(
                location.address,
                "S3 needs the extra s3 (pip install 'gremlink[s3]'); or name a folder that stands "
                "for it in storage.s3_folder",
            ) from None
        # Listings are not kept: another process may have written in between.
        return S3FileSystem(
            endpoint_url=self.s3_endpoint, config_kwargs=_PATIENCE, use_listings_cache=False
        )


def _abandon_parts(system: Any, key: str) -> None:
    """Abort unfinished multi-part uploads at and below a key.

    No listing of objects shows them, and their parts are paid for.
    """
    bucket, _, prefix = key.partition("/")
    try:
        listing = system.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix)
        for upload in listing.get("Uploads", ()):
            if upload["Key"] == prefix or upload["Key"].startswith(f"{prefix}/"):
                system.call_s3(
                    "abort_multipart_upload",
                    Bucket=bucket,
                    Key=upload["Key"],
                    UploadId=upload["UploadId"],
                )
    except OSError:
        return  # not every store lists uploads, and the permission may be missing


def files(path: Path) -> Iterator[Path]:
    """Yield the files in a local folder recursively, by name; or the file itself.

    Hidden ones are left out. Raises LocationUnreachable.
    """
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise LocationUnreachable(str(path), "there is no such file or directory")
    for found in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
        if not hidden and not found.is_dir():
            yield found


def _local_path(address: str) -> Path:
    if "://" in address:
        parts = urlsplit(address)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            raise BadLocation(
                address, "it must be a path that begins with /, file:///path or s3://bucket/prefix"
            )
        path = Path(unquote(parts.path))
    else:
        path = Path(address)
    if not path.is_absolute():
        raise BadLocation(address, "a path must begin with /")
    return path


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _unreachable(location: Location, error: Exception) -> LocationUnreachable:
    reason = cut(without_passwords(f"{type(error).__name__}: {reason_of(error)}"))
    return LocationUnreachable(location.address, reason)
