"""Drivers of other languages, installed once into the user's cache and run as programs.

What cannot be had on a machine, a toolchain or a registry, skips the test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gremlink.proxy.embedded import QUICK_TO_START
from gremlink.proxy.embedded.jars import cache_directory, resolve_jars

JAVA_DRIVER = "org.apache.tinkerpop:gremlin-driver:3.7.3"


def workshop() -> Path:
    """Where drivers are installed and programs built, once for all runs."""
    directory = cache_directory().parent / "drivers"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def need(*tools: str) -> None:
    """Skip the test unless the programs are there."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def run(*command: object, directory: Path, **environment: str) -> str:
    """What a command prints."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(*command: object, directory: Path) -> None:
    """Fetch a driver; a machine without a registry skips the test."""
    try:
        run(*command, directory=directory)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{command[0]} cannot fetch the driver: {str(error)[:200]}")


def javascript_driver(version: str) -> Path:
    """A directory in which Node finds gremlin-javascript."""
    need("node", "npm")
    directory = workshop() / f"javascript-{version}"
    if not (directory / "node_modules" / "gremlin").is_dir():
        directory.mkdir(exist_ok=True)
        (directory / "package.json").write_text("{}")
        install(
            "npm", "install", "--no-audit", "--no-fund", f"gremlin@{version}", directory=directory
        )
    return directory


def run_java(program: Path, url: str, *words: str) -> str:
    """What a program of one file prints with the Java driver; it takes host, port and words."""
    need("java", "javac")
    jars = os.pathsep.join(map(str, resolve_jars((JAVA_DRIVER,))))
    address = urlsplit(url)
    place = (address.hostname, address.port)
    options = (*QUICK_TO_START, "-cp", jars)
    return run("java", *options, program, *place, *words, directory=workshop())
