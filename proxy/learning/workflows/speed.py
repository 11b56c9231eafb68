"""This machine's speed: measured once, kept in the user's cache directory, named in each artifact.

A plan that followed a clock would be another one each time. So the speed is measured before the
first training on a machine, on small pieces of each kind of `Work`; later trainings read it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from scipy import sparse
from scipy.linalg import eigh
from threadpoolctl import threadpool_info, threadpool_limits

from gremlink.proxy.config.reading import glance
from gremlink.proxy.learning.budget import KINDS, REFERENCE, Speed
from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.settings import UnusableSettings
from gremlink.proxy.messages.system_errors import reason_of

MEASURED, AS_REFERENCE = "measured", "reference"
"""The choices beside a file: this machine's speed, and that of two ordinary cores."""

SETTING = "training.speed"

ENTRY = "speed"
"""The entry of an artifact's manifest."""

STEPS = 2.0
"""Values of a rate between a number and its double: noise seldom moves a rate to the next."""

FURTHEST = 32.0
"""Times that a rate may be from the reference, either way: beyond it the measurement is wrong."""

SECONDS = 0.07
"""Time for the repetitions of a piece: the fastest counts."""


def chosen_speed(choice: str, threads: int) -> tuple[Speed, tuple[str, ...]]:
    """Return the speed that a choice names, and warnings.

    `choice` is `measured`, `reference`, or the path of an artifact, of its manifest or of such a
    `speed` alone; empty for that of the settings. Raises `UnusableSettings`.
    """
    choice = choice or str(glance(SETTING) or MEASURED)
    if choice == AS_REFERENCE:
        return REFERENCE, ()
    if choice != MEASURED:
        return _of_file(Path(choice)), ()
    return machine_speed(threads)


def machine_speed(threads: int, directory: Path | None = None) -> tuple[Speed, tuple[str, ...]]:
    """Return this machine's speed with so many threads of the tensor library, and warnings.

    What the file of this machine says holds; without one the speed is measured and kept. Safe to
    call from several processes at once: all of them take what the first has kept.
    """
    directory = directory or platformdirs.user_cache_path("gremlink") / "speed"
    machine = describe_machine(threads)
    name = hashlib.sha256(json.dumps(machine, sort_keys=True).encode()).hexdigest()[:16]
    path = directory / f"{name}.json"
    kept = _kept(path, machine)
    if kept is not None:
        return kept, ()
    speed = measured(threads)
    document = {"machine": machine, ENTRY: asdict(speed)}
    try:
        _keep(path, document, machine)
    except OSError as error:
        return speed, (
            f"the measured speed of this machine cannot be kept in {directory} "
            f"({reason_of(error)}): the next training measures it again, and may plan otherwise",
        )
    return _kept(path, machine) or speed, ()


def describe_machine(threads: int) -> dict[str, Any]:
    """Return what a measured speed depends on."""
    pools = sorted(
        (str(pool.get("internal_api")), int(pool.get("num_threads", 1)))
        for pool in threadpool_info()
        if pool.get("user_api") == "blas"
    )
    return {
        "processor": _processor(),
        "cores": _cores(),
        "threads": threads,
        "blas": [list(pool) for pool in pools],
        "pieces": 1,  # to be raised when `measured` measures otherwise
    }


