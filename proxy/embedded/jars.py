"""Jars of Gremlin Server, fetched once from Maven Central and kept in the user's cache.

A directory of jars appears in the cache complete or not at all, with a list of its files; while the
list is right, neither the resolver nor the network is used.
"""

from __future__ import annotations

import fcntl
import json
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import platformdirs

from gremlink.proxy.embedded.errors import DownloadFailed
from gremlink.proxy.messages.system_errors import reason_of

COORDINATES = ("org.apache.tinkerpop:gremlin-server:3.7.5", "ch.qos.logback:logback-classic:1.2.13")
"""The server, and the logging back-end that it leaves to its users."""

_LIST = "jars.json"
_DOWNLOADS = 4
"""Files fetched at the same time."""


def cache_directory() -> Path:
    """Return the directory of jars in the user's cache directory (moved by XDG_CACHE_HOME)."""
    return platformdirs.user_cache_path("gremlink") / "jars"


def resolve_jars(
    coordinates: tuple[str, ...] = COORDINATES,
    *,
    alone: bool = False,
    cache: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Return the jars of Maven coordinates and all their dependencies, as a class path.

    With `alone`, dependencies are left out, for files that are read and not run. Safe to call from
    several processes at once. Raises `DownloadFailed`.
    """
    cache = cache or cache_directory()
    directory = cache / "+".join(coordinates).replace(":", "_")
    if jars := _listed(directory):
        return jars
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / ".lock"):
            if jars := _listed(directory):
                return jars
            if progress is not None:
                progress(f"fetching {coordinates[0]} and what it needs from Maven Central, once")
            with tempfile.TemporaryDirectory(prefix=".partial-", dir=cache) as partial:
                complete = _fetch(coordinates, Path(partial), cache, alone=alone)
                shutil.rmtree(directory, ignore_errors=True)
                complete.rename(directory)
    except OSError as error:
        raise DownloadFailed(coordinates[0], cache, reason_of(error)) from None
    return _listed(directory) or []


def _listed(directory: Path) -> list[Path]:
    """Return the jars of a complete directory; none if one is missing or has another size."""
    try:
        sizes = json.loads((directory / _LIST).read_text(encoding="utf-8"))
        if any((directory / name).stat().st_size != size for name, size in sizes.items()):
            return []
    except (OSError, ValueError, AttributeError):
        return []
    return [directory / name for name in sizes]


def _fetch(coordinates: tuple[str, ...], partial: Path, cache: Path, *, alone: bool) -> Path:
    """Fill `partial / "complete"` with the jars and their list."""
    try:
        found = _resolve(coordinates, partial / "repository", alone=alone)
    except ImportError:
        raise  # an installation without the resolver; there is nothing wrong with the network
    except Exception as error:  # the resolver passes on all errors of its layers
        raise DownloadFailed(coordinates[0], cache, _first_line(error)) from error
    if not found:
        raise DownloadFailed(coordinates[0], cache, "the resolver found no jars")
    complete = partial / "complete"
    complete.mkdir()
    for jar in found:
        if not _intact(jar):
            raise DownloadFailed(coordinates[0], cache, f"{jar.name} arrived broken")
        jar.rename(complete / jar.name)
    sizes = {jar.name: (complete / jar.name).stat().st_size for jar in found}
    (complete / _LIST).write_text(json.dumps(sizes, indent=1), encoding="utf-8")
    return complete


def _resolve(coordinates: tuple[str, ...], repository: Path, *, alone: bool) -> list[Path]:
    """Download the jars into a Maven repository of their own.

    jgo's environments are not used: they sort jars by module, for which they may fetch a JDK.
    """
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext
    from jgo.parse import Endpoint

    logging.getLogger("jgo").addHandler(logging.NullHandler())
    mirrors = GlobalSettings.load().repositories
    context = MavenContext(
        repo_cache=repository, remote_repos={"central": MAVEN_CENTRAL_URL, **mirrors}
    )
    asked = [
        context.create_dependency(replace(coordinate, scope="compile"))
        for coordinate in Endpoint.parse("+".join(coordinates)).coordinates
    ]
    # All at once, so that the versions that several of them want are settled among them.
    if alone:
        return [Path(dependency.artifact.resolve()) for dependency in asked]
    inputs, transitive = context.resolver.resolve(asked)
    wanted = [*inputs, *(found for found in transitive if found.scope in ("compile", "runtime"))]
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        return list(pool.map(lambda dependency: Path(dependency.artifact.resolve()), wanted))


def _intact(jar: Path) -> bool:
    try:
        with zipfile.ZipFile(jar) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False


def _first_line(error: Exception) -> str:
    return next(iter(reason_of(error).strip().splitlines()), "") or type(error).__name__


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
