"""Cost of the relay for ordinary traffic, beside HAProxy and the minimum in Python.

    python benchmarks/relay.py [--rounds 5] [--seconds 2] [--core 0] [--workers 2] [--with-studio]

Everything runs on one core: the server and the load generator of `relay_peers/peer.c`, and
between them in turn nothing, HAProxy in TCP mode, a bare uvloop forwarder
(`relay_peers/forwarder.py`), `gremlink serve`. On several cores the time to wake another core
hides what a proxy does. Figures are microseconds of the proxy's CPU for one round trip, its own
share of the kernel's work included: medians of the rounds with their smallest and largest value;
and how often the proxy was preempted in one, by those whom it wakes on its core.
With `--workers` so many processes of `gremlink serve` on that core come to it, their CPU added up.
With `--with-studio` one more comes to it, which trains a model meanwhile, on the other cores, and
has the job's page and Home open: they are asked for as often as a browser does. The CPU of the
training is not the proxy's. The last lines are its CPU beside that of a proxy without all this.
Needs Linux, a C compiler and `haproxy`; without HAProxy its lines are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from scale import write_export

PEERS = Path(__file__).parent / "relay_peers"
LOADS = ((300, 32), (300, 1), (16 * 1024, 32), (1024 * 1024, 32))
"""Bytes of an answer, and connections."""
STUDIO = "gremlink, studio"


def free_port() -> int:
    """Return a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Between:
    """A proxy between client and server, and its measurements."""

    name: str
    port: int
    process: int | None
    cpu: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    p50: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    preempted: dict[tuple[int, int], list[float]] = field(default_factory=dict)

    def used(self) -> tuple[float, int]:
        """See `used_by`."""
        return used_by(self.process) if self.process else (0.0, 0)


def used_by(process: int) -> tuple[float, int]:
    """Seconds of CPU that a process and its children have used, by the scheduler's own account, and
    how often they were preempted; jobs do not count."""
    seconds, preempted = 0.0, 0
    for task in Path(f"/proc/{process}/task").iterdir():
        seconds += int((task / "schedstat").read_text().split()[0]) * 1e-9
        status = (task / "status").read_text()
        preempted += int(status.partition("\nnonvoluntary_ctxt_switches:")[2].split()[0])
        for child in children_of(task):
            if not is_job(child):
                more = used_by(child)
                seconds, preempted = seconds + more[0], preempted + more[1]
    return seconds, preempted


def children_of(task: Path) -> list[int]:
    """Return the processes that a thread has started."""
    return [int(child) for child in (task / "children").read_text().split()]


def is_job(process: int) -> bool:
    """Return True for a job of the management API."""
    return b".job_process\0" in Path(f"/proc/{process}/cmdline").read_bytes()


def wait_until_idle(process: int) -> None:
    """Until a process and its children have started."""
    before, now = -1.0, used_by(process)[0]
    while now - before > 0.02:
        time.sleep(0.5)
        before, now = now, used_by(process)[0]


