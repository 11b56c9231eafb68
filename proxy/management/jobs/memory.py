"""Memory limits of jobs: the setting, or a share of the machine's memory.

Without a limit, a training that grows takes the memory of the proxy and of the database beside it,
and the system kills any of the processes. With three quarters for all jobs together, one job alone
can use most of a machine, and a quarter is left for the processes that answer queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

SHARE = 0.75
"""Share of the memory of the machine or, if smaller, of the container."""

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """Memory limit of `each` job, or of all `together`, in MiB; one of them is None."""

    each: float | None
    together: float | None

    @classmethod
    def of(cls, setting: int | None) -> MemoryLimit:
        """Return the limit of `jobs.memory_limit`, or a share of the machine's memory."""
        if setting is not None:
            return cls(float(setting), None)
        return cls(None, SHARE * memory_of_this_machine())

    def exceeded(self, used: Mapping[int, float]) -> dict[int, str]:
        """Return the jobs that exceed the limit, with the reason for each; `used` is in MiB."""
        if self.each is not None:
            return {
                number: f"it took {taken:,.0f} MiB of memory, more than the {self.each:,.0f} MiB "
                "of jobs.memory_limit"
                for number, taken in used.items()
                if taken > self.each
            }
        assert self.together is not None
        total = sum(used.values())
        if total <= self.together:
            return {}
        largest = max(used, key=lambda number: used[number])
        others = "" if len(used) == 1 else f", and all jobs {total:,.0f} MiB"
        return {
            largest: f"it took {used[largest]:,.0f} MiB of memory{others}, more than the "
            f"{self.together:,.0f} MiB that jobs may take: {SHARE:.0%} of this machine's memory, "
            "unless jobs.memory_limit says how much each job may take"
        }


def memory_of_this_machine(root: Path = Path("/sys/fs/cgroup")) -> float:
    """Return the memory available to this process and its children, in MiB.

    `root` is the directory of control groups (version 2 or 1), which have the limit of a container
    or service.
    """
    total = float(psutil.virtual_memory().total)
    for file in (*_files_of_own_group(root), root / "memory" / "memory.limit_in_bytes"):
        try:
            total = min(total, float(file.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue  # no limit, or `max`
    return total / MEBIBYTE


def _files_of_own_group(root: Path) -> list[Path]:
    """Return the files with the limits of this process's group and the groups that contain it."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    parts = [part for part in own.split("/") if part not in ("", "..")]
    return [root.joinpath(*parts[:depth], "memory.max") for depth in range(len(parts) + 1)]
