"""What the proxy adds to queries of a real Gremlin Server, beside HAProxy and nothing between.

    python benchmarks/server.py [--rounds 5] [--seconds 4] [--connections 16]

Sixteen connections ask `g.V(id).values("name")` of a Gremlin Server with TinkerGraph, one request
at a time on each: first as fast as answers come, then at half the rate that this reached without
a proxy. The load generator is `relay_peers/peer.c`. What is compared runs in turn; figures are
medians of the rounds. Nothing is pinned to a core: the server takes whatever there is, and so do
the proxies.
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
from relay import PEERS, gremlink, haproxy

from grammar.traversal import Argument, Entries, Literal, Traversal, step
from proxy.embedded import EmbeddedServer
from proxy.wire.mime import GRAPHBINARY
from proxy.wire.request import RequestMessage, write_request

VERTICES = 10_000
GRAPH = (
    f"(0..<{VERTICES}).each {{ g.addV('Person').property(T.id, 'p' + it)"
    ".property('name', 'Person ' + it).iterate() }; 1"
)


@dataclass
class Way:
    """A way to the server, and what was measured on it; times in seconds."""

    name: str
    port: int
    rates: list[float] = field(default_factory=list)
    busy: list[tuple[float, float]] = field(default_factory=list)
    half: list[tuple[float, float]] = field(default_factory=list)

    def rate(self) -> float:
        """Answers a second, when nobody waits."""
        return statistics.median(self.rates)

    def time(self, half: bool, which: int) -> float:
        """Median over the rounds of p50 (0) or p99 (1)."""
        return statistics.median(each[which] for each in (self.half if half else self.busy))


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


def ask(way: Way, peer: Path, file: Path, connections: int, seconds: float, rate: float) -> None:
    """One round on one way."""
    command = [peer, "ask", str(way.port), str(connections), file, str(seconds), str(rate)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    said = json.loads(output)
    if rate:
        way.half.append((said["p50"], said["p99"]))
    else:
        way.rates.append(said["round_trips"] / said["seconds"])
        way.busy.append((said["p50"], said["p99"]))


def report(ways: list[Way]) -> None:
    """The table."""
    direct, *between = ways
    print(f"\n{'':10}{'answers/s':>11}{'p50 us':>9}{'p99 us':>9}{'half: p50 us':>15}{'p99 us':>9}")
    for way in ways:
        times = [way.time(half, which) * 1e6 for half in (False, True) for which in (0, 1)]
        print(
            f"{way.name:10}{way.rate():11.0f}{times[0]:9.0f}{times[1]:9.0f}"
            f"{times[2]:15.0f}{times[3]:9.0f}"
        )
    ours = between[-1]
    for other in ways[:-1]:
        ratios = [ours.time(False, which) / other.time(False, which) for which in (0, 1)]
        print(
            f"gremlink / {other.name:9} answers/s {ours.rate() / other.rate():.2f}"
            f"   p50 {ratios[0]:.2f}   p99 {ratios[1]:.2f}"
        )
    added = (ours.time(True, 0) - direct.time(True, 0)) * 1e6
    print(f"gremlink at half the rate: p50 direct + {added:.0f} us")


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
        for start in (haproxy, gremlink):
            found = stack.enter_context(start(None, port))
            ways.append(Way(found.name, found.port))
        ask(Way("warming", port), peer, file, asked.connections, 10, 0)
        for number in range(asked.rounds):
            for way in ways:
                ask(way, peer, file, asked.connections, asked.seconds, 0)
            print(f"round {number + 1} of {asked.rounds}, at full rate", file=sys.stderr)
        half = ways[0].rate() / 2
        for number in range(asked.rounds):
            for way in ways:
                ask(way, peer, file, asked.connections, asked.seconds, half)
            print(f"round {number + 1} of {asked.rounds}, at half of it", file=sys.stderr)
    report(ways)


if __name__ == "__main__":
    main()
