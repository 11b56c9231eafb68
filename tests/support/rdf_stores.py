"""RDF stores that are not ours, for the length of a test session."""

from __future__ import annotations

import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path


@contextmanager
def oxigraph(*, union_default_graph: bool = True, port: int = 0) -> Iterator[str]:
    """The address of an `oxigraph serve` with an empty graph in memory, on a free port for 0."""
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    program = Path(sysconfig.get_path("scripts")) / "oxigraph"
    options = ["--union-default-graph"] if union_default_graph else []
    process = subprocess.Popen(
        [program, "serve", "--bind", address, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_answer(process, address)
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def _await_answer(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None, f"the store ended with {process.returncode}"
        connection = HTTPConnection(address, timeout=5)
        try:
            connection.request("GET", "/query?query=ASK%20%7B%7D")
            connection.getresponse().read()
        except OSError:
            assert time.monotonic() < deadline, "the store does not answer"
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
