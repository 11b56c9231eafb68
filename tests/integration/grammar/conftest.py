"""TinkerPop's own feature files, out of `gremlin-test` from Maven Central."""

from __future__ import annotations

import re
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext

from gremlink.proxy.embedded.jars import cache_directory

PARAMETER = re.compile(r'using the parameter (\w+) defined as "(.*)"')
FENCE = '"""'


@dataclass(frozen=True)
class DocString:
    """A doc string, and the parameters of its scenario as they are written there."""

    text: str
    is_traversal: bool
    parameters: tuple[tuple[str, str], ...]


def jar(version: str) -> Path:
    """The jar of `gremlin-test`, fetched once into the user's cache."""
    cache = cache_directory() / "repository"
    cache.mkdir(parents=True, exist_ok=True)
    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    context = MavenContext(repo_cache=cache, remote_repos=repositories)
    project = context.project("org.apache.tinkerpop", "gremlin-test")
    return Path(project.at_version(version).artifact().resolve())


def doc_strings(version: str) -> list[DocString]:
    """All doc strings of the version's feature files, comments included, in order."""
    found: list[DocString] = []
    with zipfile.ZipFile(jar(version)) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".feature"):
                found += _of_feature(archive.read(name).decode("utf-8"))
    return found


def _of_feature(text: str) -> list[DocString]:
    found: list[DocString] = []
    step = ""
    parameters: dict[str, str] = {}
    lines: list[str] | None = None
    for line in text.splitlines():
        stripped = line.strip().lstrip("#").strip()
        if stripped == FENCE:
            if lines is None:
                lines = []
                continue
            is_traversal = step.endswith(("the traversal of", "the graph initializer of"))
            text = textwrap.dedent("\n".join(lines))
            found.append(DocString(text, is_traversal, tuple(parameters.items())))
            lines = None
        elif lines is not None:
            lines.append(line.replace("#", " ", 1) if line.startswith("#") else line)
        elif stripped:
            step = stripped
            if stripped.startswith("Scenario:"):
                parameters = {}
            elif defined := PARAMETER.search(stripped):
                parameters[defined[1]] = defined[2]
    return found


@pytest.fixture(scope="session")
def features_3_7() -> list[DocString]:
    return doc_strings("3.7.5")


@pytest.fixture(scope="session")
def features_3_8() -> list[DocString]:
    return doc_strings("3.8.1")
