"""TinkerPop's own feature files, out of `gremlin-test` from Maven Central."""

from __future__ import annotations

import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext

from proxy.embedded.jars import cache_directory

FENCE = '"""'


@dataclass(frozen=True)
class DocString:
    """A doc string and the graph of its scenario (`"modern"`)."""

    text: str
    graph: str
    is_traversal: bool


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
    graph = step = ""
    lines: list[str] | None = None
    for line in text.splitlines():
        stripped = line.strip().lstrip("#").strip()
        if stripped == FENCE:
            if lines is None:
                lines = []
                continue
            is_traversal = step.endswith(("the traversal of", "the graph initializer of"))
            found.append(DocString(textwrap.dedent("\n".join(lines)), graph, is_traversal))
            lines = None
        elif lines is not None:
            lines.append(line.replace("#", " ", 1) if line.startswith("#") else line)
        elif stripped:
            step = stripped
            if stripped.startswith("Given the ") and stripped.endswith(" graph"):
                graph = stripped.split()[2]
    return found


@pytest.fixture(scope="session")
def features_3_7() -> list[DocString]:
    return doc_strings("3.7.5")


@pytest.fixture(scope="session")
def features_3_8() -> list[DocString]:
    return doc_strings("3.8.1")
