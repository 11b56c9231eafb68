"""Ctrl-C at any moment: the usual exit code, a sentence about what is there, and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from communities import write_communities

from gremlink.proxy.cli import main
from gremlink.proxy.embedded import EmbeddedServer

INTERRUPTED = 130


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_communities(tmp_path_factory.mktemp("data") / "export")


def begun(export: Path, output: Path) -> subprocess.Popen[str]:
    """A training that takes long."""
    long = ["--epochs", "1000000", "--model", "lightgcn", "--threads", "1"]
    return subprocess.Popen(
        [sys.executable, "-m", "gremlink", "train", str(export), "--output", str(output), *long],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.2])
def test_while_it_starts(export: Path, tmp_path: Path, seconds: float) -> None:
    process = begun(export, tmp_path / "model")
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "Traceback" not in said
    if "interrupted" in said:
        assert process.returncode == INTERRUPTED
    else:
        # Python itself had not started.
        assert process.returncode in (-signal.SIGINT, 1, INTERRUPTED), said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("is_there", [False, True])
def test_while_it_learns(export: Path, tmp_path: Path, is_there: bool) -> None:
    output = tmp_path / "model"
    if is_there:
        output.mkdir()
    process = begun(export, output)
    assert process.stderr is not None
    for line in process.stderr:
        if "cross-validation" in line:
            break
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    kept = "what was there is as it was" if is_there else "nothing was written"
    assert f"gremlink: interrupted. {output}: {kept}" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == ([output] if is_there else [])


def test_the_quick_start_says_what_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(server: EmbeddedServer) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(EmbeddedServer, "start", interrupted)
    data = tmp_path / "data"
    done = CliRunner().invoke(main, ["quickstart", "--data", str(data), "--port", "0"])
    assert done.exit_code == INTERRUPTED
    kept = f"gremlink: interrupted. What was loaded stays in {data}; "
    assert kept in done.stderr
