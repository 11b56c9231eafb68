"""Time that the proxy adds to queries of a real Gremlin Server, beside HAProxy and a forwarder.

    python benchmarks/server.py [--rounds 5] [--seconds 4] [--connections 16]

Sixteen connections ask `g.V(id).values("name")` of a Gremlin Server with TinkerGraph, one request
at a time on each: as fast as answers come, then at half the rate that this reached without a
proxy, and at half the rate that it reached through gremlink. The load generator is
`relay_peers/peer.c`. What is compared runs in turn; figures are medians of the rounds. Nothing is
pinned to a core: the server and the proxies use all cores.

For the proxies the scheduler's times are printed, too, for each response: the time running, the
time ready and waiting for a core, and the number of wake-ups. The rest of the time added to the
median is the work of the kernel between the processes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from gremlin_python.driver.client import Client
from relay import PEERS, forwarder, gremlink, haproxy

from gremlink.grammar.traversal import Argument, Entries, Literal, Traversal, step
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.request import RequestMessage, write_request

VERTICES = 10_000
GRAPH = (
    f"(0..<{VERTICES}).each {{ g.addV('Person').property(T.id, 'p' + it)"
    ".property('name', 'Person ' + it).iterate() }; 1"
)

FULL = "as fast as answers come"


@dataclass
class Way:
    """A way to the server, through a process or not, and what was measured on it.

    `times` are p50 and p99, in seconds; `scheduled` are the seconds for which the process ran and
    waited for a core, and how often it was woken, for each answer.
    """

    name: str
    port: int
    process: int | None = None
    rates: list[float] = field(default_factory=list)
    times: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    scheduled: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)

    def rate(self) -> float:
        """Responses a second at full speed."""
        return statistics.median(self.rates)

    def time(self, pace: str, which: int) -> float:
        """Median over the rounds of p50 (0) or p99 (1), in microseconds."""
        return 1e6 * statistics.median(each[which] for each in self.times[pace])

    def share(self, pace: str) -> str:
        """Medians of what the scheduler did, in microseconds and times."""
        ran, waited, woken = (
            statistics.median(column) for column in zip(*self.scheduled[pace], strict=True)
        )
        return f"{1e6 * ran:9.1f}{1e6 * waited:9.1f}{woken:9.2f}"


def scheduling(process: int) -> tuple[float, float, float]:
    """Seconds for which the threads of a process ran and waited for a core, and how often they
    were woken, so far."""
    ran = waited = woken = 0.0
    for task in Path(f"/proc/{process}/task").iterdir():
        figures = (task / "schedstat").read_text().split()
        ran += int(figures[0]) * 1e-9
        waited += int(figures[1]) * 1e-9
        status = (task / "status").read_text()
        woken += int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return ran, waited, woken


def request() -> bytes:
    """The query as a GraphBinary message."""
    query = Traversal((), (step("V", "p4711"), step("values", "name")))
    return _message("bytecode", "traversal", query)


def request_of(script: str) -> bytes:
    """A script as a GraphBinary message."""
    return _message("eval", "", Literal.string(script))


def _message(op: str, processor: str, gremlin: Argument) -> bytes:
    aliases = Entries(((Literal.string("g"), Literal.string("g")),))
    args = {"gremlin": gremlin, "aliases": aliases}
    _, payload = write_request(RequestMessage(GRAPHBINARY, uuid.uuid4(), op, processor, args))
    return payload


def ask(
    way: Way, command: list[str | Path], connections: int, seconds: float, pace: str, rate: float
) -> None:
    """One round on one way at `rate` answers a second, or 0."""
    peer, file = command
    asked = [peer, "ask", str(way.port), str(connections), file, str(seconds), str(rate)]
    before = scheduling(way.process) if way.process else ()
    output = subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True).stdout
    said = json.loads(output)
    if way.process:
        ran, waited, woken = (
            (after - earlier) / said["round_trips"]
            for earlier, after in zip(before, scheduling(way.process), strict=True)
        )
        way.scheduled.setdefault(pace, []).append((ran, waited, woken))
    way.times.setdefault(pace, []).append((said["p50"], said["p99"]))
    if not rate:
        way.rates.append(said["round_trips"] / said["seconds"])


def report(ways: list[Way], paces: dict[str, float]) -> None:
    """A table for each pace, and what the aims are about."""
    direct, *others, ours = ways
    for pace, rate in paces.items():
        told = f"{pace}, {rate:,.0f} answers/s" if rate else pace
        print(
            f"\n{told:34}{'answers/s':>11}{'p50 us':>9}{'p99 us':>9}{'p50: direct +':>15}", end=""
        )
        print(f"{'ran us':>9}{'waited':>9}{'woken':>9}")
        for way in ways:
            times = [way.time(pace, which) for which in (0, 1)]
            reached = rate or way.rate()
            added = times[0] - direct.time(pace, 0)
            print(
                f"{way.name:34}{reached:11.0f}{times[0]:9.0f}{times[1]:9.0f}{added:15.0f}", end=""
            )
            print(way.share(pace) if way.process else "")
    print()
    for other in (direct, *others):
        ratios = [ours.time(FULL, which) / other.time(FULL, which) for which in (0, 1)]
        print(
            f"gremlink / {other.name:17} answers/s {ours.rate() / other.rate():.2f}"
            f"   p50 {ratios[0]:.2f}   p99 {ratios[1]:.2f}"
        )


def main() -> None:
    """Start everything, measure in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=16)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as built, contextlib.ExitStack() as stack:
        peer, file = Path(built) / "peer", Path(built) / "request"
        subprocess.run(["cc", "-O2", "-o", peer, PEERS / "peer.c"], check=True)
        file.write_bytes(request())
        server = stack.enter_context(EmbeddedServer(port=0))
        client = Client(server.url, "g")
        client.submit(GRAPH).all().result()
        client.close()
        port = int(server.url.rpartition(":")[2].partition("/")[0])
        ways = [Way("direct", port)]
        for start in (haproxy, forwarder, gremlink):
            found = stack.enter_context(start(None, port))
            ways.append(Way(found.name, found.port, found.process))
        load: list[str | Path] = [peer, file]
        ask(Way("warming", port), load, asked.connections, 10, FULL, 0)
        paces = {FULL: 0.0}

        def measure(pace: str) -> None:
            for number in range(asked.rounds):
                for way in ways:
                    ask(way, load, asked.connections, asked.seconds, pace, paces[pace])
                print(f"round {number + 1} of {asked.rounds}, {pace}", file=sys.stderr)

        measure(FULL)
        for way in (ways[0], ways[-1]):
            pace = f"at half of {way.name}"
            paces[pace] = way.rate() / 2
            measure(pace)
    report(ways, paces)


if __name__ == "__main__":
    main()