@contextlib.contextmanager
def running(
    core: int | None, command: list[str], **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a child process, on one core if `core` is given."""
    process = subprocess.Popen(
        command if core is None else ["taskset", "-c", str(core), *command],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


@contextlib.contextmanager
def haproxy(core: int | None, upstream: int) -> Iterator[Between]:
    """HAProxy in TCP mode."""
    port = free_port()
    command = ["haproxy", "-db", "-f", str(PEERS / "haproxy.cfg")]
    with running(core, command, BENCH_PORT=str(port), BENCH_UPSTREAM=str(upstream)) as process:
        wait_for(port)
        yield Between("HAProxy", port, process.pid)


@contextlib.contextmanager
def forwarder(core: int | None, upstream: int) -> Iterator[Between]:
    """The bare forwarder."""
    port = free_port()
    command = [sys.executable, str(PEERS / "forwarder.py"), str(port), str(upstream)]
    with running(core, command) as process:
        wait_for(port)
        yield Between("uvloop forwarder", port, process.pid)


@contextlib.contextmanager
def gremlink(
    core: int | None, upstream: int, workers: int = 1, **environment: str
) -> Iterator[Between]:
    """The proxy, as it is run."""
    port = free_port()
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-m", "gremlink", "serve", "--port", str(port), "--store", store]
        command += ["--upstream", f"ws://127.0.0.1:{upstream}/gremlin", "--workers", str(workers)]
        with running(core, command, **environment) as process:
            wait_for(port)
            wait_until_idle(process.pid)
            name = "gremlink" if workers == 1 else f"{workers} workers"
            yield Between(name, port, process.pid)


@contextlib.contextmanager
def with_studio(core: int, upstream: int) -> Iterator[Between]:
    """The proxy with pages open, and with a training that runs on the other cores."""
    with (
        tempfile.TemporaryDirectory() as folder,
        gremlink(core, upstream, GREMLINK_STORAGE_ROOTS=folder) as between,
    ):
        assert between.process is not None
        export = Path(folder) / "export"
        write_export(export, 20_000)
        processed = {"inputDataS3Location": str(export), "processedDataS3Location": f"{folder}/p"}
        processing = job_of(between, "dataprocessing", processed)
        wait_for_status(between, processing, "Completed")
        trained = {
            "dataProcessingJobId": processing.rpartition("/")[2],
            "trainModelS3Location": f"{folder}/t",
            "budgetInSeconds": 24 * 3600,
        }
        training = job_of(between, "modeltraining", trained)
        wait_for_status(between, training, "InProgress")
        free = sorted(os.sched_getaffinity(0) - {core}) or [core]
        tasks = Path(f"/proc/{between.process}/task").iterdir()
        for job in [child for task in tasks for child in children_of(task) if is_job(child)]:
            cores = ",".join(map(str, free))
            subprocess.run(
                ["taskset", "-a", "-cp", cores, str(job)], check=True, stdout=subprocess.DEVNULL
            )
        page = f"/studio/jobs/{training.removeprefix('/ml/')}/live"
        ended = threading.Event()
        opened = [
            threading.Thread(target=keep_open, args=(between, path, every, ended))
            for path, every in ((page, 1.0), ("/studio/home/jobs", 2.0))
        ]
        for thread in opened:
            thread.start()
        try:
            yield Between(STUDIO, between.port, between.process)
            wait_for_status(between, training, "InProgress")
        finally:
            ended.set()
            for thread in opened:
                thread.join()
            fetch(between, training, method="DELETE")


def job_of(between: Between, kind: str, request: Mapping[str, object]) -> str:
    """Start a job; the path of its state in the management API."""
    started = json.loads(fetch(between, f"/ml/{kind}", json.dumps(request).encode()))
    return f"/ml/{kind}/{started['id']}"


def wait_for_status(between: Between, job: str, wanted: str) -> None:
    """Until a job has a status. Raises SystemExit if it has ended with another."""
    while (state := json.loads(fetch(between, job)))["status"] != wanted:
        if state["status"] not in ("Pending", "InProgress"):
            raise SystemExit(f"{job} is {state['status']}, not {wanted}: {state}")
        time.sleep(0.5)


def keep_open(between: Between, path: str, every: float, ended: threading.Event) -> None:
    """Ask for a part of a page as often as the page itself does."""
    while not ended.wait(every):
        fetch(between, path, of_a_script=True)


def fetch(
    between: Between,
    path: str,
    body: bytes | None = None,
    *,
    method: str | None = None,
    of_a_script: bool = False,
) -> bytes:
    """The body of the proxy's answer. Raises SystemExit for an error."""
    headers = {"Content-Type": "application/json"}
    if of_a_script:
        headers["HX-Request"] = "true"
    address = f"http://127.0.0.1:{between.port}{path}"
    request = Request(address, body, headers, method=method)
    try:
        with urlopen(request, timeout=60) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        with error:
            raise SystemExit(f"{path}: {error.code} {error.read().decode()}") from None


def wait_for(port: int) -> None:
    """Wait until the port accepts connections."""
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
            return
        subprocess.run(["sleep", "0.1"], check=True)
    raise SystemExit(f"nobody listens on port {port}")


def measure(between: Between, peer: Path, core: int, load: tuple[int, int], seconds: float) -> None:
    """One round of one load."""
    size, connections = load
    before = between.used()
    output = subprocess.run(
        ["taskset", "-c", str(core), peer, "load"]
        + [str(number) for number in (between.port, connections, size, seconds)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    used, preempted = (now - then for then, now in zip(before, between.used(), strict=True))
    said = json.loads(output)
    between.cpu.setdefault(load, []).append(used / said["round_trips"] * 1e6)
    between.preempted.setdefault(load, []).append(preempted / said["round_trips"])
    between.p50.setdefault(load, []).append(said["p50"] * 1e6)


def spread(values: list[float]) -> str:
    """Median, smallest and largest."""
    return f"{statistics.median(values):7.1f} ({min(values):.1f}-{max(values):.1f})"


def report(all_of_them: list[Between]) -> None:
    """The table and the ratios."""
    head = f"\n{'answer x connections':22}{'':18}{'CPU µs a round trip':>24}"
    print(f"{head}{'p50 µs':>10}{'preempted':>12}")
    for load in LOADS:
        size, connections = load
        for index, between in enumerate(all_of_them):
            label = f"{size} B x {connections}" if index == 0 else ""
            cpu = spread(between.cpu[load]) if between.process else ""
            p50 = statistics.median(between.p50[load])
            preempted = f"{statistics.median(between.preempted[load]):12.2f}" if cpu else ""
            print(f"{label:22}{between.name:18}{cpu:>24}{p50:10.0f}{preempted}")
    print("\nCPU of gremlink, as a ratio of the medians")
    ours = next(between for between in all_of_them if between.name == "gremlink")
    for between in all_of_them[1:]:
        if between is ours:
            continue
        for load in LOADS:
            ratio = statistics.median(ours.cpu[load]) / statistics.median(between.cpu[load])
            name = f"/ {between.name}"
            if between.name == STUDIO:
                ratio, name = 1 / ratio, f"{STUDIO} / gremlink"
            print(f"  {load[0]:>8} B x {load[1]:<3} {name:26}{ratio:6.2f}")


def main() -> None:
    """Start everything, measure in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--with-studio", action="store_true")
    asked = parser.parse_args()
    core = asked.core
    with tempfile.TemporaryDirectory() as built, contextlib.ExitStack() as stack:
        peer = Path(built) / "peer"
        subprocess.run(["cc", "-O2", "-o", peer, PEERS / "peer.c"], check=True)
        port = free_port()
        stack.enter_context(running(core, [str(peer), "serve", str(port)]))
        wait_for(port)
        betweens = [Between("nothing", port, None)]
        if shutil.which("haproxy"):
            betweens.append(stack.enter_context(haproxy(core, port)))
        else:
            print("haproxy is not installed: its figures are left out", file=sys.stderr)
        betweens.append(stack.enter_context(forwarder(core, port)))
        betweens.append(stack.enter_context(gremlink(core, port)))
        if asked.workers > 1:
            betweens.append(stack.enter_context(gremlink(core, port, asked.workers)))
        if asked.with_studio:
            betweens.append(stack.enter_context(with_studio(core, port)))
        for number in range(asked.rounds):
            for load in LOADS:
                for between in betweens:
                    measure(between, peer, core, load, asked.seconds)
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
    report(betweens)


if __name__ == "__main__":
    main()
