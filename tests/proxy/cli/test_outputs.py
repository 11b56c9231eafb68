"""Where output goes is tried before the work; what took long is not lost when there is no room at
the end."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from communities import write_communities

from gremlink.proxy.cli import main
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows import train
from gremlink.proxy.learning.workflows.process import prepare
from gremlink.proxy.store import artifacts
from gremlink.proxy.store.artifacts import read_artifact

QUICK = ("--model", "popularity", "--threads", "1")
NOWHERE = "ws://127.0.0.1:1/gremlin"
Command = Callable[[Path], list[str]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export, a processed graph and a model."""
    directory = tmp_path_factory.mktemp("data")
    write_communities(directory / "export")
    prepare(directory / "export", directory / "processed")
    train.train(directory / "processed", directory / "model", model="popularity")
    return directory


COMMANDS: dict[str, Command] = {
    "train": lambda data: ["train", str(data / "processed"), *QUICK],
    "process": lambda data: ["process", str(data / "export")],
    "transform": lambda data: ["transform", str(data / "model"), str(data / "export")],
    # Nobody answers there: the output is tried before anybody is asked.
    "export": lambda data: ["export", "--url", NOWHERE],
}


def in_proc(_: Path) -> Path:
    return Path("/proc/x/a")


def below_a_file(directory: Path) -> Path:
    (directory / "file").write_text("mine")
    return directory / "file" / "a" / "b"


def in_the_way(directory: Path) -> Path:
    (directory / "folder").mkdir()
    (directory / "folder" / "mine.txt").write_text("mine")
    return directory / "folder"


def mounted(_: Path) -> Path:
    return Path("/proc")


def of_a_long_name(directory: Path) -> Path:
    return directory / ("x" * 300)


@pytest.mark.parametrize("place", [in_proc, below_a_file, in_the_way, mounted, of_a_long_name])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_for_nothing(
    data: Path,
    tmp_path: Path,
    command: str,
    place: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = place(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for module in (train, sys.modules[prepare.__module__]):
        for name in ("asks_for_property", "read_export"):
            monkeypatch.delattr(module, name, raising=False)  # reading would fail
    done = CliRunner().invoke(main, [*COMMANDS[command](data), "--output", str(output)])
    assert done.exit_code == 1, done.output
    assert str(output)[:60] in done.stderr
    assert done.stderr.count("\n") == 1
    assert "[Errno" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_is_no_folder(data: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("mine")
    output = str(tmp_path / "file")
    done = CliRunner().invoke(main, [*COMMANDS[command](data), "--output", output])
    assert done.exit_code == 2
    assert "is a file" in done.stderr


@pytest.fixture(scope="module")
def network(data: Path) -> Path:
    """A model that has placed the vertices."""
    settings = TrainingSettings(epochs=2, width=8, threads=1, networks=1)
    train.train(data / "processed", data / "network", model="rgcn", settings=settings)
    return data / "network"


@pytest.mark.parametrize("name", ["/proc/x/a.csv", "/proc/x/a"])
def test_embeddings_for_nowhere(network: Path, name: str) -> None:
    done = CliRunner().invoke(main, ["embeddings", str(network), "--output", name])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"gremlink: {name}: nothing can be written here: ")
    assert done.stderr.count("\n") == 1


def test_embeddings_for_a_file_that_is_no_table(network: Path, tmp_path: Path) -> None:
    for there in (tmp_path / "thesis.txt", Path("/dev/null")):
        there.touch()
        done = CliRunner().invoke(main, ["embeddings", str(network), "--output", str(there)])
        assert done.exit_code == 2
        assert f"{there} is a file: choose a directory, or a name that ends in .csv" in done.stderr


def test_embeddings_are_written_as_a_whole(network: Path, tmp_path: Path) -> None:
    mount = tmp_path / "disk"
    embeddings = shell(["embeddings", str(network)])
    # What is tried is taken away again; what is there then leaves too little for the file.
    fill = f"head -c 60k /dev/zero > {mount}/fill"
    done = on_a_small_disk(
        mount,
        "size=64k",
        fill,
        f"{embeddings} --output {mount}/e.csv; echo ended $?",
        f"ls -A {mount}",
    )
    assert done.stdout.splitlines() == ["ended 1", "fill"], done.stderr
    assert f"gremlink: {mount}/e.csv: nothing can be written here: no space left" in (
        done.stderr.replace("No space", "no space")
    )
    done = CliRunner().invoke(main, ["embeddings", str(network), "--output", f"{tmp_path}/e.csv"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "e.csv").read_text().startswith("~id,~label,e0,")


def test_trying_leaves_nothing(tmp_path: Path) -> None:
    artifacts.try_output(tmp_path / "a" / "b" / "c")
    assert list(tmp_path.iterdir()) == []


def on_a_small_disk(mount: Path, options: str, *steps: str) -> subprocess.CompletedProcess[str]:
    """Run shell commands with a file system in memory at `mount`."""
    mount.mkdir()
    script = "; ".join([f"mount -t tmpfs -o {options} small {mount}", "set +e", *steps])
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-e", "-c", script],
        capture_output=True,
        text=True,
        timeout=180,
    )


def shell(arguments: list[str]) -> str:
    return " ".join([sys.executable, "-m", "gremlink", *arguments])


@pytest.mark.slow
def test_a_full_disk(data: Path, tmp_path: Path) -> None:
    mount = tmp_path / "disk"
    steps = [f"head -c 2m /dev/zero > {mount}/fill 2>/dev/null"]
    steps += [
        f"{shell(make(data))} --output {mount}/out; echo ended $?" for make in COMMANDS.values()
    ]
    done = on_a_small_disk(mount, "size=1m", *steps)
    assert done.stdout.splitlines() == ["ended 1"] * len(COMMANDS), done.stderr
    said = f"gremlink: {mount}/out: nothing can be written here: no space left on device"
    assert [line[: len(said)].lower() for line in done.stderr.splitlines()] == (
        [said.lower()] * len(COMMANDS)
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", ["train", "process", "transform"])
def test_a_disk_that_is_full_at_the_end(data: Path, tmp_path: Path, command: str) -> None:
    """There is room for the one file that is tried, not for the files of an artifact."""
    mount, elsewhere = tmp_path / "disk", tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = f"TMPDIR={elsewhere} {shell(COMMANDS[command](data))} --output {mount}/out; echo ended $?"
    done = on_a_small_disk(mount, "size=1m,nr_inodes=3", run, f"ls -A {mount}")
    assert done.stdout.splitlines() == ["ended 1"], done.stderr
    (kept,) = elsewhere.iterdir()
    assert f"Nothing is lost: the artifact is in {kept}" in done.stderr
    assert f"{mount}/out: nothing could be written here at the end" in done.stderr
    assert read_artifact(kept).manifest["task"] in ("link_prediction", "processed")
    shutil.move(kept, tmp_path / "model")
    read_artifact(tmp_path / "model")
