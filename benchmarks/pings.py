"""Time of a ping while models and parsers are at work: the effect of inferences on other clients.

    python benchmarks/pings.py [--candidates 1000000] [--seconds 10]

A Gremlin Server, `gremlink serve` and an untrained model over random vectors. One connection sends
a ping every 10 ms, to which the server answers through the proxy: while nothing else happens, while
eight clients ask the model without a pause, while one sends a script of a megabyte again and again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from aiohttp import ClientSession, WSMsgType
from gremlin_python.driver.client import Client
from inference import link_model
from relay import PEERS
from server import request_of

from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.learning.links.prediction.model import to_artifact
from gremlink.proxy.store.artifacts import write_artifact
from gremlink.proxy.store.records import Store

CLIENTS = 8
ASKED = (
    'g.with("Neptune#ml.endpoint", "films").with("Neptune#ml.limit", 10)'
    '.V("p1").out("likes").with("Neptune#ml.prediction").hasLabel("Film").values("name")'
)
LONG = ASKED + ".where(__.not(__.or(" + "__.has('name', 'x'), " * 45_000 + "__.has('name', 'y'))))"


@contextlib.contextmanager
def proxy(server: str, store: Path) -> Iterator[str]:
    """`gremlink serve`; its address."""
    command = [sys.executable, "-m", "gremlink", "serve", "--upstream", server]
    command += ["--port", "0", "--store", str(store)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith("gremlink listens at "):
                yield line.split()[-1]
                break
    finally:
        process.terminate()
        process.communicate(timeout=60)


async def waits(address: str, seconds: float) -> list[float]:
    """Seconds from each ping to its pong."""
    found = []
    async with ClientSession() as session, session.ws_connect(address, autoping=False) as socket:
        end = time.perf_counter() + seconds
        while (sent := time.perf_counter()) < end:
            await socket.ping(b"?")
            answer = await socket.receive(timeout=60)
            assert answer.type == WSMsgType.PONG
            found.append(time.perf_counter() - sent)
            await asyncio.sleep(0.01)
    return found


@contextlib.contextmanager
def asking(peer: Path, address: str, script: str, clients: int, seconds: float) -> Iterator[None]:
    """So many clients that ask again and again."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(request_of(script))
        file.flush()
        port = address.rpartition(":")[2].partition("/")[0]
        command = [str(peer), "ask", port, str(clients), file.name, str(seconds + 2), "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            time.sleep(1)
            yield
            said, _ = process.communicate()
    print(f"    {clients} clients were answered: {said.decode().strip()}")


def say(what: str, found: list[float]) -> None:
    """One line."""
    ordered = sorted(each * 1000 for each in found)
    p99 = ordered[len(ordered) * 99 // 100]
    print(
        f"{what:44} p50 {statistics.median(ordered):6.1f} ms   p99 {p99:6.1f} ms"
        f"   longest {ordered[-1]:6.1f} ms   ({len(ordered)} pings)"
    )


async def while_long_scripts_come(address: str, seconds: float) -> list[float]:
    """Pings while one client sends long scripts."""
    async with ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
        payload = request_of(LONG)

        async def send() -> None:
            while True:
                await socket.send_bytes(payload)
                await socket.receive()

        sending = asyncio.ensure_future(send())
        await asyncio.sleep(0.5)
        found = await waits(address, seconds)
        sending.cancel()
    return found


def main() -> None:
    """Start everything, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        directory = Path(place)
        peer = directory / "peer"
        subprocess.run(["cc", "-O2", "-o", peer, PEERS / "peer.c"], check=True)
        write_artifact(directory / "films", to_artifact(link_model(asked.candidates), {}))
        Store(directory / "store").create_endpoint("films", directory / "films")
        server = stack.enter_context(EmbeddedServer(port=0))
        address = stack.enter_context(proxy(server.url, directory / "store"))
        client = Client(server.url, "g")
        client.submit("g.addV('Person').property(T.id, 'p1').iterate(); 1").all().result()
        client.close()
        with asking(peer, address, ASKED, 1, 10):
            pass  # the model is loaded
        say("nothing else", asyncio.run(waits(address, asked.seconds)))
        with asking(peer, address, ASKED, CLIENTS, asked.seconds):
            say(
                f"{CLIENTS} clients, {asked.candidates:,} candidates",
                asyncio.run(waits(address, asked.seconds)),
            )
        what = f"a script of {len(LONG) / 1e6:.1f} MB, again and again"
        say(what, asyncio.run(while_long_scripts_come(address, asked.seconds)))


if __name__ == "__main__":
    main()
