"""Jars come whole or not at all, and only once. The resolver is a stand-in here."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import jgo.env
import pytest

from proxy.embedded.errors import DownloadFailed
from proxy.embedded.jars import resolve_jars

COORDINATES = ("org.example:server:1.0",)


class Resolver:
    """Stands in for jgo's environment builder; `make` fills the environment's directory."""

    def __init__(self, make: Callable[[Path], None]) -> None:
        self.make = make
        self.calls = 0

    def __call__(self, *, cache_dir: Path, **_: object) -> Resolver:
        self.directory = cache_dir
        return self

    def from_endpoint(self, endpoint: str) -> Resolver:
        assert endpoint == "org.example:server:1.0"
        self.calls += 1
        self.directory.mkdir(parents=True)
        self.make(self.directory)
        return self

    @property
    def all_jars(self) -> list[Path]:
        return sorted(self.directory.glob("*.jar"))


def two_jars(directory: Path) -> None:
    for name in ("a.jar", "b.jar"):
        with zipfile.ZipFile(directory / name, "w") as archive:
            archive.writestr("content", name)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    stand_in = Resolver(two_jars)
    monkeypatch.setattr(jgo.env, "EnvironmentBuilder", stand_in)
    return stand_in


def test_second_time_asks_nobody(tmp_path: Path, resolver: Resolver) -> None:
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
