"""The `oxigraph` server from PyPI: a store of RDF that is not ours."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoreAddresses:
    """Addresses of a running store."""

    query: str
    update: str | None
    store: str | None


@contextmanager
def oxigraph_server(*, union: bool = True, port: int = 0) -> Iterator[StoreAddresses]:
    """Run a server in memory, its default graph the union of all, on a port, or on a free one."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("oxigraph")
    process = subprocess.Popen(
        [
            *(program, "serve", "--bind", f"127.0.0.1:{port}"),
            *(["--union-default-graph"] if union else []),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, "the store has ended"
                assert time.monotonic() < deadline
                time.sleep(0.02)
        base = f"http://127.0.0.1:{port}"
        yield StoreAddresses(f"{base}/query", f"{base}/update", f"{base}/store")
    finally:
        process.terminate()
        process.wait()
