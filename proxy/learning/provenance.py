"""Provenance: what an artifact says of its making, and what the making took."""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from gremlink.proxy.learning.settings import TrainingSettings

REPORT = "report.json"
PAGE = "report.html"
"""Files of an artifact with the report of its training, for programs and for people."""

PACKAGES = ("gremlink", "torch", "dgl", "numpy", "scipy", "scikit-learn")
"""Packages on which the outcome of a training depends."""


def versions() -> dict[str, str]:
    """Return the versions of Python and of `PACKAGES`."""
    return {name: version(name) for name in PACKAGES} | {"python": platform.python_version()}


def provenance(model: str, seed: int, settings: TrainingSettings) -> dict[str, Any]:
    """Return model, seed, settings and versions.

    No times: equal models have equal manifests.
    """
    return {
        "model": model,
        "seed": seed,
        "settings": asdict(settings),
        "versions": versions(),
    }


def peak_memory() -> float:
    """Return the most memory this process has had, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


@dataclass(slots=True)
class Stopwatch:
    """Seconds by method, added up, and MiB by which the process grew meanwhile."""

    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, method: str) -> Iterator[None]:
        """Measure the time of the block for `method`."""
        begun, before = time.perf_counter(), peak_memory()
        try:
            yield
        finally:
            grown = self.memory.get(method, 0.0) + peak_memory() - before
            self.memory[method] = grown
            self.seconds[method] = self.seconds.get(method, 0.0) + time.perf_counter() - begun
