"""gremlink as it is installed for serving alone: an environment of `requirements-serve.lock`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]


@dataclass(frozen=True)
class Slim:
    """An environment; `python` is its interpreter."""

    directory: Path

    @property
    def python(self) -> Path:
        return self.directory / "environment" / "bin" / "python"

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """`gremlink WORDS` in a folder of its own."""
        return subprocess.run(
            [self.python, "-I", "-m", "gremlink", *map(str, words)],
            cwd=self.directory,
            env={**os.environ, "GREMLINK_STORE_DIRECTORY": str(self.directory / "store")},
            capture_output=True,
            text=True,
            timeout=120,
        )

    @contextmanager
    def serving(self, database: str, store: Path) -> Iterator[str]:
        """The address of `gremlink serve`."""
        process = subprocess.Popen(
            [self.python, "-I", "-m", "gremlink", "serve", "--port", "0", "--upstream", database,
             "--store", store],
            cwd=self.directory,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            assert process.stderr
            said = ""
            for line in process.stderr:
                said += line
                if found := re.fullmatch(r"gremlink listens at (\S+)\n", line):
                    yield found[1]
                    break
            else:
                raise AssertionError(said)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def installed(directory: Path) -> Slim:
    """Install it, in the way of docs/docker.md, with uv in the place of pip."""
    source = directory / "source"
    for package in ("grammar", "proxy", "gremlink"):
        shutil.copytree(
            TOP / package,
            source / package,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, source)
    slim = Slim(directory)
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", slim.python.parents[1]], check=True
    )
    uv = [Path(sys.executable).parent / "uv", "--quiet", "pip", "install", "--python", slim.python]
    subprocess.run(
        [*uv, "--require-hashes", "-r", TOP / "requirements-serve.lock"], check=True, timeout=600
    )
    subprocess.run([*uv, "--no-deps", source], check=True, timeout=600)
    # Optional in every installation; the models of the tests were trained where it was installed.
    words = [*uv, "--constraint", TOP / "requirements.lock", "wordllama"]
    subprocess.run(words, check=True, timeout=600)
    return slim
