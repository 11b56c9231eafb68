"""What an artifact tells of its making, and what the making took."""

from __future__ import annotations

import platform
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from proxy.learning.settings import TrainingSettings


def provenance(
    model: str, seed: int, settings: TrainingSettings, packages: Sequence[str]
) -> dict[str, Any]:
    """Model, seed, settings, and the versions of Python and of the packages that took part.

    No times: equal models have equal manifests.
    """
    return {
        "model": model,
        "seed": seed,
        "settings": asdict(settings),
        "versions": {name: version(name) for name in packages}
        | {"python": platform.python_version()},
    }


def peak_memory() -> float:
    """The most memory this process has had, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
