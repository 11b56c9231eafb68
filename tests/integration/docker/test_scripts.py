"""The scripts of the compose file, without containers: the sample graph to an answer."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.served import served

DOCKER = Path(__file__).parents[3] / "docker"


def run(script: str, url: str, store: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script as the image does: `gremlink` and `python` are on the path."""
    programs = str(Path(sys.executable).parent)
    if shutil.which("gremlink", path=programs) is None:
        pytest.skip("gremlink is not installed beside this Python")
    return subprocess.run(
        ["sh", DOCKER / script, url],
        cwd=store.parent,
        env={
            **os.environ,
            "PATH": os.pathsep.join([programs, os.environ["PATH"]]),
            "GREMLINK_STORE_DIRECTORY": str(store),
        },
        capture_output=True,
        text=True,
        timeout=600,
    )


def check_health(address: str) -> None:
    """Run the image's health check, on the address of a proxy."""
    (command,) = re.findall(
        r"HEALTHCHECK .*\\\n +CMD (\[.*\])", (DOCKER / "Dockerfile").read_text()
    )
    python, *arguments = json.loads(command)
    assert python == "python"
    http = address.replace("ws://", "http://")
    arguments = [word.replace("http://127.0.0.1:8182/gremlin", http) for word in arguments]
    assert any(http in word for word in arguments)
    subprocess.run([sys.executable, *arguments], check=True, timeout=60)


def test_prepare_then_ask(empty_graph: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    prepared = run("prepare.sh", empty_graph, store)
    assert prepared.returncode == 0, prepared.stderr
    assert "20 vertices and 25 edges loaded" in prepared.stdout

    again = run("prepare.sh", empty_graph, store)
    assert (again.returncode, again.stdout) == (0, "The endpoint friends exists.\n")

    with served(empty_graph, store) as address:
        check_health(address)
        asked = run("ask.sh", address, store)
    assert asked.returncode == 0, asked.stderr
    first_title, first, next_title, *eight = asked.stdout.splitlines()
    assert (first_title, next_title) == ("Henry's next friend:", "His next eight:")
    assert eight[0] == first
    assert len(set(eight)) == 8
