"""`gremlin-server`, `load` and `export` from the outside, as a script runs them."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gremlink.proxy.embedded.sample import FRIENDS
from gremlink.proxy.graph import load_csv, read_export
from gremlink.proxy.graph.server.connection import GraphConnection

GREMLINK = [sys.executable, "-c", "from gremlink.proxy.cli import main; main()"]


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GREMLINK, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=120
    )


def test_load_and_export(empty_graph: str, tmp_path: Path) -> None:
    loaded = run("load", FRIENDS, "--url", empty_graph, cwd=tmp_path)
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert loaded.stdout.startswith("20 vertices and 25 edges loaded in ")
    parameters = tmp_path / "params.json"
    parameters.write_text('{"features": [{"node": "User", "property": "name", "type": "none"}]}')
    out = tmp_path / "out"
    arguments = ("export", "--url", empty_graph, "--output", out, "--params", parameters)
    exported = run(*arguments, cwd=tmp_path)
    assert (exported.returncode, exported.stderr) == (0, "")
    assert f"exported to {out}" in exported.stdout
    (users,) = read_export(out).nodes
    assert {feature.name: feature.type for feature in users.features}["name"] == "none"


def test_gremlin_text_is_recognised(empty_graph: str, tmp_path: Path) -> None:
    (tmp_path / "seed.txt").write_text("g.addV('A')\ng.addV('B')\n")
    loaded = run("load", tmp_path, "--url", empty_graph, cwd=tmp_path)
    assert loaded.stdout.startswith("2 queries run in ")


def test_failures_are_one_line_on_standard_error(empty_graph: str, tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("~id,n:Int\nv,one\n")
    failed = run("load", tmp_path, "--url", empty_graph, cwd=tmp_path)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == (
        f"gremlink: {tmp_path}/v.csv:2:3: n: 'one' is not a whole number (Int)\n"
    )
    away = run("export", "--url", "ws://127.0.0.1:1/gremlin", "--output", "out", cwd=tmp_path)
    assert (away.returncode, away.stdout) == (1, "")
    assert "no connection to the Gremlin server at ws://127.0.0.1:1/gremlin" in away.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_server_keeps_its_graph_when_stopped(tmp_path: Path, number: signal.Signals) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    arguments = [*GREMLINK, "gremlin-server", "--port", port, "--data", str(tmp_path)]
    url = f"ws://127.0.0.1:{port}/gremlin"
    for expected in (0, 20):
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert url in process.stdout.readline()
                with GraphConnection(url) as connection:
                    assert next(connection.submit("g.V().count()")) == expected
                load_csv(url, FRIENDS)
            finally:
                process.send_signal(number)
            assert process.wait(60) == 0
