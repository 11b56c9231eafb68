"""What is installed: one package, from the tree and from the sdist, beside another `proxy`."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

import gremlink

TOP = Path(__file__).parents[2]
BARE = ("grammar", "proxy")
PROXY_PY = "proxy.py==2.4.10"
"""A package of PyPI that installs `proxy`."""


def build(source: Path, kind: str, output: Path) -> Path:
    """Build a wheel or an sdist (`kind`) as pip does without isolation, and without a network."""
    output.mkdir(exist_ok=True)
    code = f"from setuptools.build_meta import build_{kind} as build; print(build({str(output)!r}))"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    return output / ended.stdout.split()[-1]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it is, but for what a build would leave in it."""
    source = tmp_path_factory.mktemp("source")
    for package in (*BARE, "gremlink"):
        shutil.copytree(
            TOP / package,
            source / package,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, source)
    return source


@pytest.fixture(scope="module")
def sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(source: Path, sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, "wheel", tmp_path_factory.mktemp("wheel"))


def files_in(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_gremlink_and_nothing_else(wheel: Path) -> None:
    files = files_in(wheel)
    assert {name.partition("/")[0] for name in files} == {"gremlink"}
    tree = {
        f"gremlink/{file.relative_to(TOP).as_posix()}"
        for package in BARE
        for file in (TOP / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert tree <= files
    assert {"gremlink/__init__.py", "gremlink/py.typed", "gremlink/api/models.py"} <= files


def test_the_sdist_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    packages = {path.name for path in unpacked.iterdir() if (path / "__init__.py").exists()}
    assert packages == {"gremlink"}
    again = build(unpacked, "wheel", tmp_path / "wheel")
    assert files_in(again) == files_in(wheel)


def python_files() -> Iterator[Path]:
    for folder in ("benchmarks", "docs", "gremlink/api", "grammar", "proxy", "tests"):
        yield from sorted((TOP / folder).rglob("*.py"))
    yield from sorted((TOP / "gremlink").glob("*.py"))


def imported_in(text: str) -> set[str]:
    """Return the top-level packages that a source imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module or "")
    return {name.partition(".")[0] for name in names}


MAY_IMPORT = re.compile(r"^\s*(?:from|import)\s.*\b(?:grammar|proxy)\b(?!.*gremlink)", re.MULTILINE)


def test_nothing_imports_the_bare_names() -> None:
    offenders = [
        str(file.relative_to(TOP))
        for file in python_files()
        if MAY_IMPORT.search(text := file.read_text(encoding="utf-8"))
        and imported_in(text) & set(BARE)
    ]
    assert not offenders, offenders


def test_no_document_names_them() -> None:
    bare = re.compile(r"(?:^|[\"'`>])\s*(?:from|import|python -m) (?:grammar|proxy)\b", re.M)
    files = [TOP / "README.md", *(TOP / "docs").rglob("*.md"), *(TOP / "docs").rglob("*.ipynb")]
    files += [TOP / "Makefile", *(TOP / "docker").rglob("*.*")]
    assert [file for file in files if bare.search(file.read_text(encoding="utf-8"))] == []


class Environment:
    """A fresh virtual environment, filled by uv."""

    def __init__(self, directory: Path) -> None:
        self.python = directory / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory], check=True)

    def uv(self, *words: object) -> subprocess.CompletedProcess[str]:
        uv = Path(sys.executable).parent / "uv"
        return subprocess.run(
            [uv, "--quiet", "pip", *map(str, words), "--python", self.python],
            capture_output=True,
            text=True,
            timeout=120,
        )

    def runs(self, *words: str) -> str:
        """What the interpreter prints, away from the tree; "" for an error."""
        ended = subprocess.run(
            [self.python, "-I", *words], cwd="/", capture_output=True, text=True, timeout=60
        )
        return "" if ended.returncode else ended.stdout.strip()

    def has_gremlink(self) -> bool:
        return self.runs("-m", "gremlink", "--version").endswith(gremlink.__version__)

    def has_proxy_py(self) -> bool:
        return self.runs("-c", "import proxy; print(proxy.Proxy.__name__)") == "Proxy"


@pytest.mark.integration
@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize("ours_goes", [True, False])
def test_it_lives_beside_a_package_called_proxy(
    wheel: Path, tmp_path: Path, ours_first: bool, ours_goes: bool
) -> None:
    environment = Environment(tmp_path / "environment")
    lock = TOP / "requirements.lock"
    needed = environment.uv("install", "--constraint", lock, "click", "lark")
    if needed.returncode:
        pytest.skip(f"the registry cannot be reached: {needed.stderr.strip()[-200:]}")
    order = [wheel, PROXY_PY] if ours_first else [PROXY_PY, wheel]
    for each in order:
        installed = environment.uv("install", "--no-deps", each)
        if each == PROXY_PY and installed.returncode:
            pytest.skip(f"{PROXY_PY} cannot be fetched: {installed.stderr.strip()[-200:]}")
        assert installed.returncode == 0, installed.stderr
    assert environment.has_gremlink()
    assert environment.has_proxy_py()
    read = "import gremlink; print(gremlink.grammar.write(gremlink.grammar.parse('g.V()')))"
    assert environment.runs("-c", read) == "g.V()"
    gone = environment.uv("uninstall", "gremlink" if ours_goes else "proxy.py")
    assert gone.returncode == 0, gone.stderr
    assert environment.has_gremlink() != ours_goes
    assert environment.has_proxy_py() == ours_goes