def _processor() -> str:
    """Return the name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{platform.machine()} {(names or [platform.processor()])[0]}".strip()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _kept(path: Path, machine: Mapping[str, Any]) -> Speed | None:
    """Return the speed in a file; `None` where there is none, or not one of this machine."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["machine"] != machine:
            return None
        return _speed(document)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(path: Path, document: Mapping[str, Any], machine: Mapping[str, Any]) -> None:
    """Write the file as a whole, unless another process was first. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".json", delete=False
    ) as file:
        prepared = Path(file.name)
        json.dump(document, file, indent=1)
    try:
        if path.exists() and _kept(path, machine) is None:
            prepared.replace(path)  # it is broken
            return
        try:
            path.hardlink_to(prepared)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            prepared.replace(path)
    finally:
        prepared.unlink(missing_ok=True)


def _of_file(path: Path) -> Speed:
    """Read a speed that a user names. Raises `UnusableSettings`."""
    file = path / "manifest.json" if path.is_dir() else path
    try:
        return _speed(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        reason = reason_of(error)
    except (ValueError, TypeError, KeyError):
        reason = "it has no such entry, or not all of its numbers"
    raise UnusableSettings(
        f"{file} has no {ENTRY!r} of a training: {reason}. Name an artifact or its manifest.json, "
        f"{MEASURED!r} or {AS_REFERENCE!r}"
    )


def _speed(document: Any) -> Speed:
    """Return the speed of a document. Raises ValueError, TypeError, KeyError."""
    found = document.get(ENTRY, document) if isinstance(document, dict) else {}
    rates = {kind: float(found[kind]) for kind in KINDS}
    if not all(math.isfinite(rate) and rate > 0.0 for rate in rates.values()):
        raise ValueError("rates have to be positive")
    return Speed(**rates)


def measured(threads: int) -> Speed:
    """Measure the speed of this machine, in about a second."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        rates = {kind: _rounded(piece(), getattr(REFERENCE, kind)) for kind, piece in _PIECES}
    finally:
        torch.set_num_threads(before)
    return Speed(**rates)


def _rounded(rate: float, reference: float) -> float:
    """Round to a few values, within reason."""
    ratio = min(max(rate / reference, 1.0 / FURTHEST), FURTHEST)
    return reference * math.pow(2.0, round(STEPS * math.log2(ratio)) / STEPS)


def _fastest(piece: Callable[[], object]) -> float:
    """Return the processor seconds of the fastest of some repetitions, with one thread.

    Other work on the machine does not lengthen these, but for what caches and memory cost.
    """
    with threadpool_limits(1, user_api="blas"):
        return _least(piece, time.process_time)


def _least(piece: Callable[[], object], clock: Callable[[], float]) -> float:
    piece()  # the first one loads and allocates
    best, end = math.inf, time.perf_counter() + SECONDS
    while True:
        begun = clock()
        piece()
        best = min(best, clock() - begun)
        if time.perf_counter() >= end:
            return best


def _random(*shape: int) -> Floats:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def _links(vertices: int, degree: int) -> sparse.csr_array:
    random = np.random.default_rng(0)
    heads, tails = random.integers(0, vertices, (2, vertices * degree))
    ones = np.ones(vertices * degree, np.float32)
    return sparse.csr_array((ones, (heads, tails)), shape=(vertices, vertices))


def _products() -> float:
    matrix = _random(512, 512)
    # They alone gain nearly as much as there are threads. Threads that wait for each other wait for
    # other work on the machine, too: then one is the better measure.
    together = _least(lambda: matrix @ matrix, time.perf_counter)
    return min(together, _fastest(lambda: matrix @ matrix)) / 512.0**3


def _decompositions() -> float:
    matrix = _random(256, 256)
    gram = matrix @ matrix.T
    # An eigendecomposition counts as 9 n^3, with its vectors.
    return _fastest(lambda: eigh(gram)) / (9.0 * 256.0**3)


def _gathers() -> float:
    links, numbers = _links(30_000, 8), _random(30_000, 32)
    return _fastest(lambda: links @ numbers) / (32.0 * float(links.nnz))


def _walks() -> float:
    links = _links(4_000, 12)
    pairs = float((links @ np.diff(links.indptr)).sum())
    return _fastest(lambda: links @ links) / pairs


def _updates() -> float:
    numbers = _random(2**22)  # no cache holds it, and the system gives new memory each time
    return _fastest(lambda: np.exp(numbers) * 0.5) / (2.0 * numbers.size)


def _steps() -> float:
    network = torch.nn.Sequential(*(torch.nn.Linear(8, 8) for _ in range(4)))
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    rows = torch.ones(8, 8)

    def step() -> None:
        optimizer.zero_grad()
        network(rows).square().mean().backward()
        optimizer.step()

    return _fastest(step)


def _calls() -> float:
    links, rows = _links(100, 4), np.array([1, 2, 3])
    return _fastest(lambda: [links[rows] for _ in range(10)]) / 10.0


_PIECES: tuple[tuple[str, Callable[[], float]], ...] = (
    ("products", _products),
    ("decompositions", _decompositions),
    ("gathers", _gathers),
    ("walks", _walks),
    ("updates", _updates),
    ("steps", _steps),
    ("calls", _calls),
)
