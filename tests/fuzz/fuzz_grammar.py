"""Fuzz the codecs: `python tests/fuzz/fuzz_grammar.py [--messages 1000000] [--only sparql]`.

Mutates real requests and scripts, reads them, and checks that nothing but our own errors comes
out, that nothing takes long, and that the process stays small. What fails is written to
`tests/grammar/data/found/`, where the ordinary tests replay it.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import signal
import sys
import time
from pathlib import Path
from random import Random

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS / "support")]

from mutations import CHECKS, DATA, mutated, seeds  # noqa: E402

SLOW = 1.0
"""Seconds of processor time for one message of at most 20 kB."""
HANG = 10.0
"""Seconds of processor time after which a message is given up."""
MEMORY = 2 * 2**30
"""Bytes of address space for the whole run."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(CHECKS), help="one kind of messages")
    options = parser.parse_args()
    signal.signal(signal.SIGVTALRM, give_up)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    random = Random(options.seed)
    begun = seeds()
    pools = {name: list(messages) for name, messages in begun.items()}
    everything = [message for messages in begun.values() for message in messages]
    found = 0
    slowest = 0.0
    start = time.monotonic()
    for number in range(1, options.messages + 1):
        name = options.only or random.choice(list(CHECKS))
        pool = pools[name]
        message = mutated(random.choice(pool), random, everything)
        before = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
        try:
            CHECKS[name](message)
        except Exception as error:
            found += keep(name, message, repr(error))
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        took = time.process_time() - before
        slowest = max(slowest, took)
        if took > SLOW:
            found += keep(name, message, f"{took:.1f} s")
        # mutations of mutations go deeper; the pool stays small and keeps its seeds
        if random.random() < 0.02 and len(message) > 8:
            if len(pool) < 400:
                pool.append(message)
            else:
                pool[random.randrange(len(begun[name]), len(pool))] = message
        if number % 50_000 == 0:
            rate = number / (time.monotonic() - start)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{number} messages, {rate:.0f}/s, slowest {slowest * 1000:.0f} ms, {peak} MB,"
                f" {found} found",
                flush=True,
            )
    return 1 if found else 0


def give_up(*_: object) -> None:
    raise TimeoutError(f"more than {HANG} s")


def keep(name: str, message: bytes, reason: str) -> int:
    directory = DATA / "found"
    directory.mkdir(exist_ok=True)
    path = directory / f"{hashlib.sha256(message).hexdigest()[:12]}.{name}"
    if len(list(directory.glob(f"*.{name}"))) < 50:
        path.write_bytes(message)
    print(f"{path.name}: {reason[:200]}", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
