"""Jars come whole or not at all, and only once. The resolver is a stand-in here."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import jgo.maven
import pytest
from jgo.parse import Coordinate

from gremlink.proxy.embedded.errors import DownloadFailed
from gremlink.proxy.embedded.jars import resolve_jars

COORDINATES = ("org.example:server:1.0",)


class Resolver:
    """Stands in for jgo's Maven context and what it makes; `make` fills its repository."""

    def __init__(self, make: Callable[[Path], None]) -> None:
        self.make = make
        self.calls = 0

    def __call__(self, *, repo_cache: Path, **_: object) -> Resolver:
        self.repository = repo_cache
        return self

    @property
    def resolver(self) -> Resolver:
        return self

    def create_dependency(self, coordinate: Coordinate) -> Coordinate:
        return coordinate

    def resolve(self, asked: list[Coordinate]) -> tuple[list[object], list[object]]:
        assert [(one.groupId, one.artifactId, one.version) for one in asked] == [
            ("org.example", "server", "1.0")
        ]
        self.calls += 1
        self.repository.mkdir()
        self.make(self.repository)
        first, *others = (Dependency(path) for path in sorted(self.repository.iterdir()))
        return [first], [*others, Dependency(self.repository / "mock.jar", "test")]


class Dependency:
    """A jar that has been found; it is its own artifact."""

    def __init__(self, path: Path, scope: str = "compile") -> None:
        self.path = path
        self.scope = scope
        self.artifact = self

    def resolve(self) -> Path:
        return self.path


def two_jars(directory: Path) -> None:
    for name in ("a.jar", "b.jar"):
        with zipfile.ZipFile(directory / name, "w") as archive:
            archive.writestr("content", name)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    stand_in = Resolver(two_jars)
    monkeypatch.setattr(jgo.maven, "MavenContext", stand_in)
    return stand_in


def test_second_time_needs_no_network(tmp_path: Path, resolver: Resolver) -> None:
    said: list[str] = []
    first = resolve_jars(COORDINATES, cache=tmp_path, progress=said.append)
    second = resolve_jars(COORDINATES, cache=tmp_path, progress=said.append)
    assert [jar.name for jar in first] == ["a.jar", "b.jar"]
    assert first == second
    assert resolver.calls == 1
    assert len(said) == 1


@pytest.mark.parametrize("harm", [Path.unlink, lambda jar: jar.write_bytes(b"short")])
def test_damaged_cache_is_fetched_again(
    tmp_path: Path, resolver: Resolver, harm: Callable[[Path], object]
) -> None:
    harm(resolve_jars(COORDINATES, cache=tmp_path)[1])
    jars = resolve_jars(COORDINATES, cache=tmp_path)
    assert resolver.calls == 2
    assert all(zipfile.is_zipfile(jar) for jar in jars)


def test_broken_jar_is_not_kept(tmp_path: Path, resolver: Resolver) -> None:
    resolver.make = lambda directory: (directory / "a.jar").write_bytes(b"<html>") and None
    with pytest.raises(DownloadFailed, match=r"a\.jar arrived broken.*try again"):
        resolve_jars(COORDINATES, cache=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    resolver.make = two_jars
    assert len(resolve_jars(COORDINATES, cache=tmp_path)) == 2


def test_network_away(tmp_path: Path, resolver: Resolver) -> None:
    def fail(directory: Path) -> None:
        raise ConnectionError("no route to host\nand much more")

    resolver.make = fail
    with pytest.raises(DownloadFailed, match=r"no route to host\. Check the network") as caught:
        resolve_jars(COORDINATES, cache=tmp_path)
    assert "much more" not in str(caught.value)


def test_cache_that_cannot_be_written(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    with pytest.raises(DownloadFailed, match="file"):
        resolve_jars(COORDINATES, cache=occupied / "jars")
