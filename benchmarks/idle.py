"""Memory of the proxy for each idle connection.

    python benchmarks/idle.py [--connections 10000]

The server and the clients of `relay_peers/peer.c` are processes of their own, `gremlink serve`
is between them. Each connection takes two descriptors of it: where the limit of the machine
does not allow for that many, there are as many as it allows. Memory is what the system counts as
the process's own and its share of what it shares (Pss), before the connections and when they have
been open for a while. Needs Linux and a C compiler.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from relay import PEERS, free_port, gremlink, running, wait_for

CORE = 0


def memory(process: int) -> int:
    """Bytes of memory."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    found = re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


@contextlib.contextmanager
def open_connections(peer: Path, port: int, count: int) -> Iterator[None]:
    """So many connections through the proxy, all past their handshake."""
    command = [str(peer), "idle", str(port), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise SystemExit("not all connections could be opened")
        yield
        process.communicate()


def main() -> None:
    """Open them and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=10_000)
    asked = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(asked.connections, (most - 100) // 2)
    with tempfile.TemporaryDirectory() as built, contextlib.ExitStack() as stack:
        peer = Path(built) / "peer"
        subprocess.run(["cc", "-O2", "-o", peer, PEERS / "peer.c"], check=True)
        upstream = free_port()
        stack.enter_context(running(CORE, [str(peer), "serve", str(upstream)]))
        wait_for(upstream)
        between = stack.enter_context(gremlink(CORE, upstream))
        assert between.process is not None
        with open_connections(peer, between.port, 50):
            pass  # what is made once
        time.sleep(2)
        before = memory(between.process)
        started = time.perf_counter()
        with open_connections(peer, between.port, count):
            took = time.perf_counter() - started
            time.sleep(5)
            idle = memory(between.process)
            print(f"{count} connections, opened in {took:.1f} s")
            print(f"before them            {before / 2**20:8.1f} MiB")
            each = (idle - before) / count / 1024
            print(f"with them              {idle / 2**20:8.1f} MiB  {each:6.2f} KiB each")
        time.sleep(5)
        print(f"when they have gone    {memory(between.process) / 2**20:8.1f} MiB")


if __name__ == "__main__":
    main()
