"""What a clean clone relies on: the lock fits the project, and set-up finds a usable Python."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gremlink.proxy.messages.left_out import EMBEDDED, TRAINING

TOP = Path(__file__).parent.parent
LOCK = (TOP / "requirements.lock").read_text()
LOCKED = [
    each
    for line in LOCK.replace("\\\n", " ").splitlines()
    if (each := line.partition("#")[0].split())
]
"""Each requirement with its hashes, as the words of its line."""
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
PROJECT = tomli.loads((TOP / "pyproject.toml").read_text())["project"]
DECLARED = [
    Requirement(line)
    for line in PROJECT["dependencies"]
    + [
        line
        for name, extra in PROJECT["optional-dependencies"].items()
        # Some hundred MiB each: one is for whoever compares, one compiles for its picture.
        if name not in ("benchmark", "umap")
        for line in extra
    ]
]


def locked(python: str) -> dict[str, str]:
    """Locked versions by canonical name, as Linux with that Python (`3.10`, `3.11`) sees them."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    pins = [
        Requirement(" ".join(word for word in words if not word.startswith("--")))
        for words in LOCKED
    ]
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(environment)
    }


@pytest.mark.parametrize("python", ["3.10", "3.11"])
def test_lock_satisfies_what_the_project_declares(python: str) -> None:
    versions = locked(python)
    offenders = [
        f"{requirement}, locked is {versions.get(canonicalize_name(requirement.name))}"
        for requirement in DECLARED
        if requirement.marker is None or requirement.marker.evaluate({"python_version": python})
        if not requirement.specifier.contains(
            versions.get(canonicalize_name(requirement.name), "0.dev0")
        )
    ]
    assert not offenders, "run `make lock`:\n" + "\n".join(offenders)


def test_each_locked_package_has_one_version_and_hashes_of_its_files() -> None:
    offenders = []
    for pin, *words in LOCKED:
        options = [word for word in words if word.startswith("--")]
        exact = re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", pin)
        if not exact or not options or not all(map(HASH.fullmatch, options)):
            offenders.append(pin)
    assert not offenders, "run `make lock`:\n" + "\n".join(offenders)


def test_setup_says_how_many_packages_it_installs() -> None:
    said = re.search(r"^PACKAGES := (\d+)$", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert said
    assert int(said[1]) == max(len(locked(python)) for python in ("3.10", "3.11"))


def test_lock_names_no_host() -> None:
    assert "://" not in LOCK
    assert "--index" not in LOCK


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_setup_without_a_usable_python_says_what_to_install(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python3", "python3.10", "python3.11"):
        stub = programs / name
        stub.write_text("#!/bin/sh\necho command not found >&2\nexit 127\n")
        stub.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(TOP / name, tmp_path)
    # Inside `make test` the outer make must not pass its targets, flags or job server on.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    environment.pop("PYTHON", None)
    make = shutil.which("make")
    assert make
    result = subprocess.run(
        [make, "setup"],
        cwd=tmp_path,
        env={**environment, "PATH": f"{programs}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode != 0
    assert "No usable Python: tried" in result.stderr
    assert "Install Python 3.10 or 3.11" in result.stderr
    assert not (tmp_path / ".venv").exists()


SERVE = tomli.loads((TOP / "pyproject.toml").read_text())["dependency-groups"]["serve"]


def test_serving_needs_a_part_of_what_is_declared() -> None:
    assert set(SERVE) < set(PROJECT["dependencies"])
    left_out = {Requirement(line).name for line in set(PROJECT["dependencies"]) - set(SERVE)}
    modules = {"scikit-learn": "sklearn"}
    tables = {"lark"}  # of scripts, made with it by `make tables`
    assert {modules.get(name, name) for name in left_out} - tables == {*TRAINING, *EMBEDDED}


def test_lock_for_serving_has_the_versions_and_hashes_of_the_other() -> None:
    def pins(text: str) -> dict[str, frozenset[str]]:
        lines = (line.partition("#")[0].split() for line in text.replace("\\\n", " ").splitlines())
        return {
            " ".join(word for word in words if not word.startswith("--")): frozenset(words)
            for words in lines
            if words
        }

    serving = pins((TOP / "requirements-serve.lock").read_text())
    assert {Requirement(line).name for line in SERVE} <= {
        Requirement(line).name for line in serving
    }
    whole = {line.partition(" ;")[0]: hashes for line, hashes in pins(LOCK).items()}
    for line, words in serving.items():
        version = line.partition(" ;")[0]
        assert version in whole, f"{version} is not locked for all: run `make lock`"
        hashes = {word for word in words if word.startswith("--hash")}
        assert hashes <= whole[version]
