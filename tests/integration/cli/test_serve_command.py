"""`gremlink serve` as a process: where it listens, what it passes on, how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from patience import eventually, until_there

from gremlink.proxy.cli import main


@contextmanager
def serving(upstream: str, directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "gremlink", "serve", "--upstream", upstream, *arguments]
    environment = {**os.environ, "GREMLINK_STORE_DIRECTORY": str(directory)}
    process = subprocess.Popen(
        command, cwd=directory, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def announced(process: "subprocess.Popen[str]") -> str:
    assert process.stderr
    for line in process.stderr:
        if found := re.fullmatch(r"gremlink listens at (\S+)\n", line):
            return found[1]
    pytest.fail("the proxy did not say where it listens")


def query(url: str, script: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["query", "--url", url, script])
    return result.exit_code, result.output


def runs_one(url: str) -> bool:
    """Whether the proxy has a query under way."""
    address = url.replace("ws://", "http://").replace("/gremlin", "/gremlin/status")
    with urlopen(address, timeout=60) as answer:
        return len(json.load(answer)["queries"]) == 1


def ready(url: str) -> bool:
    """What whoever shares out clients among proxies asks."""
    address = url.replace("ws://", "http://").replace("/gremlin", "/health/ready")
    try:
        with urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_passes_queries_on_and_ends_when_asked(
    graph_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    with serving(graph_url, tmp_path, "--port", "0") as process:
        address = announced(process)
        assert address.startswith("ws://127.0.0.1:")
        assert query(address, "g.inject(40 + 2)") == (0, "42\n")
        process.send_signal(number)
        assert process.wait(timeout=30) == 0


def test_a_query_that_runs_is_answered_before_the_end(graph_url: str, tmp_path: Path) -> None:
    with serving(graph_url, tmp_path, "--port", "0") as process:
        address = announced(process)
        with ThreadPoolExecutor() as pool:
            script = until_there(tmp_path / "done")
            slow = pool.submit(query, address, f"{script}; g.inject(7)")
            eventually(lambda: runs_one(address))
            assert ready(address)
            process.send_signal(signal.SIGTERM)
            eventually(lambda: not ready(address))
            (tmp_path / "done").touch()
            assert slow.result(60) == (0, "7\n")
        assert process.wait(timeout=30) == 0


def test_a_second_signal_does_not_wait(graph_url: str, tmp_path: Path) -> None:
    with serving(graph_url, tmp_path, "--port", "0") as process:
        address = announced(process)
        with ThreadPoolExecutor() as pool:
            slow = pool.submit(query, address, "Thread.sleep(30000); g.inject(7)")
            eventually(lambda: runs_one(address))
            process.send_signal(signal.SIGTERM)
            eventually(lambda: not ready(address))
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            code, output = slow.result(25)
        assert code == 1
        assert "shutting down" in output
        assert process.wait(timeout=60) == 0


def test_settings_come_from_the_file_in_the_current_directory(
    graph_url: str, tmp_path: Path
) -> None:
    (tmp_path / "gremlink.toml").write_text('[listen]\npath = "/other"\nport = 0\n')
    with serving(graph_url, tmp_path) as process:
        address = announced(process)
        assert address.endswith("/other")
        assert query(address, "g.inject(1)") == (0, "1\n")


def test_unknown_endpoint_is_neptunes_error(graph_url: str, tmp_path: Path) -> None:
    script = (
        'g.with("Neptune#ml.endpoint", "nobody").V().out("x")'
        '.with("Neptune#ml.prediction").hasLabel("y")'
    )
    with serving(graph_url, tmp_path, "--port", "0") as process:
        code, output = query(announced(process), script)
    assert code == 1
    assert "Endpoint nobody not found." in output


def test_port_in_use_is_one_line(graph_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        with serving(graph_url, tmp_path, "--port", str(port)) as process:
            assert process.wait(timeout=30) == 1
            assert process.stderr
            said = process.stderr.read()
    assert said.startswith(f"gremlink: cannot listen on 127.0.0.1:{port}: ")
    assert said.count("\n") == 1


def test_no_upstream_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert "--upstream" in result.stderr
