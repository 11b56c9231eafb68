"""Standard error of `gremlink serve --log-format json`: objects, whoever writes there."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NOISE = """
import logging, os, sys, threading, time, warnings

def noise():
    while not logging.root.handlers:
        time.sleep(0.02)
    time.sleep(0.1)
    os.write(2, b"words of a library in C\\n")
    print("words of a library in Python", file=sys.stderr)
    os.write(2, b'{"not": "ours"}\\n')
    os.write(2, b"\\xff\\x1b[31m no text\\n")
    warnings.warn("words of a warning")
    raise RuntimeError("words of a thread")

if "-c" not in sys.argv:
    threading.Thread(target=noise, daemon=True).start()
"""
"""Runs when Python starts, in the supervisor and in its workers."""

UPSTREAM = ["--upstream", "ws://127.0.0.1:9/gremlin"]


class Served:
    """The command as a process; `lines` are the objects on its standard error."""

    def __init__(self, directory: Path, *words: str, **environment: str) -> None:
        self._file = directory / "stderr"
        with self._file.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gremlink", "serve", *words],
                cwd=directory,
                env={
                    **os.environ,
                    "GREMLINK_STORE_DIRECTORY": str(directory / "store"),
                    **environment,
                },
                stdout=subprocess.PIPE,
                stderr=output,
            )

    @property
    def lines(self) -> list[dict[str, Any]]:
        lines = self._file.read_text().split("\n")[:-1]
        entries = [json.loads(line) for line in lines]
        for entry in entries:
            assert {"time", "level", "logger", "message"} <= entry.keys()
        return entries

    def wait_for(self, seen: Callable[[list[dict[str, Any]]], bool]) -> None:
        deadline = time.monotonic() + 60
        while not seen(self.lines):
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.05)

    def address(self) -> str:
        """Where it listens, by its own announcement."""
        beginning = "gremlink listens at ws://"
        self.wait_for(lambda lines: any(beginning in line["message"] for line in lines))
        (line,) = [line for line in self.lines if beginning in line["message"]]
        assert (line["level"], line["logger"]) == ("info", "gremlink")
        return str(line["message"]).removeprefix(beginning)

    def end(self, code: int = 0) -> list[dict[str, Any]]:
        """Its lines, when it has ended."""
        assert self.process.wait(60) == code, self.lines
        assert self.process.stdout
        assert self.process.stdout.read() == b""
        return self.lines

    def stop(self) -> list[dict[str, Any]]:
        self.process.send_signal(signal.SIGTERM)
        return self.end()


Start = Callable[..., Served]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command in the test's own folder; it ends with the test at the latest."""
    started: list[Served] = []

    def begin(*words: str, **environment: str) -> Served:
        started.append(Served(tmp_path, *words, **environment))
        return started[-1]

    yield begin
    for served in started:
        served.process.kill()
        served.process.communicate()


def messages(lines: list[dict[str, Any]]) -> str:
    return "\n".join(line["message"] for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_everything_is_an_object(start: Start, tmp_path: Path, workers: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(NOISE)
    served = start(
        "--port", "0", "--workers", workers, "--log-format", "json", *UPSTREAM,
        PYTHONPATH=str(tmp_path), PYTHONWARNINGS="default",
    )  # fmt: skip
    address = served.address()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://{address}?gremlin=1")
    refused.value.close()
    processes = 1 if workers == "1" else 3
    served.wait_for(
        lambda lines: (
            sum("unexpected RuntimeError" in line["message"] for line in lines) == processes
        )
    )
    lines = served.stop()
    told = messages(lines)
    for words in (
        "words of a library in C",
        "words of a library in Python",
        "UserWarning: words of",
    ):
        assert told.count(words) == processes
    assert told.count('{"not": "ours"}') == processes
    assert "failed: Connection refused" in told
    # An exception that nobody foresaw is told by its place, as elsewhere in the log.
    assert "words of a thread" not in json.dumps(lines)
    assert any("sitecustomize.py" in line.get("exception", "") for line in lines)


def test_last_words_of_a_crash_are_an_object(start: Start) -> None:
    served = start("--port", "0", "--log-format=json", *UPSTREAM, PYTHONFAULTHANDLER="1")
    served.address()
    served.process.send_signal(signal.SIGABRT)
    assert served.process.wait(60) == -signal.SIGABRT
    served.wait_for(lambda lines: "Fatal Python error: Aborted" in messages(lines))
    served.end(-signal.SIGABRT)


@pytest.mark.parametrize(
    ("source", "words", "expected", "code"),
    [
        ("flag", ["--port", "many", *UPSTREAM], "listen.port", 2),
        ("file", ["--port", "1", "--upsteam", "x"], "No such option", 2),
        ("environment", [], "which database?", 2),
        ("file", ["--host", "192.0.2.77", *UPSTREAM], "cannot listen on 192.0.2.77:8182", 1),
    ],
    ids=["settings", "usage", "upstream", "address"],
)
def test_errors_are_objects(
    start: Start, tmp_path: Path, source: str, words: list[str], expected: str, code: int
) -> None:
    environment = {}
    match source:
        case "flag":
            words = [*words, "--log-format", "json"]
        case "environment":
            environment = {"GREMLINK_LOG_FORMAT": "json"}
        case _:
            (tmp_path / "gremlink.toml").write_text('[log]\nformat = "json"\n')
    lines = start(*words, **environment).end(code)
    assert expected in messages(lines)
    if expected != "No such option":
        assert [(line["level"], line["logger"]) for line in lines] == [("error", "gremlink")]


@pytest.mark.slow
def test_a_port_in_use_ends_workers_in_one_object(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = str(occupied.getsockname()[1])
        served = start("--port", port, "--workers", "2", "--log-format", "json", *UPSTREAM)
        (line,) = served.end(1)
    assert "Address already in use" in line["message"]
    assert line["level"] == "error"


def test_without_it_the_lines_are_as_they_were(start: Start, tmp_path: Path) -> None:
    served = start("--port", "many", *UPSTREAM)
    assert served.process.wait(60) == 2
    assert (tmp_path / "stderr").read_text().startswith("gremlink: ")
