"""Failures of the system in every command: one sentence that names what could not be used."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gremlink.proxy.embedded.sample import FRIENDS

RAW = re.compile(r"\[Errno|_ssl\.c|Traceback|\(Errno|Exception ignored|defect")

FULL = "No space left on device"


def run(*words: object, directory: Path, stdout: int | None = None) -> tuple[int, str]:
    """Exit code and standard error of `gremlink WORDS`."""
    result = subprocess.run(
        [sys.executable, "-m", "gremlink", *map(str, words)],
        cwd=directory,
        env={**os.environ, "GREMLINK_STORE_DIRECTORY": str(directory / "store")},
        input="g.V()",
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    return result.returncode, result.stderr


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


PORT = closed_port()
CASES = {
    "load, nobody listens": (
        ["load", FRIENDS, "--url", f"ws://localhost:{PORT}/gremlin"],
        "Connection refused",
    ),
    "load, no such host": (["load", FRIENDS, "--url", "ws://no.invalid/gremlin"], "name"),
    "load, unreadable": (["load", "/proc/self/mem"], "/proc/self/mem"),
    "export, nobody listens": (
        ["export", "--output", "e", "--url", f"ws://127.0.0.1:{PORT}/gremlin"],
        "Connection refused",
    ),
    "query, nobody listens": (
        ["query", "--url", f"ws://127.0.0.1:{PORT}/gremlin", "g.V()"],
        "Connection refused",
    ),
    "query, no such host": (["query", "--url", "ws://no.invalid/gremlin", "g.V()"], "name"),
    "serve, not our address": (
        ["serve", "--host", "192.0.2.77", "--upstream", f"ws://127.0.0.1:{PORT}/gremlin"],
        "192.0.2.77",
    ),
    "serve, no folder": (
        ["serve", "--store", "/proc/no", "--upstream", f"ws://127.0.0.1:{PORT}/gremlin"],
        "/proc/no",
    ),
    "gremlin-server, no folder": (["gremlin-server", "--data", "/proc/no"], "/proc/no"),
    "process, no folder": (["process", "/proc/self/fdinfo", "--output", "/proc/no"], "/proc/"),
    "settings": (["jobs", "--config", "/proc/self/mem"], "/proc/self/mem"),
    "parse, no file": (["parse", "/no/such"], "/no/such"),
}


@pytest.mark.parametrize("case", CASES)
def test_one_sentence_says_what_and_why(case: str, tmp_path: Path) -> None:
    words, expected = CASES[case]
    code, said = run(*words, directory=tmp_path)
    assert code in (1, 2), said
    assert expected in said
    assert not RAW.search(said), said
    assert said.startswith("gremlink: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"], ["parse"]], ids=" ".join)
def test_a_full_disk_behind_standard_output(words: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        code, said = run(*words, directory=tmp_path, stdout=full.fileno())
    assert (code, said) == (1, f"gremlink: the operating system refuses: {FULL}\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["parse", "query"], 0),
        (["--help"], 0),
        (["endpoint", "list"], 0),
        (["endpoint", "delete", "nope"], 1),
        (["serve", "--log-format", "json"], 2),
    ],
)
def test_streams_that_are_closed(closed: str, words: list[str], code: int, tmp_path: Path) -> None:
    """A daemon's: what is written to them is lost, and the rest is done."""
    (tmp_path / "query").write_text("g.V()")
    result = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "gremlink", *words],
        cwd=tmp_path,
        env={**os.environ, "GREMLINK_STORE_DIRECTORY": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == code, result.stderr
    assert "defect" not in result.stderr + result.stdout
    assert "Traceback" not in result.stderr
