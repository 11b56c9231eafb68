"""Break the network between proxy and database, and count: `make test-faults`.

    python tests/faults/run_faults.py [--requests 10000] [--seed 1] [--share 0.6]

A program between the proxy and a real Gremlin Server refuses, cuts, half-closes, resets, delays,
trickles, stalls and garbles connections while four kinds of clients ask questions whose answers are
known. Ends with 1 if anything was answered wrongly, twice or never, or was left over.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS / "support")]

import pytest  # noqa: E402
from faults.trial import Trial, prepare, running  # noqa: E402
from toolchains import javascript_driver  # noqa: E402

from gremlink.proxy.embedded import EmbeddedServer  # noqa: E402

OUTCOMES = ("right", "told", "broken", "wrong", "stuck")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.6, help="of connections that get a fault")
    options = parser.parse_args()
    try:
        driver = javascript_driver("3.7.4")
    except pytest.skip.Exception as missing:
        print(f"without JavaScript: {missing}")
        driver = None
    with tempfile.TemporaryDirectory() as directory, EmbeddedServer(port=0) as server:
        store = prepare(server.url, Path(directory))
        return asyncio.run(tried(server.url, store, driver, options))


async def tried(
    database: str, store: Path, driver: Path | None, options: argparse.Namespace
) -> int:
    """Run, print, judge."""
    async with running(
        database, store, seed=options.seed, share=options.share, driver=driver
    ) as trial:
        await trial.ask(options.requests // 10)  # what is made once is made
        before = await trial.holdings()
        started = time.monotonic()
        await trial.ask(options.requests - options.requests // 10)
        seconds = time.monotonic() - started
        after = await trial.holdings()
    lost, twice = await asyncio.to_thread(trial.seen_writes)
    print(f"seed {options.seed}, {options.requests} requests, {seconds:.0f} s")
    tell(trial, before, after)
    print(f"writes confirmed and lost: {lost}, done twice: {twice}")
    complaints = trial.complaints()
    if lost or twice:
        complaints.append("writes")
    complaints += [
        f"left over: {after[name] - before[name]} {name}"
        for name in ("tasks", "descriptors", "connections", "objects")
        if after[name] > before[name]
    ]
    for complaint in complaints[:20]:
        print("NOT AS IT SHOULD BE:", complaint)
    print(f"{len(complaints)} complaints")
    if complaints:
        print((store / "proxy.log").read_text()[-3000:])
    return 1 if complaints else 0


def tell(trial: Trial, before: dict[str, int], after: dict[str, int]) -> None:
    """The figures."""
    print("faults of connections:", listed(dict(sorted(trial.network.counts.items()))))
    print("seen on the wire (WebSocket):", listed(trial.witness.counts))
    print(f"{'client':30}" + "".join(f"{name:>8}" for name in OUTCOMES))
    for kind, outcomes in trial.inquiry.outcomes.items():
        print(f"{kind:30}" + "".join(f"{outcomes.counts[name]:8}" for name in OUTCOMES))
    print(f"{'held by the proxy':30}{'before':>14}{'after':>14}")
    for name in before:
        print(f"{name:30}{before[name]:14}{after[name]:14}")


def listed(counts: Mapping[str, int]) -> str:
    """Names and numbers in a line."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())


if __name__ == "__main__":
    sys.exit(main())
