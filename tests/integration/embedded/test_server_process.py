"""The embedded server as a process: ready, gone with its parent, its graph kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gremlin_python.driver.client import Client

from gremlink.proxy.embedded import (
    QUICK_TO_START,
    DataInUse,
    EmbeddedServer,
    GraphNotSaved,
    GraphUnreadable,
    NotEnoughMemory,
    PortInUse,
)
from gremlink.proxy.embedded import directory as directories

PARENT = """
import sys
from pathlib import Path
from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
server = EmbeddedServer(
    port=0, data_dir=Path(sys.argv[1]), jvm_options=QUICK_TO_START
)
server.start()
print(server.url, server.pid, flush=True)
sys.stdin.read()
"""


def keeping(directory: Path) -> EmbeddedServer:
    return EmbeddedServer(port=0, data_dir=directory, jvm_options=QUICK_TO_START)


def ask(url: str, script: str) -> list[object]:
    client = Client(url, "g")
    try:
        result: list[object] = client.submit(script).all().result()
        return result
    finally:
        client.close()


def gone(pid: int, seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_graph_outlives_a_restart(tmp_path: Path) -> None:
    with keeping(tmp_path) as running:
        ask(running.url, "g.addV('a').property(T.id, 'x y').property('n', 7L).iterate()")
        first = running.pid
    assert not running.running
    assert first is not None
    assert gone(first)
    with keeping(tmp_path) as running:
        assert ask(running.url, "g.V('x y').values('n')") == [7]


def test_graph_outlives_a_killed_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    try:
        url, pid = parent.stdout.readline().split()
        ask(url, "g.addV('a').property(T.id, 'kept').iterate()")
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
        parent.stdin.close()
    # Starting again at once waits until the orphan has written its graph.
    with keeping(tmp_path) as running:
        assert gone(int(pid))
        assert ask(running.url, "g.V().id()") == ["kept"]


def test_server_is_out_of_the_terminals_reach(
    gremlin_server: EmbeddedServer,
) -> None:
    assert gremlin_server.pid is not None
    assert os.getpgid(gremlin_server.pid) != os.getpgid(0)
    assert os.getsid(gremlin_server.pid) != os.getsid(0)


def test_string_ids_and_both_script_engines(graph_url: str) -> None:
    assert ask(graph_url, "g.inject(1).math('_ + 1')") == [2.0]
    client = Client(graph_url, "g")
    try:
        options = {"language": "gremlin-lang"}
        assert client.submit("g.inject(1)", request_options=options).all().result() == [1]
    finally:
        client.close()


def test_long_lines(graph_url: str) -> None:
    line = "g.inject(0)" + ".map(constant(1))" * 1500 + ".count()"
    assert ask(graph_url, line) == [1]


def test_port_in_use(gremlin_server: EmbeddedServer) -> None:
    second = EmbeddedServer(port=gremlin_server.port)
    with pytest.raises(PortInUse, match=rf"{gremlin_server.port}.*embedded\.port"):
        second.start()
    assert not second.log_path.parent.exists()


def test_more_memory_than_there_is() -> None:
    with pytest.raises(NotEnoughMemory, match="--memory"):
        EmbeddedServer(port=0, memory="900000g").start()


def test_unreadable_graph_file(tmp_path: Path) -> None:
    (tmp_path / "graph.kryo").write_bytes(b"not a graph")
    with pytest.raises(GraphUnreadable, match=r"graph\.kryo cannot be read.*Move it away"):
        keeping(tmp_path).start()


def test_state_before_the_last_run_is_kept(tmp_path: Path) -> None:
    for identity in ("first", "second"):
        with keeping(tmp_path) as running:
            ask(running.url, f"g.addV('a').property(T.id, '{identity}').iterate()")
    (tmp_path / "graph.kryo").write_bytes(b"half a graph")
    with pytest.raises(GraphUnreadable, match=r"graph\.previous\.kryo"):
        keeping(tmp_path).start()
    (tmp_path / "graph.previous.kryo").rename(tmp_path / "graph.kryo")
    with keeping(tmp_path) as running:
        assert ask(running.url, "g.V().id()") == ["first"]


def test_graph_that_cannot_be_written(tmp_path: Path) -> None:
    running = keeping(tmp_path)
    running.start()
    ask(running.url, "g.addV('a').property('p', new Thread()).iterate()")
    with pytest.raises(GraphNotSaved, match=r"graph\.kryo"):
        running.stop()


def test_one_server_for_one_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "LOCK_TIMEOUT", 0.2)
    with (
        keeping(tmp_path),
        pytest.raises(DataInUse, match="another Gremlin Server works on"),
    ):
        keeping(tmp_path).start()


def test_temporary_data_is_gone_afterwards() -> None:
    with EmbeddedServer(port=0, jvm_options=QUICK_TO_START) as running:
        directory = running.log_path.parent
        assert directory.is_dir()
    assert not directory.exists()
