"""Kill the proxy again and again while jobs and queries run; count what is lost: nothing may be.

    make bench-crashes ARGS="--kills 20 --jobs 20"

Each round starts the proxy on the same store, keeps so many exports running or waiting and queries
going, and ends with SIGKILL at a random moment. At the end a proxy finishes what waits. Counted are
records that were promised and are gone, jobs that never end, completed ones without their files,
files of jobs that did not complete, and client calls that neither had an answer nor a clean
failure.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from http.client import HTTPException
from pathlib import Path
from typing import Any

from proxy.embedded import QUICK_TO_START, EmbeddedServer
from proxy.embedded.sample import FRIENDS
from proxy.graph import load_csv
from proxy.store.jobs import JobRecords

OPEN = ("pending", "running")


class Clients:
    """What was asked and what came of it."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.promised: set[str] = set()
        self.address = ""

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}{path}", data)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                document = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                self.calls["refused" if b"code" in error.read() else "unclear"] += 1
            return None
        except TimeoutError:
            self.calls["unclear"] += 1
            return None
        except (OSError, ValueError, HTTPException):
            self.calls["cut off"] += 1  # the connection broke: the client knows
            return None
        self.calls["answered"] += 1
        return document

    def export(self) -> None:
        body = {"outputS3Path": "s3://bucket/exports", "params": {"profile": "neptune_ml"}}
        started = self.ask("/neptune-export", body)
        if started is not None:
            self.promised.add(started["jobId"])

    def query(self) -> None:
        found = self.ask("/gremlin", {"gremlin": "g.V().count()"})
        if found is not None and found["result"]["data"]["@value"][0]["@value"] != 20:
            self.calls["wrong"] += 1


def start(graph: str, directory: Path) -> tuple[subprocess.Popen[bytes], str]:
    log = directory / "proxy.log"
    environment = {
        **os.environ,
        "GREMLINK_STORE_DIRECTORY": str(directory / "store"),
        "GREMLINK_STORAGE_S3_FOLDER": str(directory / "s3"),
        "GREMLINK_JOBS_RUNNING": "4",
    }
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "proxy", "serve", "--upstream", graph, "--port", "0"],
            env=environment,
            stderr=errors,
        )
    while not (found := re.search(r"gremlink listens at ws://(\S+)/gremlin", log.read_text())):
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    return process, f"http://{found[1]}"


def keep_busy(clients: Clients, records: JobRecords, jobs: int, end: threading.Event) -> None:
    """Queries without a pause, and jobs as long as fewer are open."""
    while not end.is_set():
        clients.query()
        if len(records.open()) < jobs:
            clients.export()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    clients = Clients()
    with (
        tempfile.TemporaryDirectory() as name,
        EmbeddedServer(port=0, jvm_options=QUICK_TO_START) as server,
    ):
        directory = Path(name)
        records = JobRecords(directory / "store")
        load_csv(server.url, FRIENDS)
        for _ in range(arguments.kills):
            process, clients.address = start(server.url, directory)
            end = threading.Event()
            threads = [
                threading.Thread(target=keep_busy, args=(clients, records, arguments.jobs, end))
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.2, 2.5))
            process.kill()
            end.set()
            for thread in threads:
                thread.join()
            process.wait()
        process, clients.address = start(server.url, directory)
        rows = settled(clients, directory)
        process.terminate()
        process.wait()
    print(
        f"{arguments.kills} times SIGKILL, {arguments.jobs} jobs open at any time, "
        f"{len(clients.promised)} in all, seed {arguments.seed}"
    )
    for what, count in rows:
        print(f"{what:<42}{count:>8,}")


def settled(clients: Clients, directory: Path) -> list[tuple[str, int]]:
    """The table, when everything that waits has run."""
    calls = dict(clients.calls)
    ends: Counter[str] = Counter()
    kept = set()
    lost = stuck = unexplained = 0
    for job in sorted(clients.promised):
        deadline = time.monotonic() + 120
        while True:
            found = clients.ask(f"/neptune-export/{job}")
            if found is None or found["status"] not in OPEN or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        if found is None:
            lost += 1
            continue
        stuck += found["status"] in OPEN
        ends[found["status"]] += 1
        unexplained += (
            found["status"] == "failed" and "gremlink ended" not in found["failureReason"]
        )
        if found["status"] == "succeeded":
            kept.add(directory / "s3" / found["outputS3Uri"].removeprefix("s3://"))
    exports = directory / "s3" / "bucket" / "exports"
    there = set(exports.iterdir()) if exports.exists() else set()
    complete = [path for path in kept if (path / "training-data-configuration.json").is_file()]
    return [
        ("calls answered", calls.get("answered", 0)),
        ("calls refused with a reason", calls.get("refused", 0)),
        ("calls whose connection broke", calls.get("cut off", 0)),
        ("calls without a clear end", calls.get("unclear", 0)),
        ("queries with a wrong answer", calls.get("wrong", 0)),
        ("jobs completed", ends["succeeded"]),
        ("jobs failed because of a kill", ends["failed"] - unexplained),
        ("jobs failed for another reason", unexplained),
        ("records lost", lost),
        ("jobs stuck", stuck),
        ("completed jobs without their files", len(kept) - len(complete)),
        ("half artifacts", len(there - kept)),
    ]


if __name__ == "__main__":
    main()
