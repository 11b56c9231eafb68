"""Labels, ids, keys, classes, names of files and messages that a terminal would obey.

Every command is run on a terminal of its own; what it writes is looked at byte by byte.
"""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

OBEYED = "\x1b]0owned\x07\x1b[31m\x9b2J\u202e\u2028\x85"
BROKEN = OBEYED + "\r\nFORGED"
"""With a line break, after which data could pretend to be a line of ours."""

KEY = "team" + OBEYED.replace("\u2028", "").replace("\x85", "")
"""A name of a column, which has no blanks."""

OURS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\r\n|\r(?=\x1b|$)|[\n\t]")
"""What the commands themselves draw with: colours, the cursor, ends of lines."""


def on_a_terminal(*arguments: str | Path, cwd: Path) -> tuple[int, bytes]:
    """Exit code, and all that a command has written to its terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gremlink", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "200", "OMP_NUM_THREADS": "1"},
    )
    os.close(slave)
    parts: list[bytes] = []

    def read() -> None:
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # the other side is closed
                return
            if not data:
                return
            parts.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(300)
    reader.join(10)
    os.close(master)
    return code, b"".join(parts)


def assert_tame(written: bytes) -> None:
    """Nothing of the data is obeyed, and none begins a line."""
    assert b"\x1b]" not in written, written
    assert b"\x1b[31m" not in written, written
    text = OURS.sub(b"", written).decode("utf-8")
    obeyed = [character for character in text if not character.isprintable()]
    assert not obeyed, (obeyed, written)
    for line in re.split(rb"[\r\n]+", written):
        shown = OURS.sub(b"", line).decode("utf-8")
        assert not shown.startswith(("FORGED", "│ FORGED")), written


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Vertices and edges of which everything is hostile."""
    folder = tmp_path / f"data{OBEYED}"
    folder.mkdir()
    with (folder / f"v{OBEYED}.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["~id", "~label", f"{KEY}:String(single)", "name:String(single)"])
        for number in range(30):
            team = f"{number % 2}{BROKEN}"
            rows.writerow([f"{number}{BROKEN}", f"User{BROKEN}", team, f"n{BROKEN}"])
    with (folder / "e.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["~id", "~label", "~from", "~to"])
        for number in range(60):
            ends = f"{number % 30}{BROKEN}", f"{(number * 7 + 2) % 30}{BROKEN}"
            rows.writerow([f"e{number}{BROKEN}", f"KNOWS{BROKEN}", *ends])
    return folder


def test_no_command_obeys_what_is_in_the_data(
    empty_graph: str, people: Path, tmp_path: Path
) -> None:
    def run(*arguments: str | Path, code: int = 0) -> bytes:
        found, written = on_a_terminal(*arguments, cwd=tmp_path)
        assert found == code, (found, written)
        assert_tame(written)
        return written

    url = ("--url", empty_graph)
    run("load", people, *url)
    script = "g.V().limit(3).valueMap(true)"
    assert b"\\x1b]0owned" in run("query", script, *url)
    assert b"\\u001b]0owned" in run("query", "--json", script, *url)
    run("query", f"g.V('{OBEYED}').no()", *url, code=1)
    run("query", f"throw new RuntimeException('''{BROKEN}''')", *url, code=1)

    target = {"node": f"User{BROKEN}", "property": KEY, "type": "classification"}
    parameters = tmp_path / "p.json"
    parameters.write_text(json.dumps({"params": {}, "additionalParams": {"neptune_ml": {
        "version": "v2.0", "targets": [target]}}}))  # fmt: skip
    out = tmp_path / f"out{OBEYED}"
    run("export", "--output", out, "--params", parameters, *url)
    assert b"\\x1b]0owned" in run("process", out, "--output", tmp_path / "processed")
    report = run("train", out, "--output", tmp_path / "model", "--budget", "1s", "--epochs", "1")
    assert b"\\x1b]0owned" in report
    run("transform", tmp_path / "model", out, "--output", tmp_path / f"again{OBEYED}")
    run("embeddings", tmp_path / "model", "--neighbours", f"0{BROKEN}", code=1)
    store = ("--store", tmp_path / "store")
    run("endpoint", "create", f"x{OBEYED}", "--artifact", tmp_path / "model", *store, code=1)
    run("endpoint", "create", "good", "--artifact", tmp_path / "model", *store)
    run("endpoint", "list", *store)
    run("endpoint", "delete", f"x{BROKEN}", *store, code=1)

    target["property"] = f"no{BROKEN}"
    parameters.write_text(json.dumps({"additionalParams": {"neptune_ml": {"targets": [target]}}}))
    run("export", "--output", tmp_path / "no", "--params", parameters, *url, code=1)


@pytest.mark.parametrize(
    "rows",
    [
        ["~id,~label,n:Int", f'1,a,"x{BROKEN}"'],
        ["~id,~label,n:String", f'"1{BROKEN}",a,x,y'],
        [f"~id,~label,{KEY}:X", "1,a,x"],
        ["~id,~from,~to,~label", f'"e{BROKEN}","no{BROKEN}","none{BROKEN}",x'],
        ["~id,~label", '1,"a', f"{BROKEN}"],
        [f"~id{BROKEN},~label", "1,a"],
    ],
)
def test_no_error_about_a_file_obeys_it(empty_graph: str, tmp_path: Path, rows: list[str]) -> None:
    folder = tmp_path / f"bad{BROKEN}"
    folder.mkdir()
    (folder / f"x{BROKEN}.csv").write_text("\n".join(rows) + "\n", newline="")
    code, written = on_a_terminal("load", folder, "--url", empty_graph, cwd=tmp_path)
    assert code == 1, written
    assert_tame(written)
    assert b"\\x1b]0owned" in written


@pytest.mark.parametrize(
    "arguments",
    [
        ("load", f"no{BROKEN}"),
        ("train", f"no{BROKEN}", "--output", "x"),
        ("process", ".", "--output", "x", "--configuration", f"no{BROKEN}.json"),
        ("query", "g.V()", "--url", f"ws://no{OBEYED}/g"),
        (f"command{BROKEN}",),
        ("serve", f"--flag{BROKEN}"),
        ("serve", "--port", f"x{BROKEN}"),
        ("serve", "--config", f"no{BROKEN}.toml"),
        ("jobs", "logs", f"no{BROKEN}"),
        ("--debug", "endpoint", "delete", f"no{BROKEN}"),
        ("parse", f"no{BROKEN}"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_usage_error_obeys_its_arguments(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, written = on_a_terminal(*arguments, cwd=tmp_path)
    assert code in (1, 2), written
    assert_tame(written)


@pytest.mark.parametrize(
    "text",
    [
        f"g.V('a{OBEYED}').out('x{OBEYED}')",
        f"g.V('a').as('{OBEYED}').out('FRIEND').with('Neptune#ml.prediction').hasLabel('{OBEYED}')",
        f"g.V('{OBEYED}'",
        f"x = '''{BROKEN}'''",
    ],
)
def test_parse_shows_a_query_and_obeys_nothing_of_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "q").write_text(text, newline="")
    _, written = on_a_terminal("parse", "q", cwd=tmp_path)
    assert_tame(written)
    assert b"owned" in written
