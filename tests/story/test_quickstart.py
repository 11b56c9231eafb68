"""`gremlink quickstart`, once from an empty directory to its end by Ctrl-C."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gremlink.proxy.cli import main
from gremlink.proxy.store.records import Store

LAST_LINE = "Ctrl-C ends it; the data stays."


class Running:
    """The command as a process; `printed` is what it has written to standard output."""

    def __init__(self, data: Path) -> None:
        self.printed = ""
        self._said = ""
        self.ready = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.server_port = probe.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "gremlink",
            "quickstart",
            "--port",
            "0",
            "--data",
            str(data),
        ]
        self.process = subprocess.Popen(
            command,
            cwd=data.parent,
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "1",
                "GREMLINK_EMBEDDED_PORT": str(self.server_port),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.printed += line
            if line.strip() == LAST_LINE:
                self.ready.set()
        self.ready.set()

    def close(self) -> str:
        """End it if nobody has; what it wrote to standard error."""
        self.process.kill()
        self._reader.join(30)
        assert self.process.stderr
        if not self.process.stderr.closed:
            _, self._said = self.process.communicate(timeout=30)
        return self._said


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quickstart") / "data"


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Running]:
    started = Running(data)
    try:
        assert started.ready.wait(600)
        yield started
    finally:
        started.close()


def test_its_server_answers_only_its_own_commands(running: Running, data: Path) -> None:
    settings = json.loads((data / "server" / "conf" / "gremlin-server.yaml").read_text())
    assert settings["ssl"]["needClientAuth"] == "REQUIRE"
    with socket.create_connection(("127.0.0.1", settings["port"]), timeout=10) as plain:
        plain.sendall(b"GET /gremlin?gremlin=g.addV() HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP/1.1" not in plain.recv(1024)


def answers(printed: str) -> list[list[str]]:
    return [line.split(", ") for line in re.findall(r"^==> (.*)$", printed, re.MULTILINE)]


def test_answers_both_questions(running: Running) -> None:
    assert running.process.poll() is None, running.close()
    first, second = answers(running.printed)
    assert first == ["Bill"]
    assert len(set(second)) == 8
    assert "Henry" not in second


def test_the_server_has_the_port_of_the_settings(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.server_port), timeout=10):
        pass


@pytest.mark.parametrize("source", ["file", "environment", "flag", "flag before environment"])
def test_the_port_of_the_server_comes_from_wherever_settings_do(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["quickstart", "--port", "0", "--data", str(tmp_path / "data")]
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        match source:
            case "file":
                Path("gremlink.toml").write_text(f"[embedded]\nport = {port}\n")
            case "environment":
                monkeypatch.setenv("GREMLINK_EMBEDDED_PORT", str(port))
            case "flag":
                words += ["--server-port", str(port)]
            case _:
                monkeypatch.setenv("GREMLINK_EMBEDDED_PORT", "1")
                words += ["--server-port", str(port)]
        result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use." in result.stderr


def test_prints_the_model_beside_the_best_baseline_and_chance(running: Running) -> None:
    for row in (r"auto \(served\)", r"[a-z-]+ \(best simple\)", "a random order"):
        assert re.search(rf"│ {row} +│( +0\.\d{{4}} │){{4}}", running.printed)
    page = re.search(r"The sample is tiny: 25 edges\..* (/\S+report\.html)", running.printed)
    assert page
    assert Path(page[1]).is_file()


def test_python_snippet_runs_as_it_is_printed(running: Running) -> None:
    block = running.printed.split("1. Python")[1].split("2. Gremlin Console")[0]
    snippet = textwrap.dedent(block.split("\n", 1)[1]).strip()
    *beginning, last = snippet.split("\ng.with_")
    program = "\n".join(beginning) + f"\nprint(g.with_{last})"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    first, _ = answers(running.printed)
    assert result.stdout == f"{first}\n", result.stderr


def test_example_of_the_readme_runs(running: Running) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    example = text.split("```python\n", 1)[1].split("```", 1)[0]
    address = re.search(r"listens at (ws://\S+/gremlin)", running.printed)
    assert address
    program = example.replace("ws://localhost:8182/gremlin", address[1])
    assert program != example
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    _, second = answers(running.printed)
    assert result.stdout == f"{second}\n", result.stderr


def test_notebook_configuration_is_json_with_the_address(running: Running) -> None:
    port = re.search(r"listens at ws://127\.0\.0\.1:(\d+)/gremlin", running.printed)
    assert port
    cell = running.printed.split("%%graph_notebook_config\n")[1].split("\n")[0]
    assert json.loads(cell)["port"] == int(port[1])


def test_ends_in_order_on_interrupt(running: Running, data: Path) -> None:
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(60) == 0
    stages = running.close()  # a pipe gets a line for each stage of the training, and no more
    assert all(line.startswith("gremlink: ") for line in stages.splitlines())
    assert not re.search("warning|error|Error", stages)
    assert (data / "server" / "graph.kryo").stat().st_size > 0
    assert [endpoint.name for endpoint in Store(data).endpoints()] == ["friends"]
