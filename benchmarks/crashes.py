"""Kill the proxy again and again while jobs and queries run; count what is lost: nothing may be.

    make bench-crashes ARGS="--kills 20 --jobs 20"

Each round starts the proxy on the same store, keeps so many exports, data processings and
trainings running or waiting and queries going, and ends with SIGKILL at a random moment. At the end
a proxy finishes what waits. Counted are records that were promised and are gone, jobs that never
end, completed ones without their files, files of jobs that did not complete, and client calls that
neither had an answer nor a clean failure.
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
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
from gremlink.proxy.embedded.sample import FRIENDS
from gremlink.proxy.graph import load_csv
from gremlink.proxy.store.artifacts import MANIFEST
from gremlink.proxy.store.jobs import JobRecords

OPEN = ("pending", "running", "InProgress")
COMPLETED = ("succeeded", "Completed")
FAILED = ("failed", "Failed")

LONGEST = 12.0
"""Seconds from a start to a kill, at the most: some of the trainings are through by then."""


@dataclass(frozen=True)
class Kind:
    """One kind of job: where it is asked for, with what, and a file that its output has to have."""

    path: str
    folder: str
    id: str
    body: Mapping[str, Any]
    file: str


EXPORT = Kind(
    "/neptune-export",
    "exports",
    "jobId",
    {"outputS3Path": "s3://bucket/exports", "params": {"profile": "neptune_ml"}},
    "training-data-configuration.json",
)


def processing(export: str) -> Kind:
    """Of the output of an export."""
    body = {"inputDataS3Location": export, "processedDataS3Location": "s3://bucket/processed"}
    return Kind("/ml/dataprocessing", "processed", "id", body, MANIFEST)


def training(data: str) -> Kind:
    """With the output of the processing job `data`."""
    body = {
        "dataProcessingJobId": data,
        "trainModelS3Location": "s3://bucket/trained",
        "modelName": "transe",
    }
    return Kind("/ml/modeltraining", "trained", "id", body, MANIFEST)


class Clients:
    """Requests and their outcomes."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.promised: dict[str, Kind] = {}
        """The kind of each job, by the address at which it is asked about."""
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

    def start(self, kind: Kind) -> str:
        """The address of the new job, empty without one."""
        started = self.ask(kind.path, kind.body)
        if started is None:
            return ""
        job = f"{kind.path}/{started[kind.id]}"
        self.promised[job] = kind
        return job

    def end(self, job: str) -> dict[str, Any] | None:
        """Return a job's description at its end, at the latest after two minutes."""
        deadline = time.monotonic() + 120
        while True:
            found: dict[str, Any] | None = self.ask(job)
            if found is None or found["status"] not in OPEN or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

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
            [sys.executable, "-m", "gremlink", "serve", "--upstream", graph, "--port", "0"],
            env=environment,
            stderr=errors,
        )
    while not (found := re.search(r"gremlink listens at ws://(\S+)/gremlin", log.read_text())):
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    return process, f"http://{found[1]}"


def prepared(clients: Clients) -> list[Kind]:
    """The kinds of jobs, when one of each has completed whose output the next one needs."""
    exported = clients.end(clients.start(EXPORT))
    assert exported is not None, "no export"
    process = processing(exported["outputS3Uri"])
    processed = clients.end(clients.start(process))
    assert processed is not None, "no data processing"
    assert processed["status"] in COMPLETED, processed
    return [EXPORT, process, training(processed["id"])]


def keep_busy(
    clients: Clients, records: JobRecords, kinds: list[Kind], jobs: int, end: threading.Event
) -> None:
    """Queries without a pause, and jobs as long as fewer are open."""
    while not end.is_set():
        clients.query()
        if len(records.open()) < jobs:
            clients.start(random.choice(kinds))


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
        process, clients.address = start(server.url, directory)
        kinds = prepared(clients)
        process.terminate()
        process.wait()
        for _ in range(arguments.kills):
            process, clients.address = start(server.url, directory)
            end = threading.Event()
            threads = [
                threading.Thread(
                    target=keep_busy, args=(clients, records, kinds, arguments.jobs, end)
                )
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.2, LONGEST))
            process.kill()
            end.set()
            for thread in threads:
                thread.join()
            process.wait()
        process, clients.address = start(server.url, directory)
        rows = settled(clients, kinds, directory)
        process.terminate()
        process.wait()
    print(
        f"{arguments.kills} times SIGKILL, {arguments.jobs} jobs open at any time, "
        f"{len(clients.promised)} in all, seed {arguments.seed}"
    )
    for what, count in rows:
        print(f"{what:<42}{count:>8,}")


def settled(clients: Clients, kinds: list[Kind], directory: Path) -> list[tuple[str, int]]:
    """The table, when everything that waits has run."""
    calls = dict(clients.calls)
    kept = set()
    lost = stuck = completed = failed = unexplained = without = 0
    bucket = directory / "s3" / "bucket"
    for job, kind in sorted(clients.promised.items(), key=lambda each: each[0]):
        found = clients.end(job)
        if found is None:
            lost += 1
            continue
        stuck += found["status"] in OPEN
        about = found.get("processingJob", found)
        if found["status"] in FAILED:
            failed += 1
            unexplained += "gremlink ended" not in about["failureReason"]
        if found["status"] in COMPLETED:
            completed += 1
            place = about.get("outputLocation") or about["outputS3Uri"]
            path = directory / "s3" / place.removeprefix("s3://")
            kept.add(bucket / kind.folder / path.relative_to(bucket / kind.folder).parts[0])
            without += not (path / kind.file).is_file()
    folders = [bucket / kind.folder for kind in kinds]
    there = {path for folder in folders if folder.exists() for path in folder.iterdir()}
    return [
        ("calls answered", calls.get("answered", 0)),
        ("calls refused with a reason", calls.get("refused", 0)),
        ("calls whose connection broke", calls.get("cut off", 0)),
        ("calls without a clear end", calls.get("unclear", 0)),
        ("queries with a wrong answer", calls.get("wrong", 0)),
        ("jobs completed", completed),
        ("jobs failed because of a kill", failed - unexplained),
        ("jobs failed for another reason", unexplained),
        ("records lost", lost),
        ("jobs stuck", stuck),
        ("completed jobs without their files", without),
        ("half artifacts", len(there - kept)),
    ]


if __name__ == "__main__":
    main()
