"""Mixed load for a long time, and what the proxy holds meanwhile: `make test-soak`.

    python tests/faults/soak.py [--minutes 30] [--seed 1]

Ordinary queries, inferences, writes, sessions, silent connections; every fifth connection to the
database breaks. Prints a line a minute. Ends with 1 if memory grew by 5 % from the second minute to
the last, if a task, descriptor or object of ours was left over, or if an answer was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS / "support")]

import aiohttp  # noqa: E402
from faults.trial import Trial, prepare, running  # noqa: E402
from gremlin_python.driver.client import Client  # noqa: E402

from gremlink.proxy.embedded import EmbeddedServer  # noqa: E402

SILENT = 20
"""Connections that say nothing but a ping now and then."""
BATCH = 90
PAUSE = 2.0
"""Questions at a time, and seconds between them: a light load, for a machine with other work."""
GROWTH = 0.05
HELD = ("tasks", "descriptors", "resident", "blocks", "objects")
CONSTANT = ("tasks", "descriptors", "objects")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, EmbeddedServer(port=0) as server:
        store = prepare(server.url, Path(directory))
        return asyncio.run(soaked(server.url, store, options.minutes * 60, options.seed))


async def soaked(database: str, store: Path, seconds: float, seed: int) -> int:
    """Run, print, judge."""
    rows: list[dict[str, int]] = []
    forgotten = 0
    async with running(database, store, seed=seed, share=0.2) as trial:
        print(f"{'minute':>7}{'questions':>11}" + "".join(f"{name:>12}" for name in HELD))
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            minute = passed + min(60.0, seconds / 12)
            async with silent(trial):
                while time.monotonic() - started < minute:
                    await trial.ask(BATCH)
                    forgotten += not await asyncio.to_thread(session, trial.url)
                    await asyncio.sleep(PAUSE)
            rows.append(await trial.holdings())
            asked = sum(each.counts.total() for each in trial.inquiry.outcomes.values())
            held = "".join(f"{rows[-1][name]:12}" for name in HELD)
            print(f"{(time.monotonic() - started) / 60:7.1f}{asked:11}{held}", flush=True)
    return await judged(trial, rows, forgotten)


async def judged(trial: Trial, rows: list[dict[str, int]], forgotten: int) -> int:
    """Print how much has grown; 1 for what may not be."""
    complaints = trial.complaints()
    if forgotten:
        complaints.append(f"{forgotten} sessions forgot what they knew")
    if await asyncio.to_thread(trial.seen_writes) != (0, 0):
        complaints.append("writes were lost or done twice")
    growth = rows[-1]["resident"] / rows[1]["resident"] - 1
    print(f"resident memory since the second line: {growth:+.2%}")
    if growth > GROWTH:
        complaints.append("memory grows")
    for name in CONSTANT:
        least, most = min(row[name] for row in rows[1:]), max(row[name] for row in rows[1:])
        print(f"{name}: {least} to {most}")
        if rows[-1][name] > rows[1][name]:
            complaints.append(f"{rows[-1][name] - rows[1][name]} {name} left over")
    counts = {kind: dict(each.counts) for kind, each in trial.inquiry.outcomes.items()}
    print("outcomes:", counts)
    print("faults:", dict(trial.network.counts))
    for complaint in complaints[:20]:
        print("NOT AS IT SHOULD BE:", complaint)
    print(f"{len(complaints)} complaints")
    return 1 if complaints else 0


def session(url: str) -> bool:
    """A session that keeps a variable, as long as the network lets it; whether it did so."""
    kept = True
    client = Client(url, "g", session=str(uuid.uuid4()), pool_size=1, max_workers=1)
    with contextlib.suppress(Exception):
        client.submit("x = 41").all().result(60)
        kept = client.submit("x + 1").all().result(60) == [42]
    with contextlib.suppress(Exception):
        client.close()
    return kept


@contextlib.asynccontextmanager
async def silent(trial: Trial) -> AsyncIterator[None]:
    """Connections that only send a ping."""
    async with aiohttp.ClientSession() as http:
        sockets = []
        for _ in range(SILENT):
            with contextlib.suppress(aiohttp.ClientError):
                sockets.append(await http.ws_connect(trial.url))
        try:
            for socket in sockets:
                with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                    await socket.ping()
            yield
        finally:
            for socket in sockets:
                with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                    await asyncio.wait_for(socket.close(), 15)


if __name__ == "__main__":
    sys.exit(main())
