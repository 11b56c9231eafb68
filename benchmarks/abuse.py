"""Response times of an ordinary client beside clients that misbehave.

    make bench-abuse ARGS="--seconds 10"

One connection asks a short query of a real Gremlin Server through the proxy, again and again: alone
and beside each kind of misuse by four others in a process of their own, once a second each. Prints
medians and p99s.
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
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "support")]

import aiohttp  # noqa: E402
from faults.abuse import Abuse, abuses, long_list  # noqa: E402
from faults.clients import _send  # noqa: E402
from faults.questions import QUESTIONS  # noqa: E402
from faults.trial import prepare, running  # noqa: E402
from sockets import handshake  # noqa: E402

from gremlink.proxy.embedded import EmbeddedServer  # noqa: E402

PAUSE = 1.0
"""Seconds between two misuses of one client."""

Misuse = Callable[[str, int], Awaitable[None]]


async def abused(host: str, port: int, data: bytes, *, http: bool, patience: float = 5.0) -> None:
    """Send, and wait for what comes of it."""
    with contextlib.suppress(OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            if not http:
                writer.write(handshake())
                await reader.readuntil(b"\r\n\r\n")
            writer.write(data)
            await asyncio.wait_for(reader.read(100), patience)
        finally:
            writer.transport.abort()


def misuses() -> dict[str, Misuse]:
    """By name: the table of the tests in turn, and what takes time."""
    table: list[Abuse] = abuses()

    async def all_of_them(host: str, port: int) -> None:
        for abuse in table:
            await abused(host, port, abuse.data, http=abuse.http)

    async def slow(host: str, port: int) -> None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            for byte in handshake()[:50]:
                writer.write(bytes((byte,)))
                await asyncio.sleep(0.05)
            writer.transport.abort()

    async def half(host: str, port: int) -> None:
        await abused(host, port, bytes.fromhex("82 fe ffff 00000000 01"), http=False, patience=0.5)

    listed, bomb = long_list(), next(each for each in table if each.name == "a gzip bomb")

    async def million(host: str, port: int) -> None:
        await abused(host, port, listed, http=False, patience=60)

    async def bombs(host: str, port: int) -> None:
        await abused(host, port, bomb.data, http=True)

    return {
        "refused at once (the table of the tests)": all_of_them,
        "a byte at a time": slow,
        "half a frame": half,
        "gzip bombs of 50 MB": bombs,
        "lists of a million in inferences": million,
    }


async def misusing(name: str, url: str) -> None:
    """Four clients that do so until the process is ended."""
    misuse, parts = misuses()[name], urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0

    async def again() -> None:
        while True:
            await misuse(host, port)
            await asyncio.sleep(PAUSE)

    print("ready", flush=True)
    await asyncio.gather(*(again() for _ in range(4)))


@contextlib.asynccontextmanager
async def beside(name: str | None, url: str) -> AsyncIterator[None]:
    """Those clients, in a process of their own, from the moment on when they begin."""
    if name is None:
        yield
        return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, "--misuse", name, "--url", url), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def measured(url: str, seconds: float, misuse: str | None) -> list[float]:
    """Milliseconds of each round trip."""
    took = []
    async with (
        beside(misuse, url),
        aiohttp.ClientSession() as session,
        session.ws_connect(url) as socket,
    ):
        stop = time.monotonic() + seconds
        while time.monotonic() < stop:
            begun = time.perf_counter()
            await _send(socket, "00000000-0000-0000-0000-000000000001", QUESTIONS[2], 0)
            await socket.receive()
            took.append((time.perf_counter() - begun) * 1000)
    return took


async def run(database: str, store: Path, seconds: float) -> None:
    """All kinds in turn."""
    async with running(database, store, seed=1, share=0.0) as trial:
        url = trial.address.replace("http", "ws") + "/gremlin"
        await measured(url, 3.0, None)
        print(f"{'beside':45}{'requests':>9}{'p50 ms':>9}{'p99 ms':>9}{'most':>9}{'RSS MB':>9}")
        known = tuple(misuses())
        for name in ("no other client", *known, "no other client, again"):
            took = await measured(url, seconds, name if name in known else None)
            cuts = statistics.quantiles(took, n=100)
            resident = (await trial.holdings())["resident"] / 1e6
            print(
                f"{name:45}{len(took):9}{cuts[49]:9.2f}{cuts[98]:9.2f}{max(took):9.2f}{resident:9.0f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--misuse", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.misuse is not None:
        asyncio.run(misusing(options.misuse, options.url))
        return
    with tempfile.TemporaryDirectory() as directory, EmbeddedServer(port=0) as server:
        store = prepare(server.url, Path(directory))
        asyncio.run(run(server.url, store, options.seconds))


if __name__ == "__main__":
    main()
